"""`moodmart simulate`: data of all systems with known truth, from the simulator.

python -m orchestration.cli simulate --users 1000 --days 30 --seed 7 --to simulated
"""

import click

from ingestion.simulator.__main__ import main

PASSED_ON = {"ignore_unknown_options": True, "allow_extra_args": True, "help_option_names": []}


@click.command(context_settings=PASSED_ON, add_help_option=False)
@click.pass_context
def simulate(ctx: click.Context) -> int:
    """Write data of all systems with known truth; the simulator reads the arguments itself."""
    return main(ctx.args)
