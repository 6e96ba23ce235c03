"""Loading end to end into a real warehouse: nothing lost, nothing twice, bad rows kept."""

import json
import random
from pathlib import Path

import psycopg
import pyarrow.parquet as pq
import pytest

from ingestion.errors import BadShareError
from ingestion.load import load_entity, load_system
from ingestion.settings import Settings
from ingestion.warehouse import Warehouse
from tests.events import (
    EVENTS,
    NEW_SMELL,
    create_prisma_tables,
    event,
    insert_events,
    load,
    staged,
    write_csv,
    write_jsonl,
    write_parquet,
)

ITEMS = NEW_SMELL.entity("user_interaction_event_items")


def test_the_bundled_sample_loads_and_balances(settings: Settings, warehouse: Warehouse) -> None:
    results = {r.entity: r for r in load_system(settings, NEW_SMELL)}
    events = results["user_interaction_events"]
    assert (events.extracted, events.unchanged, events.quarantined) == (5335, 19, 308)
    assert results["search_queries"].reasons == {"query_text_empty": 533}
    assert results["recommendation_feedback"].inserted == 40_000


def test_a_second_load_finds_nothing_new(settings: Settings, warehouse: Warehouse) -> None:
    load_system(settings, NEW_SMELL)
    assert {r.load_id for r in load_system(settings, NEW_SMELL)} == {None}


def test_an_index_that_the_contract_has_got_since_is_made(
    settings: Settings, warehouse: Warehouse, tmp_path: Path
) -> None:
    load(settings, write_csv(tmp_path / "first", [event(1)]).parent)
    index = "staging.new_smell__user_interaction_events_by_session_key"
    assert settings.database_url is not None
    with psycopg.connect(settings.database_url) as connection:
        connection.execute(f"drop index {index}".encode())
    load(settings, write_csv(tmp_path / "second", [event(2)]).parent)
    with psycopg.connect(settings.database_url) as connection:
        assert connection.execute("select to_regclass(%s) is not null", [index]).fetchone() == (True,)


def test_block_ranges_on_loads_give_way_to_a_tree(settings: Settings, warehouse: Warehouse, tmp_path: Path) -> None:
    load(settings, write_csv(tmp_path / "first", [event(1)]).parent)
    table = "staging.new_smell__user_interaction_events"
    assert settings.database_url is not None
    with psycopg.connect(settings.database_url) as connection:
        connection.execute(f"drop index {table}_by_load_id".encode())
        connection.execute(f"create index {table.partition('.')[2]}_by_load on {table} using brin (_load_id)".encode())
    load(settings, write_csv(tmp_path / "second", [event(2)]).parent)
    with psycopg.connect(settings.database_url) as connection:
        definitions = connection.execute(
            "select indexdef from pg_indexes where tablename like 'new_smell__user_interaction_events%'"
            " and indexdef like '%(_load_id)'"
        ).fetchall()
    assert len(definitions) > 1, "of the table and of its month"
    assert all(" USING btree " in definition for (definition,) in definitions)


def test_csv_jsonl_parquet_and_postgresql_give_the_same_rows(
    settings: Settings, warehouse: Warehouse, tmp_path: Path
) -> None:
    rows = [event(n) for n in range(300)]
    rows[3]["eventData"] = json.dumps({"shownPerfumeIds": ["a", "b"], "filters": {"houses": ["h"]}})
    rows[4] |= {"eventType": "RATING_COMPLETED", "eventCategory": "RATING", "value": 4.5, "duration": 12}
    rows[4]["eventData"] = json.dumps({"ratings": {"overall": 4}, "edited": True, "source": "prompt"})
    address = settings.database_url
    assert address is not None
    with psycopg.connect(address) as source:
        create_prisma_tables(source)
        insert_events(source, rows)
    found = []
    offers = [
        address,
        *(write(tmp_path / write.__name__, rows).parent for write in (write_csv, write_jsonl, write_parquet)),
    ]
    with warehouse.connect("owner") as connection:
        for offer in offers:
            assert load(settings, offer)["user_interaction_events"].quarantined == 0
            found.append((staged(connection), staged(connection, ITEMS)))
            connection.execute(f"truncate {EVENTS.table}, {ITEMS.table}")
            connection.commit()
    assert found[0][0] and found[0][1]
    assert all(tables == found[0] for tables in found)


