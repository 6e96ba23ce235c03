with

users as (

    select * from {{ ref('int_users_at_week_end') }}

),

spans as (

    select
        active_days - 1 as repeat_days,
        {{ dbt.datediff('first_active_date', 'last_active_date', 'day') }} as recency_days,
        {{ dbt.datediff('first_active_date', 'week_end', 'day') }} as age_days,
        week_end as fit_date
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
