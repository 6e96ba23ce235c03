with

totals as (

    select
        user_key,
        active_days,
        {{ utc_date('first_active_at') }} as first_date,
        {{ utc_date('last_active_at') }} as last_date,
        {{ last_sunday() }} as fit_date
    from {{ ref('int_users_totalled') }}

),

hours as (

    select * from {{ ref('int_session_hours') }}
    where user_key is not null

),

days_since as (

    select
        user_key,
        count(distinct activity_date) as active_days
    from hours
    where
        activity_date > {{ last_sunday() }}
        and activity_date <= {{ as_of() }}
    group by user_key

),

users as (

    select
        totals.fit_date,
        totals.first_date,
        totals.active_days - coalesce(days_since.active_days, 0) - 1 as repeat_days,
        case
            when days_since.user_key is null then totals.last_date
            -- one look into the index for each user who came since
            else (
                select max(hours.activity_date)
                from hours
                where
                    hours.user_key = totals.user_key
                    and hours.activity_date <= {{ last_sunday() }}
            )
        end as last_date
    from totals
    left join days_since on totals.user_key = days_since.user_key
    where totals.first_date <= totals.fit_date

),

spans as (

    select
        fit_date,
        repeat_days,
        {{ dbt.datediff('first_date', 'last_date', 'day') }} as recency_days,
        {{ dbt.datediff('first_date', 'fit_date', 'day') }} as age_days
    from users

),

final as (

    select
        repeat_days,
        recency_days,
        age_days,
        count(*) as users,
        fit_date
    from spans
    group by repeat_days, recency_days, age_days, fit_date

)

select * from final
