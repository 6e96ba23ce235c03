"""Where rows come from: a live PostgreSQL or MongoDB, or a folder of files. `open_source` picks by address."""

from pathlib import Path

from ingestion.contracts import System
from ingestion.errors import SourceError
from ingestion.settings import Settings
from ingestion.sources.base import Extraction, Source, SourceBatch
from ingestion.sources.files import FolderSource
from ingestion.sources.mongo import SCHEMES, MongoSource
from ingestion.sources.postgres import PostgresSource

__all__ = ["Extraction", "Source", "SourceBatch", "open_source"]


def open_source(settings: Settings, system: System) -> Source:
    """The source of `system` as `settings` name it."""
    address = settings.source_address(system.name)
    if address.startswith(("postgresql://", "postgres://")):
        return PostgresSource(address, system)
    if address.startswith(SCHEMES):
        return MongoSource(address, system)
    if "://" in address:
        scheme = address.split("://", 1)[0]
        raise SourceError(
            f"unknown kind of source {scheme!r}", system.name, "postgresql://..., mongodb://... or a folder"
        )
    return FolderSource(Path(address).expanduser(), system)
