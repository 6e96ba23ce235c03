"""`moodmart query`: SQL in, rows out, as the analyst role in a read-only transaction.

python -m orchestration.cli query "select * from behavior.active_users" --format csv
"""

import sys

import click
import psycopg

from ingestion.errors import MoodmartError
from ingestion.settings import Settings
from ingestion.warehouse import Warehouse
from orchestration.cli.rows import FORMATS, print_rows


@click.command()
@click.argument("sql")
@click.option("--format", "form", type=click.Choice(FORMATS), default="table", show_default=True)
def query(sql: str, form: str) -> None:
    """Run SQL (`-` reads it from standard input) as the analyst role, read only."""
    text = sys.stdin.read() if sql == "-" else sql
    warehouse = Warehouse(Settings.from_env())
    warehouse.up()
    with warehouse.connect("analyst") as connection:
        connection.read_only = True
        try:
            cursor = connection.execute(text.encode())
        except psycopg.Error as error:
            what = error.diag.message_primary or str(error) or type(error).__name__
            raise MoodmartError(what, "query", error.diag.message_hint or "") from error
        if cursor.description is not None:
            columns = [column.name for column in cursor.description]
            print_rows(sys.stdout, form, columns, cursor.fetchall())
