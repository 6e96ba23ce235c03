with

kpis as (

    select * from {{ ref('int_kpis_measured') }}

),

compared as (

    select
        *,
        lag(value, 1) over (partition by kpi order by week_end) as value_1_week_before,
        lag(value, 8) over (partition by kpi order by week_end) as value_8_weeks_before
    from kpis

),

final as (

    select
        kpi,
        unit,
        definition,
        value,
        value_1_week_before,
        {{ share('value - value_1_week_before', 'value_1_week_before') }} as week_over_week_change,
        value_8_weeks_before,
        {{ share('value - value_8_weeks_before', 'value_8_weeks_before') }} as eight_week_change,
        cast(week_end - 6 as date) as week_start,
        week_end
    from compared

)

select * from final
