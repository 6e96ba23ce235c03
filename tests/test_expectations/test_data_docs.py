"""The steward's pages: what they show, that they need nothing from elsewhere, and that no value gets out."""

import re
import shutil
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from expectations.checkpoints import run_checkpoint
from expectations.results import CheckResult
from ingestion.contracts import load_contracts
from ingestion.settings import Settings
from ingestion.warehouse import Warehouse

Insert = Callable[..., None]
Judge = Callable[..., dict[str, CheckResult]]
CANARY = "canary-7f3a"
SHOUT = """
create function staging.{name}(value text) returns integer language plpgsql {kind} as $$
begin raise exception 'what is %?', value using errcode = 'query_canceled'; end $$
"""
BROWSER = shutil.which("chromium") or shutil.which("google-chrome") or shutil.which("chromium-browser")
FLAGS = (
    *("--headless", "--no-sandbox", "--disable-gpu", "--no-first-run", "--disable-background-networking"),
    *("--disable-component-update", "--disable-sync", "--host-resolver-rules=MAP * ~NOTFOUND"),
)


@pytest.fixture
def site(demo: Settings, insert: Insert, judge: Judge) -> Path:
    insert(kind="?", note=None)
    insert(kind="Large")
    judge()
    run_checkpoint(demo, "marts")
    return demo.home / "data_docs"


def pages(site: Path) -> list[Path]:
    return sorted(site.glob("validations/**/*.html"))


def kept(settings: Settings) -> Iterator[str]:
    for folder in ("data_docs", "expectation_results"):
        for path in (settings.home / folder).rglob("*"):
            yield path.read_text() if path.is_file() else str(path)


def test_the_first_page_names_every_suite_and_links_to_its_page(site: Path) -> None:
    text = (site / "index.html").read_text()
    links = {match[1]: match[0] for match in re.findall(r'<a href="([^"]+)">([^<]+)</a>', text)}
    assert set(links) == {"staging.demo__things", "emotion.moods"}
    assert all((site / link).is_file() for link in links.values())
    assert "2 of 22 rules failed, 1 warned" in text


def test_a_page_shows_rule_counts_code_and_the_reason_of_a_warning(site: Path) -> None:
    (page,) = site.glob("validations/staging/**/*.html")
    text = re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", page.read_text()))
    assert "✗ failed kind is small, medium or Large 2 1 50.0 % in:kind" in text
    assert "! warning note is filled Only warns: few write one. 2 1 50.0 % not_null:note" in text


def test_what_is_broken_comes_first(site: Path) -> None:
    (page,) = site.glob("validations/staging/**/*.html")
    statuses = re.findall(r'<tr class="(\w+)">', page.read_text())
    assert statuses == sorted(statuses, key=["failed", "warning", "passed"].index)


def test_the_newest_result_of_a_suite_takes_the_place_of_the_one_before(
    site: Path, insert: Insert, judge: Judge
) -> None:
    before = pages(site)
    insert(kind="Large")
    judge()
    assert pages(site) == before
    assert ["on 3 rows" in page.read_text() for page in pages(site)] == [False, True]


def test_a_page_leads_back_to_the_first_page(site: Path) -> None:
    for page in pages(site):
        (home,) = re.findall(r'<a href="([^"]+)">Data Docs</a>', page.read_text())
        assert (page.parent / home).resolve() == site / "index.html"


def test_pages_load_nothing(site: Path) -> None:
    for page in [*pages(site), site / "index.html"]:
        text = page.read_text()
        assert re.findall(r"https?://|//\w+\.|<script|@import|url\(", text) == []
        assert re.findall(r'<link[^>]+href="([^"]*)"', text) == ["data:,"]


@pytest.mark.skipif(BROWSER is None, reason="no browser on this machine")
def test_a_browser_without_a_network_shows_the_page(site: Path, tmp_path: Path) -> None:
    command = [str(BROWSER), *FLAGS, f"--user-data-dir={tmp_path / 'browser'}", "--dump-dom"]
    shown = subprocess.run(
        [*command, (site / "index.html").as_uri()], capture_output=True, text=True, timeout=60, check=True
    )
    assert "staging.demo__things" in shown.stdout


def test_text_from_the_contract_is_escaped(demo: Settings, judge: Judge) -> None:
    path = demo.project_root / "dbt_project/models/staging/demo/_demo__sources.yml"
    path.write_text(path.read_text().replace("One row per thing.", "One <b>row</b> per $thing."))
    load_contracts.cache_clear()
    judge()
    assert "One &lt;b&gt;row&lt;/b&gt; per $thing." in (demo.home / "data_docs/index.html").read_text()


def test_no_value_of_a_row_is_kept(demo: Settings, insert: Insert, judge: Judge) -> None:
    for _ in range(2):
        insert(kind=CANARY, code=CANARY, mark=CANARY, label=CANARY[:1], note=None)
    assert sum(not check.passed for check in judge().values()) == 5
    assert not any(CANARY in text for text in kept(demo))


@pytest.mark.parametrize(
    ("number", "error"),
    [
        ("code::integer", " (InvalidTextRepresentation)"),
        ("staging.shout_if_asked(code)", " (QueryCanceled)"),
        ("staging.shout_always(code)", ""),
    ],
)
def test_no_value_of_a_row_is_kept_or_said_from_a_database_error(
    demo: Settings,
    insert: Insert,
    judge: Judge,
    capfd: pytest.CaptureFixture[str],
    caplog: pytest.LogCaptureFixture,
    number: str,
    error: str,
) -> None:
    insert(code=CANARY)
    with Warehouse(demo).connect() as connection:
        connection.execute(SHOUT.format(name="shout_if_asked", kind="stable"))
        connection.execute(SHOUT.format(name="shout_always", kind="volatile"))
        connection.execute("alter table staging.demo__things drop column number")
        connection.execute("alter table staging.demo__things rename to kept")
        connection.execute(f"create view staging.demo__things as select *, {number} as number from staging.kept")
    check = judge()["in:number"]
    assert (check.passed, check.exception) == (False, f"the rule could not be computed{error}")
    said = capfd.readouterr()
    assert not any(CANARY in text for text in [*kept(demo), said.out, said.err, caplog.text])


def test_no_password_or_address_is_kept(demo: Settings, judge: Judge) -> None:
    judge()
    password = Warehouse(demo).dsn().split(":")[2].split("@")[0]
    assert not any(password in text or "postgresql" in text for text in kept(demo))
