{{ config(materialized='view') }}

{#- the document's fields, each a feature or a list of the features whose names begin so -#}
{%- set fields = {
    'accountAge': 'account_age_days',
    'totalSessions': 'total_sessions',
    'avgSessionDuration': 'avg_session_duration_seconds',
    'totalPageViews': 'total_page_views',
    'perfumeViewRate': 'perfume_view_rate',
    'searchRate': 'search_rate',
    'interactionRate': 'interaction_rate',
    'collectionSize': 'collection_size',
    'wishlistSize': 'wishlist_size',
    'ratingsCount': 'ratings_count',
    'reviewsCount': 'reviews_count',
    'avgRatingValue': 'avg_rating_value',
    'collectionGrowthRate': 'collection_growth_rate',
    'topNotePreferences': ['note_weight'],
    'topHousePreferences': ['house_weight'],
    'pricePointIndex': 'price_point_index',
    'perfumeTypeMix': ['perfume_type_weight'],
    'explorationScore': 'exploration_score',
    'tradingActivity': 'trading_activity',
    'socialActivity': 'social_activity',
    'contentCreation': 'content_creation',
    'responseTime': 'response_time_ms',
    'dayOfWeekActivity': [
        'monday_share', 'tuesday_share', 'wednesday_share', 'thursday_share', 'friday_share',
        'saturday_share', 'sunday_share',
    ],
    'hourOfDayActivity': ['hour_cosine', 'hour_sine', 'hour_concentration'],
} -%}
{%- set places = {} -%}
{%- set place = namespace(next=1) -%}
{%- for entry in var('feature_groups').values() | sum(start=[]) -%}
{%- set times = entry.get('times', 1) -%}
{%- do places.update({entry.name: range(place.next, place.next + times) | list}) -%}
{%- set place.next = place.next + times -%}
{%- endfor %}

with

vectors as (

    select * from {{ ref('user_feature_vectors') }}

),

final as (

    select
        user_key,
        feature_date,
        jsonb_build_object(
            {% for field, features in fields.items() -%}
            {% set listed = features is not string -%}
            {% set found = [] -%}
            {% for feature in (features if listed else [features]) -%}
            {% do found.extend(places[feature]) -%}
            {% endfor -%}
            {% set values = 'features[' ~ found | join('], features[') ~ ']' -%}
            '{{ field }}', {{ 'jsonb_build_array(' ~ values ~ ')' if listed else values }}
            {{- ',' if not loop.last }}
            {% endfor %}
        ) as document
    from vectors

)

select * from final