def dirty_rows() -> list[tuple[dict[str, object], str]]:
    """Rows no warehouse should take, with the reason code each must get."""
    rating = {"eventType": "RATING_COMPLETED", "eventCategory": "RATING"}
    huge = json.dumps({"viewDuration": 5, "blob": "x" * 5_000_000})
    return [
        (event(900, **rating, value=9.0), "rating_value_out_of_range"),
        (event(901, eventData='{"ratings": {"overall": 0}}'), "between:rating_overall"),
        (event(902, eventType="TELEPORTED"), "in:event_type"),
        (event(903, timestamp="the day before"), "type:occurred_at"),
        (event(904, timestamp=None), "not_null:occurred_at"),
        (event(905, id=None), "not_null:event_id"),
        (event(906, sessionId=None), "not_null:session_key"),
        (event(907, eventData=huge), "too_large:eventData"),
        (event(908, perfumeId="per\x00fume"), "nul_byte:perfume_id"),
        (event(909, eventData="{not json"), "json:eventData"),
        (event(910, eventData='{"scrollDepth": [1]}'), "type:eventData.scrollDepth"),
        (event(911, duration="soon"), "type:duration_ms"),
        (event(912, perfumeId=None), "perfume_missing"),
        (event(913, eventData='{"resultsShown": 9, "resultsCount": 3}'), "results_shown_over_count"),
    ]


@pytest.mark.parametrize("write", [write_csv, write_jsonl])
def test_a_dirty_batch_loads_its_good_rows_and_names_each_bad_one(
    settings: Settings, warehouse: Warehouse, tmp_path: Path, write: object
) -> None:
    bad = dirty_rows()
    good = [event(n) for n in range(200)]
    conflicting = event(5, path="/elsewhere")
    rows = good + [row for row, _ in bad] + [good[7], conflicting]
    random.Random(3).shuffle(rows)
    rows.sort(key=lambda row: row["path"] == "/elsewhere")
    assert callable(write)
    result = load(settings, write(tmp_path / "in", rows).parent)["user_interaction_events"]
    assert (result.inserted, result.unchanged, result.quarantined) == (200, 1, len(bad) + 1)
    with warehouse.connect("steward") as connection:
        kept = connection.execute("select source_key, reasons from ops.quarantine").fetchall()
    reasons = dict(kept)
    for row, code in bad:
        assert code in reasons[row["id"]]
    assert reasons["event-5"] == ["duplicate_key:event_id"]


def test_unreadable_lines_are_counted_and_kept(settings: Settings, warehouse: Warehouse, tmp_path: Path) -> None:
    path = write_jsonl(tmp_path / "in", [event(n) for n in range(20)])
    path.write_text(path.read_text() + "{broken\n{broken too\n")
    result = load(settings, path.parent)["user_interaction_events"]
    assert (result.extracted, result.inserted, result.reasons) == (22, 20, {"unreadable_row": 2})
    with warehouse.connect("steward") as connection:
        assert connection.execute("select count(*) from ops.quarantine").fetchone() == (2,)


def test_rows_sent_again_are_unchanged_and_late_rows_are_loaded(
    settings: Settings, warehouse: Warehouse, tmp_path: Path
) -> None:
    rows = [event(n) for n in range(100)]
    load(settings, write_csv(tmp_path / "in", rows[:60]).parent)
    late = event(500, timestamp="2024-03-01T00:00:00Z")
    result = load(settings, write_csv(tmp_path / "in", [*rows, late]).parent)["user_interaction_events"]
    assert (result.inserted, result.unchanged) == (41, 60)


