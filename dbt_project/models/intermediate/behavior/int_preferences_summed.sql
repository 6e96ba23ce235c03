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

values_changed as (

    select
        user_key,
        kind,
        value,
        {% for mark in marks -%}
        max({{ mark }}) as {{ mark }},
        {% endfor -%}
        cast(sum(evidence_events) as bigint) as evidence_events,
        sum(evidence) as evidence
    from evidence
    group by user_key, kind, value

),

kinds_changed as (

    select
        user_key,
        kind,
        {% for mark in marks -%}
        max({{ mark }}) as {{ mark }},
        {% endfor -%}
        {{ preference_lists() }}
    from values_changed
    where evidence_events <> 0 or evidence <> 0
    group by user_key, kind

),

{% if is_incremental() -%}
-- dirty users are summed from the start
former as (

    select held.*
    from kinds_changed
    {{ look_up(
        this, 'held',
        'found.user_key = kinds_changed.user_key and found.kind = kinds_changed.kind'
    ) }}
    where kinds_changed.user_key not in (select dirty_users.user_key from dirty_users)

),

-- kind by kind: the values of all of them would be too many to sort
{% set of_kind %}(
    select {{ preference_lists() }}
    from (
        select
            value,
            cast(sum(evidence_events) as bigint) as evidence_events,
            sum(evidence) as evidence
        from (
            select * from {{ preference_values('kinds_changed', 'changes') }}
            union all
            select * from {{ preference_values('former', 'held') }}
        ) as terms
        group by value
    ) as values_summed
    where evidence_events <> 0 or evidence <> 0
){% endset -%}
final as (

    select
        kinds_changed.user_key,
        kinds_changed.kind,
        {% for mark in marks -%}
        greatest(kinds_changed.{{ mark }}, former.{{ mark }}) as {{ mark }},
        {% endfor -%}
        summed.*
    from kinds_changed
    left join former
        on
            kinds_changed.user_key = former.user_key
            and kinds_changed.kind = former.kind
    {{ look_up(of_kind, 'summed', 'found.preference_values is not null') }}

),

dirty_kinds as (

    select
        user_key,
        kind
    from kinds_changed
    union
    select
        former_kinds.user_key,
        former_kinds.kind
    from dirty_users
    {{ look_up(this, 'former_kinds', 'found.user_key = dirty_users.user_key') }}

)
{% else -%}
final as (

    select * from kinds_changed

)
{% endif %}

{{ final_rows('dirty_kinds', 'user_key, kind', order_by='user_key, kind') }}
