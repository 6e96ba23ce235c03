{% macro dirty_perfume_pairs(key, cut_by_as_of) -%}
    {%- set last_as_of -%}
        (select as_of_date from {{ as_of_marks() }} where model_name = '{{ this.identifier }}')
    {%- endset -%}
    {%- for mark in ['_events_load_id', '_session_rows_load_id'] -%}
    select visitors.{{ key }}, subjects.subject_id as perfume_id
    from {{ ref('int_session_visitors') }} as visitors
    inner join {{ ref('int_session_subject_days') }} as subjects
        on visitors.session_key = subjects.session_key
    where
        visitors.{{ mark }} > {{ folded(mark) }}
        and visitors.{{ key }} is not null
        and subjects.subject_kind = 'perfume'
    {% if not loop.last -%}
    union
    {% endif -%}
    {%- endfor -%}
    {%- if cut_by_as_of -%}
    union
    select {{ key }}, subject_id as perfume_id from {{ ref('int_session_subject_days') }}
    where
        activity_date > least({{ last_as_of }}, {{ as_of() }})
        and activity_date <= greatest({{ last_as_of }}, {{ as_of() }})
        and {{ key }} is not null
        and subject_kind = 'perfume'
    {%- endif -%}
{%- endmacro %}


{% macro month_start(date) -%}
    cast({{ dbt.date_trunc('month', date) }} as date)
{%- endmacro %}


{% macro lifetime_counts() -%}
    {{ return([
        'views', 'timed_views', 'view_duration_ms', 'ratings', 'starred_ratings', 'reviews',
        'search_clicks', 'trade_inquiries', 'trades_accepted', 'purchases', 'priced_purchases',
        'viewers_change', 'wishlist_change', 'collection_change',
        'search_impressions', 'recommendation_impressions', 'recommendation_clicks',
    ]) }}
{%- endmacro %}


{% macro dirty_recommendation_days() -%}
    select {{ utc_date('shown_at') }} as activity_date
    from {{ ref('stg_new_smell__recommendation_feedback') }}
    where _load_id > {{ folded('_recommendations_load_id') }}
    group by {{ utc_date('shown_at') }}
{%- endmacro %}


{% macro where_shown_on(dirty) -%}
    {%- if is_incremental() -%}
    where
        -- the range is for the index
        shown_at >= (select {{ day_start('min(activity_date)') }} from {{ dirty }})
        and shown_at < (select {{ day_start('max(activity_date)', 1) }} from {{ dirty }})
        and {{ utc_date('shown_at') }} in (select {{ dirty }}.activity_date from {{ dirty }})
    {%- endif -%}
{%- endmacro %}
