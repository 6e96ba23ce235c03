"""The summary at the end of `moodmart run`: outcome -> text."""

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from orchestration.lib.run import Order, Outcome, Verdict

COUNTS = ("extracted", "inserted", "updated", "unchanged", "quarantined")
RARE_COUNTS = ("erased", "deleted", "recovered")
"""Shown when one of them is not 0."""
SHOWN_RULES = 5


def lines(order: Order, outcome: Outcome, marts: Mapping[str, int], home: Path) -> Iterator[str]:
    """The whole summary."""
    yield ""
    yield from loads(outcome)
    yield from mart_rows(order, outcome, marts)
    yield from checks(outcome)
    yield from (f"failed  {failed.step}: {' '.join(failed.reason.split())}" for failed in outcome.failures)
    yield "time    " + ", ".join(f"{phase} {seconds:.1f} s" for phase, seconds in outcome.seconds.items())
    docs = home / "data_docs" / "index.html"
    if docs.exists():
        yield f"reports {docs} (or `moodmart ui`)"


def loads(outcome: Outcome) -> Iterator[str]:
    """Rows by entity, and why rows are in quarantine."""
    new = {
        key: found
        for key, found in outcome.loads.items()
        if found["extracted"] or found["deleted"] or found["deleted_elsewhere"]
    }
    if not new:
        yield "loads   nothing new"
        return
    width = max(len(".".join(key)) for key in new)
    counts = [*COUNTS, *(name for name in RARE_COUNTS if any(found[name] for found in new.values()))]
    yield f"{'loads':<{width}}" + "".join(f"{name:>13}" for name in counts)
    for key, found in new.items():
        yield f"{'.'.join(key):<{width}}" + "".join(f"{_number(found[name]):>13}" for name in counts)
        reasons: Any = found["reasons"]
        if reasons:
            told = ", ".join(f"{code} {count:,}" for code, count in sorted(reasons.items(), key=_most))
            yield f"  quarantined by reason: {told}"
        along: Any = found.get("deleted_elsewhere")
        if along:
            told = ", ".join(f"{entity} {count:,}" for entity, count in sorted(along.items(), key=_most))
            yield f"  deleted elsewhere: {told}"
    if len(new) < len(outcome.loads):
        yield f"nothing new in {len(outcome.loads) - len(new)} more"


def mart_rows(order: Order, outcome: Outcome, marts: Mapping[str, int]) -> Iterator[str]:
    """Rows by mart."""
    kept = " (nothing new: kept as they were)" if outcome.skipped_build else ""
    yield f"marts   as of {order.as_of}{kept}"
    width = max(map(len, marts), default=0)
    for name, rows in marts.items():
        stayed = "" if outcome.succeeded or name in outcome.built else "  not built, kept as it was"
        yield f"  {name:<{width}}  {rows:>12,} rows{stayed}"


def checks(outcome: Outcome) -> Iterator[str]:
    """How many checks passed, and each that did not."""
    if outcome.skipped_build:
        yield "checks  not judged again"
        return
    broken = [verdict for verdict in outcome.verdicts if not verdict.passed]
    failed = [verdict for verdict in broken if verdict.blocking]
    passed = len(outcome.verdicts) - len(broken)
    yield f"checks  {passed} passed, {len(failed)} failed, {len(broken) - len(failed)} warned"
    yield from (describe(verdict) for verdict in broken)


def describe(verdict: Verdict) -> str:
    """One line about a check that did not pass."""
    found = [
        f"{code}: {rows:,} rows" if isinstance(rows, int) else f"{code}: {rows}"
        for code, rows in verdict.broken.items()
    ]
    more = [f"and {len(found) - SHOWN_RULES} more rules"] if len(found) > SHOWN_RULES else []
    told = ", ".join(found[:SHOWN_RULES] + more)
    word = "failed" if verdict.blocking else "warned"
    return f"  {word}  {verdict.asset}: {verdict.name}" + (f" ({told})" if told else "")


def _number(value: object) -> str:
    return f"{value:,}" if isinstance(value, int) else str(value)


def _most(item: tuple[str, int]) -> tuple[int, str]:
    return -item[1], item[0]
