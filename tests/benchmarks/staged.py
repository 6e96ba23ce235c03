"""Staging rows of New Smell at volume, made in SQL, for benchmarks of the marts.

The simulator gives a user so many sessions that 100,000 of them fill ten million events within two months; here a
history of any length has the same users and the same rows a day, so that two lengths differ in nothing else. Users,
perfumes and search texts are heavy-tailed, one session in ten is anonymous, and every hundredth event arrives three
days late. Each row follows from its number.
"""

from dataclasses import dataclass
from datetime import date, timedelta

import psycopg

from ingestion.contracts import load_contracts
from ingestion.tables import ensure_month, ensure_tables

START = date(2021, 1, 1)
PERFUMES, HOUSES, NOTES, TEXTS = 5000, 100, 400, 3000
EVENTS_PER_SESSION = 10
LATE_DAYS = 3
SYSTEM = load_contracts()["new_smell"]
EVENTS = SYSTEM.entity("user_interaction_events")


@dataclass(frozen=True)
class Shape:
    """How many users there are, and sessions each day."""

    users: int
    sessions: int


FUNCTIONS = """
create or replace function pg_temp.chance(n bigint, salt int) returns double precision immutable parallel safe
language sql as 'select (hashint8extended(n, salt) & 1048575) / 1048576.0';
create or replace function pg_temp.key(kind text, n bigint) returns uuid immutable parallel safe
language sql as 'select md5(kind || n)::uuid'
"""
CATALOGUE = f"""
insert into staging.new_smell__users (user_key, signed_up_at, _load_id)
select pg_temp.key('u', n), timestamptz '{START} 00:00+00' - n %% 400 * interval '1 day', 1
from generate_series(0, %(users)s - 1) as n;
insert into staging.new_smell__perfume_houses (house_id, name, _load_id)
select 'h' || n, 'House ' || n, 1 from generate_series(0, {HOUSES} - 1) as n;
insert into staging.new_smell__notes (note_id, name, category, _load_id)
select 'n' || n, 'Note ' || n, (array['floral', 'woody', 'citrus', 'spicy'])[1 + n %% 4], 1
from generate_series(0, {NOTES} - 1) as n;
insert into staging.new_smell__perfumes (perfume_id, name, house_id, perfume_type, concentration, price, _load_id)
select 'p' || n, 'Perfume ' || n, 'h' || n %% {HOUSES}, 'type ' || n %% 5, 'edp', 20 + n * 7 %% 300, 1
from generate_series(0, {PERFUMES} - 1) as n;
insert into staging.new_smell__perfume_notes (perfume_id, note_id, note_type, _load_id)
select 'p' || n, 'n' || (n * 31 + g * 17) %% {NOTES}, (array['open', 'heart', 'base'])[1 + g %% 3], 1
from generate_series(0, {PERFUMES} - 1) as n, generate_series(0, 5) as g
"""
SESSIONS = """
create temp table new_sessions on commit drop as
select
    n,
    n / %(sessions)s as day,
    pg_temp.key('s', n) as session_key,
    case when pg_temp.chance(n, 1) < 0.9
        then pg_temp.key('u', floor(%(users)s * pg_temp.chance(n, 2) ^ 2)::bigint) end as user_key,
    timestamptz '{start} 00:00+00' + n / %(sessions)s * interval '1 day'
        + pg_temp.chance(n, 3) * interval '22 hours' as started_at,
    4 + floor(13 * pg_temp.chance(n, 4))::int as events
from generate_series(%(first)s::bigint * %(sessions)s, (%(last)s + 1)::bigint * %(sessions)s - 1) as n
"""
NEW_EVENTS = f"""
create temp table new_events on commit drop as
select
    'e' || n || '-' || p as event_id, n * 20 + p as number, session_key, user_key,
    types[1 + floor(13 * pg_temp.chance(n * 20 + p, 5))::int] as event_type,
    'p' || floor({PERFUMES} * pg_temp.chance(n * 20 + p, 6) ^ 3)::int as perfume_id,
    started_at + p * interval '40 seconds' as occurred_at
from new_sessions
cross join generate_series(0, events - 1) as p
cross join (values (array[
    'PAGE_VIEW', 'PERFUME_VIEW', 'PERFUME_VIEW', 'PERFUME_VIEW', 'PERFUME_VIEW', 'PERFUME_VIEW', 'SEARCH_PERFORMED',
    'SEARCH_RESULT_CLICKED', 'IMAGE_VIEWED', 'WISHLIST_ADD', 'COLLECTION_ADD', 'RATING_COMPLETED', 'REVIEW_SUBMITTED'
])) as kinds (types)
where day + case when (n * 20 + p) %% 100 = 0 then {LATE_DAYS} else 0 end between %(arrived_first)s and %(last)s;
insert into staging.new_smell__user_interaction_events (
    event_id, user_key, session_key, event_type, event_category, perfume_id, device_type, path, duration_ms, value,
    review_length, occurred_at, _load_id
)
select
    event_id, user_key, session_key, event_type,
    case split_part(event_type, '_', 1)
        when 'IMAGE' then 'ENGAGEMENT' when 'PAGE' then 'VIEW' when 'PERFUME' then 'VIEW'
        else split_part(event_type, '_', 1) end,
    case when event_type not in ('PAGE_VIEW', 'SEARCH_PERFORMED') then perfume_id end,
    'mobile', '/perfume/' || number %% 100, 1000 + number %% 9999,
    case when event_type = 'RATING_COMPLETED' then 1 + number %% 5 end,
    case when event_type = 'REVIEW_SUBMITTED' then 50 + number %% 500 end,
    occurred_at, %(load)s
from new_events;
insert into staging.new_smell__user_interaction_event_items (event_id, item_position, item_kind, item_value, _load_id)
select event_id, g, 'shown_perfume', 'p' || floor({PERFUMES} * pg_temp.chance(number * 10 + g, 7) ^ 3)::int, %(load)s
from new_events, generate_series(0, 4) as g where event_type = 'SEARCH_PERFORMED';
insert into staging.new_smell__search_queries (
    search_id, session_key, user_key, query_text, query_type, results_count, results_shown, time_to_first_click_ms,
    has_found_desired, has_refined_query, is_abandoned, searched_at, _load_id
)
select
    'q' || number, session_key, user_key, 'text ' || floor({TEXTS} * pg_temp.chance(number, 8) ^ 3)::int, 'text',
    number %% 7, least(number %% 7, 5), case when number %% 2 = 0 then 500 + number %% 5000 end,
    number %% 3 = 0, number %% 5 = 0, number %% 4 = 0, occurred_at, %(load)s
from new_events where event_type = 'SEARCH_PERFORMED';
insert into staging.new_smell__search_query_clicks (search_id, click_number, clicked_position, perfume_id, _load_id)
select 'q' || number, 1, 1 + number %% 5, perfume_id, %(load)s
from new_events where event_type = 'SEARCH_PERFORMED' and number %% 2 = 0 and number %% 7 > 0;
insert into staging.new_smell__recommendation_feedback (
    feedback_id, user_key, perfume_id, recommendation_id, source, algorithm, position, is_viewed, is_clicked,
    is_added_to_wishlist, is_added_to_collection, is_rated, is_hidden, is_reported_irrelevant, confidence, shown_at,
    first_interaction_at, _load_id
)
select
    'f' || number, user_key, perfume_id, 'r' || number / 8,
    (array['homepage', 'detail_page', 'search'])[1 + number %% 3],
    (array['popular', 'content_based', 'hybrid'])[1 + number / 8 %% 3], 1 + number %% 8, true, number %% 10 = 0,
    number %% 50 = 0, number %% 90 = 0, false, number %% 70 = 0, number %% 110 = 0, 0.5, occurred_at,
    case when number %% 10 = 0 then occurred_at + interval '9 seconds' end, %(load)s
from new_events where event_type in ('PAGE_VIEW', 'IMAGE_VIEWED') and user_key is not null
"""
SESSION_ROWS = """
insert into staging.new_smell__user_sessions (
    session_row_id, session_key, user_key, device_type, browser, os, duration_seconds, page_views, perfumes_viewed,
    interactions, has_added_to_wishlist, has_added_to_collection, has_completed_rating, has_completed_review,
    is_bounced, started_at, ended_at, _load_id
)
select
    'r' || n, session_key, user_key, 'mobile', 'Firefox', 'Android', 40 * (events - 1), events / 2, events / 3, 1,
    false, false, false, false, false, started_at, started_at + (events - 1) * interval '40 seconds', %(load)s
from new_sessions where day >= %(arrived_first)s
"""


