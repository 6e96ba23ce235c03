{{ config(materialized='ephemeral') }}

{#- counts are 0 in a week without rows, ratios are null -#}
{%- set counts = {
    'active_users': 'active_users',
    'sessions': 'sessions',
    'page_views': 'page_views',
    'perfume_views': 'perfume_views',
    'searches': 'searches',
    'ratings': 'ratings',
    'reviews': 'reviews',
    'wishlist_adds': 'wishlist_adds',
    'collection_adds': 'collection_adds',
    'trades_completed': 'trades_completed',
    'recommendation_impressions': 'impressions',
} %}
{%- set ratios = {
    'active_days_per_user': ['user_days', 'active_users'],
    'events_per_session': ['events', 'sessions'],
    'zero_result_share': ['empty_searches', 'measured_searches'],
    'recommendation_ctr': ['clicks', 'impressions'],
} %}

with

weeks_counted as (

    select * from {{ ref('int_weeks_counted') }}
    where
        week_end <= {{ last_week_end() }}
        and week_end >= {{ earliest_plausible_date() }}

),

kpis as (

    select * from {{ ref('performance_kpis') }}

),

new_users as (

    select
        {{ week_end(utc_date('first_active_at')) }} as week_end,
        count(*) as users
    from {{ ref('int_users_totalled') }}
    group by {{ week_end(utc_date('first_active_at')) }}

),

-- every week from the first plausible one, also those in which nothing happened
offsets as (

    {{ series(
        '0',
        '(select ' ~ dbt.datediff('min(week_end)', last_week_end(), 'day')
        ~ ' / 7 from weeks_counted)',
    ) }}

),

weeks as (

    select cast({{ last_week_end() }} - 7 * offsets.n as date) as week_end
    from offsets

),

measured as (

    {% for kpi, column in counts.items() -%}
    select
        weeks.week_end,
        '{{ kpi }}' as kpi,
        {{ double('coalesce(weeks_counted.' ~ column ~ ', 0)') }} as value
    from weeks
    left join weeks_counted on weeks.week_end = weeks_counted.week_end
    union all
    {% endfor -%}
    {% for kpi, parts in ratios.items() -%}
    select
        weeks.week_end,
        '{{ kpi }}' as kpi,
        {{ share('weeks_counted.' ~ parts[0], 'weeks_counted.' ~ parts[1]) }} as value
    from weeks
    left join weeks_counted on weeks.week_end = weeks_counted.week_end
    union all
    {% endfor -%}
    select
        weeks.week_end,
        'new_users' as kpi,
        {{ double('coalesce(new_users.users, 0)') }} as value
    from weeks
    left join new_users on weeks.week_end = new_users.week_end

),

final as (

    select
        measured.week_end,
        measured.kpi,
        kpis.unit,
        kpis.definition,
        measured.value
    from measured
    inner join kpis on measured.kpi = kpis.kpi

)

select * from final
