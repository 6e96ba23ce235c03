"""Which files of a folder hold which entity, by their names alone.

    <entity>.csv   <entity>.snappy.parquet   <entity>/part-0.csv   <entity>/date=2025-01-01/part-0.parquet

An entity goes by its source or its staging name, whatever the case and underscores; a kind of file by the end of its
name in any case. Folders within an entity's folder are entered if they are named `column=value` or by a number or date.
"""

import re
from collections.abc import Collection, Iterator
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import unquote

from ingestion.contracts import Entity, System

KINDS = {"parquet": "parquet", "csv": "csv", "jsonl": "json", "ndjson": "json", "json": "json", "bson": "bson"}
"""Kind of file by the last word of its name."""
PACKED = ("gz", "gzip")
PARQUET_CODECS = ("snappy", "zstd", "lz4", "brotli", "lzo", "none", *PACKED)
"""Words that writers of Parquet put into names; the file itself says how it is compressed."""
METADATA = re.compile(r".*\.metadata\.json(\.gz)?|_SUCCESS|_(committed|started|common_metadata|metadata).*", re.I)
"""What tools write beside the data: no rows."""
LITTER = re.compile(r"\..*|~.*|.*~|.*\.crc|thumbs\.db|desktop\.ini", re.I)
PARTITION = re.compile(r"([^=]+)=(.*)")
DATE_FOLDER = re.compile(r"[\d_-]+")
NO_VALUE = "__HIVE_DEFAULT_PARTITION__"
SHOWN_NAMES = 5


@dataclass(frozen=True)
class SourceFile:
    """A file of an entity."""

    path: Path
    name: str
    """Its path within the source's folder."""
    kind: str
    partitions: tuple[tuple[str, str | None], ...] = ()
    """Columns and values in the names of its folders."""


@dataclass(frozen=True)
class Listing:
    """The files of one system's folder: by entity, and those nobody reads, by the reason."""

    files: dict[str, list[SourceFile]]
    passed_over: dict[str, list[str]]

    def remarks(self) -> tuple[str, ...]:
        """One line per reason for which files are passed over, and per entity that comes in several kinds of file."""
        lines = [f"passed over {_some(names)}: {reason}" for reason, names in sorted(self.passed_over.items())]
        for entity, files in self.files.items():
            if len({file.kind for file in files}) > 1:
                lines.append(f"{entity} is in files of several kinds, all are read: {_some([f.name for f in files])}")
        return tuple(lines)


def list_files(folder: Path, system: System, kinds: Collection[str]) -> Listing:
    """The files below `folder`, in the order of their paths."""
    listing = Listing({}, {})
    entities = {bare(name): entity for entity in system.roots for name in (entity.name, entity.source or entity.name)}
    for path in sorted(folder.iterdir()):
        stem, kind = stem_and_kind(path.name)
        entity = entities.get(bare(stem if kind in kinds or path.is_dir() else path.name.partition(".")[0]))
        if _is_silent(path):
            continue
        if entity is None:
            listing.passed_over.setdefault(f"no entity of {system.name} has such a name", []).append(path.name)
        elif path.is_dir():
            _add_folder(listing, entity, path, folder, kinds)
        elif kind in kinds:
            _add(listing, entity, SourceFile(path, path.name, kind))
        else:
            _pass_over(listing, path.name, kinds)
    return listing


def stem_and_kind(name: str) -> tuple[str, str]:
    """The name without its endings, and the kind of file (empty: unknown) they stand for."""
    words = name.split(".")
    endings = [word.lower() for word in words[1:]]
    kind = ""
    while endings and (endings[-1] in KINDS or endings[-1] in PARQUET_CODECS):
        word = endings.pop()
        if word in KINDS:
            if kind:
                endings.append(word)
                break
            kind = KINDS[word]
    taken = [word.lower() for word in words[1 + len(endings) :]]
    if kind != "parquet" and any(word not in KINDS and word not in PACKED for word in taken):
        kind = ""
    return ".".join(words[: 1 + len(endings)]), kind


def bare(name: str) -> str:
    """`name` without what differs between ways to write it."""
    return name.lower().replace("_", "")


def _is_silent(path: Path) -> bool:
    return bool(LITTER.fullmatch(path.name) or METADATA.fullmatch(path.name))


def _add(listing: Listing, entity: Entity, file: SourceFile) -> None:
    listing.files.setdefault(entity.name, []).append(file)


def _pass_over(listing: Listing, name: str, kinds: Collection[str]) -> None:
    readable = ", ".join(f".{word}" for word, kind in KINDS.items() if kind in kinds)
    listing.passed_over.setdefault(f"only {readable} are read, text also as .gz", []).append(name)


def _add_folder(listing: Listing, entity: Entity, inside: Path, folder: Path, kinds: Collection[str]) -> None:
    for path, partitions in _walk(listing, inside, folder, ()):
        name = path.relative_to(folder).as_posix()
        _, kind = stem_and_kind(path.name)
        if kind in kinds:
            _add(listing, entity, SourceFile(path, name, kind, partitions))
        else:
            _pass_over(listing, name, kinds)


def _walk(
    listing: Listing, inside: Path, folder: Path, partitions: tuple[tuple[str, str | None], ...]
) -> Iterator[tuple[Path, tuple[tuple[str, str | None], ...]]]:
    """Files below `inside` with the values in the names of their folders."""
    for path in sorted(inside.iterdir()):
        if _is_silent(path) or path.name.startswith("_"):
            continue
        partition = PARTITION.fullmatch(path.name)
        if not path.is_dir():
            yield path, partitions
        elif partition:
            value = None if partition[2] == NO_VALUE else unquote(partition[2])
            yield from _walk(listing, path, folder, (*partitions, (unquote(partition[1]), value)))
        elif DATE_FOLDER.fullmatch(path.name):
            yield from _walk(listing, path, folder, partitions)
        else:
            reason = "folders in an entity's folder are called column=value or by a date"
            listing.passed_over.setdefault(reason, []).append(path.relative_to(folder).as_posix())


def _some(names: list[str]) -> str:
    more = f" and {len(names) - SHOWN_NAMES} more" if len(names) > SHOWN_NAMES else ""
    return ", ".join(names[:SHOWN_NAMES]) + more
