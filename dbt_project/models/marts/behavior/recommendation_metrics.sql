{{ config(
    unique_key='shown_date',
    indexes=[{'columns': ['_recommendations_load_id']}],
    post_hook='{{ mark_as_of() }}',
) }}

with

{{ dirty_keys('dirty_days', [dirty_recommendation_days(true)]) }}

recommendations as (

    select * from {{ ref('int_recommendations_shown') }}
    where
        shown_date <= {{ as_of() }}
        {{ where_shown_on('dirty_days', 'and') }}

),

{% set responses = {
    'view': 'is_viewed',
    'wishlist': 'is_added_to_wishlist',
    'collection': 'is_added_to_collection',
    'rating': 'is_rated',
    'thumbs_up': 'has_thumbs_up',
    'thumbs_down': 'has_thumbs_down',
    'hide': 'is_hidden',
    'irrelevant': 'is_reported_irrelevant',
} -%}
shown_counted as (

    select
        shown_date,
        algorithm,
        source,
        position,
        count(*) as impressions,
        count(*) filter (where is_clicked) as clicks,
        {% for rate, flag in responses.items() -%}
        {{ share('count(*) filter (where ' ~ flag ~ ')', 'count(*)') }} as {{ rate }}_rate,
        {% endfor -%}
        {{ double('percentile_cont(0.5) within group (order by first_interaction_seconds)') }}
            as median_first_interaction_seconds,
        {% for score in ['confidence', 'similarity_score'] -%}
        {{ exact_sum(score) }} / nullif(count({{ score }}), 0) as avg_{{ score }},
        {% endfor -%}
        max(_load_id) as _recommendations_load_id
    from recommendations
    group by shown_date, algorithm, source, position

),

final as (

    select
        shown_date,
        algorithm,
        source,
        position,
        impressions,
        clicks,
        {{ share('clicks', 'impressions') }} as ctr,
        {{ wilson_bound('clicks', 'impressions', '-') }} as ctr_low,
        {{ wilson_bound('clicks', 'impressions', '+') }} as ctr_high,
        {% for rate in responses -%}
        {{ rate }}_rate,
        {% endfor -%}
        median_first_interaction_seconds,
        avg_confidence,
        avg_similarity_score,
        _recommendations_load_id
    from shown_counted

)

{{ final_rows('dirty_days', 'shown_date') }}
