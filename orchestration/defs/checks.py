"""The declared rules as asset checks: one per table and severity, judged by Great Expectations.

Staging is judged after the loads and before dbt: where a critical rule is broken, dbt does not build what reads that
system. Marts are judged after dbt, those that Python fills after it once it has. What reads several systems is judged
apart from the rest, as it is built. A rule of severity `warn` is shown and never stops anything.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import Literal

import dagster as dg

from expectations.checkpoints import run_checkpoint
from expectations.declared import DeclaredSuite, Scope, declared_suites
from expectations.results import CheckResult, latest_results
from ingestion.settings import Settings
from orchestration.defs.similarity import NEIGHBOURS
from orchestration.lib import builds
from orchestration.lib.dbt_project import FULL_REFRESH_TAG, MAIN_SYSTEM, Parts
from orchestration.lib.failures import failing_plainly
from orchestration.lib.site import report_address

NAMES = {"critical": "declared_rules", "warn": "declared_warnings"}
FILLED_LATER = {"behavior.user_similarity": NEIGHBOURS}
"""What fills a mart that dbt only shows."""


def build(settings: Settings, parts: Parts, say: Callable[[str], None]) -> dg.Definitions:
    """The checks of staging and of the marts."""
    staging, marts = (declared_suites(settings.project_root, scope) for scope in ("staging", "marts"))
    own = [suite for suite in staging if suite.entity and suite.entity[0] == MAIN_SYSTEM]
    others = [suite for suite in staging if suite not in own]
    rest, shared, late = ([s for s in marts if place(s, parts) == name] for name in ("rest", "shared", "late"))
    made = [
        check_tables(settings, "judge_staging", "staging", own, say),
        check_tables(settings, "judge_staging_shared", "staging", others, say),
        check_tables(settings, "judge_marts", "marts", rest, say),
        check_tables(settings, "judge_marts_shared", "marts", shared, say),
        check_tables(settings, "judge_late_marts", "marts", late, say),
    ]
    return dg.Definitions(asset_checks=[check for check in made if check])


def place(suite: DeclaredSuite, parts: Parts) -> Literal["late", "shared", "rest"]:
    """With which others a mart is judged: a step that judges waits for all of its tables."""
    if suite.table in FILLED_LATER:
        return "late"
    return "shared" if suite.table.split(".")[1] in parts.shared else "rest"


def check_tables(
    settings: Settings, name: str, scope: Scope, suites: Sequence[DeclaredSuite], say: Callable[[str], None]
) -> dg.AssetChecksDefinition | None:
    """One op that judges those of the tables `suites` are for that a run selects; None when there are no suites."""
    if not suites:
        return None

    @dg.multi_asset_check(
        name=name,
        specs=[spec for suite in suites for spec in specs(suite)],
        can_subset=True,
    )
    def judge_tables(context: dg.AssetCheckExecutionContext) -> Iterator[dg.AssetCheckResult]:
        if builds.is_current(settings, context.run.tags):
            return
        wanted = [s for s in suites if any(c.key in context.selected_asset_check_keys for c in specs(s))]
        say(f"judging {len(wanted)} tables of {scope}")
        with failing_plainly(context.retry_number):
            results = run_checkpoint(
                settings,
                scope,
                names=[suite.table for suite in wanted],
                changed_only=may_keep_verdicts(settings, context.run.tags),
            )
        for suite in wanted:
            found = [result for result in results if result.table == suite.table]
            yield from check_results(suite, found, report_address(settings))

    return judge_tables


def may_keep_verdicts(settings: Settings, tags: Mapping[str, str]) -> bool:
    """Whether a table no load has changed keeps its verdict: not after a failure, which somebody may have mended."""
    return FULL_REFRESH_TAG not in tags and not any(check.is_blocking for check in latest_results(settings))


def asset_key(suite: DeclaredSuite) -> dg.AssetKey:
    """The asset the suite judges: [system, entity] or [schema, mart]."""
    return dg.AssetKey(suite.entity or suite.table.split("."))


def specs(suite: DeclaredSuite) -> list[dg.AssetCheckSpec]:
    """A check for each severity the suite has rules of."""
    return [
        dg.AssetCheckSpec(
            name=name,
            asset=asset_key(suite),
            additional_deps=[FILLED_LATER[suite.table]] if suite.table in FILLED_LATER else None,
            blocking=severity == "critical",
            description=f"{sum(rule.severity == severity for rule in suite.rules)} rules",
        )
        for severity, name in NAMES.items()
        if any(rule.severity == severity for rule in suite.rules)
    ]


def check_results(suite: DeclaredSuite, results: Iterable[CheckResult], report: str) -> Iterator[dg.AssetCheckResult]:
    """Dagster's verdicts on one table, with the address of the whole report."""
    for spec in specs(suite):
        critical = spec.name == NAMES["critical"]
        judged = [result for result in results if (result.severity == "critical") == critical]
        broken = {r.code: r.exception or r.unexpected_count for r in judged if not r.passed}
        yield dg.AssetCheckResult(
            passed=not broken,
            asset_key=spec.asset_key,
            check_name=spec.name,
            severity=dg.AssetCheckSeverity.ERROR if critical else dg.AssetCheckSeverity.WARN,
            metadata={
                "rules": len(judged),
                "broken_rules": len(broken),
                "rows_by_broken_rule": broken,
                "report": dg.MetadataValue.url(report),
            },
        )