def insert_catalogue(connection: psycopg.Connection, shape: Shape) -> None:
    """Make every system's staging tables, and fill catalogue and users; commits."""
    ensure_tables(connection, tuple(entity for system in load_contracts().values() for entity in system.entities))
    connection.execute(FUNCTIONS)
    _execute(connection, CATALOGUE, {"users": shape.users})
    connection.commit()


def insert_days(connection: psycopg.Connection, shape: Shape, first: int, last: int, load: int) -> None:
    """Insert what arrives from day `first` to day `last`, counted from `START`, under one load id; commits."""
    for month in sorted({day_of(day).replace(day=1) for day in range(max(0, first - LATE_DAYS), last + 2)}):
        ensure_month(connection, EVENTS, month)
    connection.execute(FUNCTIONS)
    numbers = {"users": shape.users, "sessions": shape.sessions, "load": load, "last": last}
    numbers |= {"first": max(0, first - LATE_DAYS), "arrived_first": first}
    for statements in (SESSIONS.format(start=START), NEW_EVENTS, SESSION_ROWS):
        _execute(connection, statements, numbers)
    connection.commit()


def day_of(number: int) -> date:
    """The date of day `number`."""
    return START + timedelta(days=number)


def _execute(connection: psycopg.Connection, statements: str, numbers: dict[str, int]) -> None:
    for statement in statements.split(";\n"):
        connection.execute(statement.encode(), numbers)
