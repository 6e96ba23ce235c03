"""Staging tables follow their contract, and a warehouse of the version before is one of today's.

The warehouse of before (`tests/data/earlier_warehouse`) was dumped together with its lake: eight events with nested
rows, one of them twice in a load, a conflict, a mended row, and people. It lacks `referrer`, and `view_duration_ms` is
an integer.
"""

import shutil
from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import replace
from pathlib import Path
from typing import Any

import psycopg
import pytest

from ingestion.contracts import Entity, System, load_contracts
from ingestion.errors import OutdatedTableError, WarehouseError
from ingestion.load import load_system
from ingestion.quarantine import fix, replay
from ingestion.rebuild import rebuild
from ingestion.settings import PROJECT_ROOT, Settings
from ingestion.warehouse import Warehouse
from tests.events import EVENTS, NEW_SMELL, event, load, staged, write_jsonl
from tests.test_ingestion.test_rebuild import everything

EARLIER = Path(__file__).parent.parent / "data" / "earlier_warehouse"
SOURCES = Path("dbt_project/models/staging/new_smell/_new_smell__sources.yml")
TABLE = EVENTS.table
VIEWS = """
create view staging.stg_events as with source as (select * from {table})
    select event_id, view_duration_ms, duration_ms, path from source;
create view intermediate.int_events as
    select path, sum(view_duration_ms) as viewed from staging.stg_events group by path;
create view core.events as
    select e.path, i.viewed, e.duration_ms from staging.stg_events as e
    inner join intermediate.int_events as i using (path);
comment on view core.events is 'told'
"""


@pytest.fixture
def earlier(own_database: Callable[[Path], AbstractContextManager[Settings]], tmp_path: Path) -> Any:
    """Settings of the warehouse of the version before, opened with today's code."""
    with own_database(tmp_path / "home") as settings:
        with psycopg.connect(str(settings.database_url)) as connection:
            connection.execute((EARLIER / "warehouse.sql").read_bytes())
            connection.execute("select set_config('search_path', 'public', false)")
        shutil.copytree(EARLIER / "lake", settings.home / "lake")
        warehouse = Warehouse(settings)
        warehouse.up()
        with warehouse.connect("loader") as loader, warehouse.connect("owner") as connection:
            tables = connection.execute(
                "select format('staging.%I', relname) from pg_class where relkind in ('r', 'p')"
                " and relnamespace = 'staging'::regnamespace"
            ).fetchall()
            for (table,) in tables:
                connection.execute(f"alter table {table} owner to {loader.info.user}".encode())
        yield settings


def types(warehouse: Warehouse, table: str = TABLE) -> dict[str, str]:
    query = "select attname, format_type(atttypid, null) from pg_attribute where attrelid = %s::regclass and attnum > 0"
    with warehouse.connect("owner") as connection:
        return dict(connection.execute(query, [table]).fetchall())


def test_a_warehouse_of_before_is_loaded_rebuilt_and_loaded_on(earlier: Settings, tmp_path: Path) -> None:
    warehouse = Warehouse(earlier)
    with warehouse.connect("owner") as connection:
        before = connection.execute(f"select event_id, path, view_duration_ms from {TABLE} order by 1").fetchall()
    result = load(earlier, write_jsonl(tmp_path / "in", [event(50, referrer="https://a.example/")]).parent)
    assert result[EVENTS.name].inserted == 1
    assert types(warehouse)["view_duration_ms"] == "bigint"
    loaded = everything(warehouse)
    with warehouse.connect("owner") as connection:
        after = connection.execute(f"select event_id, path, view_duration_ms, referrer from {TABLE} order by 1")
        assert {row[:3] for row in before} == {row[:3] for row in after if row[3] is None}
    rebuild(earlier)
    assert everything(warehouse) == loaded
    fix(earlier, open_row(warehouse, "event-21"), {"event_type": "PAGE_VIEW"})
    assert replay(earlier, NEW_SMELL, EVENTS)[0].inserted == 1


def open_row(warehouse: Warehouse, key: str) -> int:
    with warehouse.connect("steward") as connection:
        query = "select quarantine_id from ops.quarantine where source_key = %s and status = 'open'"
        row = connection.execute(query, [key]).fetchone()
        assert row is not None
        return int(row[0])


class Contract:
    """The contract of New Smell in a project of the test's own, to be edited."""

    def __init__(self, settings: Settings, root: Path) -> None:
        self.path = root / SOURCES
        self.path.parent.mkdir(parents=True)
        self.settings = replace(settings, project_root=root)
        self.text = (PROJECT_ROOT / SOURCES).read_text()

    def load(self, folder: Path, *edits: tuple[str, str]) -> None:
        """Load the folder under the contract with these edits of the events' part."""
        begin = self.text.index("- name: user_interaction_events")
        part = self.text[begin:]
        for old, new in edits:
            assert old in part
            part = part.replace(old, new, 1)
        self.path.write_text(self.text[:begin] + part)
        load_contracts.cache_clear()
        load_system(self.settings.with_sources({"new_smell": str(folder)}), self.system)

    @property
    def system(self) -> System:
        return load_contracts(self.settings.project_root)["new_smell"]

    def rows(self) -> list[tuple[Any, ...]]:
        with Warehouse(self.settings).connect("owner") as connection:
            return staged(connection, self.system.entity(EVENTS.name))


def column(name: str, kind: str) -> str:
    return f"          - name: {name}\n            data_type: {kind}\n"


