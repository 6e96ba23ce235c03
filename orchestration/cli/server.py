"""`moodmart up`, `down`, `status`, `dsn` and `env`: the warehouse itself, and the way to it for other programs.

python -m orchestration.cli status
"""

import shlex

import click

from ingestion.settings import Settings
from ingestion.warehouse import Warehouse, place
from orchestration.cli.rows import as_table

LAST_LOADS = """
select distinct on (system, entity) system, entity, load_id, finished_at, extracted, quarantined
from ops.loads
order by system, entity, load_id desc
"""
OPEN_ROWS = "select count(*) from ops.quarantine where status = 'open'"


@click.command()
def up() -> None:
    """Start the warehouse and make what is missing in it."""
    warehouse = Warehouse(Settings.from_env())
    warehouse.up()
    click.echo(f"the warehouse runs at {place(warehouse.dsn())}")


@click.command()
def down() -> None:
    """Stop the embedded warehouse."""
    settings = Settings.from_env()
    if settings.database_url:
        click.echo("the warehouse is a server of yours: nothing to stop")
        return
    click.echo("stopped" if Warehouse(settings).down() else "the warehouse was not running")


@click.command()
@click.option("--role", type=click.Choice(["analyst", "steward"]), default="analyst", show_default=True)
def dsn(role: str) -> None:
    """Print a connection string for psql or a BI tool."""
    warehouse = Warehouse(Settings.from_env())
    warehouse.up()
    click.echo(warehouse.dsn(role))


@click.command()
def env() -> None:
    """Print the settings of dbt and dagster for this home: eval "$(moodmart env)"."""
    from orchestration.lib.instance import dagster_home  # imports Dagster

    settings = Settings.from_env()
    Warehouse(settings).up()
    home = settings.home
    values = {"MOODMART_HOME": home, "DBT_PROFILES_DIR": home, "DAGSTER_HOME": dagster_home(settings)}
    for name, value in values.items():
        click.echo(f"export {name}={shlex.quote(str(value))}")


@click.command()
def status() -> None:
    """Tell whether the warehouse runs, and what was loaded last."""
    settings = Settings.from_env()
    warehouse = Warehouse(settings)
    if not warehouse.is_running():
        click.echo(f"the warehouse is down (home: {settings.home})")
        return
    click.echo(f"the warehouse runs at {place(warehouse.dsn())} (home: {settings.home})")
    with warehouse.connect("steward") as connection:
        cursor = connection.execute(LAST_LOADS)
        rows = cursor.fetchall()
        waiting = connection.execute(OPEN_ROWS).fetchone()
    names = [column.name for column in cursor.description or ()]
    click.echo(as_table(names, rows) if rows else "nothing was loaded yet")
    click.echo(f"open rows in quarantine: {waiting[0] if waiting else 0}")
