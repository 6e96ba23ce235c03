{{ config(
    unique_key='session_key',
    indexes=[
        {'columns': ['session_key']},
        {'columns': ['user_key', 'started_at']},
        {'columns': ['_events_load_id']},
        {'columns': ['_session_rows_load_id']},
        {'columns': ['system']},
    ],
    post_hook=[
        '{{ mark_as_of() }}',
        "{{ mark_loads('int_sessions_summarised', ['_events_load_id', '_session_rows_load_id']) }}",
    ],
) }}

{#- what only the web tracker of New Smell tells -#}
{%- set tracked = [
    'browser', 'os', 'location', 'referrer', 'reported_referrer', 'entry_page', 'exit_page',
    'reported_exit_page', 'page_views', 'reported_page_views', 'perfumes_viewed',
    'reported_perfumes_viewed', 'interactions', 'reported_interactions',
    'has_added_to_wishlist', 'reported_has_added_to_wishlist', 'has_added_to_collection',
    'reported_has_added_to_collection', 'has_completed_rating', 'reported_has_completed_rating',
    'has_completed_review', 'reported_has_completed_review', 'is_bounced', 'reported_is_bounced',
] -%}
{%- set columns = [
    'system', 'session_key', 'user_key', 'reported_user_key', 'visitor_key', 'users',
    'session_row_id', 'device_type', 'reported_device_type', 'events', 'reported_events', 'duration_seconds',
    'reported_duration_seconds', 'has_events', 'has_session_row', 'is_consistent', 'started_at',
    'reported_started_at', 'ended_at', 'reported_ended_at',
] %}

{%- set crossed_row = "select session_key from " ~ ref('int_sessions_summarised') ~ " where
        reported_started_at >= " ~ day_start('least(' ~ last_as_of() ~ ', ' ~ as_of() ~ ')', 1) ~ "
        and reported_started_at < " ~ day_start('greatest(' ~ last_as_of() ~ ', ' ~ as_of() ~ ')', 1) %}
{%- set crossed_events = 'select session_key from ' ~ ref('int_session_hours')
    ~ ' where ' ~ crossed_by_as_of('activity_date') %}

-- depends_on: {{ ref('int_sessions_summarised') }}
-- depends_on: {{ ref('int_session_hours') }}
with

{{ dirty_keys('dirty_tracked_sessions', [dirty_sessions(), crossed_events, crossed_row]) }}

sessions as (

    select * from {{ rows_of('int_sessions_dated', 'session_key', 'dirty_tracked_sessions') }}

),

reported as (

    select * from {{ rows_of('int_sessions_reported', 'session_key', 'dirty_tracked_sessions') }}
    where reported_started_at < {{ day_start(as_of(), 1) }}

),

trace_sessions as (

    select * from {{ ref('int_trace_sessions_summarised') }}

),

{% set seconds = seconds_between('sessions.started_at', 'sessions.ended_at') -%}
reconciled as (

    select
        'new_smell' as system,
        sessions.session_key,
        sessions.user_key,
        reported.reported_user_key,
        sessions.visitor_key,
        greatest(
            coalesce(sessions.users, 0), case when sessions.user_key is null then 0 else 1 end
        ) as users,
        reported.session_row_id,
        coalesce(sessions.device_type, reported.reported_device_type) as device_type,
        reported.reported_device_type,
        reported.browser,
        reported.os,
        reported.location,
        -- events without a referrer say that nobody referred
        case
            when sessions.events is null then reported.reported_referrer
            else sessions.referrer
        end as referrer,
        reported.reported_referrer,
        sessions.entry_page,
        coalesce(sessions.exit_page, reported.reported_exit_page) as exit_page,
        reported.reported_exit_page,
        coalesce(sessions.events, 0) as events,
        coalesce(sessions.page_views, reported.reported_page_views) as page_views,
        reported.reported_page_views,
        coalesce(sessions.perfumes_viewed, reported.reported_perfumes_viewed) as perfumes_viewed,
        reported.reported_perfumes_viewed,
        coalesce(sessions.interactions, reported.reported_interactions) as interactions,
        reported.reported_interactions,
        coalesce(cast(floor({{ seconds }}) as bigint), reported.reported_duration_seconds)
            as duration_seconds,
        reported.reported_duration_seconds,
        coalesce(sessions.has_added_to_wishlist, reported.reported_has_added_to_wishlist)
            as has_added_to_wishlist,
        reported.reported_has_added_to_wishlist,
        coalesce(sessions.has_added_to_collection, reported.reported_has_added_to_collection)
            as has_added_to_collection,
        reported.reported_has_added_to_collection,
        coalesce(sessions.has_completed_rating, reported.reported_has_completed_rating)
            as has_completed_rating,
        reported.reported_has_completed_rating,
        coalesce(sessions.has_completed_review, reported.reported_has_completed_review)
            as has_completed_review,
        reported.reported_has_completed_review,
        coalesce(sessions.page_views <= 1, reported.reported_is_bounced) as is_bounced,
        reported.reported_is_bounced,
        sessions.events is not null as has_events,
        reported.session_key is not null as has_session_row,
        coalesce(sessions.started_at, reported.reported_started_at) as started_at,
        reported.reported_started_at,
        coalesce(sessions.ended_at, reported.reported_ended_at) as ended_at,
        reported.reported_ended_at,
        cast(null as bigint) as reported_events,
        sessions._events_load_id,
        sessions._session_rows_load_id
    from sessions
    left join reported on sessions.session_key = reported.session_key
    where sessions.events is not null or reported.session_key is not null

),

compared as (

    select
        *,
        -- clocks and pages of tracker and application differ by nature, counts and flags must not
        case
            when has_events and has_session_row then
                page_views = reported_page_views
                and perfumes_viewed = reported_perfumes_viewed
                and interactions = reported_interactions
                and has_added_to_wishlist = reported_has_added_to_wishlist
                and has_added_to_collection = reported_has_added_to_collection
                and has_completed_rating = reported_has_completed_rating
                and has_completed_review = reported_has_completed_review
                and is_bounced = reported_is_bounced
                and coalesce(
                    user_key = reported_user_key,
                    user_key is null and reported_user_key is null
                )
        end as is_consistent
    from reconciled

),

{% set seconds = seconds_between('started_at', 'ended_at') -%}
trace_sessions_reconciled as (

    select
        system,
        session_key,
        user_key,
        reported_user_key,
        visitor_key,
        users,
        session_row_id,
        reported_device_type as device_type,
        reported_device_type,
        coalesce(events, 0) as events,
        reported_events,
        coalesce(cast(floor({{ seconds }}) as bigint), reported_duration_seconds)
            as duration_seconds,
        reported_duration_seconds,
        events is not null as has_events,
        has_session_row,
        case
            when events is not null and has_session_row then
                coalesce(events = reported_events, true)
                and coalesce(
                    user_key = reported_user_key,
                    user_key is null and reported_user_key is null
                )
        end as is_consistent,
        coalesce(started_at, reported_started_at) as started_at,
        reported_started_at,
        -- start and end may come from the clocks of two machines
        coalesce(ended_at, greatest(reported_started_at, reported_ended_at)) as ended_at,
        reported_ended_at
    from trace_sessions

),

{{ dirty_keys('dirty_sessions', [
    'select session_key from dirty_tracked_sessions',
    keys_that_differ('trace_sessions_reconciled', ['session_key'], columns),
]) }}

final as (

    select
        {{ (columns + tracked) | join(', ') }},
        _events_load_id,
        _session_rows_load_id
    from compared
    union all
    select
        {{ columns | join(', ') }},
        null as {{ tracked | join(', null as ') }},
        0 as _events_load_id,
        0 as _session_rows_load_id
    from trace_sessions_reconciled
    {{ where_dirty('session_key', 'dirty_sessions') }}

)

{{ final_rows('dirty_sessions', 'session_key') }}
