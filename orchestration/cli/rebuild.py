"""`moodmart rebuild`: staging, quarantine and ledger anew from the lake alone.

python -m orchestration.cli rebuild
"""

import click

from ingestion.rebuild import rebuild as rebuild_warehouse
from ingestion.settings import Settings
from ingestion.warehouse import Warehouse


@click.command()
def rebuild() -> None:
    """Make staging, quarantine and ledger anew from the lake; no source is asked."""
    settings = Settings.from_env()
    Warehouse(settings).up()
    loads = rebuild_warehouse(settings, click.echo)
    click.echo(f"{loads} loads; build the marts with `moodmart run --full-refresh`")
