{{ config(
    unique_key=['perfume_id', 'activity_date'],
    indexes=[
        {'columns': ['perfume_id', 'activity_date'], 'unique': true},
        {'columns': ['activity_date']},
        {'columns': ['_events_load_id']},
        {'columns': ['_session_rows_load_id']},
        {'columns': ['_items_load_id']},
        {'columns': ['_recommendations_load_id']},
    ],
) }}

{%- set marks_of = {
    'int_session_subject_days': ['_events_load_id', '_session_rows_load_id'],
    'int_perfume_audience_changes': ['_events_load_id', '_session_rows_load_id'],
    'int_search_impression_days': ['_events_load_id', '_items_load_id'],
    'int_recommendation_impression_days': ['_recommendations_load_id'],
} -%}
{%- set changed = [] -%}
{%- for model, marks in marks_of.items() -%}
{%- for mark in marks -%}
{%- set days -%}
    {% if model == 'int_session_subject_days' -%}
    select subject_id as perfume_id, activity_date from {{ ref(model) }}
    where subject_kind = 'perfume' and {{ not_folded(mark, mark) }}
    {%- elif model == 'int_recommendation_impression_days' -%}
    select perfume_id, shown_date as activity_date from {{ ref(model) }}
    where {{ not_folded(mark, mark) }}
    {%- else -%}
    select perfume_id, activity_date from {{ ref(model) }}
    where perfume_id <> '(none)' and {{ not_folded(mark, mark) }}
    {%- endif %}
{%- endset -%}
{%- do changed.append(days) -%}
{%- endfor -%}
{%- endfor %}

with

{{ dirty_keys('dirty_days', changed) }}

{% if is_incremental() -%}
dirty_dates as (

    select distinct activity_date from dirty_days

),
{%- endif %}

{% set counted = [
    'views', 'timed_views', 'view_duration_ms', 'ratings', 'starred_ratings', 'reviews',
    'wishlist_adds', 'search_clicks', 'trade_inquiries', 'trades_accepted', 'purchases',
    'priced_purchases',
] -%}
subjects as (

    select
        subject_id as perfume_id,
        activity_date,
        {% for column in counted -%}
        cast(coalesce(sum({{ column }}), 0) as bigint) as {{ column }},
        {% endfor -%}
        {{ exact_sum('rating_stars') }} as rating_stars,
        {{ exact_sum('purchase_amount') }} as purchase_amount,
        {{ exact_sum('day_end_evidence') }} as day_end_evidence,
        max(last_viewed_at) as last_viewed_at,
        max(_events_load_id) as _events_load_id,
        max(_session_rows_load_id) as _session_rows_load_id
    from {{ rows_of('int_session_subject_days', 'activity_date', 'dirty_dates') }}
    where
        subject_kind = 'perfume'
        {{ where_dirty('(subject_id, activity_date)', 'dirty_days', 'and') }}
    group by subject_id, activity_date

),

audiences as (

    select
        perfume_id,
        activity_date,
        cast(sum(viewers_change) as bigint) as viewers_change,
        cast(sum(wishlist_change) as bigint) as wishlist_change,
        cast(sum(collection_change) as bigint) as collection_change,
        max(_events_load_id) as _events_load_id,
        max(_session_rows_load_id) as _session_rows_load_id
    from {{ ref('int_perfume_audience_changes') }}
    {{ where_dirty('(perfume_id, activity_date)', 'dirty_days') }}
    group by perfume_id, activity_date

),

searches as (

    select * from {{ ref('int_search_impression_days') }}
    where
        perfume_id <> '(none)'
        {{ where_dirty('(perfume_id, activity_date)', 'dirty_days', 'and') }}

),

recommendations as (

    select
        perfume_id,
        shown_date as activity_date,
        impressions,
        clicks,
        _recommendations_load_id
    from {{ ref('int_recommendation_impression_days') }}
    {{ where_dirty('(perfume_id, shown_date)', 'dirty_days') }}

),

perfume_days as (

    select perfume_id, activity_date from subjects
    union
    select perfume_id, activity_date from searches
    union
    select perfume_id, activity_date from recommendations

),

final as (

    select
        perfume_days.perfume_id,
        perfume_days.activity_date,
        {% for column in counted -%}
        coalesce(subjects.{{ column }}, 0) as {{ column }},
        {% endfor -%}
        coalesce(audiences.viewers_change, 0) as viewers_change,
        coalesce(audiences.wishlist_change, 0) as wishlist_change,
        coalesce(audiences.collection_change, 0) as collection_change,
        coalesce(searches.impressions, 0) as search_impressions,
        coalesce(recommendations.impressions, 0) as recommendation_impressions,
        coalesce(recommendations.clicks, 0) as recommendation_clicks,
        subjects.rating_stars,
        subjects.purchase_amount,
        coalesce(subjects.day_end_evidence, 0) as day_end_evidence,
        subjects.last_viewed_at,
        greatest(
            coalesce(subjects._events_load_id, 0),
            coalesce(audiences._events_load_id, 0),
            coalesce(searches._events_load_id, 0)
        ) as _events_load_id,
        greatest(
            coalesce(subjects._session_rows_load_id, 0),
            coalesce(audiences._session_rows_load_id, 0)
        ) as _session_rows_load_id,
        coalesce(searches._items_load_id, 0) as _items_load_id,
        coalesce(recommendations._recommendations_load_id, 0) as _recommendations_load_id
    from perfume_days
    {% for part in ['subjects', 'audiences', 'searches', 'recommendations'] -%}
    left join {{ part }}
        on
            perfume_days.perfume_id = {{ part }}.perfume_id
            and perfume_days.activity_date = {{ part }}.activity_date
    {% endfor %}
)

{{ final_rows('dirty_days', 'perfume_id, activity_date', order_by='activity_date') }}