NO_RULE = ("viewDuration, privacy: plain, rules: {between: [0, 86400000]}", "viewDuration, privacy: plain")
REFERRER = """\
          - name: referrer
            data_type: text
            description: Referring address without query string and fragment.
            config: {meta: {source: referrer, privacy: plain, transform: strip_query}}
"""


@pytest.fixture
def contract(settings: Settings, warehouse: Warehouse, tmp_path: Path) -> Contract:
    return Contract(settings, tmp_path / "project")


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return write_jsonl(tmp_path / "in", [event(n, duration=n, referrer=None) for n in range(3)]).parent


@pytest.mark.parametrize(
    ("before", "after"),
    [
        (column("view_duration_ms", "integer"), column("view_duration_ms", "bigint")),
        (column("view_duration_ms", "integer"), column("view_duration_ms", "double precision")),
        (column("view_duration_ms", "bigint"), column("view_duration_ms", "text")),
    ],
)
def test_a_wider_type_is_followed_under_the_views_and_rebuilt_alike(
    contract: Contract, warehouse: Warehouse, folder: Path, before: str, after: str
) -> None:
    declared = column("view_duration_ms", "bigint")
    contract.load(folder, (declared, before), NO_RULE)
    views = VIEWS if "text" not in after else VIEWS.replace("sum(view", "max(view")
    with warehouse.connect("owner") as connection:
        connection.execute(views.format(table=TABLE).encode())
    contract.load(folder, (declared, after), NO_RULE)
    with warehouse.connect("analyst") as connection:
        assert len(connection.execute("select * from core.events").fetchall()) == 3
    with warehouse.connect("owner") as connection:
        assert connection.execute("select obj_description('core.events'::regclass)").fetchone() == ("told",)
    rows = contract.rows()
    rebuild(contract.settings)
    assert contract.rows() == rows


def test_a_new_column_is_null_in_rows_of_before(contract: Contract, folder: Path, tmp_path: Path) -> None:
    contract.load(folder, (REFERRER, ""))
    contract.load(write_jsonl(tmp_path / "two", [event(9, referrer="https://a.example/x")]).parent)
    place = contract.system.entity(EVENTS.name).column_names.index("referrer")
    rows = contract.rows()
    assert [row[place] for row in rows] == [None, None, None, "https://a.example/x"]
    rebuild(contract.settings)
    assert contract.rows() == rows


@pytest.mark.parametrize(
    ("edit", "said"),
    [
        ((column("view_duration_ms", "bigint"), column("view_duration_ms", "integer")), "view_duration_ms is bigint"),
        (("partition_by: month\n", "bad_share_cap: 0.5\n"), "another key"),
        (
            ("          - name: duration_ms\n", "          - name: dwell_ms\n"),
            "duration_ms is not in the contract any more",
        ),
    ],
)
def test_what_would_lose_values_is_refused_until_a_rebuild(
    contract: Contract, warehouse: Warehouse, folder: Path, tmp_path: Path, edit: tuple[str, str], said: str
) -> None:
    contract.load(folder)
    with warehouse.connect("owner") as connection:
        connection.execute(VIEWS.format(table=TABLE).encode())
    other = write_jsonl(tmp_path / "two", [event(9)]).parent
    with pytest.raises(WarehouseError, match=rf"{said}.*moodmart rebuild"):
        contract.load(other, edit)
    assert len(staged_ids(warehouse)) == 3
    rebuild(contract.settings)
    contract.load(other, edit)
    assert len(contract.rows()) == 4


def staged_ids(warehouse: Warehouse, entity: Entity = EVENTS) -> list[tuple[Any, ...]]:
    with warehouse.connect("owner") as connection:
        return connection.execute(f"select {entity.key[0]} from {entity.table}".encode()).fetchall()


def test_another_entitys_contract_stops_nobody(
    contract: Contract, warehouse: Warehouse, folder: Path, tmp_path: Path
) -> None:
    contract.load(folder)
    (tmp_path / "users").mkdir()
    users = write_jsonl(tmp_path / "users", [{"id": "user-1", "createdAt": "2024-01-01T00:00:00Z"}], "User").parent
    with pytest.raises(OutdatedTableError):
        contract.load(users, (column("view_duration_ms", "bigint"), column("view_duration_ms", "integer")))
    assert len(staged_ids(warehouse, contract.system.entity("users"))) == 1


def test_a_column_nobody_filled_leaves_with_the_contract(
    contract: Contract, warehouse: Warehouse, folder: Path
) -> None:
    contract.load(folder)
    contract.load(folder, (REFERRER, ""))
    assert "referrer" not in types(warehouse)


def test_a_value_that_does_not_fit_stops_the_rebuild_and_nothing_is_changed(
    contract: Contract, warehouse: Warehouse, tmp_path: Path
) -> None:
    folder = write_jsonl(tmp_path / "in", [event(1, eventData='{"viewDuration": 86400000}')]).parent
    contract.load(folder, (column("view_duration_ms", "bigint"), column("view_duration_ms", "text")), NO_RULE)
    with pytest.raises(WarehouseError, match="view_duration_ms is text"):
        contract.load(folder, (column("view_duration_ms", "bigint"), column("view_duration_ms", "boolean")), NO_RULE)
    before = staged_ids(warehouse)
    with pytest.raises(WarehouseError, match="values of view_duration_ms in the lake do not fit"):
        rebuild(contract.settings)
    assert staged_ids(warehouse) == before
