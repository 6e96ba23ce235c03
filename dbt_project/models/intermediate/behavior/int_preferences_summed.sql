{{ config(
    unique_key=['user_key', 'kind'],
    indexes=[
        {'columns': ['user_key', 'kind'], 'unique': true},
        {'columns': ['_events_load_id']},
        {'columns': ['_perfumes_load_id']},
        {'columns': ['_perfume_notes_load_id']},
    ],
    post_hook="{{ mark_loads('int_evidence_changes', ['_build_id']) }}",
) }}

{%- set marks = [
    '_events_load_id', '_session_rows_load_id', '_perfumes_load_id', '_perfume_notes_load_id',
] %}
{%- set columns = ['user_key', 'kind', 'value'] + marks + ['evidence_events', 'evidence'] %}
{#- users whose changes are all told from the start: nothing of them may stay taken in. Without
the range PostgreSQL takes all users for dirty -#}
{%- set told_anew %}
    select user_key from {{ ref('int_evidence_changes') }}
    where
        _build_id > {{ marked('_build_id') }}
        and _build_id <= (
            select case when min(_build_id) > {{ marked('_build_id') }} then max(_build_id) end
            from {{ ref('int_evidence_changes') }}
        )
{%- endset %}

with

{{ dirty_keys('dirty_users', [
    dirty_users_of('int_perfumes_priced', '_perfumes_load_id'),
    dirty_users_of('int_perfume_notes_merged', '_perfume_notes_load_id'),
    told_anew,
]) }}

subjects as (

    select * from {{ ref('int_evidence_changes') }}
    {% if is_incremental() -%}
    where
        _build_id > {{ marked('_build_id') }}
        and _build_id <= 9223372036854775807
        and user_key not in (select dirty_users.user_key from dirty_users)
    union all
    select * from {{ rows_of('int_evidence_changes', 'user_key', 'dirty_users') }}
    {%- endif %}

),

perfumes as (

    select * from {{ ref('int_perfumes_priced') }}

),

perfume_notes as (

    select * from {{ ref('int_perfume_notes_merged') }}

),

{{ preference_evidence(['user_key']) }},

{% if is_incremental() -%}
changed_kinds as (

    select distinct
        user_key,
        kind
    from evidence

),

-- what the changes add to; dirty users are summed from the start
former as (

    select
        held.user_key,
        held.kind,
        of_kind.value,
        {% for mark in marks -%}
        held.{{ mark }},
        {% endfor -%}
        of_kind.evidence_events,
        of_kind.evidence
    from changed_kinds
    {{ look_up(
        this, 'held',
        'found.user_key = changed_kinds.user_key and found.kind = changed_kinds.kind'
    ) }}
    {{ preference_values('held', 'of_kind') }}
    where changed_kinds.user_key not in (select dirty_users.user_key from dirty_users)

),

{% endif -%}
values_summed as (

    select
        user_key,
        kind,
        value,
        {% for mark in marks -%}
        max({{ mark }}) as {{ mark }},
        {% endfor -%}
        cast(sum(evidence_events) as bigint) as evidence_events,
        sum(evidence) as evidence
    from (
        select {{ columns | join(', ') }} from evidence
        {% if is_incremental() -%}
        union all
        select {{ columns | join(', ') }} from former
        {%- endif %}
    ) as terms
    group by user_key, kind, value

),

-- what is below 0 is no liking, and no part of the whole
final as (

    select
        user_key,
        kind,
        {% for mark in marks -%}
        max({{ mark }}) as {{ mark }},
        {% endfor -%}
        array_agg(value order by value) as preference_values,
        array_agg(evidence_events order by value) as evidence_events,
        array_agg(evidence order by value) as evidence,
        sum(greatest(evidence, 0)) as evidence_total
    from values_summed
    where evidence_events <> 0 or evidence <> 0
    group by user_key, kind

)

{%- if is_incremental() -%}
,

dirty_kinds as (

    select
        user_key,
        kind
    from changed_kinds
    union
    select
        former_kinds.user_key,
        former_kinds.kind
    from dirty_users
    {{ look_up(this, 'former_kinds', 'found.user_key = dirty_users.user_key') }}

)
{%- endif %}

{{ final_rows('dirty_kinds', 'user_key, kind') }}
-- a user's rows lie together: they are read together
order by user_key, kind
