"""`moodmart ui`: the start page, Dagster with its schedules, Data Docs and dbt docs, all on 127.0.0.1.

warehouse up -> `dagster dev` in a process of its own on the next port -> the start page in this process -> Ctrl-C ends
both.

    python -m orchestration.cli ui --port 3000
"""

import ctypes
import fcntl
import os
import signal
import socket
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from types import FrameType

import click

from ingestion.embedded import locked
from ingestion.errors import MoodmartError
from ingestion.settings import LAST_PORT, Settings
from ingestion.warehouse import Warehouse, place
from orchestration.lib import dbt_docs
from orchestration.lib.site import HOST, make_server
from orchestration.lib.start_page import Door, page

STOP_SECONDS = 30
PR_SET_PDEATHSIG = 1


@click.command()
@click.option("--port", type=click.IntRange(1, LAST_PORT), help="Port of the start page; Dagster is on the next one.")
def ui(port: int | None) -> None:
    """Open the start page, Dagster, Data Docs and dbt docs; Ctrl-C ends them."""
    take_signals()
    settings = Settings.from_env()
    with alone(settings):
        serve(settings, port or settings.ui_port)


@contextmanager
def alone(settings: Settings) -> Iterator[None]:
    """Be the only `moodmart ui` of the home: two would run every schedule twice. The kernel gives the lock back."""
    with locked(settings.home):
        file = (settings.home / "ui.lock").open("a+")
    with file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            file.seek(0)
            who = file.read().strip() or "another process"
            raise MoodmartError("`moodmart ui` runs already", str(settings.home), f"process {who}") from None
        file.truncate(0)
        file.write(str(os.getpid()))
        file.flush()
        yield


def serve(settings: Settings, port: int) -> None:
    """The warehouse, Dagster and the start page, until Ctrl-C."""
    if is_answered(port + 1):
        raise MoodmartError("somebody listens there already", f"port {port + 1}", "choose another with --port")
    warehouse = Warehouse(settings)
    warehouse.up()
    where = f"warehouse at {place(warehouse.dsn())}"
    folders = {"data-docs": settings.home / "data_docs", "dbt-docs": dbt_docs.docs_path(settings)}
    site = make_server(port, lambda: page(settings, where, doors(settings, port)), folders)
    with site, dagster(settings, port + 1) as process:
        threading.Thread(target=make_docs, args=(settings,), daemon=True).start()
        threading.Thread(target=site.serve_forever, daemon=True).start()
        click.echo(f"start page  http://{HOST}:{port}")
        click.echo(f"Dagster     http://{HOST}:{port + 1} (ready in some seconds; log: {log_path(settings)})")
        wait(process)
        site.shutdown()


def doors(settings: Settings, port: int) -> list[Door]:
    """The links of the start page; what is not there yet is shut."""
    dagster_up = is_answered(port + 1)
    data_docs = (settings.home / "data_docs" / "index.html").exists()
    docs = (dbt_docs.docs_path(settings) / "index.html").exists()
    return [
        Door(
            "Dagster",
            "Assets, runs, schedules and checks" if dagster_up else "is starting",
            f"http://{HOST}:{port + 1}" if dagster_up else None,
        ),
        Door(
            "Data Docs",
            "Expectation reports on staging and marts" if data_docs else "are written by the first run",
            "/data-docs/" if data_docs else None,
        ),
        Door(
            "dbt docs",
            "Models, columns and lineage" if docs else "are being made",
            "/dbt-docs/" if docs else None,
        ),
    ]


def make_docs(settings: Settings) -> None:
    """Make dbt's docs beside everything else; that they fail is no reason to end."""
    try:
        dbt_docs.generate(settings)
    except MoodmartError as error:
        click.echo(f"dbt docs are not made: {error}", err=True)


def log_path(settings: Settings) -> Path:
    """Log of Dagster's own processes."""
    return settings.home / "logs" / "dagster.log"


@contextmanager
def dagster(settings: Settings, port: int) -> Iterator["subprocess.Popen[bytes]"]:
    """`dagster dev` with its daemon, on the same instance as `moodmart run`; ended with the block."""
    from orchestration.lib.instance import dagster_home  # imports Dagster, which takes seconds

    (settings.home / "logs").mkdir(parents=True, exist_ok=True)
    command = [sys.executable, "-m", "dagster", "dev", "-w", "workspace.yaml", "-h", HOST, "-p", str(port)]
    environment = {
        **os.environ,
        "DAGSTER_HOME": str(dagster_home(settings)),
        "DAGSTER_DISABLE_TELEMETRY": "yes",
        "MOODMART_HOME": str(settings.home),
        "MOODMART_UI_PORT": str(port - 1),
    }
    with log_path(settings).open("ab") as log:
        process = subprocess.Popen(  # noqa: S603 - our own program and arguments
            command, cwd=settings.project_root, env=environment, stdin=subprocess.DEVNULL,
            stdout=log, stderr=log, start_new_session=True,
            preexec_fn=end_with_parent,  # noqa: PLW1509 - no other thread runs yet
        )  # fmt: skip
    try:
        yield process
    finally:
        stop(process)


def end_with_parent() -> None:
    """Let Linux interrupt Dagster when this process is killed: its schedules would go on beside those of the next."""
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGINT)


def stop(process: "subprocess.Popen[bytes]") -> None:
    """End Dagster: it stops its own children when asked, and is killed with them when it does not."""
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, signal.SIG_IGN)  # an impatient second Ctrl-C would leave it running
    if process.poll() is None:
        process.send_signal(signal.SIGINT)
        try:
            process.wait(STOP_SECONDS)
        except subprocess.TimeoutExpired:
            os.killpg(process.pid, signal.SIGKILL)
            process.wait()


def wait(process: "subprocess.Popen[bytes]") -> None:
    """Until Ctrl-C, a termination signal, or the end of Dagster."""
    try:
        # whoever reads this may already end us
        click.echo("Ctrl-C ends both")
        code = process.wait()
    except KeyboardInterrupt:
        click.echo("ending")
        return
    raise click.ClickException(f"Dagster ended with code {code}; see its log")


def take_signals() -> None:
    """End on SIGINT and SIGTERM alike, also where a shell has started this in the background with SIGINT ignored.

    Without this Dagster's processes would inherit that and could only be killed.
    """
    signal.signal(signal.SIGINT, interrupt)
    signal.signal(signal.SIGTERM, interrupt)


def interrupt(number: int, frame: FrameType | None) -> None:
    """Unwind."""
    raise KeyboardInterrupt


def is_answered(port: int) -> bool:
    """Whether something listens on the port."""
    with socket.socket() as probe:
        probe.settimeout(1)
        return probe.connect_ex((HOST, port)) == 0
