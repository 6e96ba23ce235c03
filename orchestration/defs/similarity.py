"""The neighbours of every active user as an asset: numpy, after dbt has built the vectors.

behavior/user_feature_vectors -> ops/similar_users, the table behind the view behavior.user_similarity
"""

from collections.abc import Callable, Iterator

import dagster as dg

from ingestion.settings import Settings
from orchestration.lib import as_of, builds, similarity
from orchestration.lib.failures import failing_plainly

NEIGHBOURS = dg.AssetKey(["ops", "similar_users"])
"""Not the key of dbt's source of that table: the view shows the table, it need not be built after it."""


def build(settings: Settings, say: Callable[[str], None]) -> dg.Definitions:
    """The asset of the neighbours."""

    @dg.asset(
        key=NEIGHBOURS,
        deps=[dg.AssetKey(["behavior", "user_feature_vectors"])],
        group_name="behavior",
        kinds={"numpy"},
        output_required=False,
        description="The 20 users most alike to every user active in 90 days.",
    )
    def compare_users(context: dg.AssetExecutionContext) -> Iterator[dg.MaterializeResult[None]]:
        if builds.is_current(settings, context.run.tags):
            return
        say("comparing users")
        with failing_plainly(context.retry_number):
            told = similarity.refresh(settings, as_of.of_run(context.run.tags, settings))
        yield dg.MaterializeResult(metadata=told)

    return dg.Definitions(assets=[compare_users])
