"""Run the checkpoints: judge staging tables or marts by their declared rules, keep results, build Data Docs.

declared.py -> what of it is in the warehouse -> validation.py (Great Expectations) -> results.py
-> data_docs.py

Great Expectations is imported only when there is something to judge, since that alone takes seconds.

    python -m expectations --scope staging|marts
"""

import hashlib
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from importlib.metadata import version

import psycopg
from psycopg import sql

from expectations import results
from expectations.declared import SCOPES, DeclaredSuite, declared_suites
from expectations.results import CheckResult, Document, check_results
from ingestion.contracts import load_contracts
from ingestion.settings import Settings
from ingestion.settling import entities_with_accepted, rows_to_judge
from ingestion.warehouse import Warehouse

COLUMNS = """
select
    n.nspname || '.' || c.relname,
    c.oid::bigint,
    c.relkind in ('r', 'p'),
    array_agg(a.attname::text)
from pg_class as c
inner join pg_namespace as n on c.relnamespace = n.oid
inner join pg_attribute as a on c.oid = a.attrelid and a.attnum > 0 and not a.attisdropped
where c.relkind in ('r', 'p', 'v', 'm') and n.nspname || '.' || c.relname = any(%s)
group by 1, 2, 3
"""
LAST_CHANGES = """
select
    system,
    entity,
    max(load_id)
from ops.loads
where inserted + updated + deleted > 0
group by 1, 2
"""


@dataclass(frozen=True)
class Found:
    """What is in the warehouse: columns by table, tables without rows, fingerprints of the staging tables.

    A fingerprint is of a table's rules and last change; a mart has none, since no ledger tells when it changed.
    `queries` are for tables with rows that a steward has accepted although they break a rule: the rows to judge.
    """

    columns: Mapping[str, frozenset[str]]
    empty: Collection[str]
    states: Mapping[str, str]
    queries: Mapping[str, str]


def run_checkpoint(
    settings: Settings,
    scope: str,
    *,
    systems: Collection[str] = (),
    names: Collection[str] = (),
    changed_only: bool = False,
) -> list[CheckResult]:
    """Judge the tables of `scope` (`staging` or `marts`), limited to `systems` and tables called by `names`.

    With `changed_only`, a staging table that no load has changed since it was last judged by the same rules
    keeps that judgement. Returns one result per declared rule; keeps them and rebuilds the Data Docs.
    """
    suites = declared_suites(settings.project_root, scope, systems, names)
    found = _look_up(settings, suites)
    known = results.newest_documents(settings) if changed_only else {}
    changed = [s for s in suites if not _is_unchanged(found.states.get(s.table), known.get(s.table))]
    judged = _judge(settings, scope, changed, found) if changed else {}
    return [check for suite in suites for check in check_results((known | judged)[suite.table])]


def _judge(
    settings: Settings,
    scope: str,
    suites: list[DeclaredSuite],
    found: Found,
) -> dict[str, Document]:
    from expectations import data_docs, validation  # these import Great Expectations

    judged_at = datetime.now(UTC)
    judged = validation.judge(settings, suites, found.columns, found.empty, judged_at, found.queries)
    for suite in suites:
        judged[suite.table]["meta"]["state"] = found.states.get(suite.table)
    results.save(settings, scope, judged_at, judged.values())
    results.forget(settings, _declared_tables(settings))
    data_docs.build(settings)
    return judged


def _look_up(settings: Settings, suites: Collection[DeclaredSuite]) -> Found:
    with Warehouse(settings).connect("owner") as connection:
        rows = connection.execute(COLUMNS, [[suite.table for suite in suites]]).fetchall()
        loads = {(system, entity): load for system, entity, load in connection.execute(LAST_CHANGES)}
        empty = {table for table, _, is_table, _ in rows if is_table and _is_empty(connection, table)}
        queries = _queries(connection, settings, suites)
    oids = {table: oid for table, oid, _, _ in rows}
    states = {
        suite.table: _fingerprint(oids[suite.table], loads.get(suite.entity), suite.rules)
        for suite in suites
        if suite.entity and suite.table in oids
    }
    return Found({table: frozenset(names) for table, _, _, names in rows}, empty, states, queries)


def _queries(connection: psycopg.Connection, settings: Settings, suites: Collection[DeclaredSuite]) -> dict[str, str]:
    systems = load_contracts(settings.project_root)
    accepted = entities_with_accepted(connection)
    wanted = [suite.entity for suite in suites if suite.entity and suite.entity in accepted]
    entities = [systems[system].entity(name) for system, name in wanted]
    return {entity.table: rows_to_judge(entity) for entity in entities}


def _is_empty(connection: psycopg.Connection, table: str) -> bool:
    statement = sql.SQL("select 1 from {} limit 1").format(sql.Identifier(*table.split(".", 1)))
    return connection.execute(statement).fetchone() is None


def _fingerprint(*parts: object) -> str:
    return hashlib.sha256(repr((*parts, version("great-expectations"))).encode()).hexdigest()[:16]


def _is_unchanged(state: str | None, known: Document | None) -> bool:
    if state is None or known is None or known["meta"].get("state") != state:
        return False
    # what could not be judged may succeed now
    return not any(check.exception for check in check_results(known))


def _declared_tables(settings: Settings) -> set[str]:
    return {suite.table for scope in SCOPES for suite in declared_suites(settings.project_root, scope)}
