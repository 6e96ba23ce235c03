{%- set window = var('activity_window_days') %}

with

profiles as (

    select * from {{ ref('user_behavior_profiles') }}

),

feature_days as (

    select * from {{ ref('int_session_feature_days') }}
    where
        user_key is not null
        and {{ within_days('activity_date', window) }}

),

{% set counts = [
    'collection_adds', 'collection_views', 'profile_views', 'trades_accepted', 'trades_declined',
] -%}
feature_days_counted as (

    select
        {% for name in counts -%}
        sum({{ name }}) as {{ name }},
        {% endfor -%}
        user_key
    from feature_days
    group by user_key

),

counted as (

    select
        profiles.user_key,
        profiles.total_events,
        profiles.total_sessions,
        profiles.total_ratings,
        profiles.total_reviews,
        {% for name in counts -%}
        cast(coalesce(days.{{ name }}, 0) as bigint) as {{ name }},
        {% endfor -%}
        profiles.as_of_date
    from profiles
    left join feature_days_counted as days on profiles.user_key = days.user_key

),

final as (

    select
        user_key,
        profile_views,
        collection_views,
        trades_accepted,
        trades_declined,
        {{ content_contribution() }} as content_contribution,
        {{ session_depth() }} as interaction_depth,
        {{ share('trades_accepted', 'trades_accepted + trades_declined') }} as trading_reputation,
        as_of_date
    from counted

)

select * from final
