"""Declared rules as Great Expectations expectations.

`DeclaredSuite` -> `ExpectationSuite`. The expectations are the library's own, narrowed to counts: they ask
the database how many rows break a rule and never which values those hold. That keeps personal data out of
every result, and it saves one scan of the table per rule.

Importing this module imports Great Expectations, which takes seconds; `checkpoints` does so only when it
must.

    python -m expectations.suites          lists every suite with its number of expectations by kind
"""

from collections import Counter
from collections.abc import Callable, Iterable
from functools import reduce
from operator import and_
from typing import Any

import great_expectations as gx
from great_expectations.expectations.core.expect_column_pair_values_a_to_be_greater_than_b import (
    ExpectColumnPairValuesAToBeGreaterThanB,
)
from great_expectations.expectations.core.expect_column_pair_values_to_be_equal import (
    ExpectColumnPairValuesToBeEqual,
)
from great_expectations.expectations.core.expect_column_value_lengths_to_be_between import (
    ExpectColumnValueLengthsToBeBetween,
)
from great_expectations.expectations.core.expect_column_values_to_be_between import (
    ExpectColumnValuesToBeBetween,
)
from great_expectations.expectations.core.expect_column_values_to_be_in_set import ExpectColumnValuesToBeInSet
from great_expectations.expectations.core.expect_column_values_to_be_unique import (
    ExpectColumnValuesToBeUnique,
)
from great_expectations.expectations.core.expect_column_values_to_match_regex import (
    ExpectColumnValuesToMatchRegex,
)
from great_expectations.expectations.core.expect_column_values_to_not_be_null import (
    ExpectColumnValuesToNotBeNull,
)
from great_expectations.expectations.core.expect_compound_columns_to_be_unique import (
    ExpectCompoundColumnsToBeUnique,
)
from great_expectations.expectations.expectation import Expectation
from great_expectations.expectations.metadata_types import FailureSeverity
from great_expectations.expectations.row_conditions import Column, Condition
from great_expectations.validator.validator import ValidationDependencies

from expectations.declared import SCOPES, DeclaredSuite, declared_suites, sentence
from ingestion.contracts import Rule
from ingestion.errors import ContractError
from ingestion.settings import PROJECT_ROOT

SEVERITIES = {"critical": FailureSeverity.CRITICAL, "warn": FailureSeverity.WARNING}


class CountsOnly:
    """Mixed into an expectation: whatever the result format, only counts are asked of the database."""

    def get_validation_dependencies(
        self,
        execution_engine: Any = None,
        runtime_configuration: dict[str, Any] | None = None,
        **options: Any,
    ) -> ValidationDependencies:
        """The metrics the library needs for a yes or no, which are the counts and nothing else."""
        counting = {**(runtime_configuration or {}), "result_format": {"result_format": "BOOLEAN_ONLY"}}
        dependencies: ValidationDependencies = super().get_validation_dependencies(  # type: ignore[misc]
            execution_engine=execution_engine, runtime_configuration=counting, **options
        )
        # the counts themselves are to be in the result
        dependencies.result_format["result_format"] = "BASIC"
        return dependencies


class ExpectDeclaredFilled(CountsOnly, ExpectColumnValuesToNotBeNull):
    """`not_null`."""


class ExpectDeclaredValues(CountsOnly, ExpectColumnValuesToBeInSet):
    """`in`."""


class ExpectDeclaredRange(CountsOnly, ExpectColumnValuesToBeBetween):
    """`between`."""


class ExpectDeclaredPattern(CountsOnly, ExpectColumnValuesToMatchRegex):
    """`matches`."""


class ExpectDeclaredLength(CountsOnly, ExpectColumnValueLengthsToBeBetween):
    """`min_length`."""


class ExpectDeclaredOrder(CountsOnly, ExpectColumnPairValuesAToBeGreaterThanB):
    """`compare` with <, <=, >= or >."""


class ExpectDeclaredEqual(CountsOnly, ExpectColumnPairValuesToBeEqual):
    """`compare` with =."""


class ExpectDeclaredUnique(CountsOnly, ExpectColumnValuesToBeUnique):
    """`unique` on one column."""


