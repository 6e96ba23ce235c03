{{ config(materialized='view') }}

with

bouts as (

    select * from {{ ref('int_session_bouts') }}

),

traces as (

    select * from {{ ref('int_traces_attributed') }}
    where trace_kind = 'event' and visitor_key is not null

),

final as (

    select
        'new_smell' as system,
        session_key,
        session_key || '/' || bout_number as bout_id,
        user_key,
        visitor_key,
        events,
        started_at,
        ended_at,
        _events_load_id,
        _session_rows_load_id,
        cast(null as bigint) as _build_id
    from bouts
    union all
    select
        system,
        session_key,
        entity || '/' || row_id as bout_id,
        user_key,
        visitor_key,
        1 as events,
        occurred_at as started_at,
        occurred_at as ended_at,
        0 as _events_load_id,
        0 as _session_rows_load_id,
        _build_id
    from traces

)

select * from final
