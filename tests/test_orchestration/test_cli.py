"""The command line as its users meet it: quick answers, one line for every mistake, nothing changed by one."""

import json
import subprocess
import sys
from pathlib import Path

import psycopg
import pytest

from ingestion.errors import SchemaDriftError
from ingestion.settings import Settings
from ingestion.warehouse import Warehouse
from tests.events import create_prisma_tables, event, load, write_csv
from tests.test_orchestration.command_line import environment, moodmart


@pytest.fixture
def quarantined(settings: Settings, warehouse: Warehouse, tmp_path: Path) -> Settings:
    """Settings of a warehouse with one good event and one bad one."""
    write_csv(tmp_path / "source", [event(1), event(2, path=None)])
    load(settings, str(tmp_path / "source"))
    return settings


def test_query_prints_an_aligned_table(settings: Settings, warehouse: Warehouse) -> None:
    assert moodmart(settings, "query", "select 1 as one").stdout == "one\n---\n  1\n(1 row)\n"


@pytest.mark.parametrize("command", ["query", "server", "quarantine"])
def test_quick_commands_import_nothing_that_takes_seconds(settings: Settings, command: str) -> None:
    code = f"import sys, orchestration.cli.{command}; print(*sys.modules)"
    found = subprocess.run(
        [sys.executable, "-c", code], env=environment(settings), capture_output=True, text=True, check=True
    )
    assert not {"dagster", "dbt", "great_expectations", "pandas", "pyarrow"} & set(found.stdout.split())


def test_query_writes_csv(settings: Settings, warehouse: Warehouse) -> None:
    result = moodmart(settings, "query", "select 'a,b' as x, null as y", "--format", "csv")
    assert result.stdout == 'x,y\n"a,b",\n'


def test_query_writes_json_that_parses(settings: Settings, warehouse: Warehouse) -> None:
    sql = "select 1.5::numeric as n, 'NaN'::float8 as f, date '2022-12-22' as d, array[1, 2] as a, true as t"
    result = moodmart(settings, "query", sql, "--format", "json")
    assert json.loads(result.stdout) == [{"n": 1.5, "f": None, "d": "2022-12-22", "a": [1, 2], "t": True}]


@pytest.mark.parametrize(
    "sql",
    [
        "create table core.x (a int)",
        "set transaction read write; create table core.x (a int)",
        "select * from staging.new_smell__users",
    ],
)
def test_query_can_neither_write_nor_read_staging(quarantined: Settings, sql: str) -> None:
    result = moodmart(quarantined, "query", sql)
    assert result.returncode == 2
    assert "permission denied" in result.stderr or "read-only" in result.stderr


def test_a_mistake_in_sql_is_one_line(settings: Settings, warehouse: Warehouse) -> None:
    result = moodmart(settings, "query", "selec 1")
    assert (result.returncode, result.stderr) == (2, 'error: query: syntax error at or near "selec"\n')


def test_dsn_opens_the_warehouse_as_the_analyst(settings: Settings, warehouse: Warehouse) -> None:
    assert moodmart(settings, "dsn").stdout.strip() == warehouse.dsn("analyst")


def test_status_lists_the_last_loads(quarantined: Settings) -> None:
    result = moodmart(quarantined, "status")
    assert "user_interaction_events" in result.stdout
    assert "open rows in quarantine: 1" in result.stdout


def test_the_server_goes_up_and_down(tmp_path: Path) -> None:
    settings = Settings(home=tmp_path / "home")
    assert "is down" in moodmart(settings, "status").stdout
    assert moodmart(settings, "up").returncode == 0
    assert "runs at 127.0.0.1" in moodmart(settings, "status").stdout
    assert moodmart(settings, "down").stdout == "stopped\n"
    assert not Warehouse(settings).is_running()


def test_quarantine_lists_rows_by_reason(quarantined: Settings) -> None:
    found = moodmart(quarantined, "quarantine", "list", "--reason", "not_null:path", "--format", "json")
    assert [row["entity"] for row in json.loads(found.stdout)] == ["user_interaction_events"]
    other = moodmart(quarantined, "quarantine", "list", "--reason", "in:event_type", "--format", "json")
    assert json.loads(other.stdout) == []


def test_quarantine_replays_nested_entities_and_says_what_newer_rows_have_closed(
    quarantined: Settings, tmp_path: Path
) -> None:
    write_csv(tmp_path / "later", [event(2), event(3, path=None)])
    load(quarantined, str(tmp_path / "later"))
    listed = moodmart(quarantined, "quarantine", "list", "--status", "superseded", "--format", "json")
    assert [row["source_key"] for row in json.loads(listed.stdout)] == ["event-2"]
    nested = moodmart(quarantined, "quarantine", "replay", "--entity", "user_interaction_event_items")
    assert (nested.returncode, nested.stdout) == (0, "nothing is waiting\n")
    told = moodmart(quarantined, "quarantine", "replay").stdout
    assert "new_smell.user_interaction_events: 1 tried, 0 taken in, 1 stay\n" in told


