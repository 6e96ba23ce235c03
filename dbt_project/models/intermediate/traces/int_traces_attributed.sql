{#- written whole in every build: the rows are few beside New Smell's, and whose a row is may depend
on any other of its session -#}
{{ config(
    indexes=[
        {'columns': ['session_key']},
        {'columns': ['visitor_key', 'occurred_at']},
    ],
) }}

with

traces as (

    select * from {{ ref('int_traces') }}

),

{% set who_did_first = "case when trace_kind = 'event' then 0 else 1 end" -%}
{% set in_order = who_did_first ~ ', occurred_at, entity, row_id' -%}
sessions as (

    select
        session_key,
        {{ first_by('user_key', in_order, 'user_key is not null') }} as user_key
    from traces
    where session_key is not null
    group by session_key

),

final as (

    select
        traces.entity,
        traces.row_id,
        traces.trace_kind,
        traces.system,
        traces.session_key,
        sessions.user_key as session_user_key,
        coalesce(traces.user_key, sessions.user_key) as user_key,
        coalesce(traces.user_key, sessions.user_key, traces.session_key) as visitor_key,
        traces.emotion,
        traces.intensity,
        traces.confidence,
        traces.occurred_at
    from traces
    left join sessions on traces.session_key = sessions.session_key

)

select * from final
