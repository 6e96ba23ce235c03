"""The bundled sample is built from public data: the same input gives the same bytes.

Data flow: rows as the public files hold them, in a temporary folder -> build -> files compared.
`MOODMART_PUBLIC_DATA` may name the folder of the full public data: then the build also runs on all
of it and must give the bundled sample. Without it that case does not exist: the public files are no
part of the project.

    pytest tests/test_ingestion/test_sample_build.py
"""

import os
from pathlib import Path
from types import ModuleType

import pytest

from ingestion.sample import (
    emotion_visualizer_build,
    emotional_core_build,
    masterx_build,
    new_smell_build,
    voice_patterns_build,
)
from ingestion.sample.build import build
from tests.public_data import write_public_data
from tests.sample import ROOT

FULL = [Path(folder) for folder in [os.environ.get("MOODMART_PUBLIC_DATA")] if folder]
BUILDS = (
    emotion_visualizer_build,
    emotional_core_build,
    masterx_build,
    new_smell_build,
    voice_patterns_build,
)


def name_of(module: ModuleType) -> str:
    return module.__name__.rsplit(".", 1)[-1].removesuffix("_build")


of_each_system = pytest.mark.parametrize("system", BUILDS, ids=name_of)


@pytest.fixture
def public_data(tmp_path: Path) -> Path:
    """A few rows of each public file."""
    folder = tmp_path / "public"
    write_public_data(folder)
    return folder


def files(folder: Path) -> dict[str, bytes]:
    return {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


@of_each_system
def test_the_same_public_data_gives_the_same_bytes(system: ModuleType, public_data: Path, tmp_path: Path):
    build(system.sample_files, public_data, tmp_path / "once")
    build(system.sample_files, public_data, tmp_path / "twice")
    assert files(tmp_path / "once") == files(tmp_path / "twice") != {}


@of_each_system
def test_a_build_gives_the_files_of_the_bundled_sample(system: ModuleType, public_data: Path, tmp_path: Path):
    assert system.main(["--from", str(public_data), "--to", str(tmp_path / "to")]) == 0
    assert files(tmp_path / "to").keys() == files(ROOT / name_of(system)).keys()


class TestFullPublicData:
    """Collected only where the full public data is at hand; elsewhere nothing is skipped."""

    __test__ = bool(FULL)

    @of_each_system
    def test_it_gives_the_bundled_sample(self, system: ModuleType, tmp_path: Path):
        build(system.sample_files, FULL[0], tmp_path)
        assert files(tmp_path) == files(ROOT / name_of(system))


@of_each_system
def test_missing_public_data_is_one_line_and_exit_code_2(system: ModuleType, tmp_path: Path, capsys):
    target = tmp_path / "sample"
    assert system.main(["--from", str(tmp_path / "nowhere"), "--to", str(target)]) == 2
    assert capsys.readouterr().err.count("\n") == 1
    assert not target.exists()
