{#- PostgreSQL takes a day's users for few rows, and would look through all of them for each -#}
{{ config(
    incremental_strategy='append',
    full_refresh=false,
    indexes=[{'columns': ['user_key', 'feature_date']}],
    pre_hook='set local enable_nestloop = off',
    post_hook=[
        "delete from {{ this }} where user_key in (select user_key from ops.erasures)",
        "{{ mark_feature_dates() }}",
    ],
) }}

{%- set per_week = '* 7 / ' ~ double(var('activity_window_days')) %}
{%- set window_counts = {
    'total_sessions': 'sessions', 'total_page_views': 'page_views', 'total_events': 'events',
    'active_days': 'active_days', 'total_perfume_views': 'perfume_views',
    'perfumes_viewed': 'perfumes_viewed', 'total_searches': 'searches',
    'total_interactions': 'interactions', 'recent_ratings': 'ratings', 'recent_reviews': 'reviews',
    'trading_activity': 'trade_events', 'social_activity': 'social_events',
    'content_creation': 'content_events', 'purchase_activity': 'purchase_events',
} %}
{%- set weekly_rates = {
    'collection_growth_rate': 'collection_adds', 'collection_removal_rate': 'collection_removes',
    'wishlist_growth_rate': 'wishlist_adds', 'wishlist_removal_rate': 'wishlist_removes',
    'collection_update_rate': 'collection_updates',
} %}
with

totals as (

    select * from {{ ref('int_feature_totals') }}

),

windows as (

    select * from {{ ref('int_feature_windows') }}

),

restated as (

    select * from {{ ref('int_users_restated') }}

),

users_signed_up as (

    select * from {{ ref('int_users_signed_up') }}

),

vocabularies as (

    select * from {{ ref('feature_vocabularies') }}

),

todays_vocabulary as (

    select distinct vocabulary_id from {{ ref('int_feature_vocabulary') }}

),

-- every user as of today, and those of earlier dates whose rows have changed since
computed_users as (

    select
        users.user_key,
        {{ as_of() }} as feature_date,
        todays_vocabulary.vocabulary_id
    from (
        select user_key from {{ ref('int_users_totalled') }}
        union
        select user_key from users_signed_up
    ) as users
    cross join todays_vocabulary
    union all
    select
        user_key,
        feature_date,
        vocabulary_id
    from restated

),

{{ feature_places('restated') }},

users_restated as (

    select distinct user_key from restated

),

placed_today as (

    select
        preferences.user_key,
        places.vocabulary_id,
        places.kind,
        places.place,
        preferences.evidence_held as evidence
    from users_restated
    {{ look_up_preferences('users_restated') }}
    inner join places
        on
            preferences.kind = places.kind
            and preferences.value = places.value

),

changes as (

    select
        changes.*,
        restated.vocabulary_id
    from {{ ref('int_preferences_restated') }} as changes
    inner join restated
        on
            changes.user_key = restated.user_key
            and changes.feature_date = restated.feature_date

),

terms as (

    select
        restated.user_key,
        restated.feature_date,
        restated.vocabulary_id,
        placed_today.kind,
        placed_today.place,
        placed_today.evidence
    from restated
    inner join placed_today
        on
            restated.user_key = placed_today.user_key
            and restated.vocabulary_id = placed_today.vocabulary_id
    union all
    select
        changes.user_key,
        changes.feature_date,
        changes.vocabulary_id,
        changes.kind,
        places.place,
        -changes.evidence_since as evidence
    from changes
    inner join places
        on
            changes.vocabulary_id = places.vocabulary_id
            and changes.kind = places.kind
            and changes.value = places.value
    union all
    -- the whole, of which what is below 0 is no part
    select
        user_key,
        feature_date,
        vocabulary_id,
        kind,
        0 as place,
        greatest(evidence_today - evidence_since, 0) - greatest(evidence_today, 0) as evidence
    from changes

),

placed as (

    select
        user_key,
        feature_date,
        vocabulary_id,
        kind,
        place,
        sum(evidence) as evidence
    from terms
    group by user_key, feature_date, vocabulary_id, kind, place

),

{{ preference_features(['user_key', 'feature_date']) }},

preferred as (

    select
        user_key,
        {{ as_of() }} as feature_date,
        {% for kind in placed_kinds() -%}
        {{ kind }}_weights,
        {% endfor -%}
        price_point_index
    from {{ ref('user_preference_features') }}
    union all
    select
        user_key,
        feature_date,
        {% for kind in placed_kinds() -%}
        {{ kind }}_weights,
        {% endfor -%}
        price_point_index
    from preference_features

),

named as (

    select
        computed_users.user_key,
        computed_users.feature_date,
        computed_users.vocabulary_id,
        totals.user_key is not null or users_signed_up.user_key is not null as is_known,
        {% set signed_up_date = utc_date('users_signed_up.signed_up_at') -%}
        {{ dbt.datediff(signed_up_date, 'computed_users.feature_date', 'day') }}
            as account_age_days,
        {% for feature, column in window_counts.items() -%}
        coalesce(windows.{{ column }}, 0) as {{ feature }},
        {% endfor -%}
        {% for feature, column in weekly_rates.items() -%}
        coalesce(windows.{{ column }}, 0) {{ per_week }} as {{ feature }},
        {% endfor -%}
        windows.avg_session_duration_seconds,
        windows.longest_session_seconds,
        {{ share('windows.perfume_views', 'windows.sessions') }} as perfume_view_rate,
        {{ share('windows.searches', 'windows.sessions') }} as search_rate,
        {{ share('windows.interactions', 'windows.page_views') }} as interaction_rate,
        {{ share('windows.events', 'windows.sessions') }} as events_per_session,
        {{ share('windows.sessions', 'windows.active_days') }} as sessions_per_active_day,
        {{ share('windows.detail_events', 'windows.perfume_views') }} as detail_rate,
        {% set asked = 'windows.searches_performed + windows.searches_refined' -%}
        {{ share('windows.search_clicks', asked) }} as search_click_rate,
        {{ share('windows.filter_events', 'windows.sessions') }} as filter_rate,
        {{ share('windows.bounced_sessions', 'windows.sessions') }} as bounce_share,
        windows.avg_view_duration_ms,
        windows.avg_scroll_depth,
        windows.response_time_ms,
        windows.exploration_score,
        coalesce(totals.collection_size, 0) as collection_size,
        coalesce(totals.wishlist_size, 0) as wishlist_size,
        coalesce(totals.ratings, 0) as ratings_count,
        coalesce(totals.reviews, 0) as reviews_count,
        totals.avg_rating_value,
        totals.avg_review_length,
        windows.avg_rating_value as recent_avg_rating_value,
        {{ share('totals.collection_size', 'totals.collection_size + totals.wishlist_size') }}
            as owned_share,
        {% for kind, places in placed_kinds().items() -%}
        {% for place in range(1, places + 1) -%}
        preferred.{{ kind }}_weights[{{ place }}] as {{ kind }}_weight_{{ '%02d' | format(place) }},
        {% endfor -%}
        {% endfor -%}
        preferred.price_point_index,
        {{ dbt.datediff('totals.last_active_date', 'computed_users.feature_date', 'day') }}
            as days_since_last_activity,
        {{ share('windows.recent_events', 'windows.events') }} as recent_activity_share,
        {{ share('windows.active_span_days', 'windows.active_days - 1') }}
            as days_between_active_days,
        1 - {{ share('windows.perfumes_viewed', 'windows.perfume_views') }} as repeat_view_share,
        {{ share('windows.searches_refined', asked) }} as search_refinement_share,
        {{ share('windows.searches_failed', asked ~ ' + windows.searches_failed') }}
            as failed_search_share,
        {{ share('windows.similar_clicks', 'windows.perfume_views') }} as similar_click_rate,
        {{ share('windows.navigation_events', 'windows.sessions') }} as navigation_rate,
        {% for weekday in [
            'monday', 'tuesday', 'wednesday', 'thursday', 'friday', 'saturday', 'sunday',
        ] -%}
        {{ share('windows.' ~ weekday ~ '_events', 'windows.events') }} as {{ weekday }}_share,
        {% endfor -%}
        windows.hour_cosine,
        windows.hour_sine,
        case
            when windows.events > 0 then least(sqrt(
                windows.hour_cosine * windows.hour_cosine
                + windows.hour_sine * windows.hour_sine
            ), 1)
        end as hour_concentration
    from computed_users
    left join totals
        on
            computed_users.user_key = totals.user_key
            and computed_users.feature_date = totals.feature_date
    left join windows
        on
            computed_users.user_key = windows.user_key
            and computed_users.feature_date = windows.feature_date
    left join preferred
        on
            computed_users.user_key = preferred.user_key
            and computed_users.feature_date = preferred.feature_date
    left join users_signed_up
        on
            computed_users.user_key = users_signed_up.user_key
            and computed_users.feature_date >= {{ utc_date('users_signed_up.signed_up_at') }}

),

vectors as (

    select
        user_key,
        feature_date,
        vocabulary_id,
        {% set names = [] -%}
        {% for features in var('feature_groups').values() -%}
        {% for feature in features -%}
        {% if 'times' in feature -%}
        {% for place in range(1, feature.times + 1) -%}
        {% do names.append(feature.name ~ '_%02d' | format(place)) -%}
        {% endfor -%}
        {% else -%}
        {% do names.append(feature.name) -%}
        {% endif -%}
        {% endfor -%}
        {% endfor -%}
        cast(array[{{ names | join(', ') }}] as double precision[]) as features
    from named
    where is_known

),

{% if is_incremental() -%}
versions_to_compare as (

    select * from {{ this }}
    where feature_date = {{ as_of() }}
    union all
    select versions.*
    from restated
    {{ look_up(
        this, 'versions',
        'found.feature_date = restated.feature_date and found.user_key = restated.user_key'
    ) }}

),

versions_numbered as (

    select
        *,
        max(version) over (partition by user_key, feature_date) as newest_version
    from versions_to_compare

),

newest as (

    select * from versions_numbered
    where version = newest_version

),

-- a user who had a vector and is not one any more has a version without features
vectors_changed as (

    select
        coalesce(vectors.user_key, newest.user_key) as user_key,
        coalesce(vectors.feature_date, newest.feature_date) as feature_date,
        coalesce(newest.version, 0) + 1 as version,
        coalesce(vectors.vocabulary_id, newest.vocabulary_id) as vocabulary_id,
        vectors.features
    from vectors
    full join newest
        on
            vectors.user_key = newest.user_key
            and vectors.feature_date = newest.feature_date
    where
        (vectors.features is null) <> (newest.features is null)
        or vectors.features <> newest.features
        or vectors.vocabulary_id <> newest.vocabulary_id

),

{% else -%}
vectors_changed as (

    select
        user_key,
        feature_date,
        1 as version,
        vocabulary_id,
        features
    from vectors

),

{% endif -%}
final as (

    select
        vectors_changed.user_key,
        vectors_changed.feature_date,
        vectors_changed.version,
        vectors_changed.vocabulary_id,
        vectors_changed.features,
        loads.events_load_id as known_events_load_id,
        loads.session_rows_load_id as known_session_rows_load_id,
        loads.users_load_id as known_users_load_id
    from vectors_changed
    cross join {{ ref('int_feature_loads') }} as loads

)

select * from final