@pytest.mark.parametrize("seed", range(3))
def test_any_split_and_order_of_loads_gives_the_same_tables(
    settings: Settings, warehouse: Warehouse, tmp_path: Path, seed: int
) -> None:
    shown = json.dumps({"shownPerfumeIds": ["a", "b", "c"]})
    rows = [event(n, eventData=shown) if n % 3 == 0 else event(n) for n in range(150)]
    load(settings, write_jsonl(tmp_path / "whole", rows).parent)
    with warehouse.connect("owner") as connection:
        whole = staged(connection), staged(connection, ITEMS)
        connection.execute(f"truncate {EVENTS.table}, {ITEMS.table}")
        connection.commit()
        parts = rows + random.Random(seed).choices(rows, k=40)
        random.Random(seed).shuffle(parts)
        for number in range(4):
            load(settings, write_jsonl(tmp_path / f"part{number}", parts[number::4]).parent)
        assert (staged(connection), staged(connection, ITEMS)) == whole


def test_list_elements_that_vanish_at_the_source_vanish_here(
    settings: Settings, warehouse: Warehouse, tmp_path: Path
) -> None:
    before = event(1, eventData=json.dumps({"shownPerfumeIds": ["a", "b", "c"]}))
    after = event(1, eventData=json.dumps({"shownPerfumeIds": ["a", "x"]}))
    load(settings, write_jsonl(tmp_path / "one", [before]).parent)
    result = load(settings, write_jsonl(tmp_path / "two", [after]).parent)["user_interaction_event_items"]
    with warehouse.connect("owner") as connection:
        assert [row[3] for row in staged(connection, ITEMS)] == ["a", "x"]
    assert (result.updated, result.unchanged) == (1, 1)


def test_a_broken_source_aborts_as_a_whole(settings: Settings, warehouse: Warehouse, tmp_path: Path) -> None:
    rows = [event(n, eventType="?") if n % 3 else event(n) for n in range(200)]
    with pytest.raises(BadShareError, match="133 of 200 rows are bad: in:event_type 133"):
        load(settings, write_csv(tmp_path / "in", rows).parent)
    with warehouse.connect("owner") as connection:
        assert staged(connection) == []
        assert connection.execute("select count(*) from ops.quarantine").fetchone() == (0,)
    assert not list((settings.home / "lake").rglob("*.parquet"))


def test_an_update_at_a_live_source_reaches_the_warehouse(settings: Settings, warehouse: Warehouse) -> None:
    address = settings.database_url
    assert address is not None
    with psycopg.connect(address) as source:
        create_prisma_tables(source)
        insert_events(source, [event(n) for n in range(10)])
        source.commit()
        load(settings, address)
        source.execute('update "UserInteractionEvent" set duration = 77 where id = %s', ["event-3"])
        source.commit()
        result = load(settings, address)["user_interaction_events"]
    assert (result.extracted, result.updated) == (1, 1)


def test_rows_in_flight_during_a_load_are_found_by_the_next(settings: Settings, warehouse: Warehouse) -> None:
    address = settings.database_url
    assert address is not None
    with psycopg.connect(address) as source, psycopg.connect(address) as other:
        create_prisma_tables(source)
        insert_events(other, [event(1, timestamp="2025-01-01T00:00:00Z")])
        insert_events(source, [event(2)])
        source.commit()
        assert load(settings, address)["user_interaction_events"].inserted == 1
        other.commit()
        assert load(settings, address)["user_interaction_events"].inserted == 1
        assert load(settings, address)["user_interaction_events"].load_id is None


def test_the_lake_holds_what_was_accepted_and_no_orphans(
    settings: Settings, warehouse: Warehouse, tmp_path: Path
) -> None:
    folder = write_csv(tmp_path / "in", [event(n) for n in range(30)]).parent
    orphan = settings.home / "lake" / "new_smell" / EVENTS.name / "999"
    orphan.mkdir(parents=True)
    result = load(settings, folder)["user_interaction_events"]
    assert not orphan.exists()
    assert [path.parent.name for path in (settings.home / "lake").rglob("*.parquet")] == [str(result.load_id)]


