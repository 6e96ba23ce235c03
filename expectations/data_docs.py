"""Build the Data Docs: the newest result of every suite as a static site the data steward reads.

`<home>/expectation_results/newest/` -> Great Expectations' site builder -> `<home>/data_docs/index.html`

The library's own page templates load scripts and styles from public servers and stay blank without them, so
the two renderers and the view below take their place, as the site's configuration allows. Their pages hold
everything they need and load nothing. The library's builder still decides what is built, where it lies and
what is removed.

    python -m expectations.data_docs          builds the site from the kept results and prints its address
"""

from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from great_expectations.core.expectation_validation_result import (
    ExpectationSuiteValidationResult,
    ExpectationSuiteValidationResultSchema,
)
from great_expectations.core.run_identifier import RunIdentifier
from great_expectations.data_context.data_context.ephemeral_data_context import EphemeralDataContext
from great_expectations.data_context.types.resource_identifiers import (
    ExpectationSuiteIdentifier,
    ValidationResultIdentifier,
)
from great_expectations.render.renderer.site_builder import SiteBuilder
from jinja2 import Environment, PackageLoader, select_autoescape

from expectations import results
from expectations.declared import SCOPES
from expectations.results import CheckResult, Document
from expectations.validation import as_document, in_memory_context
from ingestion.errors import MoodmartError
from ingestion.settings import Settings

# the order in which a steward wants to read
STATUSES = ("failed", "warning", "passed")


def build(settings: Settings) -> Path:
    """Build the whole site from the newest kept results; the path of its first page."""
    context = in_memory_context(data_docs_sites={"moodmart": _site(settings)})
    documents = results.newest_documents(settings)
    for document in documents.values():
        _put(context, document)
    context.build_data_docs()
    site = settings.home / "data_docs"
    index = site / "index.html"
    # the library logs a page it cannot render and goes on without it
    if len(list(site.glob("validations/**/*.html"))) != len(documents) or not index.stat().st_size:
        raise MoodmartError("pages are missing", str(site), "remove the folder and check again")
    return index


def _site(settings: Settings) -> dict[str, Any]:
    ours = {"module_name": __name__}
    view = {**ours, "class_name": "OfflineView"}
    return {
        **ours,
        "class_name": "OfflineSiteBuilder",
        "show_how_to_buttons": False,
        "store_backend": {
            "class_name": "TupleFilesystemStoreBackend",
            "base_directory": str(settings.home / "data_docs"),
        },
        "site_section_builders": {
            "expectations": "None",
            "profiling": "None",
            "validations": {"renderer": {**ours, "class_name": "SuiteRenderer"}, "view": view},
        },
        "site_index_builder": {
            "class_name": "DefaultSiteIndexBuilder",
            "renderer": {**ours, "class_name": "IndexRenderer"},
            "view": view,
        },
    }


def _put(context: EphemeralDataContext, document: Document) -> None:
    result = ExpectationSuiteValidationResultSchema().load(document)
    context.validation_results_store.set(_key(document["suite_name"]), result)


def _key(suite_name: str) -> ValidationResultIdentifier:
    """Name the newest result of a suite: the same for every run, so that its page keeps its address."""
    return ValidationResultIdentifier(
        expectation_suite_identifier=ExpectationSuiteIdentifier(suite_name),
        run_id=RunIdentifier(run_name="newest", run_time=datetime.fromtimestamp(0, UTC)),
        batch_identifier="all_rows",
    )


class OfflineSiteBuilder(SiteBuilder):
    """The library's site builder without its 5 MB of images and fonts, which our pages do not use."""

    def build(self, resource_identifiers: list[Any] | None = None, build_index: bool = True) -> tuple[str | None, Any]:
        """Build every page, then the index; its address and its links."""
        for section in self.site_section_builders.values():
            section.build(resource_identifiers=resource_identifiers)
        _, links = self.site_index_builder.build(build_index=build_index)
        return self.get_resource_url(only_if_exists=False), links


class OfflineView:
    """Documents of the renderers below as HTML."""

    def __init__(self) -> None:
        self.environment = Environment(
            loader=PackageLoader("expectations"),
            autoescape=select_autoescape(default=True),
            trim_blocks=True,
            lstrip_blocks=True,
        )

    def render(self, document: Mapping[str, Any], **_: Any) -> str:
        """The page of `document`, whose `template` names its template."""
        return self.environment.get_template(document["template"]).render(document)


class SuiteRenderer:
    """One suite's result as the document of its page."""

    def render(self, result: ExpectationSuiteValidationResult) -> dict[str, Any]:
        """Every rule with its verdict, what is broken first."""
        document = as_document(result)
        rows = [
            {"check": check, "status": _status(check), "share": _share(check), "rule": config["description"]}
            for check, config in zip(results.check_results(document), _configurations(document), strict=True)
        ]
        return {
            "template": "suite.html",
            "home": "../" * (document["suite_name"].count(".") + 4),
            "summary": _summary(document),
            "rows": sorted(rows, key=lambda row: STATUSES.index(row["status"])),
            "version": document["meta"]["great_expectations_version"],
        }


class IndexRenderer:
    """The site's links as the document of its first page."""

    def __init__(self, data_context: EphemeralDataContext) -> None:
        self.store = data_context.validation_results_store

    def render(self, links: Mapping[str, Any]) -> dict[str, Any]:
        """Every suite with its counts, by scope, what is broken first."""
        suites = [self._suite(link) for link in links.get("validations_links", ())]
        suites.sort(key=lambda suite: (STATUSES.index(suite["status"]), suite["name"]))
        return {
            "template": "index.html",
            "scopes": {scope: [suite for suite in suites if suite["scope"] == scope] for scope in SCOPES},
            "failed": sum(suite["failed"] for suite in suites),
            "warnings": sum(suite["warnings"] for suite in suites),
            "checks": sum(suite["checks"] for suite in suites),
        }

    def _suite(self, link: Mapping[str, Any]) -> dict[str, Any]:
        document = as_document(self.store.get(_key(link["expectation_suite_name"])))
        return {"href": link["filepath"], **_summary(document)}


def _configurations(document: Document) -> Iterable[Document]:
    return (result["expectation_config"] for result in document["results"])


def _summary(document: Document) -> dict[str, Any]:
    checks = results.check_results(document)
    statuses = [_status(check) for check in checks]
    counted = [check.element_count for check in checks if check.element_count is not None]
    return {
        "name": document["suite_name"],
        "scope": document["meta"]["scope"],
        "description": document["meta"]["description"],
        "status": min(statuses, key=STATUSES.index, default="passed"),
        "checks": len(checks),
        "failed": statuses.count("failed"),
        "warnings": statuses.count("warning"),
        "rows": max(counted, default=None),
        "problem": results.common_exception(checks),
        "judged_at": _shown(document["meta"]["run_id"]["run_time"]),
    }


def _status(check: CheckResult) -> str:
    if check.passed:
        return "passed"
    return "failed" if check.is_blocking else "warning"


def _share(check: CheckResult) -> str:
    if not check.unexpected_count or not check.element_count:
        return ""
    share = 100 * check.unexpected_count / check.element_count
    return f"{share:.1f} %" if share >= 0.1 else "under 0.1 %"  # noqa: PLR2004


def _shown(moment: str) -> str:
    return f"{datetime.fromisoformat(moment).astimezone(UTC):%Y-%m-%d %H:%M:%S}"


def main() -> None:
    """Build the site."""
    print(build(Settings.from_env()).as_uri())


if __name__ == "__main__":
    main()
