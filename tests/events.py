"""Events of the web tracker for tests, under the source's column names, and the ways to offer them to a load."""

import csv
import json
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import psycopg
import pyarrow as pa
import pyarrow.parquet as pq

from ingestion.contracts import Entity, System, load_contracts
from ingestion.ledger import LoadResult
from ingestion.load import load_system
from ingestion.settings import Settings

Row = dict[str, Any]
NEW_SMELL: System = load_contracts()["new_smell"]
EVENTS: Entity = NEW_SMELL.entity("user_interaction_events")


def event(number: int, **changes: Any) -> Row:
    """A clean event; `changes` replace its fields."""
    row: Row = dict.fromkeys(EVENTS.source_columns)
    row |= {
        "id": f"event-{number}",
        "userId": f"user-{number % 7}",
        "sessionId": f"session-{number % 13}",
        "eventType": "PERFUME_VIEW",
        "eventCategory": "VIEW",
        "perfumeId": f"perfume-{number % 5}",
        "path": f"/perfume/{number % 5}?utm_source=mail",
        "timestamp": f"2025-01-{number % 28 + 1:02d}T10:00:00+00:00",
        "eventData": json.dumps({"viewDuration": 1000 + number, "source": "search"}),
    }
    return row | changes


def write_csv(folder: Path, rows: Iterable[Row], name: str = "UserInteractionEvent") -> Path:
    """Offer `rows` as a CSV file."""
    rows = list(rows)
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / f"{name}.csv"
    with path.open("w", newline="") as file:
        writer = csv.DictWriter(file, rows[0].keys())
        writer.writeheader()
        writer.writerows(rows)
    return path


def write_jsonl(folder: Path, rows: Iterable[Row], name: str = "UserInteractionEvent") -> Path:
    """Offer `rows` as JSON Lines."""
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / f"{name}.jsonl"
    path.write_text("".join(json.dumps(row) + "\n" for row in rows))
    return path


def write_parquet(folder: Path, rows: Iterable[Row], name: str = "UserInteractionEvent") -> Path:
    """Offer `rows` as Parquet."""
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / f"{name}.parquet"
    pq.write_table(pa.Table.from_pylist(list(rows)), path)
    return path


def load(settings: Settings, address: object) -> dict[str, LoadResult]:
    """Load New Smell from `address`; results by entity."""
    results = load_system(settings.with_sources({"new_smell": str(address)}), NEW_SMELL)
    return {result.entity: result for result in results}


def staged(connection: psycopg.Connection, entity: Entity = EVENTS) -> list[tuple[Any, ...]]:
    """The entity's staging rows without the loader's column, in key order."""
    columns = ", ".join(entity.column_names)
    return connection.execute(f"select {columns} from {entity.table} order by {', '.join(entity.key)}").fetchall()


PRISMA = """
create type "InteractionEventType" as enum ({types});
create table "UserInteractionEvent" (
    id text primary key, "userId" text, "sessionId" text not null, "eventType" "InteractionEventType" not null,
    "eventCategory" text not null, timestamp timestamp(3) not null default current_timestamp, "perfumeId" text,
    "houseId" text, "noteId" text, "eventData" jsonb not null, "deviceType" text, "userAgent" text, referrer text,
    path text not null, duration integer, value double precision);
create table "UserSession" (
    id text primary key, "sessionId" text unique not null, "userId" text, "startTime" timestamp(3) not null,
    "endTime" timestamp(3), duration integer, "deviceType" text not null, browser text not null, os text not null,
    location text, referrer text, "pageViews" integer not null, "perfumesViewed" integer not null,
    interactions integer not null, "addedToWishlist" boolean not null, "addedToCollection" boolean not null,
    "completedRating" boolean not null, "completedReview" boolean not null, "exitPage" text, bounced boolean not null);
create table "SearchQuery" (
    id text primary key, "sessionId" text not null, "userId" text, "queryText" text not null, "queryType" text not null,
    filters jsonb not null, "resultsCount" integer not null, "resultsShown" integer not null,
    "clickedPositions" jsonb not null, "clickedPerfumes" jsonb not null, "timeToFirstClick" integer,
    "timeOnResults" integer, "foundDesired" boolean not null, "refinedQuery" boolean not null,
    abandoned boolean not null, timestamp timestamp(3) not null);
create table "RecommendationFeedback" (
    id text primary key, "userId" text not null, "perfumeId" text not null, "recommendationId" text not null,
    source text not null, algorithm text not null, position integer not null, viewed boolean not null,
    clicked boolean not null, "addedToWishlist" boolean not null, "addedToCollection" boolean not null,
    rated boolean not null, "thumbsUp" boolean, "thumbsDown" boolean, "hidPerfume" boolean not null,
    "reportedIrrelevant" boolean not null, "impressionTime" timestamp(3) not null,
    "firstInteractionTime" timestamp(3), confidence double precision, "similarityScore" double precision);
"""


def create_prisma_tables(connection: psycopg.Connection) -> None:
    """The application's own tables, as Prisma makes them; the catalogue is left out."""
    types = next(rule.args for rule in EVENTS.all_rules if rule.code == "in:event_type")
    connection.execute(PRISMA.format(types=", ".join(f"'{name}'" for name in types)).encode())
    connection.commit()


def insert_events(connection: psycopg.Connection, rows: Iterable[Row]) -> None:
    """Insert `rows` into the application's event table, in the connection's transaction."""
    for row in rows:
        names = ", ".join(f'"{name}"' for name in row)
        marks = ", ".join(["%s"] * len(row))
        connection.execute(
            f'insert into "UserInteractionEvent" ({names}) values ({marks})'.encode(), list(row.values())
        )
