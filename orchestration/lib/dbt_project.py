"""The dbt project as Dagster sees it: where its artifacts lie, and a manifest that is never stale.

project files -> checksum -> `dbt parse` when it has changed -> `<home>/dbt_target/manifest.json`. Builds write to a
folder of their own below it, so a reader of the manifest never meets a half-written one.

    python -m orchestration.lib.dbt_project          prepares the manifest and prints its path
"""

import hashlib
import importlib.metadata
import json
import os
import shutil
import subprocess
import sys
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

from ingestion.embedded import locked
from ingestion.errors import MoodmartError
from ingestion.settings import Settings
from ingestion.warehouse import Warehouse

DBT = (sys.executable, "-m", "dbt.cli.main")
FULL_REFRESH_TAG = "moodmart/full_refresh"
"""Tag of a run that builds and judges everything from scratch."""
MAIN_SYSTEM = "new_smell"
"""The system whose marts read no other system."""
FITTED = "source.moodmart.ops.model_parameters"
"""What is fitted between two builds."""
PARTIAL_PARSE = "partial_parse.msgpack"
CHECKSUM = "manifest.checksum"


def target_path(settings: Settings) -> Path:
    """Folder of the manifest that definitions are built from."""
    return settings.home / "dbt_target"


def build_path(settings: Settings) -> Path:
    """Folder of the artifacts of the latest build."""
    return target_path(settings) / "build"


def dbt_environment(settings: Settings, target: Path, as_of: date | None = None) -> dict[str, str]:
    """Environment of a dbt process: paths, no usage statistics, and `as_of` as a session setting.

    `as_of` is not a dbt var: a var that differs from run to run would disable partial parsing.
    """
    session = {"PGOPTIONS": f"-c moodmart.as_of={as_of.isoformat()}"} if as_of else {}
    return {
        **os.environ,
        "MOODMART_HOME": str(settings.home),
        "DBT_PROJECT_DIR": str(settings.project_root),
        "DBT_PROFILES_DIR": str(settings.home),
        "DBT_TARGET_PATH": str(target),
        "DBT_LOG_PATH": str(target),
        "DBT_SEND_ANONYMOUS_USAGE_STATS": "false",
        "DO_NOT_TRACK": "1",
        "PYTHONUNBUFFERED": "1",
        **session,
    }


def dbt_checksum(settings: Settings) -> str:
    """Checksum of everything `dbt parse` reads."""
    files = [settings.project_root / "dbt_project.yml", settings.home / "profiles.yml"]
    return checksum([*files, *_files(settings.project_root / "dbt_project")])


def code_checksum(settings: Settings) -> str:
    """Checksum of everything that decides what a build makes and how it is judged."""
    packages = [settings.project_root / name for name in ("ingestion", "expectations", "orchestration")]
    sources = [path for package in packages for path in _files(package) if path.suffix == ".py"]
    return checksum(sources) + dbt_checksum(settings)


def checksum(files: Iterable[Path]) -> str:
    """SHA-256 over names and contents, and the version of dbt."""
    total = hashlib.sha256(importlib.metadata.version("dbt-core").encode())
    for path in files:
        total.update(f"{path}\n".encode())
        total.update(hashlib.sha256(path.read_bytes()).digest())
    return total.hexdigest()


def _files(folder: Path) -> list[Path]:
    return sorted(path for path in folder.rglob("*") if path.is_file())


def prepare_manifest(settings: Settings) -> Path:
    """The manifest of the project as it is now; `dbt parse` runs only when a file has changed."""
    Warehouse(settings).up()  # writes the profile dbt needs even to parse
    target = target_path(settings)
    manifest, mark = target / "manifest.json", target / CHECKSUM
    current = dbt_checksum(settings)
    with locked(target):
        if not (manifest.exists() and mark.exists() and mark.read_text() == current):
            mark.unlink(missing_ok=True)
            _parse(settings, target)
            mark.write_text(current)
    return manifest


