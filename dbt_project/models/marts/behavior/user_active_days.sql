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
        -- days since a Monday
        cast(
            1 + mod({{ dbt.datediff("cast('1900-01-01' as date)", 'activity_date', 'day') }}, 7)
            as integer
        ) as day_of_week
    from {{ ref('int_session_hours') }}
    where
        user_key is not null
        and activity_date <= {{ as_of() }}
        {{ where_dirty('user_key', 'dirty_users', 'and') }}

),

clock as (

    {{ series(1, 7) }}

),

events_counted as (

    select
        user_key,
        day_of_week,
        sum(events) as events
    from activity
    group by user_key, day_of_week

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
        clock.n as day_of_week,
        cast(coalesce(events_counted.events, 0) as bigint) as events,
        coalesce({{ share('events_counted.events', 'users.events') }}, 0) as share,
        users._events_load_id,
        users._session_rows_load_id
    from users
    cross join clock
    left join events_counted
        on
            users.user_key = events_counted.user_key
            and clock.n = events_counted.day_of_week

)

{{ final_rows('dirty_users', 'user_key', order_by='user_key') }}
