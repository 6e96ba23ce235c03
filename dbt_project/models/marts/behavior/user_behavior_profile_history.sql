{{ config(
    unique_key='id',
    indexes=[
        {'columns': ['id'], 'unique': true},
        {'columns': ['_events_load_id']},
        {'columns': ['_session_rows_load_id']},
        {'columns': ['_users_load_id']},
    ],
    post_hook='{{ mark_as_of() }}',
) }}

{%- set window = var('activity_window_days') %}
{%- set counts = [
    'events', 'page_views', 'perfume_views', 'searches', 'interactions', 'ratings',
    'starred_ratings', 'reviews', 'measured_reviews', 'review_length', 'trade_events',
] %}
{%- set is_dirty = 'in (select dirty_users.user_key from dirty_users)' if is_incremental()
    else 'is not null' %}

-- depends_on: {{ ref('int_session_visitors') }}
with

{% if is_incremental() -%}
-- the first day on which something about a user may have changed
changes as (

    select
        visitors.user_key,
        min(hours.activity_date) as changed_date
    from {{ ref('int_session_visitors') }} as visitors
    inner join {{ ref('int_session_hours') }} as hours
        on visitors.session_key = hours.session_key
    where
        visitors.user_key is not null
        and (
            {{ not_folded('visitors._events_load_id', '_events_load_id') }}
            or {{ not_folded('visitors._session_rows_load_id', '_session_rows_load_id') }}
        )
    group by visitors.user_key
    union all
    -- days that as_of has passed since: they begin or they leave a window
    {% for days in [0, window] -%}
    select
        user_key,
        min(activity_date) + {{ days }} as changed_date
    from {{ ref('int_session_hours') }}
    where
        user_key is not null
        and activity_date > least({{ last_as_of() }}, {{ as_of() }}) - {{ days }}
        and activity_date <= greatest({{ last_as_of() }}, {{ as_of() }}) - {{ days }}
    group by user_key
    union all
    {% endfor -%}
    select
        user_key,
        signed_up_date as changed_date
    from {{ ref('int_users_registered') }}
    where
        {{ crossed_by_as_of('signed_up_date') }}
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
dirty_users as (

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

{% endif -%}
hours as (

    select * from {{ ref('int_session_hours') }}
    where
        user_key is not null
        and activity_date <= {{ as_of() }}
        {{ 'and user_key ' ~ is_dirty }}

),

perfume_days as (

    select
        user_key,
        subject_id,
        activity_date,
        sum(views) as views
    from {{ ref('int_session_subject_days') }}
    where
        user_key is not null
        and subject_kind = 'perfume'
        and views > 0
        and activity_date <= {{ as_of() }}
        -- of a user the visitor is the user; the index has the visitor
        {{ 'and visitor_key ' ~ is_dirty }}
    group by user_key, subject_id, activity_date

),

users_registered as (

    select * from {{ ref('int_users_registered') }}
    {% if is_incremental() -%}
    where user_key in (select dirty_users.user_key from dirty_users)
    {%- endif %}

),

session_days as (

    select
        user_key,
        session_key,
        activity_date,
        min(first_event_at) as first_event_at,
        max(last_event_at) as last_event_at
    from hours
    group by user_key, session_key, activity_date

),

days_counted as (

    select
        user_key,
        activity_date,
        {% for name in counts -%}
        sum({{ name }}) as {{ name }},
        {% endfor -%}
        {{ exact_sum('rating_stars') }} as rating_stars,
        sum(trade_events + purchase_events) as conversion_events,
        sum(collection_adds) as collection_adds,
        sum(collection_adds - collection_removes) as collection_change,
        sum(wishlist_adds - wishlist_removes) as wishlist_change,
        min(first_event_at) as first_event_at,
        max(last_event_at) as last_event_at,
        max(_events_load_id) as _events_load_id,
        max(_session_rows_load_id) as _session_rows_load_id
    from hours
    group by user_key, activity_date

),

session_beginnings as (

    select
        user_key,
        min(activity_date) as activity_date
    from session_days
    group by user_key, session_key

),

perfume_beginnings as (

    select
        user_key,
        min(activity_date) as activity_date
    from perfume_days
    group by user_key, subject_id

),

firsts as (

    select
        user_key,
        activity_date,
        sum(sessions) as sessions,
        sum(perfumes) as perfumes
    from (
        select
            user_key,
            activity_date,
            1 as sessions,
            0 as perfumes
        from session_beginnings
        union all
        select
            user_key,
            activity_date,
            0 as sessions,
            1 as perfumes
        from perfume_beginnings
    ) as beginnings
    group by user_key, activity_date

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
        coalesce(count(days_counted.user_key) over recent, 0) as total_active_days,
        coalesce(count(days_counted.user_key) over lifetime, 0) as lifetime_active_days,
        {% for name in counts + ['conversion_events', 'collection_adds'] -%}
        coalesce(sum(days_counted.{{ name }}) over recent, 0) as total_{{ name }},
        coalesce(sum(days_counted.{{ name }}) over lifetime, 0) as lifetime_{{ name }},
        {% endfor -%}
        {{ exact_sum('days_counted.rating_stars', 'over recent') }} as total_rating_stars,
        {{ exact_sum('days_counted.rating_stars', 'over lifetime') }} as lifetime_rating_stars,
        coalesce(sum(days_counted.collection_change) over lifetime, 0) as collection_balance,
        coalesce(sum(days_counted.wishlist_change) over lifetime, 0) as wishlist_balance,
        coalesce(sum(firsts.sessions) over lifetime, 0) as lifetime_sessions,
        coalesce(sum(firsts.perfumes) over lifetime, 0) as lifetime_perfumes_viewed,
        min(days_counted.first_event_at) over lifetime as first_active_at,
        max(days_counted.last_event_at) over lifetime as last_active_at,
        coalesce(
            max(days_counted._events_load_id) over (partition by change_days.user_key), 0
        ) as _events_load_id,
        coalesce(
            max(days_counted._session_rows_load_id) over (partition by change_days.user_key), 0
        ) as _session_rows_load_id
    from change_days
    left join days_counted
        on
            change_days.user_key = days_counted.user_key
            and change_days.valid_from = days_counted.activity_date
    left join firsts
        on
            change_days.user_key = firsts.user_key
            and change_days.valid_from = firsts.activity_date
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
        versions.total_conversion_events as conversion_events,
        versions.total_collection_adds as collection_adds,
        {{ utc_date('versions.last_active_at') }} as last_active_date,
        case
            when users_registered.signed_up_date <= versions.valid_from
                then users_registered.signed_up_at
        end as created_at,
        coalesce(users_registered._load_id, 0) as _users_load_id
    from versions
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
        cast(lifetime_{{ name }} as bigint) as lifetime_{{ name }},
        {% endfor -%}
        total_perfumes_viewed,
        cast(total_trade_events as bigint) as trading_activity,
        avg_session_duration_seconds,
        total_rating_stars / nullif(total_starred_ratings, 0) as avg_rating_value,
        {{ share('total_review_length', 'total_measured_reviews') }} as avg_review_length,
        cast(greatest(collection_balance, 0) as bigint) as collection_size,
        cast(greatest(wishlist_balance, 0) as bigint) as wishlist_size,
        exploration_score,
        {{ engagement_score(idle_days) }} as engagement_score,
        cast(lifetime_sessions as bigint) as lifetime_sessions,
        lifetime_active_days,
        cast(lifetime_perfumes_viewed as bigint) as lifetime_perfumes_viewed,
        cast(lifetime_trade_events as bigint) as lifetime_trading_activity,
        lifetime_rating_stars / nullif(lifetime_starred_ratings, 0) as lifetime_avg_rating_value,
        {{ share('lifetime_review_length', 'lifetime_measured_reviews') }}
            as lifetime_avg_review_length,
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
    from {{ this }} as history
    inner join dirty_users on history.user_key = dirty_users.user_key
    where history.valid_from >= dirty_users.first_date
    union
    select id from final

)
{%- endif %}

{{ final_rows('dirty_versions', 'id') }}
