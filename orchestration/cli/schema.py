"""`moodmart schema`: how the sources' tables changed since the last loads, and accepting a change that stopped one.

ops.schema_events, read as the steward -> a list; the source's present columns -> ops.source_schemas.

    python -m orchestration.cli schema events
"""

import sys

import click

from ingestion.drift import accept as accept_columns
from ingestion.errors import MoodmartError
from ingestion.load import find_system
from ingestion.settings import Settings
from ingestion.sources import open_source
from ingestion.warehouse import Warehouse
from orchestration.cli.rows import FORMATS, print_rows
from orchestration.cli.sources import source_option, with_sources

EVENTS = """
select observed_at, system, entity, kind, detail, source
from ops.schema_events
where (%(system)s::text is null or system = %(system)s)
order by event_id desc
limit %(limit)s
"""


@click.group()
def schema() -> None:
    """How the sources' tables changed."""


@schema.command("events")
@click.option("--system")
@click.option("--limit", type=click.IntRange(min=1), default=100, show_default=True)
@click.option("--format", "form", type=click.Choice(FORMATS), default="table", show_default=True)
def list_events(form: str, **filters: str | int | None) -> None:
    """List what was noticed, newest first."""
    warehouse = Warehouse(Settings.from_env())
    warehouse.up()
    with warehouse.connect("steward") as connection:
        cursor = connection.execute(EVENTS, filters)
        print_rows(sys.stdout, form, [column.name for column in cursor.description or ()], cursor.fetchall())


@schema.command("accept")
@click.argument("system_name", metavar="SYSTEM")
@click.argument("entity_name", metavar="ENTITY")
@source_option
def accept(system_name: str, entity_name: str, sources: tuple[str, ...]) -> None:
    """Take ENTITY's columns as the source has them now; its loads go on."""
    settings = with_sources(Settings.from_env(), sources)
    system = find_system(settings, system_name)
    entity = system.entity(entity_name)
    if not settings.has_source(system_name):
        raise MoodmartError("it has no source", system_name, f"name it with --source {system_name}=URL")
    source = open_source(settings, system)
    warehouse = Warehouse(settings)
    warehouse.up()
    with warehouse.connect("loader") as connection:
        accept_columns(connection, entity, source)
    click.echo(f"{system_name}.{entity_name}: accepted as {source.name} has it")
