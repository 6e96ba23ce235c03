with

totals as (

    select
        user_key,
        active_days,
        {{ utc_date('first_active_at') }} as first_active_date,
        {{ utc_date('last_active_at') }} as last_active_date,
        {{ last_week_end() }} as week_end
    from {{ ref('int_users_totalled') }}

),

days_since as (

    select
        user_key,
        count(distinct activity_date) as active_days
    from {{ ref('int_session_hours') }}
    where
        user_key is not null
        and activity_date > {{ last_week_end() }}
        and activity_date <= {{ as_of() }}
    group by user_key

),

final as (

    select
        totals.user_key,
        totals.active_days - coalesce(days_since.active_days, 0) as active_days,
        totals.first_active_date,
        case
            when days_since.user_key is null then totals.last_active_date
            -- one look into the index for each user who came since
            else (
                select max(hours.activity_date)
                from {{ ref('int_session_hours') }} as hours
                where
                    hours.user_key = totals.user_key
                    and hours.activity_date <= {{ last_week_end() }}
            )
        end as last_active_date,
        totals.week_end
    from totals
    left join days_since on totals.user_key = days_since.user_key
    where totals.first_active_date <= totals.week_end

)

select * from final
