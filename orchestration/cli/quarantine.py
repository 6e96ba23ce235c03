"""`moodmart quarantine`: the steward's work list of rows the gate turned away.

ops.quarantine, read as the steward role -> a list, or one row with everything that is known about it.

    python -m orchestration.cli quarantine list --reason not_null:path
"""

import sys
from typing import TYPE_CHECKING

import click
import psycopg
from psycopg.rows import TupleRow

from ingestion.contracts import Entity, System, load_contracts
from ingestion.errors import MoodmartError
from ingestion.settings import Settings
from ingestion.warehouse import Warehouse
from orchestration.cli.rows import FORMATS, as_text, print_rows

if TYPE_CHECKING:
    from ingestion.ledger import LoadResult  # imports Arrow

STATUSES = ("open", "fixed", "replayed", "superseded", "dismissed", "expired", "all")

LIST = """
select quarantine_id as id, quarantined_at, system, entity, load_id, status, reasons, source_key
from ops.quarantine
where (%(system)s::text is null or system = %(system)s)
  and (%(entity)s::text is null or entity = %(entity)s)
  and (%(status)s = 'all' or status = %(status)s)
  and (%(reason)s::text is null or %(reason)s = any(reasons))
order by quarantine_id desc
limit %(limit)s
"""
SHOW = """
select quarantine_id, system, entity, status, reasons, rule_version, load_id, source_key, quarantined_at,
    jsonb_pretty(payload) as payload
from ops.quarantine
where quarantine_id = %(id)s
"""


@click.group()
def quarantine() -> None:
    """The steward's work list of bad rows."""


@quarantine.command("list")
@click.option("--system")
@click.option("--entity")
@click.option("--status", type=click.Choice(STATUSES), default="open", show_default=True)
@click.option("--reason", help="Rows with this reason code.")
@click.option("--limit", type=click.IntRange(min=1), default=100, show_default=True)
@click.option("--format", "form", type=click.Choice(FORMATS), default="table", show_default=True)
def list_rows(form: str, **filters: str | int | None) -> None:
    """List quarantined rows, newest first."""
    with _as_steward() as connection:
        cursor = connection.execute(LIST, filters)
        print_rows(sys.stdout, form, _names(cursor), cursor.fetchall())


@quarantine.command("show")
@click.argument("quarantine_id", metavar="ID", type=int)
def show_row(quarantine_id: int) -> None:
    """Show one quarantined row: why it is here and what it holds."""
    with _as_steward() as connection:
        cursor = connection.execute(SHOW, {"id": quarantine_id})
        row = cursor.fetchone()
    if row is None:
        raise MoodmartError(f"no row {quarantine_id}", "quarantine", "see `moodmart quarantine list`")
    for name, value in zip(_names(cursor), row, strict=True):
        text = ", ".join(value) if isinstance(value, list) else as_text(value)
        click.echo(f"{name:<16}{text}" if name != "payload" else f"{name}\n{text}")


@quarantine.command("fix")
@click.argument("quarantine_id", metavar="ID", type=int)
@click.option("--set", "changes", multiple=True, metavar="COLUMN=VALUE", help="New value; without `=VALUE` null.")
def fix_row(quarantine_id: int, changes: tuple[str, ...]) -> None:
    """Mend a quarantined row, or without --set accept it as it stands; `replay` then takes it in."""
    from ingestion.quarantine import fix  # imports Arrow

    pairs = [change.partition("=") for change in changes]
    fix(_opened(), quarantine_id, {name: value if sign else None for name, sign, value in pairs})
    click.echo(f"row {quarantine_id} is fixed; take it in with `moodmart quarantine replay`")


@quarantine.command("replay")
@click.option("--system", "systems", multiple=True)
@click.option("--entity", "entities", multiple=True)
def replay_rows(systems: tuple[str, ...], entities: tuple[str, ...]) -> None:
    """Send open and fixed rows through today's rules again."""
    from ingestion.quarantine import replay  # imports Arrow

    chosen = _chosen(systems, entities)
    settings = _opened()
    tried = 0
    for system, entity in chosen:
        for result in replay(settings, system, entity):
            if result.extracted or result.superseded:
                tried += result.extracted
                click.echo(_told(result))
    click.echo("build the marts with `moodmart run`" if tried else "nothing is waiting")


def _told(result: "LoadResult") -> str:
    stay = f"{result.quarantined} stay" if result.quarantined else "none stays"
    taken = result.inserted + result.updated + result.unchanged
    closed = f", {result.superseded} superseded by newer rows" if result.superseded else ""
    return f"{result.system}.{result.entity}: {result.extracted} tried, {taken} taken in, {stay}{closed}"


def _chosen(systems: tuple[str, ...], entities: tuple[str, ...]) -> list[tuple[System, Entity]]:
    """What is to be replayed; no names mean everything."""
    from ingestion.load import find_system  # imports Arrow

    settings = Settings.from_env()
    found = [find_system(settings, name) for name in systems or load_contracts(settings.project_root)]
    # what is nested in a row comes after it
    every = [(system, entity) for system in found for entity in system.entities]
    names = sorted({entity.name for _, entity in every})
    if unknown := sorted(set(entities) - set(names)):
        raise MoodmartError(f"no entity {', '.join(unknown)} to replay", "--entity", f"one of: {', '.join(names)}")
    return [(system, entity) for system, entity in every if not entities or entity.name in entities]


def _opened() -> Settings:
    settings = Settings.from_env()
    Warehouse(settings).up()
    return settings


def _as_steward() -> psycopg.Connection[TupleRow]:
    return Warehouse(_opened()).connect("steward")


def _names(cursor: psycopg.Cursor[TupleRow]) -> list[str]:
    return [column.name for column in cursor.description or ()]
