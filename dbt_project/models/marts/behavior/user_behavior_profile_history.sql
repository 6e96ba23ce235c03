{#- PostgreSQL takes a user's days for one row, and would look through all versions for each -#}
{{ config(
    unique_key='id',
    indexes=[
        {'columns': ['id'], 'unique': true},
        {'columns': ['_events_load_id']},
        {'columns': ['_session_rows_load_id']},
        {'columns': ['_users_load_id']},
    ],
    pre_hook='set local enable_nestloop = off',
    post_hook='{{ mark_as_of() }}',
) }}

{%- set window = var('activity_window_days') %}
{%- set counts = [
    'events', 'page_views', 'perfume_views', 'searches', 'interactions', 'ratings',
    'starred_ratings', 'rating_stars', 'reviews', 'measured_reviews', 'review_length',
    'trade_events', 'purchase_events', 'collection_adds',
] %}
{%- set lifetime_counts = [
    'events', 'page_views', 'perfume_views', 'searches', 'interactions', 'ratings', 'reviews',
    'trade_events', 'sessions', 'perfumes_viewed', 'active_days',
] %}

-- depends_on: {{ ref('int_session_visitors') }}
with

{% if is_incremental() -%}
-- the days on which something about a user may have changed
changes as (

    {{ user_days_changed() }}
    union all
    -- days that as_of has passed since: they begin or they leave a window
    {% for days in [0, window] -%}
    select
        user_key,
        activity_date + {{ days }} as changed_date
    from {{ ref('int_session_hours') }}
    where
        user_key is not null
        and activity_date > least({{ last_as_of() }}, {{ as_of() }}) - {{ days }}
        and activity_date <= greatest({{ last_as_of() }}, {{ as_of() }}) - {{ days }}
    union all
    {% endfor -%}
    select
        user_key,
        signed_up_date as changed_date
    from {{ ref('int_users_registered') }}
    where {{ crossed_by_as_of('signed_up_date') }}
    union all
    -- the row may have given another day before
    select
        user_key,
        cast('1900-01-01' as date) as changed_date
    from {{ ref('int_users_registered') }}
    where {{ not_folded('_load_id', '_users_load_id') }}

),

first_changes as (

    select
        user_key,
        min(changed_date) as changed_date
    from changes
    group by user_key

),

-- the version before ends on another day
first_versions as (

    select
        first_changes.user_key,
        coalesce(
            (
                select max(history.valid_from)
                from {{ this }} as history
                where
                    history.user_key = first_changes.user_key
                    and history.valid_from < first_changes.changed_date
            ),
            cast('1900-01-01' as date)
        ) as first_date
    from first_changes

),

-- the days of its window, and the last one before them for its lifetime
dirty_users as (

    select
        first_versions.user_key,
        first_versions.first_date,
        coalesce(
            (
                select max(days.activity_date)
                from {{ ref('int_user_days') }} as days
                where
                    days.user_key = first_versions.user_key
                    and days.activity_date <= first_versions.first_date - {{ window }}
            ),
            first_versions.first_date - {{ window }}
        ) as read_date
    from first_versions

),

{% endif -%}
days_counted as (

    select * from {{ user_rows_since('int_user_days', 'read_date') }}
    where activity_date <= {{ as_of() }}

),

session_days as (

    select
        user_key,
        session_key,
        activity_date,
        min(first_event_at) as first_event_at,
        max(last_event_at) as last_event_at
    from {{ user_rows_since('int_session_hours', 'read_date') }}
    where
        user_key is not null
        and activity_date <= {{ as_of() }}
    group by user_key, session_key, activity_date

),

perfume_days as (

    select
        user_key,
        subject_id,
        activity_date,
        sum(views) as views
    -- of a user the visitor is the user; the index has the visitor
    from {{ user_rows_since('int_session_subject_days', 'read_date', 'visitor_key') }}
    where
        user_key is not null
        and subject_kind = 'perfume'
        and views > 0
        and activity_date <= {{ as_of() }}
    group by user_key, subject_id, activity_date

),

users_registered as (

    select * from {{ ref('int_users_registered') }}
    {% if is_incremental() -%}
    where user_key in (select dirty_users.user_key from dirty_users)
    {%- endif %}

),

-- a profile changes on active days, when they leave the window, and with the sign-up
change_dates as (

    select
        user_key,
        activity_date as valid_from
    from days_counted
    union
    select
        user_key,
        activity_date + {{ window }} as valid_from
    from days_counted
    where activity_date + {{ window }} <= {{ as_of() }}
    union
    select
        user_key,
        signed_up_date as valid_from
    from users_registered
    where signed_up_date <= {{ as_of() }}

),

change_days as (

    select
        *,
        {{ dbt.datediff("cast('1970-01-01' as date)", 'valid_from', 'day') }} as day_number
    from change_dates

),

summed as (

    select
        change_days.user_key,
        change_days.valid_from,
        lead(change_days.valid_from) over lifetime as valid_to,
        max(days_counted.activity_date) over lifetime as last_date,
        {% for name in counts -%}
        coalesce(sum(days_counted.{{ name }}) over recent, 0) as total_{{ name }},
        {% endfor -%}
        count(days_counted.user_key) over recent as total_active_days
    from change_days
    left join days_counted
        on
            change_days.user_key = days_counted.user_key
            and change_days.valid_from = days_counted.activity_date
    window
        lifetime as (partition by change_days.user_key order by change_days.day_number),
        recent as (
            partition by change_days.user_key
            order by change_days.day_number
            range between {{ window - 1 }} preceding and current row
        )

),

versions as (

    select summed.*
    from summed
    {% if is_incremental() -%}
    inner join dirty_users on summed.user_key = dirty_users.user_key
    where summed.valid_from >= dirty_users.first_date
    {%- endif %}

),

sessions_in_window as (

    select
        versions.user_key,
        versions.valid_from,
        {{ seconds_between('min(session_days.first_event_at)', 'max(session_days.last_event_at)') }}
            as duration_seconds
    from versions
    inner join session_days
        on
            versions.user_key = session_days.user_key
            and versions.valid_from < session_days.activity_date + {{ window }}
            and versions.valid_from >= session_days.activity_date
    group by versions.user_key, versions.valid_from, session_days.session_key

),

sessions_counted as (

    select
        user_key,
        valid_from,
        count(*) as sessions,
        {{ exact_sum('duration_seconds') }} / count(*) as avg_session_duration_seconds
    from sessions_in_window
    group by user_key, valid_from

),

perfumes_viewed as (

    select
        versions.user_key,
        versions.valid_from,
        perfume_days.subject_id,
        {{ double('sum(perfume_days.views)') }} as views
    from versions
    inner join perfume_days
        on
            versions.user_key = perfume_days.user_key
            and versions.valid_from < perfume_days.activity_date + {{ window }}
            and versions.valid_from >= perfume_days.activity_date
    group by versions.user_key, versions.valid_from, perfume_days.subject_id

),

exploration as (

    select
        user_key,
        valid_from,
        count(*) as perfumes_viewed,
        {{ exploration_score('views') }} as exploration_score
    from perfumes_viewed
    group by user_key, valid_from

),

profiles as (

    select
        versions.*,
        coalesce(sessions_counted.sessions, 0) as total_sessions,
        sessions_counted.avg_session_duration_seconds,
        coalesce(exploration.perfumes_viewed, 0) as total_perfumes_viewed,
        exploration.exploration_score,
        versions.total_trade_events + versions.total_purchase_events as conversion_events,
        versions.total_collection_adds as collection_adds,
        {% for name in lifetime_counts -%}
        coalesce(last_days.lifetime_{{ name }}, 0) as lifetime_{{ name }},
        {% endfor -%}
        last_days.lifetime_avg_rating_value,
        last_days.lifetime_avg_review_length,
        coalesce(last_days.collection_size, 0) as collection_size,
        coalesce(last_days.wishlist_size, 0) as wishlist_size,
        last_days.first_active_at,
        last_days.last_active_at,
        versions.last_date as last_active_date,
        coalesce(last_days._events_load_id, 0) as _events_load_id,
        coalesce(last_days._session_rows_load_id, 0) as _session_rows_load_id,
        case
            when users_registered.signed_up_date <= versions.valid_from
                then users_registered.signed_up_at
        end as created_at,
        coalesce(users_registered._load_id, 0) as _users_load_id
    from versions
    left join days_counted as last_days
        on
            versions.user_key = last_days.user_key
            and versions.last_date = last_days.activity_date
    left join sessions_counted
        on
            versions.user_key = sessions_counted.user_key
            and versions.valid_from = sessions_counted.valid_from
    left join exploration
        on
            versions.user_key = exploration.user_key
            and versions.valid_from = exploration.valid_from
    left join users_registered on versions.user_key = users_registered.user_key

),

{% set idle_days = dbt.datediff('last_active_date', 'valid_from', 'day') -%}
final as (

    select
        cast(user_key as text) || ' ' || cast(valid_from as text) as id,
        user_key,
        {{ browsing_style() }} as browsing_style,
        total_sessions,
        total_active_days,
        {% for name in [
            'events', 'page_views', 'perfume_views', 'searches', 'interactions', 'ratings',
            'reviews',
        ] -%}
        cast(total_{{ name }} as bigint) as total_{{ name }},
        lifetime_{{ name }},
        {% endfor -%}
        total_perfumes_viewed,
        cast(total_trade_events as bigint) as trading_activity,
        avg_session_duration_seconds,
        {{ double('total_rating_stars') }} / nullif(total_starred_ratings, 0)
            as avg_rating_value,
        {{ share('total_review_length', 'total_measured_reviews') }} as avg_review_length,
        collection_size,
        wishlist_size,
        exploration_score,
        {{ engagement_score(idle_days) }} as engagement_score,
        lifetime_sessions,
        lifetime_active_days,
        lifetime_perfumes_viewed,
        lifetime_trade_events as lifetime_trading_activity,
        lifetime_avg_rating_value,
        lifetime_avg_review_length,
        valid_to is null as is_current,
        first_active_at,
        last_active_at,
        created_at,
        last_active_date,
        valid_from,
        valid_to,
        _events_load_id,
        _session_rows_load_id,
        _users_load_id
    from profiles

)

{%- if is_incremental() -%}
,

dirty_versions as (

    select history.id
    from dirty_users
    {{ look_up(
        this, 'history',
        'found.user_key = dirty_users.user_key and found.valid_from >= dirty_users.first_date'
    ) }}
    union
    select id from final

)
{%- endif %}

{{ final_rows('dirty_versions', 'id') }}
