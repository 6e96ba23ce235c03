"""dbt's documentation as one static page, made anew when the project has changed.

project -> `dbt docs generate --static` -> `<home>/dbt_target/docs/index.html`

    python -m orchestration.lib.dbt_docs          makes it and prints its path
"""

import subprocess
from pathlib import Path

from ingestion.embedded import locked
from ingestion.errors import MoodmartError
from ingestion.settings import Settings
from orchestration.lib.dbt_project import CHECKSUM, DBT, dbt_checksum, dbt_environment, target_path


def docs_path(settings: Settings) -> Path:
    """Folder of the page, and of nothing else."""
    return target_path(settings) / "docs"


def generate(settings: Settings) -> Path:
    """Make the page if it is stale; returns its path."""
    work, page = target_path(settings) / "docs_work", docs_path(settings) / "index.html"
    with locked(work):
        mark, current = work / CHECKSUM, dbt_checksum(settings)
        if not (page.exists() and mark.exists() and mark.read_text() == current):
            _run_dbt(settings, work)
            page.parent.mkdir(exist_ok=True)
            (work / "static_index.html").replace(page)
            mark.write_text(current)
    return page


def _run_dbt(settings: Settings, folder: Path) -> None:
    result = subprocess.run(  # noqa: S603 - our own program and arguments
        [*DBT, "--quiet", "--no-use-colors", "docs", "generate", "--static"],
        env=dbt_environment(settings, folder, settings.default_as_of()),
        cwd=settings.project_root,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        check=False,
    )
    if result.returncode != 0:
        raise MoodmartError(result.stdout or result.stderr, "dbt docs", f"see {folder / 'dbt.log'}")


if __name__ == "__main__":
    print(generate(Settings.from_env()))
