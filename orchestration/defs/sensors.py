"""Tell somebody when a scheduled run fails.

run failure -> one line -> standard input of `MOODMART_ALERT_COMMAND`, for instance
`curl -s --data-binary @- https://alerts.example/hook` or `mail -s moodmart ops@example.org`.
"""

import subprocess

import dagster as dg

from ingestion.settings import Settings

TIMEOUT_SECONDS = 30


def build(settings: Settings) -> dg.Definitions:
    """The alert sensor, which runs when an alert command is set."""
    status = dg.DefaultSensorStatus.RUNNING if settings.alert_command else dg.DefaultSensorStatus.STOPPED

    @dg.run_failure_sensor(name="alert_on_failure", default_status=status, monitor_all_code_locations=True)
    def alert(context: dg.RunFailureSensorContext) -> None:
        """Hand one line about the failed run to MOODMART_ALERT_COMMAND."""
        if settings.alert_command:
            send(settings.alert_command, describe(context))

    return dg.Definitions(sensors=[alert])


def describe(context: dg.RunFailureSensorContext) -> str:
    """One line: which run failed, where, and why."""
    run = context.dagster_run
    reasons = []
    for event in context.get_step_failure_events():
        data = event.step_failure_data
        failure = data.user_failure_data
        message = failure.description if failure else data.error.message if data.error else ""
        reasons.append(f"{event.step_key}: {message}")
    text = "; ".join(reasons) or context.failure_event.message or "unknown reason"
    return " ".join(f"moodmart: run {run.run_id} of {run.job_name} failed: {text}".split())


def send(command: str, line: str) -> None:
    """Run the operator's command with `line` on its standard input; its failure fails the sensor's tick."""
    subprocess.run(  # noqa: S602 - the operator's own command
        command, shell=True, input=f"{line}\n", text=True, timeout=TIMEOUT_SECONDS, check=True
    )
