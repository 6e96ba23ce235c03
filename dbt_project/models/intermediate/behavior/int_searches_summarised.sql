{{ config(
    unique_key='session_key',
    indexes=[
        {'columns': ['search_id'], 'unique': true},
        {'columns': ['session_key']},
        {'columns': ['user_key']},
        {'columns': ['user_text']},
        {'columns': ['search_text', 'searched_date']},
        {'columns': ['searched_date']},
        {'columns': ['_searches_load_id']},
        {'columns': ['_clicks_load_id']},
        {'columns': ['_filters_load_id']},
        {'columns': ['_events_load_id']},
        {'columns': ['_session_rows_load_id']},
        {'columns': ['_build_id']},
    ],
    post_hook="{{ mark_number('_build_id') }}",
) }}

{%- set patience = 60 * var('inactivity_minutes') %}

with

{% if is_incremental() -%}
searches_changed as (

    {{ newer_than('search_id', 'stg_new_smell__search_queries', '_searches_load_id') }}

),

sessions_changed as (

    {{ dirty_sessions() }}

),

{% endif -%}
{{ dirty_keys('dirty_sessions', [
    newer_than('session_key', 'stg_new_smell__search_queries', '_searches_load_id'),
    newer_than_of_search('stg_new_smell__search_query_clicks', '_clicks_load_id'),
    newer_than_of_search('stg_new_smell__search_query_filters', '_filters_load_id'),
    'select session_key from ' ~ this ~ ' where search_id in (select search_id from searches_changed)',
    'select session_key from ' ~ this ~ ' where session_key in (select session_key from sessions_changed)',
]) }}

sessions as (

    select * from {{ ref('int_sessions_summarised') }}
    {{ where_dirty('session_key', 'dirty_sessions') }}

),

searches_found as (

    select
        *,
        -- the length keeps texts, and what is keyed by them, within an index's bounds
        left(
            trim(regexp_replace(lower(query_text), '\s+', ' ', 'g')),
            {{ var('search_text_length') }}
        ) as search_text
    from {{ rows_of('stg_new_smell__search_queries', 'session_key', 'dirty_sessions') }}

),

searches as (

    select
        searches_found.*,
        -- one that names nobody is of the user of its session
        coalesce(searches_found.user_key, sessions.user_key) as owner_key,
        coalesce(sessions._events_load_id, 0) as _events_load_id,
        coalesce(sessions._session_rows_load_id, 0) as _session_rows_load_id
    from searches_found
    left join sessions on searches_found.session_key = sessions.session_key

),

clicks_counted as (

    select
        search_id,
        count(*) as clicks,
        max(_load_id) as _load_id
    from {{ rows_of('stg_new_smell__search_query_clicks', 'search_id', 'searches') }}
    group by search_id

),

filters_counted as (

    select
        search_id,
        count(*) as filter_values,
        max(_load_id) as _load_id
    from {{ rows_of('stg_new_smell__search_query_filters', 'search_id', 'searches') }}
    group by search_id

),

events as (

    select * from {{ events_of_sessions() }}
    where session_key in (select searches.session_key from searches)

),

searches_in_order as (

    select
        *,
        lead(searched_at) over (
            partition by session_key
            order by searched_at, search_id
        ) as next_searched_at,
        lead(owner_key) over (
            partition by session_key
            order by searched_at, search_id
        ) as next_owner_key
    from searches

),

-- what a session does between a search and its next one, unless it has fallen silent before or
-- somebody else does it
followed as (

    select
        searches.search_id,
        count(*) filter (where events.event_type = 'SEARCH_RESULT_CLICKED') as clicks,
        min(events.occurred_at) filter (
            where events.event_type = 'SEARCH_RESULT_CLICKED'
        ) as first_clicked_at,
        min(events.occurred_at) filter (
            where
            events.event_category not in ('SEARCH', 'FILTER')
            and events.occurred_at > searches.searched_at
        ) as left_at
    from searches_in_order as searches
    inner join events
        on
            searches.session_key = events.session_key
            and searches.searched_at <= events.occurred_at
            and coalesce(searches.next_searched_at > events.occurred_at, true)
            and {{ seconds_between('searches.searched_at', 'events.occurred_at') }}
            <= {{ patience }}
            and coalesce(searches.owner_key = events.owner_key, true)
    group by searches.search_id

),

{% set to_next = seconds_between('searches.searched_at', 'searches.next_searched_at') -%}
{% set to_click = seconds_between('searches.searched_at', 'followed.first_clicked_at') -%}
{% set to_leaving = seconds_between('searches.searched_at', 'followed.left_at') -%}
gathered as (

    select
        searches.*,
        coalesce(clicks_counted.clicks, 0) as reported_clicks,
        coalesce(followed.clicks, 0) as derived_clicks,
        coalesce(filters_counted.filter_values, 0) as filter_values,
        cast(round(1000 * {{ to_click }}) as bigint) as derived_time_to_first_click_ms,
        cast(round(1000 * {{ to_leaving }}) as bigint) as derived_time_on_results_ms,
        coalesce({{ to_next }} <= {{ patience }}, false)
        and coalesce(searches.owner_key = searches.next_owner_key, true)
            as derived_has_refined_query,
        coalesce(clicks_counted.clicks, followed.clicks, 0) > 0 as has_click,
        coalesce(clicks_counted._load_id, 0) as _clicks_load_id,
        coalesce(filters_counted._load_id, 0) as _filters_load_id
    from searches_in_order as searches
    left join clicks_counted on searches.search_id = clicks_counted.search_id
    left join filters_counted on searches.search_id = filters_counted.search_id
    left join followed on searches.search_id = followed.search_id

),

final as (

    select
        session_key,
        search_id,
        owner_key as user_key,
        user_key as reported_user_key,
        coalesce(owner_key, session_key) as visitor_key,
        search_text,
        coalesce(cast(owner_key as text), '-') || ' ' || search_text
            as user_text,
        query_type,
        filter_price_min,
        filter_price_max,
        filter_values,
        results_count,
        results_shown,
        case when reported_clicks > 0 then reported_clicks else derived_clicks end as clicks,
        reported_clicks,
        derived_clicks,
        time_to_first_click_ms as reported_time_to_first_click_ms,
        derived_time_to_first_click_ms,
        time_on_results_ms as reported_time_on_results_ms,
        derived_time_on_results_ms,
        filter_available,
        filter_tradeable,
        has_click,
        -- the source's flags are false until it sets one: with none set it has said nothing
        has_found_desired or has_refined_query or is_abandoned as is_outcome_reported,
        has_found_desired as reported_has_found_desired,
        has_click and not derived_has_refined_query as derived_has_found_desired,
        has_refined_query as reported_has_refined_query,
        derived_has_refined_query,
        is_abandoned as reported_is_abandoned,
        not has_click and not derived_has_refined_query as derived_is_abandoned,
        searched_at,
        {{ utc_date('searched_at') }} as searched_date,
        _load_id as _searches_load_id,
        _clicks_load_id,
        _filters_load_id,
        _events_load_id,
        _session_rows_load_id,
        {{ next_number('_build_id') }} as _build_id
    from gathered

)

{{ final_rows('dirty_sessions', 'session_key', order_by='final.searched_date') }}
