"""The option `--source NAME=URL` of the commands that read sources."""

from collections.abc import Iterable

import click

from ingestion.errors import MoodmartError
from ingestion.load import find_system
from ingestion.settings import Settings

source_option = click.option(
    "--source", "sources", multiple=True, metavar="NAME=URL",
    help="Read system NAME from postgresql://... or from a folder; may be repeated.",
)  # fmt: skip


def with_sources(settings: Settings, texts: Iterable[str]) -> Settings:
    """`settings` with the sources given as `NAME=URL`."""
    return settings.with_sources(dict(_parsed(settings, text) for text in texts))


def _parsed(settings: Settings, text: str) -> tuple[str, str]:
    name, separator, address = text.partition("=")
    if not (separator and name and address) or "://" in name:
        # what follows the scheme may hold a password
        raise MoodmartError(f"{name.partition('://')[0]!r} names no source", "--source", "write it as NAME=URL")
    return find_system(settings, name).name, address
