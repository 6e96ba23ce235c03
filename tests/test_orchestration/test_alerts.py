"""Whoever has set an alert command is told about a failed run in one line."""

from pathlib import Path

import dagster as dg
import pytest

from ingestion.errors import SourceError
from orchestration.defs.sensors import describe, send
from orchestration.lib.failures import failing_plainly


def failed_run(instance: dg.DagsterInstance) -> dg.RunFailureSensorContext:
    """What the sensor is given after a run whose source lacks a column."""

    @dg.op
    def load() -> None:
        with failing_plainly(0):
            raise SourceError("column path is missing", "new_smell.csv", "")

    @dg.job
    def hourly() -> None:
        load()

    result = hourly.execute_in_process(instance=instance, raise_on_error=False)
    context = dg.build_run_status_sensor_context(
        sensor_name="alert",
        dagster_event=result.get_run_failure_event(),
        dagster_instance=instance,
        dagster_run=result.dagster_run,
    )
    return context.for_run_failure()


def test_the_alert_names_run_step_and_reason_in_one_line() -> None:
    with dg.DagsterInstance.ephemeral() as instance:
        line = describe(failed_run(instance))
    assert "of hourly failed: load: new_smell.csv: column path is missing" in line
    assert "\n" not in line


def test_the_command_gets_the_line_on_its_standard_input(tmp_path: Path) -> None:
    send(f"cat > {tmp_path / 'alert'}", "moodmart: run 1 failed")
    assert (tmp_path / "alert").read_text() == "moodmart: run 1 failed\n"


def test_a_command_that_fails_fails_the_tick() -> None:
    with pytest.raises(Exception, match="exit status 3"):
        send("exit 3", "moodmart: run 1 failed")
