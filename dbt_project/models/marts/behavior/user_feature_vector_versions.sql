{{ config(
    incremental_strategy='append',
    full_refresh=false,
    indexes=[
        {'columns': ['user_key', 'feature_date']},
        {'columns': ['feature_date'], 'type': 'brin'},
    ],
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
{%- set kinds = {} %}
{%- for feature in var('feature_groups').preference if 'times' in feature %}
{%- do kinds.update({feature.name | replace('_weight', ''): feature.times}) %}
{%- endfor %}

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

preferences_restated as (

    select
        preferences.user_key,
        preferences.feature_date,
        restated.vocabulary_id,
        preferences.kind,
        preferences.value,
        preferences.weight
    from {{ ref('int_preferences_restated') }} as preferences
    inner join restated
        on
            preferences.user_key = restated.user_key
            and preferences.feature_date = restated.feature_date

),

placed_kinds as (

    {% for kind in kinds -%}
    select '{{ kind }}' as kind
    {% if not loop.last %}union all
    {% endif -%}
    {% endfor %}
),

-- one look into the index for each user and kind, however many values the user has
kinds_preferred as (

    select
        users.user_key,
        {{ as_of() }} as feature_date,
        placed_kinds.kind
    from {{ ref('int_users_totalled') }} as users
    cross join placed_kinds
    cross join
        lateral (
            select min(preferences.value) as first_value
            from {{ ref('user_preferences') }} as preferences
            where
                preferences.user_key = users.user_key
                and preferences.kind = placed_kinds.kind
        ) as found
    where found.first_value is not null
    union
    select
        user_key,
        feature_date,
        kind
    from preferences_restated

),

kinds_known as (

    select
        {% for kind in kinds -%}
        bool_or(kind = '{{ kind }}') as has_{{ kind }},
        {% endfor -%}
        user_key,
        feature_date
    from kinds_preferred
    group by user_key, feature_date

),

price_bands as (

    {% for band in var('price_bands') -%}
    select
        '{{ band.name }}' as band,
        {{ double(loop.index0) }} / {{ var('price_bands') | length - 1 }} as place
    {% if not loop.last %}union all
    {% endif -%}
    {% endfor %}
),

bands_preferred as (

    select
        users.user_key,
        {{ as_of() }} as feature_date,
        bands.value,
        bands.weight
    from {{ ref('int_users_totalled') }} as users
    {{ look_up(
        ref('user_preferences'),
        'bands',
        "found.user_key = users.user_key and found.kind = 'price_band'",
    ) }}
    union all
    select
        user_key,
        feature_date,
        value,
        weight
    from preferences_restated
    where kind = 'price_band'

),

bands_placed as (

    select
        bands_preferred.user_key,
        bands_preferred.feature_date,
        least(
            {{ exact_sum('bands_preferred.weight * price_bands.place') }}, 1
        ) as price_point_index
    from bands_preferred
    left join price_bands on bands_preferred.value = price_bands.band
    group by bands_preferred.user_key, bands_preferred.feature_date

),

-- few of the values are in a vocabulary
words as (

    select
        preferences.user_key,
        {{ as_of() }} as feature_date,
        vocabularies.kind,
        vocabularies.place,
        preferences.weight
    from todays_vocabulary
    inner join vocabularies on todays_vocabulary.vocabulary_id = vocabularies.vocabulary_id
    inner join {{ ref('user_preferences') }} as preferences
        on
            vocabularies.kind = preferences.kind
            and vocabularies.value = preferences.value
    union all
    select
        preferences.user_key,
        preferences.feature_date,
        vocabularies.kind,
        vocabularies.place,
        preferences.weight
    from preferences_restated as preferences
    inner join vocabularies
        on
            preferences.vocabulary_id = vocabularies.vocabulary_id
            and preferences.kind = vocabularies.kind
            and preferences.value = vocabularies.value

),

words_placed as (

    select
        {% for kind, places in kinds.items() -%}
        {% for place in range(1, places + 1) -%}
        max(weight) filter (
            where kind = '{{ kind }}' and place = {{ place }}
        ) as {{ kind }}_weight_{{ '%02d' | format(place) }},
        {% endfor -%}
        {% endfor -%}
        user_key,
        feature_date
    from words
    group by user_key, feature_date

),

vocabularies_sized as (

    select
        {% for kind in kinds -%}
        count(*) filter (where kind = '{{ kind }}') as {{ kind }}_places,
        {% endfor -%}
        vocabulary_id
    from vocabularies
    group by vocabulary_id

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
        {% for kind, places in kinds.items() -%}
        {% for place in range(1, places + 1) -%}
        {% set name = kind ~ '_weight_' ~ '%02d' | format(place) -%}
        case
            when
                kinds_known.has_{{ kind }}
                and vocabularies_sized.{{ kind }}_places >= {{ place }}
                then coalesce(words_placed.{{ name }}, 0)
        end as {{ name }},
        {% endfor -%}
        {% endfor -%}
        bands_placed.price_point_index,
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
    left join kinds_known
        on
            computed_users.user_key = kinds_known.user_key
            and computed_users.feature_date = kinds_known.feature_date
    left join bands_placed
        on
            computed_users.user_key = bands_placed.user_key
            and computed_users.feature_date = bands_placed.feature_date
    left join words_placed
        on
            computed_users.user_key = words_placed.user_key
            and computed_users.feature_date = words_placed.feature_date
    left join users_signed_up
        on
            computed_users.user_key = users_signed_up.user_key
            and computed_users.feature_date >= {{ utc_date('users_signed_up.signed_up_at') }}
    left join vocabularies_sized
        on computed_users.vocabulary_id = vocabularies_sized.vocabulary_id

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
    inner join {{ this }} as versions
        on
            restated.user_key = versions.user_key
            and restated.feature_date = versions.feature_date

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
