"""What there is to judge: the declared rules of every staging table and mart, one suite per table.

Contracts -> `DeclaredSuite`. The rules stand in the contracts only; this module adds what a contract says
without a rule of its own, that an entity's key is filled and unique, and puts each rule into a sentence for
the data steward.

    python -m expectations.declared          lists every rule as a sentence
"""

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Literal, get_args

from expectations.mart_rules import ModelContract, load_model_rules
from ingestion.contracts import Entity, Rule, load_contracts
from ingestion.errors import ContractError, MoodmartError
from ingestion.settings import PROJECT_ROOT

Scope = Literal["staging", "marts"]
SCOPES: tuple[Scope, ...] = get_args(Scope)
COMPARISONS = {
    "<": "less than",
    "<=": "at most",
    "=": "equal to",
    ">=": "at least",
    ">": "greater than",
}


@dataclass(frozen=True)
class DeclaredSuite:
    """The rules of one table. `entity` is (system, entity) for a staging table, None for a mart."""

    scope: Scope
    table: str
    description: str
    rules: tuple[Rule, ...]
    entity: tuple[str, str] | None = None

    @property
    def names(self) -> frozenset[str]:
        """The names a user may call it by."""
        bare = self.table.split(".", 1)[1]
        return frozenset({self.table, bare, *(self.entity or ())[1:]})


def declared_suites(
    project_root: Path, scope: str, systems: Collection[str] = (), names: Collection[str] = ()
) -> list[DeclaredSuite]:
    """The suites of `scope`, limited to `systems` (staging only) and to tables called by one of `names`."""
    if scope not in SCOPES:
        raise MoodmartError(f"no scope {scope!r}", "expectations", f"one of {', '.join(SCOPES)}")
    if scope == "marts":
        if systems:
            raise MoodmartError("marts belong to no system", "expectations", "leave --system out")
        suites = [_mart_suite(model) for model in load_model_rules(project_root)]
    else:
        suites = [_staging_suite(entity) for entity in _entities(project_root, systems)]
    if not names:
        return suites
    known = frozenset[str]().union(*(suite.names for suite in suites))
    if unknown := sorted(set(names) - known):
        tables = ", ".join(suite.table for suite in suites) or "none is declared"
        raise MoodmartError(f"no declared rules for {', '.join(unknown)}", scope, f"one of {tables}")
    return [suite for suite in suites if suite.names & set(names)]


def _entities(project_root: Path, systems: Collection[str]) -> Iterable[Entity]:
    contracts = load_contracts(project_root)
    if unknown := sorted(set(systems) - set(contracts)):
        raise MoodmartError(f"no system {', '.join(unknown)}", "staging", f"one of {', '.join(contracts)}")
    for system in contracts.values():
        if not systems or system.name in systems:
            yield from system.entities


def _staging_suite(entity: Entity) -> DeclaredSuite:
    rules = key_rules(entity) + entity.judged_rules
    return DeclaredSuite("staging", entity.table, entity.description, rules, (entity.system, entity.name))


def _mart_suite(model: ModelContract) -> DeclaredSuite:
    return DeclaredSuite("marts", model.table, model.description, model.all_rules)


def key_rules(entity: Entity) -> tuple[Rule, ...]:
    """Unique key, and filled key columns where no rule demands that already."""
    demanded = {r.column for r in entity.all_rules if r.kind == "not_null" and r.severity == "critical" and not r.when}
    filled = [Rule(f"not_null:{name}", "not_null", name) for name in entity.key if name not in demanded]
    return (Rule(f"duplicate_key:{'+'.join(entity.key)}", "unique", entity.key[0], entity.key), *filled)


def rule_columns(rule: Rule) -> frozenset[str]:
    """Every column a rule reads."""
    others: tuple[str, ...] = ()
    if rule.kind == "compare":
        others = (rule.args[1],)
    elif rule.kind == "unique":
        others = rule.args
    return frozenset({rule.column, *others, *(column for column, _ in rule.when)})


def sentence(rule: Rule) -> str:
    """The rule as a steward reads it: `rating is between 1 and 5, where event_type is RATING_COMPLETED`."""
    if rule.kind == "unique":
        text = f"No two rows have the same {_listed(rule.args, 'and')}"
    else:
        text = f"{rule.column} {_predicate(rule)}"
    conditions = [f"{column} is {_listed(values, 'or')}" for column, values in rule.when]
    return f"{text}, where {' and '.join(conditions)}" if conditions else text


def _predicate(rule: Rule) -> str:
    match rule.kind:
        case "not_null":
            return "is filled"
        case "in":
            return f"is {_listed(rule.args, 'or')}"
        case "between":
            return f"is between {_shown(rule.args[0])} and {_shown(rule.args[1])}"
        case "matches":
            return f"matches the pattern {rule.args[0]}"
        case "min_length":
            return f"has at least {rule.args[0]} character{'' if rule.args[0] == 1 else 's'}"
        case "compare":
            return f"is {COMPARISONS[rule.args[0]]} {rule.args[1]}"
    raise ContractError(f"unknown rule {rule.kind!r}", rule.code, "see dbt_project/docs/contracts.md")


def _listed(values: Iterable[object], last: str) -> str:
    shown = [_shown(value) for value in values]
    return f" {last} ".join(filter(None, [", ".join(shown[:-1]), *shown[-1:]]))


def _shown(value: object) -> str:
    if isinstance(value, bool):
        return str(value).lower()
    # four digits may be a year
    return f"{value:,}" if isinstance(value, int) and abs(value) >= 10_000 else str(value)  # noqa: PLR2004


def main() -> None:
    """List every rule."""
    for scope in SCOPES:
        for suite in declared_suites(PROJECT_ROOT, scope):
            for rule in suite.rules:
                print(f"{suite.table}  {rule.code}: {sentence(rule)}")


if __name__ == "__main__":
    main()