@dataclass(frozen=True)
class Parts:
    """Names of the models that are not built with the rest: `dbt build` starts once for each part.

    A step of Dagster waits for everything that its models read, and is skipped where that failed. So what reads other
    systems than the one with most marts is apart, and their failures leave its marts alone.
    """

    shared: tuple[str, ...]
    """Those that read another system than `MAIN_SYSTEM`."""
    fitted: tuple[str, ...]
    """Those that read fitted parameters."""


def parts_of(manifest: Path, systems: Iterable[str]) -> Parts:
    """The parts of the project in `manifest`; `systems` are those of the contracts."""
    parsed = json.loads(manifest.read_text())
    others = set(systems) - {MAIN_SYSTEM}
    sources = [name for name, node in parsed["sources"].items() if node["source_name"] in others]
    fitted = _built_after(parsed, [FITTED], judged_together=True)
    shared = _built_after(parsed, sources, judged_together=False)
    return Parts(tuple(sorted(shared - fitted)), tuple(sorted(fitted)))


def _built_after(parsed: Mapping[str, Any], sources: Iterable[str], *, judged_together: bool) -> set[str]:
    """Names of the models that can be built or tested only after `sources` were: their descendants and theirs.

    A test belongs to one model and may read another: where the other comes after, so does its own. Marts that are
    judged together are judged after the last of them: so a mart that one of these marts reads comes after too.
    """
    nodes, children, parents = parsed["nodes"], parsed["child_map"], parsed["parent_map"]
    marts = {name for name, node in nodes.items() if node["resource_type"] == "model" and node["access"] == "public"}
    waiting, late = list(sources), set[str]()
    while waiting:
        node = waiting.pop()
        if node in late:
            continue
        late.add(node)
        waiting += children.get(node, [])
        waiting += filter(None, [nodes.get(node, {}).get("attached_node")])
        if judged_together and node in marts:
            waiting += marts.intersection(parents[node])
    return {nodes[node]["name"] for node in late if node.startswith("model.")}


def _parse(settings: Settings, target: Path) -> None:
    result = subprocess.run(  # noqa: S603 - our own program and arguments
        [*DBT, "--quiet", "--no-use-colors", "parse"],
        env=dbt_environment(settings, target),
        cwd=settings.project_root,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        check=False,
    )
    if result.returncode != 0:
        raise MoodmartError(result.stdout or result.stderr, "dbt parse", f"see {target / 'dbt.log'}")


def lend_parsed_project(settings: Settings) -> None:
    """Give the build the parser's state, so that it parses only what has changed since."""
    parsed, build = target_path(settings) / PARTIAL_PARSE, build_path(settings)
    build.mkdir(parents=True, exist_ok=True)
    if parsed.exists() and not (build / PARTIAL_PARSE).exists():
        shutil.copy(parsed, build / PARTIAL_PARSE)


def build_command(settings: Settings, arguments: Iterable[str]) -> list[str]:
    """`dbt build`, one at a time for this home: the lock lives as long as dbt itself, even if its parent is killed."""
    lock = str(target_path(settings) / "build.lock")
    guard = str(Path(__file__).with_name("exclusively.py"))
    return [sys.executable, guard, lock, *DBT, "build", "--exclude-resource-type", "unit_test", *arguments]


def build_environment(settings: Settings, as_of: date, indirect_selection: str | None) -> dict[str, str]:
    """Environment of a build whose events are read by Dagster.

    A test runs only when everything it reads is selected or upstream: on a fresh warehouse a schedule that builds
    one mart must not test tables nobody has built.
    """
    return {
        **dbt_environment(settings, build_path(settings), as_of),
        "DBT_LOG_FORMAT": "json",
        "DBT_INDIRECT_SELECTION": indirect_selection or "buildable",
    }


if __name__ == "__main__":
    print(prepare_manifest(Settings.from_env()))
