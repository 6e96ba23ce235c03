"""Fitted models as assets: Python between dbt's intermediate models and the marts that apply the parameters.

intermediate/int_repeat_days -> ops/model_parameters -> core/model_parameters, behavior/user_behavior_profiles
"""

from collections.abc import Callable, Iterator

import dagster as dg

from ingestion.settings import Settings
from orchestration.lib import as_of, builds, fits
from orchestration.lib.failures import failing_plainly

PARAMETERS = dg.AssetKey(["ops", "model_parameters"])
"""The key of dbt's source of the same name."""


def build(settings: Settings, say: Callable[[str], None]) -> dg.Definitions:
    """The asset of the parameters."""

    @dg.asset(
        key=PARAMETERS,
        deps=[dg.AssetKey(["intermediate", "int_repeat_days"])],
        group_name="core",
        kinds={"scipy"},
        output_required=False,
        description="Parameters of churn, fitted by maximum likelihood for the last Saturday on or before as_of.",
    )
    def fit_models(context: dg.AssetExecutionContext) -> Iterator[dg.MaterializeResult[None]]:
        if builds.is_current(settings, context.run.tags):
            return
        say("fitting churn")
        with failing_plainly(context.retry_number):
            told = fits.refit(settings, as_of.of_run(context.run.tags, settings))
        if "no_parameters" in told:
            say(f"no churn risk: {told['no_parameters']}")
        yield dg.MaterializeResult(metadata=told)

    return dg.Definitions(assets=[fit_models])
