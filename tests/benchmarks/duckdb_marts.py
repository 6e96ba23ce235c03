"""Five marts once more, in DuckDB SQL over Parquet: the numbers of the dbt models, without their increments.

Parquet files of the staging tables -> `connect` -> `REBUILD`, one statement per step, each a table

`sessions_of_users` is shared by all: it gives an event to the user of its whole session.
"""

from datetime import date
from pathlib import Path

import duckdb

TABLES = {
    "user_interaction_events": (
        "event_id, session_key, user_key, event_type, event_category, perfume_id, house_id, note_id, device_type, "
        "referrer, path, duration_ms, view_duration_ms, value, rating_overall, review_length, occurred_at"
    ),
    "user_interaction_event_items": "event_id, item_kind, item_value",
    "user_sessions": "*",
    "recommendation_feedback": "feedback_id, perfume_id, is_clicked, shown_at",
    "perfumes": "*",
    "perfume_notes": "*",
    "users": "*",
}
"""What the marts read of the staging tables."""


def connect(folder: Path, as_of: date, weights: Path) -> duckdb.DuckDBPyConnection:
    """A new database in memory over the Parquet files of `folder`; `weights` is the seed of evidence weights."""
    connection = duckdb.connect()
    connection.execute("set timezone = 'UTC'")
    for name in TABLES:
        connection.execute(f"create view {name} as select * from read_parquet('{folder}/{name}.parquet')")
    connection.execute(f"create table evidence_weights as select * from read_csv('{weights}')")
    connection.execute(f"create macro as_of() as date '{as_of}'")
    connection.execute("create macro halved(age, half_life) as pow(2.0, -age / half_life)")
    return connection


