"""Build the bundled sample of one system from public data; the part that all systems share.

Data flow: `<system>_build.sample_files` maps public data to files -> they are written below the system's folder. It
runs as a part of the builds, such as

    python -m ingestion.sample.emotional_core_build --from <public data> --to ingestion/sample/emotional_core

Where each value comes from is listed in `README.md` beside this file.
"""

import argparse
import sys
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path

from ingestion.errors import MoodmartError, SourceError
from ingestion.sample.files import BuiltFile

MapPublicData = Callable[[Path], Iterable[BuiltFile]]
"""Reads the folder of public data and maps it to the files of one system; writes nothing."""


def build(map_public_data: MapPublicData, public_data: Path, target: Path) -> list[BuiltFile]:
    """Write every file to `target`. Raises `SourceError` when a public file is missing."""
    try:
        files = list(map_public_data(public_data))
    except FileNotFoundError as error:
        raise SourceError(
            "no such file", str(error.filename), "README.md of the sample lists the public files"
        ) from error
    for file in files:
        path = target / file.name
        path.parent.mkdir(parents=True, exist_ok=True)
        file.write(path)
    return files


def run(system: str, map_public_data: MapPublicData, argv: Sequence[str] | None = None) -> int:
    """Build the sample of `system` and print rows and bytes per file; exit code 2 on bad input."""
    parser = argparse.ArgumentParser(description=f"Build the {system} sample from public data.")
    parser.add_argument("--from", dest="public_data", type=Path, required=True, metavar="FOLDER")
    parser.add_argument("--to", dest="target", type=Path, required=True, metavar="FOLDER")
    arguments = parser.parse_args(argv)
    try:
        files = build(map_public_data, arguments.public_data, arguments.target)
    except MoodmartError as error:
        print(error, file=sys.stderr)
        return 2
    for file in files:
        size = (arguments.target / file.name).stat().st_size
        print(f"{file.name:32} {len(file.rows):>6} rows {size:>9} bytes")
    return 0