def test_no_raw_identifier_or_query_string_is_kept_anywhere(
    settings: Settings, warehouse: Warehouse, tmp_path: Path
) -> None:
    rows = [
        event(n, userId="canary-person", sessionId="canary-session", path="/p?mail=canary@example.org")
        for n in range(9)
    ]
    rows.append(event(99, userId="canary-person", eventType="?", eventData='{"title": "canary-title"}'))
    load(settings, write_csv(tmp_path / "in", rows).parent)
    with warehouse.connect("owner") as connection:
        everything = repr(staged(connection)) + repr(connection.execute("select q.* from ops.quarantine q").fetchall())
    assert "perfume-1" in everything
    assert "canary" not in everything
    lake = [pq.read_table(path).to_pylist() for path in (settings.home / "lake").rglob("*.parquet")]
    assert "perfume-1" in repr(lake)
    assert "canary" not in repr(lake)


def test_one_key_gives_one_pseudonym_and_another_key_another(
    settings: Settings, warehouse: Warehouse, tmp_path: Path
) -> None:
    folder = write_csv(tmp_path / "in", [event(1), event(8)]).parent
    load(settings, folder)
    with warehouse.connect("owner") as connection:
        first, second = (row[1] for row in staged(connection))
        assert first == second
        connection.execute(f"truncate {EVENTS.table}; delete from ops.watermarks")
        connection.commit()
        (settings.home / "pseudonym.key").write_text("11" * 32)
        load(settings, folder)
        assert staged(connection)[0][1] != first


def test_a_load_uses_only_what_the_loader_role_may_do(settings: Settings, warehouse: Warehouse) -> None:
    load_system(settings, NEW_SMELL)
    with warehouse.connect("owner") as connection:
        owners = connection.execute("select distinct tableowner from pg_tables where schemaname = 'staging'").fetchall()
    assert owners == [("moodmart_loader",)]


def test_clicked_results_and_filters_become_rows_of_their_own(
    settings: Settings, warehouse: Warehouse, tmp_path: Path
) -> None:
    queries = NEW_SMELL.entity("search_queries")
    flags = dict.fromkeys(("foundDesired", "refinedQuery", "abandoned"), False)
    row = dict.fromkeys(queries.source_columns) | flags
    row |= {"id": "q1", "sessionId": "s", "queryText": "oud", "queryType": "text", "timestamp": "2025-01-01T00:00:00Z"}
    row |= {
        "clickedPositions": "[3, 1]",
        "clickedPerfumes": '["p3", "p1"]',
        "filters": '{"notes": ["n"], "houses": ["h"]}',
    }
    load(settings, write_csv(tmp_path / "in", [row], "SearchQuery").parent)
    with warehouse.connect("owner") as connection:
        clicks = staged(connection, NEW_SMELL.entity("search_query_clicks"))
        filters = staged(connection, NEW_SMELL.entity("search_query_filters"))
    assert clicks == [("q1", 0, 3, "p3"), ("q1", 1, 1, "p1")]
    assert filters == [("q1", 0, "house", "h"), ("q1", 1, "note", "n")]


def test_once_a_source_is_named_the_sample_no_longer_stands_in_for_the_others(
    settings: Settings, warehouse: Warehouse, tmp_path: Path
) -> None:
    named = settings.with_sources({"masterx": str(tmp_path)})
    assert [result.load_id for result in load_entity(named, NEW_SMELL, EVENTS)] == [None, None]
    assert load_entity(settings, NEW_SMELL, EVENTS)[0].extracted == 5335


def test_a_table_of_a_live_source_larger_than_one_batch_is_read_whole(settings: Settings, warehouse: Warehouse) -> None:
    with psycopg.connect(str(settings.database_url)) as source:
        create_prisma_tables(source)
        source.execute(
            """insert into "UserInteractionEvent"
            (id, "sessionId", "eventType", "eventCategory", timestamp, "eventData", path, "userAgent")
            select n::text, 's', 'PAGE_VIEW', 'VIEW', '2025-01-01', '{}', '/', repeat('x', 400)
            from generate_series(1, 60000) as n"""
        )
        source.commit()
        assert load(settings, settings.database_url)[EVENTS.name].inserted == 60_000
