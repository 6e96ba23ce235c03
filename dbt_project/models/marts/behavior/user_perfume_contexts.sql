{{ config(
    unique_key=['user_key', 'perfume_id'],
    indexes=[
        {'columns': ['_events_load_id']},
        {'columns': ['_session_rows_load_id']},
    ],
    post_hook=[
        '{{ mark_as_of() }}',
        "{{ mark_loads('int_session_visitors', ['_events_load_id', '_session_rows_load_id']) }}",
    ],
) }}

with

{{ dirty_keys('dirty_pairs', [dirty_pairs_of('user_key', 'perfume_id', true)]) }}

contexts as (

    select * from {{ ref('int_session_perfume_contexts') }}
    where
        user_key is not null
        and kind <> '(none)'
        and activity_date <= {{ as_of() }}
        {{ where_dirty('(visitor_key, perfume_id)', 'dirty_pairs', 'and') }}

),

final as (

    select
        user_key,
        perfume_id,
        kind,
        value,
        cast(sum(events) as bigint) as events,
        max(_events_load_id) as _events_load_id,
        max(_session_rows_load_id) as _session_rows_load_id
    from contexts
    group by user_key, perfume_id, kind, value

)

{{ final_rows('dirty_pairs', 'user_key, perfume_id', order_by='user_key, perfume_id') }}