class ExpectDeclaredUniqueTogether(CountsOnly, ExpectCompoundColumnsToBeUnique):
    """`unique` on several columns."""


def expectation_suite(declared: DeclaredSuite, rules: Iterable[Rule]) -> gx.ExpectationSuite:
    """The suite named after its table, with one expectation per rule of `rules`."""
    return gx.ExpectationSuite(
        name=declared.table,
        expectations=[expectation(declared, rule) for rule in rules],
        meta={"scope": declared.scope, "description": declared.description},
    )


def expectation(declared: DeclaredSuite, rule: Rule) -> Expectation:
    """One rule as an expectation; `meta` says which rule it is."""
    kind, arguments = _kind_and_arguments(rule)
    meta = {
        "code": rule.code,
        "severity": rule.severity,
        "reason": rule.reason,
        "entity": declared.table,
    }
    if rule.when:
        arguments["row_condition"] = row_condition(rule)
    return kind(
        **arguments,
        description=sentence(rule),
        notes=rule.reason or None,
        severity=SEVERITIES[rule.severity],
        meta=meta,
    )


def _kind_and_arguments(rule: Rule) -> tuple[type[Expectation], dict[str, Any]]:
    if rule.kind == "compare":
        return _comparison(rule)
    if rule.kind == "unique" and len(rule.args) > 1:
        # a row with a null in the key is as incomparable as a null on its own
        columns = {"column_list": list(rule.args), "ignore_row_if": "any_value_is_missing"}
        return ExpectDeclaredUniqueTogether, columns
    if rule.kind not in ON_ONE_COLUMN:
        raise ContractError(f"unknown rule {rule.kind!r}", rule.code, "see dbt_project/docs/contracts.md")
    kind, arguments = ON_ONE_COLUMN[rule.kind]
    return kind, {"column": rule.column, **arguments(rule)}


def _bounds(rule: Rule) -> dict[str, Any]:
    """Numbers as they are; dates as text, which PostgreSQL reads as the column's own type (in UTC)."""
    low, high = (bound if isinstance(bound, int | float) else str(bound) for bound in rule.args)
    return {"min_value": low, "max_value": high}


ON_ONE_COLUMN: dict[str, tuple[type[Expectation], Callable[[Rule], dict[str, Any]]]] = {
    "not_null": (ExpectDeclaredFilled, lambda _: {}),
    "in": (ExpectDeclaredValues, lambda rule: {"value_set": list(rule.args)}),
    "between": (ExpectDeclaredRange, _bounds),
    "matches": (ExpectDeclaredPattern, lambda rule: {"regex": rule.args[0]}),
    "min_length": (ExpectDeclaredLength, lambda rule: {"min_value": rule.args[0]}),
    "unique": (ExpectDeclaredUnique, lambda _: {}),
}


def _comparison(rule: Rule) -> tuple[type[Expectation], dict[str, Any]]:
    operator, other = rule.args
    # the library knows "A > B" and "A >= B" only: a rule that reads "less" has its sides swapped
    left, right = (other, rule.column) if operator in ("<", "<=") else (rule.column, other)
    sides = {"column_A": left, "column_B": right, "ignore_row_if": "either_value_is_missing"}
    if operator == "=":
        return ExpectDeclaredEqual, sides
    return ExpectDeclaredOrder, {**sides, "or_equal": operator in ("<=", ">=")}


def row_condition(rule: Rule) -> Condition:
    """`when` as a row condition: every named column holds one of its values."""
    return reduce(and_, (_is_one_of(Column(column), list(values)) for column, values in rule.when))


def _is_one_of(column: Column, values: list[Any]) -> Condition:
    if not any(isinstance(value, bool) for value in values):
        return column.is_in(values)
    # the library takes no truth values in a set
    return column == values[0] if len(set(values)) == 1 else column.is_not_null()


def main() -> None:
    """List what the declared rules become."""
    for scope in SCOPES:
        for declared in declared_suites(PROJECT_ROOT, scope):
            suite = expectation_suite(declared, declared.rules)
            kinds = Counter(expectation.expectation_type for expectation in suite.expectations)
            print(f"{suite.name}: {', '.join(f'{count} {kind}' for kind, count in sorted(kinds.items()))}")


if __name__ == "__main__":
    main()
