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

{{ dirty_keys('dirty_users', preference_users_changed()) }}

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

{{ preference_weights(['user_key']) }},

final as (

    select * from weights

)

{{ final_rows('dirty_users', 'user_key') }}
-- a user's rows lie together: they are replaced together
order by user_key
