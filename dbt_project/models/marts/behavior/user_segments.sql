{%- set window = var('segment_window_days') %}
{%- set new_days = var('segment_new_days') %}
{%- set orders = {
    'recency': 'recency_days desc',
    'frequency': 'active_days',
    'evidence': 'evidence_weight',
} %}

with

users as (

    select * from {{ ref('int_users_at_week_end') }}

),

profiles as (

    select
        user_key,
        browsing_style
    from {{ ref('user_behavior_profiles') }}

),

days_counted as (

    select
        user_key,
        count(distinct activity_date) as active_days
    from {{ ref('int_session_hours') }}
    where
        user_key is not null
        and activity_date > {{ last_week_end() }} - {{ window }}
        and activity_date <= {{ last_week_end() }}
    group by user_key

),

evidence_summed as (

    select
        user_key,
        {{ exact_sum('evidence') }} as evidence_weight
    from {{ ref('int_session_subject_days') }}
    where
        user_key is not null
        and activity_date > {{ last_week_end() }} - {{ window }}
        and activity_date <= {{ last_week_end() }}
    group by user_key

),

measured as (

    select
        users.user_key,
        {{ dbt.datediff('users.last_active_date', 'users.week_end', 'day') }} as recency_days,
        coalesce(days_counted.active_days, 0) as active_days,
        coalesce(evidence_summed.evidence_weight, 0) as evidence_weight,
        {{ dbt.datediff('users.first_active_date', 'users.week_end', 'day') }} < {{ new_days }}
            as is_new,
        users.week_end
    from users
    left join days_counted on users.user_key = days_counted.user_key
    left join evidence_summed on users.user_key = evidence_summed.user_key

),

-- a user's quintile is that of the share of users who are worse: equal users share it
ranked as (

    select
        {% for name, order in orders.items() -%}
        {% set worse = 'rank() over (order by ' ~ order ~ ') - 1' -%}
        cast(
            1 + floor({{ share('5 * (' ~ worse ~ ')', 'count(*) over ()') }}) as integer
        ) as {{ name }}_quintile,
        {% endfor -%}
        *
    from measured

),

final as (

    select
        ranked.user_key,
        case
            when ranked.is_new then 'new'
            when
                ranked.recency_quintile >= 4
                and ranked.frequency_quintile >= 4
                and ranked.evidence_quintile >= 4
                then 'champion'
            when ranked.recency_quintile >= 3 and ranked.frequency_quintile >= 3 then 'loyal'
            when ranked.recency_quintile >= 3 then 'promising'
            when ranked.frequency_quintile >= 3 or ranked.evidence_quintile >= 3 then 'at_risk'
            else 'hibernating'
        end as segment,
        profiles.browsing_style,
        ranked.recency_days,
        ranked.active_days,
        ranked.evidence_weight,
        ranked.recency_quintile,
        ranked.frequency_quintile,
        ranked.evidence_quintile,
        cast(ranked.week_end as date) as week_end
    from ranked
    left join profiles on ranked.user_key = profiles.user_key

)

select * from final
