"""`moodmart source`: the sources a home reads without being told; and the option `--source NAME=URL`.

NAME=URL -> checked that it can be read -> the home's credentials file -> every later run, the schedules' included.

    python -m orchestration.cli source list
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path

import click

from ingestion import credentials as kept
from ingestion import purpose
from ingestion.embedded import locked
from ingestion.errors import MoodmartError
from ingestion.load import find_system
from ingestion.settings import Settings
from ingestion.sources import open_source
from ingestion.sources.addresses import shown
from ingestion.warehouse import Warehouse
from orchestration.cli.rows import as_table

source_option = click.option(
    "--source", "sources", multiple=True, metavar="NAME=URL",
    help="Read system NAME from postgresql://..., mongodb://... or a folder; may be repeated.",
)  # fmt: skip


@click.group()
def source() -> None:
    """The sources this home reads, the schedules' runs included."""


@source.command("add")
@click.argument("texts", metavar="NAME=URL...", nargs=-1, required=True)
def add(texts: Sequence[str]) -> None:
    """Keep sources: postgresql://..., mongodb://... or a folder each."""
    settings = Settings.from_env()
    given = parsed(settings, texts, "source add")
    check_sources(settings.with_sources(given), given, click.echo)
    Warehouse(settings).up()
    confirm_purpose(settings.with_sources(given), given)
    keep(settings, given)
    for name, address in sorted(given.items()):
        click.echo(f"{name} is read from {plain(address)} from now on")


@source.command("list")
def list_sources() -> None:
    """List what is read, without passwords."""
    settings = Settings.from_env()
    kept_here = kept.sources(settings.home)
    rows = [
        (name, plain(address), "kept" if kept_here.get(name) == address else "environment")
        for name, address in sorted(settings.sources.items())
    ]
    click.echo(as_table(("system", "source", "named by"), rows) if rows else "no source is named: the sample is read")


@source.command("remove")
@click.argument("name")
def remove(name: str) -> None:
    """Forget the kept source of system NAME; what was loaded from it stays."""
    settings = Settings.from_env()
    with locked(settings.home):
        addresses = kept.sources(settings.home)
        if name not in addresses:
            known = ", ".join(sorted(addresses)) or "none is kept"
            raise MoodmartError("no source is kept", name, f"kept: {known}" if addresses else known)
        kept.keep_sources(settings.home, {system: a for system, a in addresses.items() if system != name})
    click.echo(f"{name} is no longer read from {plain(addresses[name])}; its loaded rows stay")


def with_sources(settings: Settings, texts: Iterable[str]) -> Settings:
    """`settings` with the sources given as `NAME=URL`."""
    return settings.with_sources(parsed(settings, texts, "--source"))


def parsed(settings: Settings, texts: Iterable[str], where: str) -> dict[str, str]:
    """Address by system of sources given as `NAME=URL`; folders are absolute."""
    return dict(_parsed(settings, text, where) for text in texts)


def check_sources(settings: Settings, systems: Iterable[str], say: Callable[[str], None]) -> None:
    """Raise before anything is changed if a source cannot be read as its contract says."""
    for name in systems:
        system = find_system(settings, name)
        if not settings.has_source(name):
            say(f"{name} has no source")
            continue
        opened = open_source(settings, system)
        say(f"reading {name} from {opened.name if name in settings.sources else 'the bundled sample'}")
        if missing := opened.check(system.roots):
            say(f"{name} does not offer {', '.join(missing)}")
        for remark in opened.remarks():
            say(f"{name}: {remark}")


def confirm_purpose(settings: Settings, systems: Iterable[str]) -> None:
    """Raise if the warehouse, which is up, is for other sources than those of `systems`."""
    with Warehouse(settings).connect("owner") as connection:
        for name in systems:
            if settings.has_source(name):
                purpose.confirm(connection, settings, name, settings.source_address(name))


def keep(settings: Settings, addresses: Mapping[str, str]) -> None:
    """Keep `addresses` beside, or instead of, those the home keeps."""
    with locked(settings.home):
        kept.keep_sources(settings.home, {**kept.sources(settings.home), **addresses})


def keep_new(settings: Settings, addresses: Mapping[str, str], say: Callable[[str], None]) -> None:
    """Keep those of `addresses` whose systems the home keeps no source of; a source for one run replaces none."""
    known = kept.sources(settings.home)
    new = {name: address for name, address in addresses.items() if name not in known}
    if new:
        keep(settings, new)
        say(f"kept for the next runs: {', '.join(sorted(new))} (`moodmart source list`)")
    for name in sorted(name for name, address in addresses.items() if known.get(name, address) != address):
        say(f"{name} is read from there this once: `moodmart source add` keeps another source")


def plain(address: str) -> str:
    """`address` as it may be shown."""
    return shown(address) if "://" in address else address


def _parsed(settings: Settings, text: str, where: str) -> tuple[str, str]:
    name, separator, address = text.partition("=")
    if not (separator and name and address) or "://" in name:
        # what follows the scheme may hold a password
        raise MoodmartError(f"{name.partition('://')[0]!r} names no source", where, "write it as NAME=URL")
    return find_system(settings, name).name, address if "://" in address else str(Path(address).expanduser().resolve())
