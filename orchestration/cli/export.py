"""`moodmart export`: what leaves the warehouse for other tools.

python -m orchestration.cli export training-set --as-of 2022-12-22
"""

from pathlib import Path

import click

from ingestion.settings import Settings
from ingestion.warehouse import Warehouse
from orchestration.lib.as_of import parse


@click.group()
def export() -> None:
    """Write data for other tools."""


@export.command("training-set")
@click.option("--as-of", required=True, metavar="DATE", help="Feature date of the vectors, YYYY-MM-DD.")
@click.option("--to", metavar="DIR", type=click.Path(path_type=Path), help="Folder of the sets.")
def training_set(as_of: str, to: Path | None) -> None:
    """Write the users' feature vectors of a day, anonymised, as Parquet; the last three sets are kept."""
    from orchestration.lib.training_set import export as write  # imports Arrow

    settings = Settings.from_env()
    day = parse(as_of, "--as-of")
    Warehouse(settings).up()
    made = write(settings, day, to or settings.home / "training_sets")
    removed = f", {len(made.removed)} older removed" if made.removed else ""
    click.echo(f"{made.rows} rows of {made.features} features as of {day} in {made.folder}{removed}")
