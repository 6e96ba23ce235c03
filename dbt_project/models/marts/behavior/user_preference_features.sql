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

preferences as (

    select
        *,
        {{ vocabulary }} as vocabulary_id
    from {{ rows_of('user_preferences', 'user_key', 'dirty_users') }}
    where {{ of_featured_kinds() }}

),

vocabularies as (

    select * from {{ ref('int_feature_vocabulary') }}

),

{{ preference_features(['user_key'], [
    '_events_load_id', '_session_rows_load_id', '_perfumes_load_id', '_perfume_notes_load_id',
]) }},

final as (

    select * from preference_features

)

{{ final_rows('dirty_users', 'user_key') }}
