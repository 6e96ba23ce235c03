{{ config(
    incremental_strategy='append',
    indexes=[
        {'columns': ['user_key', 'subject_id']},
        {'columns': ['subject_id']},
        {'columns': ['_events_load_id']},
        {'columns': ['_session_rows_load_id']},
        {'columns': ['_build_id']},
    ],
    post_hook=[
        '{{ mark_as_of() }}',
        "{{ mark_loads('int_session_visitors', ['_events_load_id', '_session_rows_load_id']) }}",
    ],
) }}

{%- set counts = ['evidence_events', 'house_evidence_events'] %}
{%- set sums = ['evidence', 'house_evidence'] %}

with

{{ dirty_keys('dirty_pairs', [dirty_pairs_of('user_key', 'subject_id', true)]) }}

subject_days as (

    select
        user_key,
        subject_kind,
        subject_id,
        coalesce(house_id, '(none)') as house_id,
        evidence_events,
        house_evidence_events,
        {% for name in sums -%}
        {{ evidence_on_scale(name, 'activity_date') }} as {{ name }},
        {% endfor -%}
        _events_load_id,
        _session_rows_load_id
    from {{ ref('int_session_subject_days') }}
    where
        user_key is not null
        and evidence_events > 0
        and activity_date <= {{ as_of() }}
        {{ where_dirty('(visitor_key, subject_id)', 'dirty_pairs', 'and') }}
    {% if is_incremental() -%}
    union all
    -- less what earlier builds have told
    select
        user_key,
        subject_kind,
        subject_id,
        house_id,
        {% for name in counts + sums -%}
        -{{ name }} as {{ name }},
        {% endfor -%}
        _events_load_id,
        _session_rows_load_id
    from {{ this }}
    {{ where_dirty('(user_key, subject_id)', 'dirty_pairs') }}
    {%- endif %}

),

final as (

    select
        user_key,
        subject_kind,
        subject_id,
        house_id,
        {% for name in counts -%}
        cast(sum({{ name }}) as bigint) as {{ name }},
        {% endfor -%}
        {% for name in sums -%}
        sum({{ name }}) as {{ name }},
        {% endfor -%}
        max(_events_load_id) as _events_load_id,
        max(_session_rows_load_id) as _session_rows_load_id,
        -- goes on where the sums of preferences have got to, also after a full refresh
        {% set summed = marked('_build_id', 'int_preferences_summed') -%}
        {% if is_incremental() -%}
        greatest({{ folded('_build_id') }}, {{ summed }}) + 1 as _build_id
        {%- else -%}
        {{ summed }} + 1 as _build_id
        {%- endif %}
    from subject_days
    group by user_key, subject_kind, subject_id, house_id
    having
        sum(evidence_events) <> 0
        or sum(house_evidence_events) <> 0
        or sum(evidence) <> 0
        or sum(house_evidence) <> 0

)

select * from final
-- what a user's next session looks up lies together
order by user_key, subject_id
