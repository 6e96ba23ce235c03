"""What there is to judge, and how it is put to the steward and to Great Expectations."""

import pytest

from expectations.declared import declared_suites, key_rules, sentence
from expectations.suites import expectation
from ingestion.contracts import Rule, load_contracts
from ingestion.errors import MoodmartError
from ingestion.settings import PROJECT_ROOT

WHEN = (("event_type", ("A", "B")),)
SENTENCES = [
    (Rule("c", "not_null", "a"), "a is filled"),
    (Rule("c", "in", "a", ("x", "y", "z")), "a is x, y or z"),
    (Rule("c", "in", "a", (True,)), "a is true"),
    (Rule("c", "between", "a", (1, 86400000)), "a is between 1 and 86,400,000"),
    (Rule("c", "between", "a", ("1990-01-01", "2100-01-01")), "a is between 1990-01-01 and 2100-01-01"),
    (Rule("c", "matches", "a", ("^x$",)), "a matches the pattern ^x$"),
    (Rule("c", "min_length", "a", (1,)), "a has at least 1 character"),
    (Rule("c", "compare", "a", ("<=", "b")), "a is at most b"),
    (Rule("c", "unique", "a", ("a", "b")), "No two rows have the same a and b"),
    (Rule("c", "not_null", "a", when=WHEN), "a is filled, where event_type is A or B"),
]


@pytest.mark.parametrize(("rule", "text"), SENTENCES)
def test_a_rule_reads_as_a_sentence(rule: Rule, text: str) -> None:
    assert sentence(rule) == text


def test_every_declared_rule_of_every_system_becomes_one_expectation() -> None:
    entities = [entity for system in load_contracts().values() for entity in system.entities]
    suites = {suite.table: suite for suite in declared_suites(PROJECT_ROOT, "staging")}
    for entity in entities:
        suite = suites[entity.table]
        codes = [(expectation(suite, rule).meta or {})["code"] for rule in suite.rules]
        assert codes == [rule.code for rule in key_rules(entity) + entity.judged_rules]
        assert len(set(codes)) == len(codes)


def test_every_key_is_unique_and_filled() -> None:
    for suite in declared_suites(PROJECT_ROOT, "staging"):
        (unique,) = [rule for rule in suite.rules if rule.code.startswith("duplicate_key:")]
        filled = {rule.column for rule in suite.rules if rule.kind == "not_null" and rule.severity == "critical"}
        assert set(unique.args) <= filled


def test_an_expectation_says_which_rule_it_is() -> None:
    (suite,) = declared_suites(PROJECT_ROOT, "staging", names=["new_smell__users"])
    made = expectation(suite, Rule("odd", "not_null", "user_key", severity="warn", reason="some hide"))
    assert made.meta == {"code": "odd", "severity": "warn", "reason": "some hide", "entity": suite.table}
    assert (made.severity, made.notes, made.description) == ("warning", "some hide", "user_key is filled")


@pytest.mark.parametrize("name", ["users", "new_smell__users", "staging.new_smell__users"])
def test_a_table_answers_to_its_short_and_long_names(name: str) -> None:
    (suite,) = declared_suites(PROJECT_ROOT, "staging", ["new_smell"], [name])
    assert suite.table == "staging.new_smell__users"


@pytest.mark.parametrize(
    ("scope", "systems", "names", "word"),
    [
        ("nowhere", [], [], "nowhere"),
        ("staging", ["no_such"], [], "no_such"),
        ("staging", [], ["users", "no_such"], "no_such"),
        ("marts", [], ["no_such"], "no_such"),
        ("marts", ["new_smell"], [], "system"),
    ],
)
def test_an_unknown_scope_system_or_table_is_named(scope: str, systems: list[str], names: list[str], word: str) -> None:
    with pytest.raises(MoodmartError, match=word):
        declared_suites(PROJECT_ROOT, scope, systems, names)
