"""Every setting of moodmart, read from the environment once.

This is the only module that reads environment variables; everything else is handed a `Settings`.

| variable | meaning | default |
|---|---|---|
| MOODMART_HOME | folder of the embedded warehouse, the lake, credentials and reports | .moodmart |
| MOODMART_DATABASE_URL | use this PostgreSQL (16 or newer) instead of the embedded one | none |
| MOODMART_SOURCE_<SYSTEM> | a source's address: postgresql://..., mongodb://... or a folder | the kept one |
| MOODMART_ALERT_COMMAND | shell command that gets one line on standard input when a run fails | none |
| MOODMART_UI_PORT | port of the start page of `moodmart ui`; Dagster has the next one | 3000 |

Addresses given to `moodmart source add` are kept in the home's credentials file; a variable wins over them. The role
in MOODMART_DATABASE_URL needs `createrole`, and `create` on its UTF8 database.
"""

import os
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime
from pathlib import Path

from ingestion import credentials as kept
from ingestion.errors import MoodmartError

PROJECT_ROOT = Path(__file__).resolve().parent.parent
SOURCE_PREFIX = "MOODMART_SOURCE_"
SAMPLE_FOLDER = ("ingestion", "sample")
# the last day of the bundled sample's tracker events: later, its 30 day windows are empty
SAMPLE_AS_OF = date(2022, 12, 22)
LAST_PORT = 65534
"""Of the start page: Dagster has the next one."""


@dataclass(frozen=True)
class Settings:
    """What one run of moodmart works with."""

    home: Path
    """Everything moodmart keeps; may be deleted to start afresh."""
    project_root: Path = PROJECT_ROOT
    database_url: str | None = field(default=None, repr=False)
    """`postgresql://` address of the owner role; None means the embedded server."""
    sources: Mapping[str, str] = field(default_factory=dict, repr=False)
    """Source address by system; with none at all, every system reads the bundled sample."""
    ui_port: int = 3000
    alert_command: str | None = None
    """Shell command that is given one line on standard input when a scheduled run fails."""
    allowed_deletions: tuple[str, ...] = ()
    """Entities, as `system.entity`, that may lose any share of their rows in this run."""

    @classmethod
    def from_env(cls, environ: Mapping[str, str] | None = None) -> "Settings":
        """Read the settings from `environ` (default: the process environment).

        Raises `MoodmartError` if one of them can mean nothing.
        """
        env = os.environ if environ is None else environ
        settings = cls(
            home=home_of_env(env),
            database_url=env.get("MOODMART_DATABASE_URL") or None,
            sources=_sources(env),
            ui_port=_port(env.get("MOODMART_UI_PORT") or "3000"),
            alert_command=env.get("MOODMART_ALERT_COMMAND") or None,
        )
        return settings.with_kept_sources()

    def with_kept_sources(self) -> "Settings":
        """The same settings with the sources the home keeps put under the present ones."""
        return replace(self, sources={**kept.sources(self.home), **self.sources})

    def with_sources(self, sources: Mapping[str, str]) -> "Settings":
        """The same settings with these source addresses put over the present ones."""
        return replace(self, sources={**self.sources, **sources})

    @property
    def sample_root(self) -> Path:
        """Folder of the bundled sample, one sub-folder per system."""
        return PROJECT_ROOT.joinpath(*SAMPLE_FOLDER)

    def default_as_of(self) -> date:
        """The logical date of a run that names none: today (UTC), or the sample's last day when only it is read."""
        return SAMPLE_AS_OF if self.reads_sample else datetime.now(UTC).date()

    @property
    def reads_sample(self) -> bool:
        """Whether every source is the bundled sample; with no source named it is."""
        return all(is_sample(address, system) for system, address in self.sources.items())

    def has_source(self, system: str) -> bool:
        """Whether `system` is to be read: once any source is named, the sample no longer stands in for the others."""
        return not self.sources or system in self.sources

    def source_address(self, system: str) -> str:
        """The address `system` is read from: the setting, or the bundled sample."""
        return self.sources.get(system) or str(self.sample_root / system)


def home_of_env(environ: Mapping[str, str] | None = None) -> Path:
    """The home that `environ` (default: the process environment) names."""
    env = os.environ if environ is None else environ
    return Path(env.get("MOODMART_HOME") or PROJECT_ROOT / ".moodmart").expanduser().resolve()


def is_sample(address: str, system: str) -> bool:
    """Whether `address` is the bundled sample of `system`, of this checkout or of another one."""
    if "://" in address:
        return False
    return Path(address).expanduser().resolve().parts[-3:] == (*SAMPLE_FOLDER, system)


def _sources(env: Mapping[str, str]) -> dict[str, str]:
    """Address by system. A mistyped system would switch the sample off and load nothing."""
    found = {}
    # the contracts' folders, since reading the contracts takes longer than a query
    systems = {path.parent.name for path in PROJECT_ROOT.glob("dbt_project/models/staging/*/_*__sources.yml")}
    for name, value in env.items():
        if name.startswith(SOURCE_PREFIX) and value:
            system = name.removeprefix(SOURCE_PREFIX).lower()
            if system not in systems:
                raise MoodmartError(f"unknown system {system!r}", name, f"one of: {', '.join(sorted(systems))}")
            found[system] = value
    return found


def _port(text: str) -> int:
    if text.isdecimal() and 1 <= int(text) <= LAST_PORT:
        return int(text)
    raise MoodmartError(f"{text!r} is no port", "MOODMART_UI_PORT", f"a number from 1 to {LAST_PORT}")
