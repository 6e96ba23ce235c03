{{ config(
    unique_key=['user_key', 'kind', 'value'],
    indexes=[
        {'columns': ['user_key', 'kind', 'value'], 'unique': true},
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

changes as (

    select
        user_key,
        kind,
        value,
        {% for mark in marks -%}
        max({{ mark }}) as {{ mark }},
        {% endfor -%}
        sum(evidence_events) as evidence_events,
        sum(evidence) as evidence
    from evidence
    group by user_key, kind, value

),

{% if is_incremental() -%}
-- rows that the changes add to; those of dirty users are summed from the start
former as (

    select held.*
    from changes
    {{ look_up(
        this, 'held',
        'found.user_key = changes.user_key and found.kind = changes.kind'
        ~ ' and found.value = changes.value'
    ) }}
    where changes.user_key not in (select dirty_users.user_key from dirty_users)

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
        sum(evidence_events) as evidence_events,
        sum(evidence) as evidence,
        sum(former_evidence) as former_evidence
    from (
        select
            {% for name in columns -%}
            {{ name }},
            {% endfor -%}
            0 as former_evidence
        from changes
        {% if is_incremental() -%}
        union all
        select
            {% for name in columns -%}
            {{ name }},
            {% endfor -%}
            evidence as former_evidence
        from former
        {%- endif %}
    ) as terms
    group by user_key, kind, value

),

-- what is below 0 is no liking, and no part of the whole
totals_changed as (

    select
        user_key,
        kind,
        '(all)' as value,
        {% for mark in marks -%}
        max({{ mark }}) as {{ mark }},
        {% endfor -%}
        0 as evidence_events,
        sum(greatest(evidence, 0) - greatest(former_evidence, 0)) as evidence
    from values_summed
    group by user_key, kind

),

{% if is_incremental() -%}
former_totals as (

    select held.*
    from totals_changed
    {{ look_up(
        this, 'held',
        'found.user_key = totals_changed.user_key and found.kind = totals_changed.kind'
        ~ ' and found.value = totals_changed.value'
    ) }}
    where totals_changed.user_key not in (select dirty_users.user_key from dirty_users)

),

{% endif -%}
totals_summed as (

    select
        user_key,
        kind,
        value,
        {% for mark in marks -%}
        max({{ mark }}) as {{ mark }},
        {% endfor -%}
        0 as evidence_events,
        sum(evidence) as evidence
    from (
        select {{ columns | join(', ') }} from totals_changed
        {% if is_incremental() -%}
        union all
        select {{ columns | join(', ') }} from former_totals
        {%- endif %}
    ) as terms
    group by user_key, kind, value

),

final as (

    {% for part in ['values_summed', 'totals_summed'] -%}
    select
        user_key,
        kind,
        value,
        {% for mark in marks -%}
        {{ mark }},
        {% endfor -%}
        cast(evidence_events as bigint) as evidence_events,
        evidence
    from {{ part }}
    where evidence_events <> 0 or evidence <> 0
    {{ 'union all' if not loop.last }}
    {% endfor %}
)

{%- if is_incremental() -%}
,

dirty_values as (

    {% for part in ['values_summed', 'totals_summed'] -%}
    select
        user_key,
        kind,
        value
    from {{ part }}
    union
    {% endfor -%}
    select
        former_values.user_key,
        former_values.kind,
        former_values.value
    from dirty_users
    {{ look_up(this, 'former_values', 'found.user_key = dirty_users.user_key') }}

)
{%- endif %}

{{ final_rows('dirty_values', 'user_key, kind, value') }}
-- a user's rows lie together: they are read together
order by user_key, kind
