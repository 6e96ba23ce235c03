"""One asset per source entity, [system, entity]: its staging table.

An op loads one root entity, through `ingestion.load.load_entity`, and has the entities nested in it as further
outputs. The keys are those of the dbt sources, so the graph runs from the source to the marts. The load that brings
people's consent has it as one more output, [system, entity_consent], and the loads that ask for it wait for that.
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
CONSENT_SUFFIX = "_consent"
"""Ends the names of the assets that loads wait for. Waiting for the entity itself would be waiting for its checks, and
those are judged with all of staging after the last load: a circle."""


def build(settings: Settings, say: Callable[[str], None]) -> dg.Definitions:
    """The load assets of every system in the contracts."""
    systems = load_contracts(settings.project_root).values()
    return dg.Definitions(
        assets=[load_asset(settings, system, root, say) for system in systems for root in system.roots]
    )


def load_asset(settings: Settings, system: System, root: Entity, say: Callable[[str], None]) -> dg.AssetsDefinition:
    """The asset of `root`, of the entities nested in it, and of the consent it holds."""
    consent = [_consent_spec(system, root)] if root.name in consent_of(*system.roots) else []

    @dg.multi_asset(
        name=f"load_{system.name}__{root.name}",
        specs=[*(_spec(system, entity) for entity in (root, *system.children(root))), *consent],
    )
    def load(context: dg.AssetExecutionContext) -> Iterator[dg.MaterializeResult[None]]:
        with failing_plainly(context.retry_number):
            results = load_entity(settings, system, root)
        for result in results:
            if result.extracted or result.deleted or result.elsewhere:
                say(describe(result))
            yield dg.MaterializeResult(asset_key=[result.system, result.entity], metadata=metadata(result, settings))
        yield from (dg.MaterializeResult(asset_key=spec.key) for spec in consent)

    return load


def consent_of(*entities: Entity) -> list[str]:
    """Names of the entities that hold the consent the loads of `entities` ask for."""
    return sorted({clause.entity for entity in entities for clause in entity.consent})


def consent_key(system: System, name: str) -> dg.AssetKey:
    """The asset of the consent that entity `name` holds."""
    return dg.AssetKey([system.name, f"{name}{CONSENT_SUFFIX}"])


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
        "recovered": result.recovered,
        "deleted_elsewhere": dict(result.elsewhere),
        "reasons": dict(result.reasons),
        "seconds": round(result.seconds, 3),
        "report": dg.MetadataValue.url(report_address(settings)),
    }


def _spec(system: System, entity: Entity) -> dg.AssetSpec:
    deps = [dg.AssetKey([system.name, entity.parent])] if entity.parent else []
    deps += [consent_key(system, name) for name in consent_of(entity)]
    return dg.AssetSpec(
        key=[system.name, entity.name],
        deps=deps,
        description=entity.description,
        group_name=system.name,
        kinds={KIND, "postgres"},
        metadata={"dagster/table_name": entity.table, "mode": entity.mode},
    )


def _consent_spec(system: System, entity: Entity) -> dg.AssetSpec:
    return dg.AssetSpec(
        key=consent_key(system, entity.name),
        deps=[dg.AssetKey([system.name, entity.name])],
        description=f"What the people in {entity.name} consent to is known: what asks for it may be loaded.",
        group_name=system.name,
        kinds={KIND, "postgres"},
    )
