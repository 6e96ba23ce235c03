{{ config(
    unique_key=['user_key', 'perfume_id'],
    indexes=[
        {'columns': ['user_key', 'perfume_id'], 'unique': true},
        {'columns': ['perfume_id']},
        {'columns': ['_events_load_id']},
        {'columns': ['_session_rows_load_id']},
    ],
    post_hook='{{ mark_as_of() }}',
) }}

with

{{ dirty_keys('dirty_pairs', [dirty_pairs_of('user_key', 'perfume_id', true)]) }}

subject_days as (

    select * from {{ ref('int_session_subject_days') }}
    where
        subject_kind = 'perfume'
        and user_key is not null
        and activity_date <= {{ as_of() }}
        {{ where_dirty('(visitor_key, subject_id)', 'dirty_pairs', 'and') }}

),

{% set latest = 'last_rated_at desc, last_rating_stars desc' -%}
final as (

    select
        user_key,
        subject_id as perfume_id,
        {{ first_by('last_rating_stars', latest, 'last_rated_at is not null') }} as rating_value,
        cast(sum(events) as bigint) as interactions,
        cast(sum(views) as bigint) as view_count,
        cast(sum(view_duration_ms) as bigint) as total_view_duration_ms,
        sum(ratings + rating_updates) > 0 as has_rated,
        sum(reviews + review_updates) > 0 as has_reviewed,
        sum(wishlist_adds - wishlist_removes) > 0 as in_wishlist,
        sum(collection_adds - collection_removes) > 0 as in_collection,
        max(last_viewed_at) as last_viewed_at,
        min(first_event_at) as first_interaction_at,
        max(last_event_at) as last_interaction_at,
        max(_events_load_id) as _events_load_id,
        max(_session_rows_load_id) as _session_rows_load_id
    from subject_days
    group by user_key, subject_id

)

{{ final_rows('dirty_pairs', 'user_key, perfume_id') }}
