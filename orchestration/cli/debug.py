"""The option `--debug`, which every command has."""

import click

KEY = "moodmart.debug"


def is_on() -> bool:
    """Whether the option was given, before or after the command's name."""
    return bool(click.get_current_context().meta.get(KEY))


def add_to(command: click.Command) -> click.Command:
    """Give `command`, and the commands in it, the option."""
    if OPTION not in command.params:
        command.params.append(OPTION)
    for inner in getattr(command, "commands", {}).values():
        add_to(inner)
    return command


def _switch_on(context: click.Context, _: click.Parameter, given: bool) -> None:
    if given:
        context.meta[KEY] = True


OPTION = click.Option(
    ["--debug"], is_flag=True, expose_value=False, callback=_switch_on, help="Show tracebacks, and a run's log lines."
)
