"""Judge suites with Great Expectations: one checkpoint, one validation per table, counts only.

declared suites + the columns the warehouse has -> checkpoint -> one result document per suite

The library runs in memory: nothing of its context, and so no connection string, is written anywhere. What it
logs may quote SQL with values in it, so its log is silent while it judges. Run alone by `checkpoints`.
"""

import logging
from collections.abc import Collection, Iterator, Mapping
from contextlib import contextmanager
from datetime import datetime
from typing import Any
from urllib.parse import urlsplit

import great_expectations as gx
from great_expectations.compatibility.pydantic import ValidationError
from great_expectations.core.run_identifier import RunIdentifier
from great_expectations.data_context.data_context.ephemeral_data_context import EphemeralDataContext
from great_expectations.data_context.types.base import (
    DataContextConfig,
    InMemoryStoreBackendDefaults,
    ProgressBarsConfig,
)
from great_expectations.datasource.fluent.interfaces import TestConnectionError
from great_expectations.datasource.fluent.postgres_datasource import PostgresDatasource
from great_expectations.exceptions.exceptions import GreatExpectationsError
from sqlalchemy.exc import SQLAlchemyError

from expectations import results
from expectations.declared import DeclaredSuite, rule_columns
from expectations.results import Document
from expectations.suites import expectation, expectation_suite
from ingestion.contracts import Rule
from ingestion.errors import WarehouseError
from ingestion.settings import Settings
from ingestion.warehouse import Warehouse

# the judge only reads, and reads a date without a zone as UTC, as the gate does
SESSION = "-c default_transaction_read_only=on -c timezone=UTC"
NO_TABLE = "the table does not exist yet"


def judge(
    settings: Settings,
    suites: Collection[DeclaredSuite],
    columns: Mapping[str, frozenset[str]],
    empty: Collection[str],
    judged_at: datetime,
    queries: Mapping[str, str] | None = None,
) -> dict[str, Document]:
    """One result document per suite, by table; `columns` are those of the tables that exist.

    `queries` tell which rows of a table are judged where it is not all of them.

    A rule on a table or a column that is not there is not handed to the library and fails for that reason. Nor is one
    on a table of `empty`, those without rows: it passes, and the library's fixed cost for a table is saved.
    """
    judgeable = {
        suite.table: [rule for rule in suite.rules if rule_columns(rule) <= columns.get(suite.table, frozenset())]
        for suite in suites
    }
    run = RunIdentifier(run_name="moodmart", run_time=judged_at)
    wanted = [s for s in suites if judgeable[s.table] and s.table not in empty]
    verdicts = _run(settings, wanted, judgeable, run, queries or {})
    documents = {}
    for suite in suites:
        of_suite = [
            verdicts.get((suite.table, rule.code))
            or _not_handed_over(suite, rule, columns.get(suite.table), suite.table in empty)
            for rule in suite.rules
        ]
        documents[suite.table] = results.assembled(suite.table, of_suite, _about(suite, run))
    return documents


def _about(suite: DeclaredSuite, run: RunIdentifier) -> Document:
    return {
        "run_id": run.to_json_dict(),
        "great_expectations_version": gx.__version__,
        "scope": suite.scope,
        "description": suite.description,
    }


def _not_handed_over(suite: DeclaredSuite, rule: Rule, columns: frozenset[str] | None, is_empty: bool) -> Document:
    config = expectation(suite, rule).configuration.to_json_dict()
    if columns is None:
        return results.not_judged(config, NO_TABLE)
    if missing := sorted(rule_columns(rule) - columns):
        return results.not_judged(config, f"the table has no column {', '.join(missing)}")
    return results.nothing_to_judge(config) if is_empty else results.not_judged(config, results.NOT_COMPUTED)


