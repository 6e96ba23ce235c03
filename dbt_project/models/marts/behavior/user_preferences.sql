{{ config(
    unique_key='user_key',
    indexes=[
        {'columns': ['_events_load_id']},
        {'columns': ['_session_rows_load_id']},
        {'columns': ['_perfumes_load_id']},
        {'columns': ['_perfume_notes_load_id']},
    ],
    post_hook='{{ mark_as_of() }}',
) }}

with

{{ dirty_keys('dirty_users', [
    dirty_visitors('user_key'),
    dirty_users_of('int_perfumes_priced', '_perfumes_load_id'),
    dirty_users_of('int_perfume_notes_merged', '_perfume_notes_load_id'),
]) }}

subjects as (

    select * from {{ ref('int_visitor_subjects') }}
    where
        user_key is not null
        and evidence_events > 0
        {{ where_dirty('visitor_key', 'dirty_users', 'and') }}

),

perfumes as (

    select * from {{ ref('int_perfumes_priced') }}

),

perfume_notes as (

    select * from {{ ref('int_perfume_notes_merged') }}

),

-- the catalogue names a perfume's house; outside of it, the event does
subjects_described as (

    select
        subjects.user_key,
        case when subjects.subject_kind = 'perfume' then subjects.subject_id end as perfume_id,
        coalesce(perfumes.house_id, subjects.house_id) as house_id,
        case when subjects.subject_kind = 'note' then subjects.subject_id end as note_id,
        perfumes.perfume_type,
        perfumes.price_band,
        subjects.evidence_events,
        subjects.evidence,
        case
            when perfumes.house_id is null then subjects.house_evidence_events
            else subjects.evidence_events
        end as house_evidence_events,
        case
            when perfumes.house_id is null then subjects.house_evidence
            else subjects.evidence
        end as house_evidence,
        subjects._events_load_id,
        subjects._session_rows_load_id,
        coalesce(perfumes._load_id, 0) as _perfumes_load_id
    from subjects
    left join perfumes
        on
            subjects.subject_kind = 'perfume'
            and subjects.subject_id = perfumes.perfume_id

),

evidence as (

    {% for kind in ['perfume', 'house', 'note', 'perfume_type', 'price_band'] -%}
    {% set value = kind if kind in ['perfume_type', 'price_band'] else kind ~ '_id' -%}
    select
        user_key,
        '{{ kind }}' as kind,
        {{ value }} as value,
        {{ 'house_evidence_events as evidence_events' if kind == 'house' else 'evidence_events' }},
        {{ 'house_evidence as evidence' if kind == 'house' else 'evidence' }},
        _events_load_id,
        _session_rows_load_id,
        _perfumes_load_id,
        0 as _perfume_notes_load_id
    from subjects_described
    where {{ value }} is not null
    union all
    {% endfor -%}
    select
        subjects_described.user_key,
        'note' as kind,
        perfume_notes.note_id as value,
        subjects_described.evidence_events,
        subjects_described.evidence,
        subjects_described._events_load_id,
        subjects_described._session_rows_load_id,
        subjects_described._perfumes_load_id,
        perfume_notes._load_id as _perfume_notes_load_id
    from subjects_described
    inner join perfume_notes on subjects_described.perfume_id = perfume_notes.perfume_id

),

values_weighed as (

    select
        user_key,
        kind,
        value,
        cast(sum(evidence_events) as bigint) as evidence_events,
        {{ exact_sum('evidence') }} as evidence,
        max(_events_load_id) as _events_load_id,
        max(_session_rows_load_id) as _session_rows_load_id,
        max(_perfumes_load_id) as _perfumes_load_id,
        max(_perfume_notes_load_id) as _perfume_notes_load_id
    from evidence
    group by user_key, kind, value

),

kinds_weighed as (

    select
        user_key,
        kind,
        {{ exact_sum('evidence') }} as evidence
    from values_weighed
    where evidence > 0
    group by user_key, kind

),

final as (

    select
        values_weighed.user_key,
        values_weighed.kind,
        values_weighed.value,
        values_weighed.evidence_events,
        -- the sum may be rounded to a little less than its only part
        least(values_weighed.evidence / kinds_weighed.evidence, 1) as weight,
        values_weighed._events_load_id,
        values_weighed._session_rows_load_id,
        values_weighed._perfumes_load_id,
        values_weighed._perfume_notes_load_id
    from values_weighed
    inner join kinds_weighed
        on
            values_weighed.user_key = kinds_weighed.user_key
            and values_weighed.kind = kinds_weighed.kind
    where values_weighed.evidence > 0

)

{{ final_rows('dirty_users', 'user_key') }}
