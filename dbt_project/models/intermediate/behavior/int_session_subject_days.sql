{{ config(
    unique_key='session_key',
    indexes=[
        {'columns': ['session_key']},
        {'columns': ['visitor_key', 'subject_id']},
        {'columns': ['visitor_key', 'activity_date']},
        {'columns': ['activity_date']},
        {'columns': ['_events_load_id']},
        {'columns': ['_session_rows_load_id']},
    ],
) }}

{%- set counts = [
    'events', 'views', 'timed_views', 'ratings', 'starred_ratings', 'rating_updates', 'reviews',
    'review_updates', 'collection_adds', 'collection_removes', 'wishlist_adds', 'wishlist_removes',
    'search_clicks', 'trade_inquiries', 'trades_accepted', 'purchases', 'priced_purchases',
    'evidence_events', 'house_evidence_events',
] %}

with

{{ dirty_keys('dirty_sessions', [dirty_sessions()]) }}

sessions as (

    select * from {{ ref('int_sessions_summarised') }}
    {{ where_dirty('session_key', 'dirty_sessions') }}

),

evidence_weights as (

    select * from {{ ref('evidence_weights') }}

),

-- an event counts for its perfume; one without perfume for its house, one without both for its note
events as (

    select
        *,
        case
            when perfume_id is not null then 'perfume'
            when house_id is not null then 'house'
            else 'note'
        end as subject_kind,
        coalesce(perfume_id, house_id, note_id) as subject_id,
        coalesce(value, rating_overall) as stars,
        coalesce(view_duration_ms, duration_ms) as shown_ms,
        event_type = 'PERFUME_VIEW' as is_perfume_view,
        event_type = 'RATING_COMPLETED' as is_rating
    from {{ events_of_sessions() }}
    where coalesce(perfume_id, house_id, note_id) is not null

),

events_weighed as (

    select
        events.*,
        {{ utc_date('events.occurred_at') }} as activity_date,
        -- a rating without stars tells nothing
        weights.weight + case
            when weights.weight_per_star = 0 then 0
            else weights.weight_per_star * (events.stars - 3)
        end as evidence,
        24 - mod(cast({{ epoch_seconds('events.occurred_at') }} as decimal(18, 6)), 86400) / 3600
            as hours_to_day_end
    from events
    left join evidence_weights as weights on events.event_type = weights.event_type

),

{% set at_day_end = halved('hours_to_day_end', var('trending_half_life_hours')) -%}
{% set has_stars = "event_type in ('RATING_COMPLETED', 'RATING_UPDATED') and stars is not null" -%}
days_counted as (

    select
        session_key,
        owner_key,
        visitor_key,
        activity_date,
        subject_kind,
        subject_id,
        max(house_id) as house_id,
        count(*) as events,
        count(*) filter (where is_perfume_view) as views,
        count(shown_ms) filter (where is_perfume_view) as timed_views,
        sum(shown_ms) filter (where is_perfume_view) as view_duration_ms,
        count(*) filter (where is_rating) as ratings,
        count(stars) filter (where is_rating) as starred_ratings,
        {{ exact_sum('case when is_rating then stars end') }} as rating_stars,
        count(*) filter (where event_type = 'RATING_UPDATED') as rating_updates,
        {{ first_by('stars', 'occurred_at desc, stars desc', has_stars) }} as last_rating_stars,
        max(occurred_at) filter (where {{ has_stars }}) as last_rated_at,
        count(*) filter (where event_type = 'REVIEW_SUBMITTED') as reviews,
        count(*) filter (where event_type = 'REVIEW_UPDATED') as review_updates,
        count(*) filter (where event_type = 'COLLECTION_ADD') as collection_adds,
        count(*) filter (where event_type = 'COLLECTION_REMOVE') as collection_removes,
        count(*) filter (where event_type = 'WISHLIST_ADD') as wishlist_adds,
        count(*) filter (where event_type = 'WISHLIST_REMOVE') as wishlist_removes,
        count(*) filter (where event_type = 'SEARCH_RESULT_CLICKED') as search_clicks,
        count(*) filter (where event_type = 'TRADE_INQUIRY') as trade_inquiries,
        count(*) filter (where event_type = 'TRADE_ACCEPTED') as trades_accepted,
        count(*) filter (where event_type = 'PURCHASE_COMPLETED') as purchases,
        count(value) filter (where event_type = 'PURCHASE_COMPLETED') as priced_purchases,
        {{ exact_sum("case when event_type = 'PURCHASE_COMPLETED' then value end") }}
            as purchase_amount,
        count(evidence) as evidence_events,
        count(evidence) filter (where house_id is not null) as house_evidence_events,
        coalesce({{ exact_sum('evidence') }}, 0) as evidence,
        coalesce({{ exact_sum('case when house_id is not null then evidence end') }}, 0)
            as house_evidence,
        coalesce({{ exact_sum('evidence * ' ~ at_day_end) }}, 0) as day_end_evidence,
        max(occurred_at) filter (where is_perfume_view) as last_viewed_at,
        min(occurred_at) as first_event_at,
        max(occurred_at) as last_event_at
    from events_weighed
    group by session_key, owner_key, visitor_key, activity_date, subject_kind, subject_id

),

final as (

    -- columns of one width side by side, which saves space between them
    select
        days_counted.session_key,
        days_counted.owner_key as user_key,
        days_counted.visitor_key,
        days_counted.view_duration_ms,
        days_counted.last_rated_at,
        days_counted.last_viewed_at,
        days_counted.first_event_at,
        days_counted.last_event_at,
        sessions._events_load_id,
        sessions._session_rows_load_id,
        days_counted.activity_date,
        {% for name in counts -%}
        cast(days_counted.{{ name }} as integer) as {{ name }},
        {% endfor -%}
        days_counted.subject_kind,
        days_counted.subject_id,
        days_counted.house_id,
        days_counted.rating_stars,
        days_counted.last_rating_stars,
        days_counted.purchase_amount,
        days_counted.evidence,
        days_counted.house_evidence,
        days_counted.day_end_evidence
    from days_counted
    inner join sessions on days_counted.session_key = sessions.session_key

)

{{ final_rows('dirty_sessions', 'session_key', order_by='final.activity_date') }}