def _run(
    settings: Settings,
    suites: Collection[DeclaredSuite],
    rules: Mapping[str, list[Rule]],
    run: RunIdentifier,
    queries: Mapping[str, str],
) -> dict[tuple[str, str], Document]:
    """Verdicts by table and rule code."""
    if not suites:
        return {}
    context = in_memory_context()
    sources: dict[str, PostgresDatasource] = {}
    try:
        with _silent_library():
            for schema in {_schema(suite) for suite in suites}:
                sources[schema] = _source(context, settings, schema)
            definitions = [
                _definition(context, sources[_schema(suite)], suite, rules[suite.table], queries.get(suite.table))
                for suite in suites
            ]
            judged = _outcome(context, [definition for definition in definitions if definition], run)
    except (GreatExpectationsError, SQLAlchemyError, ConnectionError, ValidationError) as error:
        # the text of these errors may hold SQL, a value or an address, and whoever catches this may log its cause
        what = f"Great Expectations stopped: {type(error).__name__}"
        raise WarehouseError(what, "expectations", "see the database server's log") from None
    finally:
        for source in sources.values():
            source.get_engine().dispose()
            source.get_execution_engine().close()
    return {
        (result["suite_name"], verdict["expectation_config"]["meta"]["code"]): results.counts_only(verdict)
        for result in judged
        for verdict in result["results"]
    }


def _outcome(
    context: EphemeralDataContext, definitions: list[gx.ValidationDefinition], run: RunIdentifier
) -> list[Document]:
    if not definitions:
        return []
    checkpoint = context.checkpoints.add(
        gx.Checkpoint(name="moodmart", validation_definitions=definitions, result_format="BASIC")
    )
    return [as_document(result) for result in checkpoint.run(run_id=run).run_results.values()]


def as_document(result: Any) -> Document:
    """Turn a suite's validation result of the library into JSON."""
    document: Document = result.to_json_dict()
    return document


def in_memory_context(**options: Any) -> EphemeralDataContext:
    """A Great Expectations context that writes nothing and reports to nobody."""
    config = DataContextConfig(
        store_backend_defaults=InMemoryStoreBackendDefaults(init_temp_docs_sites=False),
        analytics_enabled=False,
        progress_bars=ProgressBarsConfig(globally=False),
        **options,
    )
    return gx.get_context(mode="ephemeral", project_config=config)


def _schema(suite: DeclaredSuite) -> str:
    return suite.table.split(".", 1)[0]


def _source(context: EphemeralDataContext, settings: Settings, schema: str) -> PostgresDatasource:
    """One source per schema: the library wants the schema in the connection, not at the table."""
    source = PostgresDatasource(
        name=schema,
        connection_string=library_url(Warehouse(settings).sqlalchemy_url("owner")),
        kwargs={"connect_args": {"options": f"{SESSION} -c search_path={schema}"}},
    )
    return context.data_sources.add_postgres(source)


def library_url(url: str) -> str:
    """`url` as the library accepts it: with a host even for a socket, without `$`, its sign of a variable."""
    parts = urlsplit(url)
    if not parts.hostname:
        user = f"{parts.netloc.rpartition('@')[0]}@" if "@" in parts.netloc else ""
        port = f":{parts.port}" if parts.port else ""
        url = parts._replace(netloc=f"{user}localhost{port}").geturl()
    return url.replace("$", "%24")


def _definition(
    context: EphemeralDataContext,
    source: PostgresDatasource,
    suite: DeclaredSuite,
    rules: list[Rule],
    query: str | None,
) -> gx.ValidationDefinition | None:
    """What is to be validated on the suite's table; None for a table, or view, that cannot be read."""
    try:
        if query is None:
            table = source.add_table_asset(suite.table, suite.table.split(".", 1)[1])
            batch = table.add_batch_definition_whole_table("all rows")
        else:
            batch = source.add_query_asset(suite.table, query).add_batch_definition_whole_table("rows to judge")
    except TestConnectionError:
        return None
    declared = context.suites.add(expectation_suite(suite, rules))
    return context.validation_definitions.add(gx.ValidationDefinition(name=suite.table, data=batch, suite=declared))


@contextmanager
def _silent_library() -> Iterator[None]:
    logger = logging.getLogger("great_expectations")
    before = logger.level
    logger.setLevel(logging.CRITICAL + 1)
    try:
        yield
    finally:
        logger.setLevel(before)
