"""The `moodmart` command.

arguments -> the command's own module, imported only when it is asked for -> exit code: 0, 1 (a check failed or a run
broke) or 2 (bad input, told in one line). Dagster and Great Expectations take seconds to import; `query`, `dsn` and
`status` never do.

    python -m orchestration.cli --help
"""

import os
import sys
import traceback
from collections.abc import Sequence
from importlib import import_module

import click

from ingestion.errors import MoodmartError
from ingestion.outages import plain
from ingestion.settings import home_of_env
from orchestration.cli import debug

COMMANDS = {
    "run": "load the sources, build the marts, judge both",
    "source": "the sources this home reads: add, list, remove",
    "query": "run SQL as the analyst, read only",
    "dsn": "print a connection string for psql or a BI tool",
    "ui": "open Dagster, Data Docs and dbt docs behind one start page",
    "quarantine": "the steward's work list of bad rows: list, show, fix, replay",
    "schema": "how the sources' tables changed, and accepting a change",
    "export": "write anonymised training sets of feature vectors",
    "rebuild": "make staging, quarantine and ledger anew from the lake",
    "simulate": "write data of all systems with known truth",
    "env": "print what dbt and dagster, started by hand, need to work on this home",
    "status": "tell whether the warehouse runs and what it holds",
    "up": "start the warehouse",
    "down": "stop the warehouse",
}
MODULES = {"source": "sources", "dsn": "server", "env": "server", "status": "server", "up": "server", "down": "server"}

EXIT_FAILED = 1
EXIT_BAD_INPUT = 2
EXIT_INTERRUPTED = 130


class LazyGroup(click.Group):
    """Commands by name, imported one at a time."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        """Names in the order of the help page."""
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """The command of that name, or None."""
        if cmd_name not in COMMANDS:
            return None
        module = import_module(f"orchestration.cli.{MODULES.get(cmd_name, cmd_name)}")
        command: click.Command = getattr(module, cmd_name)
        return debug.add_to(command)

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """List the commands without importing one."""
        with formatter.section("Commands"):
            formatter.write_dl(list(COMMANDS.items()))


@click.group(cls=LazyGroup, params=[debug.OPTION])
def cli() -> None:
    """A warehouse for behaviour and emotion data: load, build, judge, ask."""


def invoke(arguments: Sequence[str]) -> int:
    """Run one command line; returns the exit code and never lets a traceback out unless `--debug` is given."""
    shows_tracebacks = "--debug" in arguments
    try:
        return int(cli.main(list(arguments), prog_name="moodmart", standalone_mode=False) or 0)
    except click.ClickException as error:
        return _complain(error.format_message(), EXIT_BAD_INPUT)
    except (KeyboardInterrupt, click.Abort):
        return _complain("interrupted", EXIT_INTERRUPTED)
    except BrokenPipeError:
        # the reader has gone: the interpreter must not complain when it flushes at its end
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return EXIT_FAILED
    except MoodmartError as error:
        if shows_tracebacks:
            traceback.print_exc()
        return _complain(str(error), EXIT_BAD_INPUT)
    except Exception as error:  # noqa: BLE001 - the last resort, told in one line
        if shows_tracebacks:
            traceback.print_exc()
        hint = "" if shows_tracebacks else " (--debug shows where)"
        outage = plain(error, str(home_of_env()))
        told = str(outage or f"{type(error).__name__}: {error}{hint}")
        return _complain(told, EXIT_BAD_INPUT if outage else EXIT_FAILED)


def _complain(message: str, code: int) -> int:
    click.echo(f"error: {' '.join(message.split())}", err=True)
    return code


def main() -> None:
    """Entry point of the console script."""
    sys.exit(invoke(sys.argv[1:]))
