{{ config(
    unique_key=['user_key', 'activity_date'],
    indexes=[
        {'columns': ['user_key', 'activity_date'], 'unique': true},
        {'columns': ['_events_load_id']},
        {'columns': ['_session_rows_load_id']},
    ],
) }}

{%- set counts = [
    'events', 'page_views', 'perfume_views', 'searches', 'interactions', 'ratings',
    'starred_ratings', 'reviews', 'measured_reviews', 'review_length', 'trade_events',
] %}
{%- set lists = ['collection', 'wishlist'] %}
{%- set marks = ['_events_load_id', '_session_rows_load_id'] %}
{%- set lifetime = 'over (partition by user_key order by activity_date)' %}

with

{{ dirty_keys('changes', [user_days_changed()]) }}

{% if is_incremental() -%}
dirty_users as (

    select
        user_key,
        min(changed_date) as changed_date
    from changes
    group by user_key

),

-- sums go on from the last day that is as it was
last_days as (

    select days.*
    from dirty_users
    {{ look_up(
        this, 'days',
        'found.user_key = dirty_users.user_key and found.activity_date = (
            select max(earlier.activity_date) from ' ~ this ~ ' as earlier
            where
                earlier.user_key = dirty_users.user_key
                and earlier.activity_date < dirty_users.changed_date
        )'
    ) }}

),

{% endif -%}
hours as (

    select * from {{ user_rows_since('int_session_hours', 'changed_date') }}
    where user_key is not null

),

audience_changes as (

    select * from {{ user_rows_since(
        'int_perfume_audience_changes', 'changed_date', 'visitor_key'
    ) }}

),

hours_summed as (

    select
        user_key,
        activity_date,
        {% for name in counts + ['purchase_events', 'collection_adds', 'sessions_begun'] -%}
        cast(coalesce(sum({{ name }}), 0) as bigint) as {{ name }},
        {% endfor -%}
        {% for name in lists -%}
        cast(sum({{ name }}_adds - {{ name }}_removes) as bigint) as {{ name }}_change,
        {% endfor -%}
        coalesce(sum({{ exact('rating_stars') }}), 0) as rating_stars,
        {% for mark in marks -%}
        max({{ mark }}) as {{ mark }},
        {% endfor -%}
        min(first_event_at) as first_event_at,
        max(last_event_at) as last_event_at
    from hours
    group by user_key, activity_date

),

-- perfumes the user looks at for the first time
perfumes_counted as (

    select
        visitor_key,
        activity_date,
        cast(sum(viewers_change) as bigint) as perfumes_begun
    from audience_changes
    group by visitor_key, activity_date

),

days_counted as (

    select
        hours_summed.*,
        coalesce(perfumes_counted.perfumes_begun, 0) as perfumes_begun,
        1 as days,
        false as is_before
    from hours_summed
    left join perfumes_counted
        on
            hours_summed.user_key = perfumes_counted.visitor_key
            and hours_summed.activity_date = perfumes_counted.activity_date
    {% if is_incremental() -%}
    union all
    -- all days up to the last one that is as it was, as one
    select
        user_key,
        activity_date,
        {% for name in counts -%}
        lifetime_{{ name }} as {{ name }},
        {% endfor -%}
        0 as purchase_events,
        0 as collection_adds,
        lifetime_sessions as sessions_begun,
        {% for name in lists -%}
        {{ name }}_balance as {{ name }}_change,
        {% endfor -%}
        lifetime_rating_stars as rating_stars,
        {% for mark in marks -%}
        {{ mark }},
        {% endfor -%}
        first_active_at as first_event_at,
        last_active_at as last_event_at,
        lifetime_perfumes_viewed as perfumes_begun,
        lifetime_active_days as days,
        true as is_before
    from last_days
    {%- endif %}

),

days_summed as (

    select
        user_key,
        activity_date,
        {% for name in counts -%}
        {{ name }},
        cast(sum({{ name }}) {{ lifetime }} as bigint) as lifetime_{{ name }},
        {% endfor -%}
        purchase_events,
        collection_adds,
        {% for name in lists -%}
        cast(sum({{ name }}_change) {{ lifetime }} as bigint) as {{ name }}_balance,
        {% endfor -%}
        cast(sum(sessions_begun) {{ lifetime }} as bigint) as lifetime_sessions,
        cast(sum(perfumes_begun) {{ lifetime }} as bigint) as lifetime_perfumes_viewed,
        cast(sum(days) {{ lifetime }} as bigint) as lifetime_active_days,
        rating_stars,
        sum(rating_stars) {{ lifetime }} as lifetime_rating_stars,
        min(first_event_at) {{ lifetime }} as first_active_at,
        max(last_event_at) {{ lifetime }} as last_active_at,
        {% for mark in marks -%}
        max({{ mark }}) {{ lifetime }} as {{ mark }},
        {% endfor -%}
        is_before
    from days_counted

),

final as (

    select
        user_key,
        activity_date,
        {% for name in counts -%}
        {{ name }},
        lifetime_{{ name }},
        {% endfor -%}
        purchase_events,
        collection_adds,
        {% for name in lists -%}
        {{ name }}_balance,
        greatest({{ name }}_balance, 0) as {{ name }}_size,
        {% endfor -%}
        lifetime_sessions,
        lifetime_perfumes_viewed,
        lifetime_active_days,
        rating_stars,
        lifetime_rating_stars,
        {{ double('lifetime_rating_stars') }} / nullif(lifetime_starred_ratings, 0)
            as lifetime_avg_rating_value,
        {{ share('lifetime_review_length', 'lifetime_measured_reviews') }}
            as lifetime_avg_review_length,
        {% for mark in marks -%}
        {{ mark }},
        {% endfor -%}
        first_active_at,
        last_active_at
    from days_summed
    where not is_before

)

{%- if is_incremental() -%}
,

dirty_days as (

    select
        former.user_key,
        former.activity_date
    from dirty_users
    {{ look_up(
        this, 'former',
        'found.user_key = dirty_users.user_key'
        ~ ' and found.activity_date >= dirty_users.changed_date'
    ) }}
    union
    select
        user_key,
        activity_date
    from final

)
{%- endif %}

{{ final_rows('dirty_days', 'user_key, activity_date') }}
