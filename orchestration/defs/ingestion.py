"""One asset per source entity, [system, entity]: its staging table.

An op loads one root entity, through `ingestion.load.load_entity`, and has the entities nested in it as further
outputs. The keys are those of the dbt sources, so the graph runs from the source to the marts.
"""

from collections.abc import Callable, Iterator

import dagster as dg

from ingestion.contracts import Entity, System, load_contracts
from ingestion.ledger import LoadResult
from ingestion.load import describe, load_entity
from ingestion.settings import Settings
from orchestration.lib.failures import failing_plainly
from orchestration.lib.site import report_address

KIND = "ingestion"
"""Asset kind of every load; job selections use it."""


def build(settings: Settings, say: Callable[[str], None]) -> dg.Definitions:
    """The load assets of every system in the contracts."""
    systems = load_contracts(settings.project_root).values()
    return dg.Definitions(
        assets=[load_asset(settings, system, root, say) for system in systems for root in system.roots]
    )


def load_asset(settings: Settings, system: System, root: Entity, say: Callable[[str], None]) -> dg.AssetsDefinition:
    """The asset of `root` and of the entities nested in it."""

    @dg.multi_asset(
        name=f"load_{system.name}__{root.name}",
        specs=[_spec(system, entity) for entity in (root, *system.children(root))],
    )
    def load(context: dg.AssetExecutionContext) -> Iterator[dg.MaterializeResult[None]]:
        with failing_plainly(context.retry_number):
            results = load_entity(settings, system, root)
        for result in results:
            if result.extracted or result.deleted:
                say(describe(result))
            yield dg.MaterializeResult(asset_key=[result.system, result.entity], metadata=metadata(result, settings))

    return load


def metadata(
    result: LoadResult, settings: Settings
) -> dict[str, dg.MetadataValue | int | float | dict[str, int] | None]:
    """What the UI shows of a load."""
    return {
        "load_id": result.load_id,
        "extracted": result.extracted,
        "inserted": result.inserted,
        "updated": result.updated,
        "unchanged": result.unchanged,
        "quarantined": result.quarantined,
        "erased": result.erased,
        "deleted": result.deleted,
        "reasons": dict(result.reasons),
        "seconds": round(result.seconds, 3),
        "report": dg.MetadataValue.url(report_address(settings)),
    }


def _spec(system: System, entity: Entity) -> dg.AssetSpec:
    deps = [[system.name, entity.parent]] if entity.parent else []
    return dg.AssetSpec(
        key=[system.name, entity.name],
        deps=[dg.AssetKey(dep) for dep in deps],
        description=entity.description,
        group_name=system.name,
        kinds={KIND, "postgres"},
        metadata={"dagster/table_name": entity.table, "mode": entity.mode},
    )
