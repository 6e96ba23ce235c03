{{ config(
    unique_key='week_end',
    indexes=[{'columns': ['week_end'], 'unique': true}],
    post_hook="{{ mark_loads('int_search_claims', ['_build_id']) }}",
) }}

{#- outside of the condition, or dbt does not see it -#}
{%- set claims = ref('int_search_claims') %}
{%- set claims_of_recommendations = ref('int_recommendation_claims') %}

{%- set event_counts = [
    'events', 'page_views', 'perfume_views', 'searches', 'ratings', 'reviews', 'wishlist_adds',
    'collection_adds',
] %}

with

{% if is_incremental() -%}
dirty_days as (

    select activity_date from {{ ref('int_session_hours') }}
    where {{ not_folded('_events_load_id', '_events_load_id') }}
    union
    select activity_date from {{ ref('int_session_hours') }}
    where {{ not_folded('_session_rows_load_id', '_session_rows_load_id') }}
    union
    -- also the days that searches and recommendations have left
    select searched_date as activity_date from {{ claims }}
    where _build_id > {{ marked('_build_id') }}
    union
    select shown_date as activity_date from {{ claims_of_recommendations }}
    where {{ not_folded('_recommendations_load_id', '_recommendations_load_id') }}

),

dirty_weeks as (

    select distinct {{ week_end('activity_date') }} as week_end from dirty_days

),

{% endif -%}
hours as (

    select
        *,
        {{ week_end('activity_date') }} as week_end
    from {{ ref('int_session_hours') }}
    {% if is_incremental() -%}
    -- the range lets PostgreSQL use the index
    where
        activity_date > (select min(dirty_weeks.week_end) - 7 from dirty_weeks)
        and activity_date <= (select max(dirty_weeks.week_end) from dirty_weeks)
        and {{ week_end('activity_date') }} in (select dirty_weeks.week_end from dirty_weeks)
    {%- endif %}

),

subject_days as (

    select
        trades_accepted,
        {{ week_end('activity_date') }} as week_end
    from {{ ref('int_session_subject_days') }}
    where
        trades_accepted > 0
        {% if is_incremental() -%}
        and activity_date > (select min(dirty_weeks.week_end) - 7 from dirty_weeks)
        and activity_date <= (select max(dirty_weeks.week_end) from dirty_weeks)
        and {{ week_end('activity_date') }} in (select dirty_weeks.week_end from dirty_weeks)
        {%- endif %}

),

queries as (

    select
        results_count,
        {{ week_end(utc_date('searched_at')) }} as week_end
    from {{ ref('stg_new_smell__search_queries') }}
    {% if is_incremental() -%}
    where
        searched_at >= (select {{ day_start('min(dirty_weeks.week_end)', -6) }} from dirty_weeks)
        and searched_at < (select {{ day_start('max(dirty_weeks.week_end)', 1) }} from dirty_weeks)
        and {{ week_end(utc_date('searched_at')) }} in (
            select dirty_weeks.week_end from dirty_weeks
        )
    {%- endif %}

),

recommendations as (

    select
        is_clicked,
        {{ week_end(utc_date('shown_at')) }} as week_end,
        _load_id
    from {{ ref('stg_new_smell__recommendation_feedback') }}
    {% if is_incremental() -%}
    where
        shown_at >= (select {{ day_start('min(dirty_weeks.week_end)', -6) }} from dirty_weeks)
        and shown_at < (select {{ day_start('max(dirty_weeks.week_end)', 1) }} from dirty_weeks)
        and {{ week_end(utc_date('shown_at')) }} in (select dirty_weeks.week_end from dirty_weeks)
    {%- endif %}

),

user_days as (

    select distinct
        week_end,
        user_key,
        activity_date
    from hours
    where user_key is not null

),

users_counted as (

    select
        week_end,
        count(distinct user_key) as active_users,
        count(*) as user_days
    from user_days
    group by week_end

),

events_counted as (

    select
        week_end,
        count(distinct session_key) as sessions,
        {% for name in event_counts -%}
        cast(sum({{ name }}) as bigint) as {{ name }},
        {% endfor -%}
        max(_events_load_id) as _events_load_id,
        max(_session_rows_load_id) as _session_rows_load_id
    from hours
    group by week_end

),

trades_counted as (

    select
        week_end,
        cast(sum(trades_accepted) as bigint) as trades_completed
    from subject_days
    group by week_end

),

queries_counted as (

    select
        week_end,
        count(results_count) as measured_searches,
        count(*) filter (where results_count = 0) as empty_searches
    from queries
    group by week_end

),

recommendations_counted as (

    select
        week_end,
        count(*) as impressions,
        count(*) filter (where is_clicked) as clicks,
        max(_load_id) as _recommendations_load_id
    from recommendations
    group by week_end

),

weeks as (

    select week_end from events_counted
    union
    select week_end from queries_counted
    union
    select week_end from recommendations_counted

),

final as (

    select
        weeks.week_end,
        coalesce(users_counted.active_users, 0) as active_users,
        coalesce(users_counted.user_days, 0) as user_days,
        coalesce(events_counted.sessions, 0) as sessions,
        {% for name in event_counts -%}
        coalesce(events_counted.{{ name }}, 0) as {{ name }},
        {% endfor -%}
        coalesce(trades_counted.trades_completed, 0) as trades_completed,
        coalesce(queries_counted.measured_searches, 0) as measured_searches,
        coalesce(queries_counted.empty_searches, 0) as empty_searches,
        coalesce(recommendations_counted.impressions, 0) as impressions,
        coalesce(recommendations_counted.clicks, 0) as clicks,
        coalesce(events_counted._events_load_id, 0) as _events_load_id,
        coalesce(events_counted._session_rows_load_id, 0) as _session_rows_load_id,
        coalesce(recommendations_counted._recommendations_load_id, 0) as _recommendations_load_id
    from weeks
    left join events_counted on weeks.week_end = events_counted.week_end
    left join users_counted on weeks.week_end = users_counted.week_end
    left join trades_counted on weeks.week_end = trades_counted.week_end
    left join queries_counted on weeks.week_end = queries_counted.week_end
    left join recommendations_counted
        on weeks.week_end = recommendations_counted.week_end

)

{{ final_rows('dirty_weeks', 'week_end') }}
