"""Results of the checks: what is kept of them, where, and how it is read back. Needs no Great Expectations.

A verdict of the library -> `counts_only` -> `<home>/expectation_results/newest/<table>.json`, and one compact
file per run in the dated trail `<home>/expectation_results/<UTC date>/<UTC time>-<scope>.json`.

Only what `counts_only` names is ever written: counts, percentages and the declared rule, never a value of a
row.

    python -m expectations.results          lists the newest result of every suite
"""

import json
import os
import re
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from ingestion.settings import Settings

Document = dict[str, Any]
COUNTED = (
    "element_count",
    "unexpected_count",
    "unexpected_percent",
    "unexpected_percent_total",
    "unexpected_percent_nonmissing",
    "missing_count",
    "missing_percent",
)
NO_EXCEPTION = {"raised_exception": False, "exception_message": None, "exception_traceback": None}
NOT_COMPUTED = "the rule could not be computed"


@dataclass(frozen=True)
class CheckResult:
    """The verdict on one declared rule. Counts are None where `exception` says why nothing was counted."""

    scope: str
    table: str
    code: str
    severity: str
    passed: bool
    unexpected_count: int | None
    element_count: int | None
    exception: str | None = None
    reason: str = ""

    @property
    def is_blocking(self) -> bool:
        """Whether this result stops what comes after."""
        return not self.passed and self.severity == "critical"


def counts_only(result: Mapping[str, Any]) -> Document:
    """The library's verdict on one rule as JSON, without anything that could hold a value of a row."""
    if problem := _problem(result.get("exception_info") or {}):
        return not_judged(result["expectation_config"], problem)
    counted = {name: result["result"].get(name) for name in COUNTED}
    if counted["element_count"] is None:
        # the library takes "nothing was counted" for success
        return not_judged(result["expectation_config"], NOT_COMPUTED)
    # a sum over no rows is null
    counted["unexpected_count"] = counted["unexpected_count"] or 0
    return {
        "success": result["success"] and counted["unexpected_count"] == 0,
        "expectation_config": result["expectation_config"],
        "result": counted,
        "meta": {},
        "exception_info": NO_EXCEPTION,
    }


def assembled(suite_name: str, results: list[Document], meta: Mapping[str, Any]) -> Document:
    """One suite's result in the library's form."""
    # a warning alone does not fail a suite
    failed = [r for r in results if not r["success"]]
    blocking = [r for r in failed if r["expectation_config"]["meta"]["severity"] == "critical"]
    return {
        "suite_name": suite_name,
        "success": not blocking,
        "results": results,
        "statistics": {
            "evaluated_expectations": len(results),
            "successful_expectations": len(results) - len(failed),
            "unsuccessful_expectations": len(failed),
            "success_percent": 100 * (1 - len(failed) / len(results)) if results else None,
        },
        "suite_parameters": {},
        "meta": dict(meta),
    }


def not_judged(expectation_config: Document, problem: str) -> Document:
    """The result of a rule that was not handed to the library."""
    raised = {"raised_exception": True, "exception_message": problem, "exception_traceback": None}
    return {
        "success": False,
        "expectation_config": expectation_config,
        "result": {},
        "meta": {},
        "exception_info": raised,
    }


def nothing_to_judge(expectation_config: Document) -> Document:
    """The result of a rule on a table without rows."""
    return {
        "success": True,
        "expectation_config": expectation_config,
        "result": {name: 0 if name.endswith("_count") else None for name in COUNTED},
        "meta": {},
        "exception_info": NO_EXCEPTION,
    }


def _problem(info: Mapping[str, Any]) -> str | None:
    """What went wrong, without the library's text: that quotes the SQL and the values in it."""
    raised = [info] if "raised_exception" in info else list(info.values())
    texts = [str(entry.get("exception_message")) for entry in raised if entry.get("raised_exception")]
    if not texts:
        return None
    errors = re.findall(r"psycopg2\.errors\.(\w+)", " ".join(texts))
    return f"{NOT_COMPUTED} ({errors[0]})" if errors else NOT_COMPUTED


def check_results(document: Mapping[str, Any]) -> list[CheckResult]:
    """The verdicts a kept result holds, one per declared rule."""
    return [_check_result(document, result) for result in document["results"]]


def _check_result(document: Mapping[str, Any], result: Mapping[str, Any]) -> CheckResult:
    declared = result["expectation_config"]["meta"]
    return CheckResult(
        scope=document["meta"]["scope"],
        table=document["suite_name"],
        code=declared["code"],
        severity=declared["severity"],
        passed=result["success"],
        unexpected_count=result["result"].get("unexpected_count"),
        element_count=result["result"].get("element_count"),
        exception=result["exception_info"]["exception_message"],
        reason=declared["reason"],
    )


def common_exception(checks: Collection[CheckResult]) -> str | None:
    """Find what kept every one of `checks` from being counted, if it is the same."""
    exceptions = {check.exception for check in checks}
    return exceptions.pop() if len(exceptions) == 1 else None


def results_folder(settings: Settings) -> Path:
    """Where results are kept."""
    return settings.home / "expectation_results"


def save(settings: Settings, scope: str, judged_at: datetime, documents: Collection[Document]) -> None:
    """Keep `documents` as the newest results of their suites and add them to the dated trail."""
    newest = results_folder(settings) / "newest"
    for document in documents:
        _write(newest / f"{document['suite_name']}.json", document)
    trail = results_folder(settings) / f"{judged_at:%Y-%m-%d}" / f"{judged_at:%H%M%S.%f}-{scope}.json"
    suites = {document["suite_name"]: _brief(document) for document in documents}
    _write(trail, {"scope": scope, "judged_at": judged_at.isoformat(), "suites": suites})


def _brief(document: Document) -> dict[str, Any]:
    """Verdict, rows that break the rule and rows judged, by rule code."""
    return {
        check.code: check.exception or [check.passed, check.unexpected_count, check.element_count]
        for check in check_results(document)
    }


def _write(path: Path, document: Mapping[str, Any]) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    temporary = path.with_name(f"{path.name}.{os.getpid()}")
    temporary.write_text(json.dumps(document, separators=(",", ":")))
    # readers see the old result or the new one, whenever the writer is killed
    temporary.replace(path)


def forget(settings: Settings, declared: Collection[str]) -> None:
    """Drop the newest results of suites that are declared no longer."""
    for path in _newest_files(settings):
        if path.stem not in declared:
            path.unlink(missing_ok=True)


def newest_documents(settings: Settings) -> dict[str, Document]:
    """The newest kept result of every suite by suite name, in name order."""
    return {path.stem: json.loads(path.read_text()) for path in _newest_files(settings)}


def _newest_files(settings: Settings) -> Iterable[Path]:
    return sorted((results_folder(settings) / "newest").glob("*.json"))


def latest_results(settings: Settings) -> list[CheckResult]:
    """The newest verdict on every rule that was ever judged and is still declared."""
    return [check for document in newest_documents(settings).values() for check in check_results(document)]


def main() -> None:
    """List the newest result of every suite."""
    for table, document in newest_documents(Settings.from_env()).items():
        checks = check_results(document)
        failed = sum(not check.passed for check in checks)
        print(f"{document['meta']['run_id']['run_time'][:19]}  {table}: {len(checks)} checks, {failed} failed")


if __name__ == "__main__":
    main()