USERS_OF_SESSIONS = """
create table sessions_of_users as
select
    coalesce(e.session_key, r.session_key) as session_key,
    coalesce(e.user_key, r.user_key) as user_key,
    coalesce(e.user_key, r.user_key, e.session_key, r.session_key) as visitor_key,
    e.* exclude (session_key, user_key)
from (
    select
        session_key,
        arg_min(user_key, (occurred_at, event_id)) filter (user_key is not null) as user_key,
        arg_min(device_type, (occurred_at, event_id)) filter (device_type is not null) as device_type,
        arg_min(path, (occurred_at, event_id)) as entry_page,
        arg_max(path, (occurred_at, event_id)) as exit_page,
        count(*) as events,
        count(*) filter (event_category = 'VIEW') as page_views,
        count(distinct perfume_id) filter (event_type = 'PERFUME_VIEW') as perfumes_viewed,
        count(*) filter (event_category in ('RATING', 'REVIEW', 'COLLECTION')) as interactions,
        bool_or(event_type = 'WISHLIST_ADD') as has_added_to_wishlist,
        bool_or(event_type = 'COLLECTION_ADD') as has_added_to_collection,
        bool_or(event_type = 'RATING_COMPLETED') as has_completed_rating,
        bool_or(event_type = 'REVIEW_SUBMITTED') as has_completed_review,
        min(occurred_at) as started_at,
        max(occurred_at) as ended_at
    from user_interaction_events
    group by session_key
) as e
full join user_sessions as r on e.session_key = r.session_key
"""
SESSIONS = """
create table sessions as
select
    s.session_key, s.user_key, s.visitor_key, s.entry_page, s.exit_page, s.events, s.page_views, s.perfumes_viewed,
    s.interactions, s.has_added_to_wishlist, s.has_added_to_collection, s.has_completed_rating, s.has_completed_review,
    cast(floor(epoch(s.ended_at) - epoch(s.started_at)) as bigint) as duration_seconds,
    r.page_views as reported_page_views, r.perfumes_viewed as reported_perfumes_viewed, r.browser, r.os,
    s.page_views = r.page_views and s.perfumes_viewed = r.perfumes_viewed and s.interactions = r.interactions
        and s.user_key is not distinct from r.user_key as is_consistent,
    s.started_at, s.ended_at
from sessions_of_users as s
left join user_sessions as r on s.session_key = r.session_key
"""
PROFILES = """
create table user_behavior_profiles as
with
events as (
    select e.*, s.user_key as owner, e.occurred_at::date as day, coalesce(e.value, e.rating_overall) as stars
    from user_interaction_events as e
    inner join sessions_of_users as s on e.session_key = s.session_key
    where s.user_key is not null and e.occurred_at::date <= as_of()
),
lifetimes as (
    select
        owner,
        count(distinct session_key) as lifetime_sessions,
        count(distinct day) as lifetime_active_days,
        count(*) as lifetime_events,
        count(*) filter (event_category = 'VIEW') as lifetime_page_views,
        count(*) filter (event_type = 'PERFUME_VIEW') as lifetime_perfume_views,
        count(distinct perfume_id) filter (event_type = 'PERFUME_VIEW') as lifetime_perfumes_viewed,
        count(*) filter (event_category = 'SEARCH') as lifetime_searches,
        count(*) filter (event_type = 'RATING_COMPLETED') as lifetime_ratings,
        avg(stars) filter (event_type = 'RATING_COMPLETED') as lifetime_avg_rating_value,
        count(*) filter (event_type = 'REVIEW_SUBMITTED') as lifetime_reviews,
        greatest(0, count(*) filter (event_type = 'COLLECTION_ADD')
            - count(*) filter (event_type = 'COLLECTION_REMOVE')) as collection_size,
        greatest(0, count(*) filter (event_type = 'WISHLIST_ADD')
            - count(*) filter (event_type = 'WISHLIST_REMOVE')) as wishlist_size,
        min(occurred_at) as first_active_at,
        max(occurred_at) as last_active_at
    from events
    group by owner
),
recent as (select * from events where day > as_of() - 30),
months as (
    select
        owner,
        count(distinct session_key) as total_sessions,
        count(distinct day) as total_active_days,
        count(*) as total_events,
        count(*) filter (event_category = 'VIEW') as total_page_views,
        count(*) filter (event_type = 'PERFUME_VIEW') as total_perfume_views,
        count(*) filter (event_category = 'SEARCH') as total_searches,
        count(*) filter (event_category in ('RATING', 'REVIEW', 'COLLECTION')) as total_interactions,
        count(*) filter (event_type = 'RATING_COMPLETED') as total_ratings,
        avg(stars) filter (event_type = 'RATING_COMPLETED') as avg_rating_value,
        count(*) filter (event_type = 'REVIEW_SUBMITTED') as total_reviews,
        avg(review_length) filter (event_type = 'REVIEW_SUBMITTED') as avg_review_length,
        count(*) filter (event_type = 'COLLECTION_ADD') as collection_adds,
        count(*) filter (event_type[:6] = 'TRADE_' or event_type[:9] = 'PURCHASE_') as conversions
    from recent
    group by owner
),
durations as (
    select owner, avg(seconds) as avg_session_duration_seconds
    from (
        select owner, session_key, epoch(max(occurred_at)) - epoch(min(occurred_at)) as seconds
        from recent group by owner, session_key
    )
    group by owner
),
exploration as (
    select
        owner, count(*) as perfumes,
        case when sum(n) < 5 then null when count(*) = 1 then 0
            else 1 - sum(n * ln(n)) / (sum(n) * ln(sum(n))) end as score
    from (
        select owner, perfume_id, count(*) as n from recent
        where event_type = 'PERFUME_VIEW' and perfume_id is not null group by owner, perfume_id
    )
    group by owner
),
everybody as (
    select owner as user_key from lifetimes
    union
    select user_key from users where signed_up_at::date <= as_of()
)
select
    u.user_key,
    case when coalesce(m.total_sessions, 0) < 3 then 'casual' when m.conversions >= 0.1 * m.total_events then 'trader'
        when x.score >= 0.8 then 'explorer' else 'focused' end as browsing_style,
    coalesce(m.total_sessions, 0) as total_sessions,
    coalesce(m.total_active_days, 0) as total_active_days,
    coalesce(m.total_events, 0) as total_events,
    coalesce(m.total_page_views, 0) as total_page_views,
    coalesce(m.total_perfume_views, 0) as total_perfume_views,
    coalesce(x.perfumes, 0) as total_perfumes_viewed,
    coalesce(m.total_searches, 0) as total_searches,
    coalesce(m.total_interactions, 0) as total_interactions,
    coalesce(m.total_ratings, 0) as total_ratings,
    coalesce(m.total_reviews, 0) as total_reviews,
    d.avg_session_duration_seconds, m.avg_rating_value, m.avg_review_length,
    coalesce(l.collection_size, 0) as collection_size, coalesce(l.wishlist_size, 0) as wishlist_size,
    x.score as exploration_score,
    100 * (
        0.35 * least(coalesce(m.total_active_days, 0) / 20.0, 1)
        + 0.25 * coalesce(halved(as_of() - l.last_active_at::date, 7.0), 0)
        + 0.20 * least(coalesce(m.total_events / m.total_sessions, 0) / 20.0, 1)
        + 0.20 * least(coalesce(m.total_ratings + 2 * m.total_reviews + m.collection_adds, 0) / 20.0, 1)
    ) as engagement_score,
    coalesce(l.lifetime_sessions, 0) as lifetime_sessions,
    coalesce(l.lifetime_active_days, 0) as lifetime_active_days,
    coalesce(l.lifetime_events, 0) as lifetime_events,
    coalesce(l.lifetime_page_views, 0) as lifetime_page_views,
    coalesce(l.lifetime_perfume_views, 0) as lifetime_perfume_views,
    coalesce(l.lifetime_perfumes_viewed, 0) as lifetime_perfumes_viewed,
    coalesce(l.lifetime_searches, 0) as lifetime_searches,
    coalesce(l.lifetime_ratings, 0) as lifetime_ratings,
    coalesce(l.lifetime_reviews, 0) as lifetime_reviews,
    l.lifetime_avg_rating_value, l.first_active_at, l.last_active_at
from everybody as u
left join lifetimes as l on u.user_key = l.owner
left join months as m on u.user_key = m.owner
left join durations as d on u.user_key = d.owner
left join exploration as x on u.user_key = x.owner
"""
PREFERENCES = """
create table user_preferences as
with
evidence as (
    select
        s.user_key, e.perfume_id,
        coalesce(p.house_id, e.house_id) as house_id,
        case when e.perfume_id is null and e.house_id is null then e.note_id end as note_id,
        p.perfume_type,
        case when p.price < 50 then 'under_50' when p.price < 100 then '50_to_100' when p.price < 200 then '100_to_200'
            when p.price is not null then 'from_200' end as price_band,
        (w.weight + case when w.weight_per_star = 0 then 0
            else w.weight_per_star * (coalesce(e.value, e.rating_overall) - 3) end)
            * halved(as_of() - e.occurred_at::date, 30.0) as evidence
    from user_interaction_events as e
    inner join sessions_of_users as s on e.session_key = s.session_key
    inner join evidence_weights as w on e.event_type = w.event_type
    left join perfumes as p on e.perfume_id = p.perfume_id
    where
        s.user_key is not null and e.occurred_at::date <= as_of()
        and coalesce(e.perfume_id, e.house_id, e.note_id) is not null
),
by_perfume as (
    select user_key, perfume_id, house_id, note_id, perfume_type, price_band, sum(evidence) as evidence
    from evidence where evidence is not null group by all
),
kinds as (
    select user_key, 'perfume' as kind, perfume_id as value, evidence from by_perfume
    union all select user_key, 'house', house_id, evidence from by_perfume
    union all select user_key, 'perfume_type', perfume_type, evidence from by_perfume
    union all select user_key, 'price_band', price_band, evidence from by_perfume
    union all select user_key, 'note', note_id, evidence from by_perfume
    union all select b.user_key, 'note', n.note_id, b.evidence
    from by_perfume as b inner join (select distinct perfume_id, note_id from perfume_notes) as n
        on b.perfume_id = n.perfume_id
),
weighed as (
    select user_key, kind, value, sum(evidence) as evidence
    from kinds where value is not null group by user_key, kind, value
)
select
    user_key, kind, value,
    evidence / sum(evidence) over (partition by user_key, kind) as weight
from weighed
where evidence > 1e-12
"""
PERFUMES = """
create table perfume_interaction_stats as
with
events as (
    select e.*, s.visitor_key, e.occurred_at::date as day,
        coalesce(e.value, e.rating_overall) as stars,
        coalesce(e.view_duration_ms, e.duration_ms) as shown_ms,
        w.weight + case when w.weight_per_star = 0 then 0
            else w.weight_per_star * (coalesce(e.value, e.rating_overall) - 3) end as evidence
    from user_interaction_events as e
    inner join sessions_of_users as s on e.session_key = s.session_key
    left join evidence_weights as w on e.event_type = w.event_type
    where e.perfume_id is not null and e.occurred_at::date <= as_of()
),
totals as (
    select
        perfume_id,
        count(*) filter (event_type = 'PERFUME_VIEW') as total_views,
        count(distinct visitor_key) filter (event_type = 'PERFUME_VIEW') as unique_viewers,
        avg(shown_ms) filter (event_type = 'PERFUME_VIEW') as avg_view_duration_ms,
        count(*) filter (event_type = 'RATING_COMPLETED') as total_ratings,
        avg(stars) filter (event_type = 'RATING_COMPLETED') as avg_rating,
        count(*) filter (event_type = 'REVIEW_SUBMITTED') as total_reviews,
        count(*) filter (event_type = 'SEARCH_RESULT_CLICKED') as search_clicks,
        count(*) filter (event_type = 'TRADE_INQUIRY') as trade_inquiries,
        count(*) filter (event_type = 'TRADE_ACCEPTED') as trade_completed,
        count(*) filter (event_type = 'PERFUME_VIEW' and day > as_of() - 7) as views_last_7_days,
        count(*) filter (event_type = 'PERFUME_VIEW' and day > as_of() - 30) as views_last_30_days,
        coalesce(sum(evidence * halved((epoch(as_of()::timestamp) + 86400 - epoch(occurred_at)) / 3600, 24.0))
            filter (day > as_of() - 7), 0) as trending_score,
        max(occurred_at) filter (event_type = 'PERFUME_VIEW') as last_viewed_at
    from events
    group by perfume_id
),
lists as (
    select perfume_id, count(*) filter (wished > 0) as in_wishlist_count,
        count(*) filter (collected > 0) as in_collection_count
    from (
        select perfume_id, visitor_key,
            count(*) filter (event_type = 'WISHLIST_ADD') - count(*) filter (event_type = 'WISHLIST_REMOVE') as wished,
            count(*) filter (event_type = 'COLLECTION_ADD') - count(*) filter (event_type = 'COLLECTION_REMOVE')
                as collected
        from events group by perfume_id, visitor_key
    )
    group by perfume_id
),
impressions as (
    select i.item_value as perfume_id, count(*) as search_impressions
    from user_interaction_event_items as i inner join user_interaction_events as e on i.event_id = e.event_id
    where i.item_kind = 'shown_perfume' and e.event_category = 'SEARCH' and e.occurred_at::date <= as_of()
    group by i.item_value
),
recommended as (
    select perfume_id, count(*) as recommendation_imprs, count(*) filter (is_clicked) as recommendation_clicks
    from recommendation_feedback where shown_at::date <= as_of() group by perfume_id
),
everything as (
    select perfume_id from perfumes
    union select perfume_id from totals
    union select perfume_id from impressions
    union select perfume_id from recommended
)
select
    p.perfume_id, t.avg_view_duration_ms, t.avg_rating, t.last_viewed_at,
    coalesce(t.total_views, 0) as total_views, coalesce(t.unique_viewers, 0) as unique_viewers,
    coalesce(t.total_ratings, 0) as total_ratings, coalesce(t.total_reviews, 0) as total_reviews,
    coalesce(l.in_wishlist_count, 0) as in_wishlist_count, coalesce(l.in_collection_count, 0) as in_collection_count,
    coalesce(i.search_impressions, 0) as search_impressions, coalesce(t.search_clicks, 0) as search_clicks,
    coalesce(t.search_clicks, 0) / nullif(i.search_impressions, 0) as search_ctr,
    coalesce(r.recommendation_imprs, 0) as recommendation_imprs,
    coalesce(r.recommendation_clicks, 0) as recommendation_clicks,
    r.recommendation_clicks / nullif(r.recommendation_imprs, 0) as recommendation_ctr,
    coalesce(t.trade_inquiries, 0) as trade_inquiries, coalesce(t.trade_completed, 0) as trade_completed,
    coalesce(t.views_last_7_days, 0) as views_last_7_days, coalesce(t.views_last_30_days, 0) as views_last_30_days,
    coalesce(t.trending_score, 0) as trending_score
from everything as p
left join totals as t on p.perfume_id = t.perfume_id
left join lists as l on p.perfume_id = l.perfume_id
left join impressions as i on p.perfume_id = i.perfume_id
left join recommended as r on p.perfume_id = r.perfume_id
"""
ACTIVE_USERS = """
create table active_users as
with
user_hours as (
    select distinct s.user_key, cast(floor(epoch(e.occurred_at) / 3600) as bigint) as h
    from user_interaction_events as e inner join sessions_of_users as s on e.session_key = s.session_key
    where s.user_key is not null and e.occurred_at::date <= as_of()
),
hours as (
    select unnest(generate_series(today - 24 * 29 + 1, greatest(today, last))) as hour_number
    from (select 24 * (as_of() - date '1970-01-01') as today, max(h) + 1 as last from user_hours)
),
near as (select * from user_hours where h >= (select min(hour_number) from hours) - 721),
spans as (
    select user_key, h, lead(h) over (partition by user_key order by h) as next_h from near
),
counted as (
    select
        hours.hour_number,
        count(*) filter (h >= hour_number - 24 and least(coalesce(next_h, 1e9), h + 24) >= hour_number)
            as daily_active_users,
        count(*) filter (h >= hour_number - 168 and least(coalesce(next_h, 1e9), h + 168) >= hour_number)
            as weekly_active_users,
        count(*) as monthly_active_users
    from hours
    inner join spans on h between hour_number - 720 and hour_number - 1
        and coalesce(next_h, 1e9) >= hour_number
    group by hours.hour_number
),
firsts as (select user_key, min(h) as first_h from user_hours group by user_key),
new_users as (
    select hours.hour_number, count(*) as new_users
    from hours inner join firsts on first_h between hour_number - 24 and hour_number - 1
    group by hours.hour_number
)
select
    make_timestamp(hours.hour_number * 3600000000)::timestamptz as hour_ending_at,
    coalesce(c.daily_active_users, 0) as daily_active_users,
    coalesce(c.weekly_active_users, 0) as weekly_active_users,
    coalesce(c.monthly_active_users, 0) as monthly_active_users,
    coalesce(n.new_users, 0) as new_users,
    c.daily_active_users / nullif(c.monthly_active_users, 0) as stickiness
from hours
left join counted as c on hours.hour_number = c.hour_number
left join new_users as n on hours.hour_number = n.hour_number
"""
REBUILD = {
    "sessions_of_users": USERS_OF_SESSIONS,
    "core.sessions": SESSIONS,
    "behavior.user_behavior_profiles": PROFILES,
    "behavior.user_preferences": PREFERENCES,
    "behavior.perfume_interaction_stats": PERFUMES,
    "behavior.active_users": ACTIVE_USERS,
}
"""Statements in their order, by the mart they make; the first is shared."""
