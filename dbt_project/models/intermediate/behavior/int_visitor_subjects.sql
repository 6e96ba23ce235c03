{{ config(
    unique_key='visitor_key',
    indexes=[
        {'columns': ['visitor_key', 'subject_kind', 'subject_id'], 'unique': true},
        {'columns': ['subject_id']},
        {'columns': ['_events_load_id']},
        {'columns': ['_session_rows_load_id']},
    ],
    post_hook='{{ mark_as_of() }}',
) }}

with

{{ dirty_keys('dirty_visitors', [dirty_visitors('visitor_key')]) }}

subject_days as (

    select
        *,
        -- weights are relative within a visitor: aged from the last day, they never fade to nothing
        max(activity_date) over (partition by visitor_key) as last_date
    from {{ ref('int_session_subject_days') }}
    where
        activity_date <= {{ as_of() }}
        {{ where_dirty('visitor_key', 'dirty_visitors', 'and') }}

),

{% set age = dbt.datediff('activity_date', 'last_date', 'day') -%}
{% set aged = halved(age, var('preference_half_life_days')) -%}
final as (

    select
        visitor_key,
        subject_kind,
        subject_id,
        user_key,
        max(house_id) as house_id,
        cast(sum(views) as bigint) as views,
        cast(sum(timed_views) as bigint) as timed_views,
        cast(sum(view_duration_ms) as bigint) as view_duration_ms,
        cast(sum(ratings) as bigint) as ratings,
        cast(sum(starred_ratings) as bigint) as starred_ratings,
        {{ exact_sum('rating_stars') }} as rating_stars,
        cast(sum(reviews) as bigint) as reviews,
        cast(sum(collection_adds - collection_removes) as bigint) as collection_balance,
        cast(sum(wishlist_adds - wishlist_removes) as bigint) as wishlist_balance,
        cast(sum(search_clicks) as bigint) as search_clicks,
        cast(sum(trade_inquiries) as bigint) as trade_inquiries,
        cast(sum(trades_accepted) as bigint) as trades_accepted,
        cast(sum(evidence_events) as bigint) as evidence_events,
        cast(sum(house_evidence_events) as bigint) as house_evidence_events,
        {{ exact_sum('evidence * ' ~ aged) }} as evidence,
        {{ exact_sum('house_evidence * ' ~ aged) }} as house_evidence,
        max(last_viewed_at) as last_viewed_at,
        max(_events_load_id) as _events_load_id,
        max(_session_rows_load_id) as _session_rows_load_id
    from subject_days
    group by visitor_key, subject_kind, subject_id, user_key

)

{{ final_rows('dirty_visitors', 'visitor_key') }}
-- a visitor's rows lie together: they are read and replaced together
order by visitor_key
