{{ config(
    unique_key='session_key',
    indexes=[
        {'columns': ['session_key', 'active_hour', 'visitor_key'], 'unique': true},
        {'columns': [
            'user_key', 'activity_date', 'active_hour', 'events', '_events_load_id',
            '_session_rows_load_id',
        ]},
        {'columns': ['activity_date']},
        {'columns': ['_events_load_id']},
        {'columns': ['_session_rows_load_id']},
    ],
) }}

{%- set counts = [
    'events', 'page_views', 'perfume_views', 'searches', 'interactions', 'ratings',
    'starred_ratings', 'reviews', 'measured_reviews', 'collection_adds', 'collection_removes',
    'wishlist_adds', 'wishlist_removes', 'trade_events', 'purchase_events',
] %}

with

{{ dirty_keys('dirty_sessions', [dirty_sessions()]) }}

sessions as (

    select * from {{ ref('int_sessions_summarised') }}
    {{ where_dirty('session_key', 'dirty_sessions') }}

),

events as (

    select
        *,
        {{ epoch_hour('occurred_at') }} as active_hour,
        coalesce(value, rating_overall) as stars
    from {{ events_of_sessions() }}

),

hours_counted as (

    select
        session_key,
        owner_key,
        visitor_key,
        active_hour,
        {{ utc_date('min(occurred_at)') }} as activity_date,
        count(*) as events,
        count(*) filter (where event_category = 'VIEW') as page_views,
        count(*) filter (where event_type = 'PERFUME_VIEW') as perfume_views,
        count(*) filter (where event_category = 'SEARCH') as searches,
        count(*) filter (
            where event_category in ('RATING', 'REVIEW', 'COLLECTION')
        ) as interactions,
        count(*) filter (where event_type = 'RATING_COMPLETED') as ratings,
        count(stars) filter (where event_type = 'RATING_COMPLETED') as starred_ratings,
        {{ exact_sum("case when event_type = 'RATING_COMPLETED' then stars end") }} as rating_stars,
        count(*) filter (where event_type = 'REVIEW_SUBMITTED') as reviews,
        count(review_length) filter (where event_type = 'REVIEW_SUBMITTED') as measured_reviews,
        sum(review_length) filter (where event_type = 'REVIEW_SUBMITTED') as review_length,
        count(*) filter (where event_type = 'COLLECTION_ADD') as collection_adds,
        count(*) filter (where event_type = 'COLLECTION_REMOVE') as collection_removes,
        count(*) filter (where event_type = 'WISHLIST_ADD') as wishlist_adds,
        count(*) filter (where event_type = 'WISHLIST_REMOVE') as wishlist_removes,
        count(*) filter (
            where event_type in (
                'TRADE_INQUIRY', 'TRADE_OFFERED', 'TRADE_ACCEPTED', 'TRADE_DECLINED'
            )
        ) as trade_events,
        count(*) filter (
            where event_type in ('PURCHASE_INITIATED', 'PURCHASE_COMPLETED')
        ) as purchase_events,
        min(occurred_at) as first_event_at,
        max(occurred_at) as last_event_at
    from events
    group by session_key, owner_key, visitor_key, active_hour

),

final as (

    -- columns of one width side by side, which saves space between them
    select
        hours_counted.session_key,
        hours_counted.owner_key as user_key,
        hours_counted.visitor_key,
        hours_counted.active_hour,
        hours_counted.review_length,
        hours_counted.first_event_at,
        hours_counted.last_event_at,
        sessions._events_load_id,
        sessions._session_rows_load_id,
        hours_counted.activity_date,
        case
            when hours_counted.active_hour = min(hours_counted.active_hour) over (
                partition by hours_counted.session_key, hours_counted.visitor_key
            ) then 1
            else 0
        end as sessions_begun,
        {% for name in counts -%}
        cast(hours_counted.{{ name }} as integer) as {{ name }},
        {% endfor -%}
        hours_counted.rating_stars
    from hours_counted
    inner join sessions on hours_counted.session_key = sessions.session_key

)

{{ final_rows('dirty_sessions', 'session_key', order_by='final.activity_date') }}
