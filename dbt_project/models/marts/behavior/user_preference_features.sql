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

{%- set marks = [
    '_events_load_id', '_session_rows_load_id', '_perfumes_load_id', '_perfume_notes_load_id',
] %}
{%- set vocabulary = '(select max(vocabulary_id) from ' ~ ref('int_feature_vocabulary') ~ ')' %}
{%- set of_another_vocabulary = 'select user_key from ' ~ this
    ~ ' where vocabulary_id <> ' ~ vocabulary %}

with

{{ dirty_keys('dirty_users', [
    dirty_users(),
    dirty_users_of('int_perfumes_priced', '_perfumes_load_id'),
    dirty_users_of('int_perfume_notes_merged', '_perfume_notes_load_id'),
    of_another_vocabulary,
]) }}

users as (

    {% if is_incremental() -%}
    select user_key from dirty_users
    {%- else -%}
    select distinct user_key from {{ ref('int_user_days') }}
    {%- endif %}

),

vocabularies as (

    select * from {{ ref('int_feature_vocabulary') }}

),

{{ feature_places('vocabularies') }},

-- most of a user's preferences have no place
placed as (

    select
        preferences.user_key,
        places.vocabulary_id,
        places.kind,
        places.place,
        {% for mark in marks -%}
        preferences.{{ mark }},
        {% endfor -%}
        preferences.evidence_held as evidence
    from users
    {{ look_up_preferences('users') }}
    inner join places
        on
            preferences.kind = places.kind
            and preferences.value = places.value

),

{{ preference_features(['user_key'], marks) }},

final as (

    select * from preference_features

)

{{ final_rows('dirty_users', 'user_key') }}