def test_quarantine_shows_the_whole_row(quarantined: Settings) -> None:
    listed = moodmart(quarantined, "quarantine", "list", "--format", "json")
    shown = moodmart(quarantined, "quarantine", "show", str(json.loads(listed.stdout)[0]["id"]))
    assert "not_null:path" in shown.stdout
    assert '"perfume_id": "perfume-2"' in shown.stdout


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (["run", "--system", "nope"], "unknown system 'nope'"),
        (["run", "--source", "nope"], "'nope' names no source"),
        (["run", "--source", "nope=/tmp"], "unknown system 'nope'"),
        (["run", "--source", "new_smell=/no/such/folder"], "/no/such/folder"),
        (["run", "--source", "new_smell=mysql://somewhere/db"], "unknown kind of source 'mysql'"),
        (["run", "--source", "new_smell=postgresql://nobody:secret@127.0.0.1:1/db"], "127.0.0.1:1"),
        (["run", "--source", "new_smell=postgresql://nobody@127.0.0.1:1/db?password=secret"], "127.0.0.1:1"),
        (["run", "--source", "new_smell=postgresql://nobody:sec/ret@127.0.0.1:1/db?password=secret"], "is malformed"),
        (
            ["run", "--source", "masterx=mongodb://me:secret@127.0.0.1:9/db?serverSelectionTimeoutMS=9"],
            "127.0.0.1:9",
        ),
        (["run", "--source", "postgresql://nobody:secret@127.0.0.1/db?password=secret"], "names no source"),
        (["run", "--as-of", "2022-13-01"], "'2022-13-01' is not a date"),
        (["quarantine", "show", "999"], "no row 999"),
        (["quarantine", "list", "--status", "nope"], "nope"),
        (["quarantine", "replay", "--entity", "evnets"], "no entity evnets to replay"),
        (["nope"], "No such command 'nope'"),
    ],
)
def test_bad_input_is_one_line_and_changes_nothing(
    settings: Settings, warehouse: Warehouse, arguments: list[str], told: str
) -> None:
    result = moodmart(settings, *arguments)
    assert result.returncode == 2
    assert result.stderr.count("\n") == 1 and told in result.stderr
    assert "secret" not in result.stderr + result.stdout
    with warehouse.connect("owner") as connection:
        assert connection.execute("select count(*) from ops.loads").fetchone() == (0,)


def test_a_malformed_address_of_the_warehouse_is_one_line_without_its_password(tmp_path: Path) -> None:
    settings = Settings(home=tmp_path / "home", database_url="postgresql://owner:se%zzcret@127.0.0.1:1/db")
    result = moodmart(settings, "up")
    assert (result.returncode, result.stderr.count("\n")) == (2, 1)
    assert "the address is malformed" in result.stderr and "cret" not in result.stderr


@pytest.mark.parametrize(
    ("name", "value", "told"),
    [
        ("MOODMART_SOURCE_NEWSMELL", "/tmp", "unknown system 'newsmell' (one of: emotion_visualizer, "),
        ("MOODMART_UI_PORT", "https", "'https' is no port"),
        ("MOODMART_UI_PORT", "65535", "'65535' is no port"),
    ],
)
def test_a_setting_that_can_mean_nothing_is_one_line(settings: Settings, name: str, value: str, told: str) -> None:
    result = moodmart(settings, "run", **{name: value})
    assert (result.returncode, result.stderr.count("\n")) == (2, 1)
    assert f"{name}: {told}" in result.stderr


def test_a_missing_column_is_one_line_and_changes_nothing(
    settings: Settings, warehouse: Warehouse, tmp_path: Path
) -> None:
    row = event(1)
    del row["path"]
    write_csv(tmp_path / "source", [row])
    result = moodmart(settings, "run", "--source", f"new_smell={tmp_path / 'source'}")
    assert (result.returncode, result.stderr.count("\n")) == (2, 1)
    assert "column path is missing" in result.stderr


@pytest.fixture
def narrowed(settings: Settings, warehouse: Warehouse) -> Settings:
    """Settings of a warehouse whose live source has made a column narrower."""
    with psycopg.connect(str(settings.database_url)) as source:
        create_prisma_tables(source)
        load(settings, settings.database_url)
        source.execute('alter table "UserSession" alter column "pageViews" type smallint')
    with pytest.raises(SchemaDriftError, match="`moodmart schema accept new_smell user_sessions`"):
        load(settings, settings.database_url)
    return settings


def test_a_change_at_a_source_of_the_command_line_is_accepted_there(narrowed: Settings) -> None:
    source = ("--source", f"new_smell={narrowed.database_url}")
    result = moodmart(narrowed, "schema", "accept", "new_smell", "user_sessions", *source)
    assert result.returncode == 0, result.stderr
    load(narrowed, narrowed.database_url)


@pytest.mark.parametrize(
    ("address", "told"), [({}, "no change waits"), ({"MOODMART_SOURCE_MASTERX": "/tmp"}, "new_smell: it has no source")]
)
def test_a_change_is_not_accepted_at_another_source(narrowed: Settings, address: dict[str, str], told: str) -> None:
    result = moodmart(narrowed, "schema", "accept", "new_smell", "user_sessions", **address)
    assert (result.returncode, result.stderr.count("\n")) == (2, 1)
    assert told in result.stderr
    with Warehouse(narrowed).connect("owner") as connection:
        assert connection.execute("select count(distinct source) from ops.source_schemas").fetchone() == (1,)


@pytest.mark.parametrize(
    "arguments",
    [
        ["run", "--system", "nope", "--debug"],
        ["--debug", "run", "--system", "nope"],
        ["schema", "accept", "nope", "users", "--debug"],
        ["quarantine", "--debug", "replay", "--system", "nope"],
    ],
)
def test_debug_shows_the_traceback_of_every_command(
    settings: Settings, warehouse: Warehouse, arguments: list[str]
) -> None:
    result = moodmart(settings, *arguments)
    assert result.returncode == 2
    assert "Traceback" in result.stderr and "unknown system 'nope'" in result.stderr
