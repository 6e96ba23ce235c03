{{ config(
    unique_key='user_key',
    indexes=[{'columns': ['_events_load_id']}, {'columns': ['_session_rows_load_id']}],
    post_hook='{{ mark_as_of() }}',
) }}

with

{{ dirty_keys('dirty_users', [dirty_users()]) }}

-- an index has these columns: the rows of a lifetime lie apart
activity as (

    select
        user_key,
        events,
        _events_load_id,
        _session_rows_load_id,
        cast(mod(active_hour, 24) as integer) as hour_of_day
    from {{ ref('int_session_hours') }}
    where
        user_key is not null
        and activity_date <= {{ as_of() }}
        {{ where_dirty('user_key', 'dirty_users', 'and') }}

),

clock as (

    {{ series(0, 23) }}

),

events_counted as (

    select
        user_key,
        hour_of_day,
        sum(events) as events
    from activity
    group by user_key, hour_of_day

),

users as (

    select
        user_key,
        sum(events) as events,
        max(_events_load_id) as _events_load_id,
        max(_session_rows_load_id) as _session_rows_load_id
    from activity
    group by user_key

),

final as (

    select
        users.user_key,
        clock.n as hour_of_day,
        cast(coalesce(events_counted.events, 0) as bigint) as events,
        coalesce({{ share('events_counted.events', 'users.events') }}, 0) as share,
        users._events_load_id,
        users._session_rows_load_id
    from users
    cross join clock
    left join events_counted
        on
            users.user_key = events_counted.user_key
            and clock.n = events_counted.hour_of_day

)

{{ final_rows('dirty_users', 'user_key', order_by='user_key') }}
