"""The rules that map public data to the New Smell sample; the same input gives the same bytes.

Data flow: rows as the public files hold them, in a temporary folder -> build -> files compared.
`MOODMART_PUBLIC_DATA` may name the folder of the full public data: then the build also runs on all
of it and must give the bundled sample. Without it that case does not exist: the public files are no
part of the project.

    pytest tests/test_ingestion/test_sample_build.py
"""

import csv
import gzip
import json
import os
from pathlib import Path

import pytest

from ingestion.sample import new_smell_excite, new_smell_snowplow
from ingestion.sample.new_smell_build import build, main
from ingestion.sample.new_smell_excite import PlacedSearch, Search, is_refinement, place_in_sessions
from ingestion.settings import Settings

BUNDLED = Settings.from_env({}).sample_root / "new_smell"
FULL = [Path(folder) for folder in [os.environ.get("MOODMART_PUBLIC_DATA")] if folder]

ONE = [{"id": "1234", "price": "25.0", "brand": "Snowplow", "category": "Cloth"}]
TWO = [*ONE, {"id": "1235", "price": "15.0", "brand": "Snowplow", "category": "Shoes"}]
CART = [{"currency": "EUR", "total_value": "25.0", "cart_id": None}]
LOG = """\
BED75271605EBD0C\t970916001949\tyahoo chat
BED75271605EBD0C\t970916001949\tyahoo chat
BED75271605EBD0C\t970916004949\tyahoo search
BED75271605EBD0C\t970916011950\t
752FE259E734662C\t970916094054\t"someone@example.org"
"""


def tracker_row(action: str = "", **entities: list[dict[str, object]]) -> dict[str, str]:
    """One row of the tracker log with the columns the build reads."""
    row = {
        new_smell_snowplow.ENTITY.format(name): json.dumps(entities.get(name, []))
        for name in ("product", "cart", "transaction", "checkout_step")
    }
    logged = json.dumps({"type": action, "name": "recommended"}) if action else ""
    pages = json.dumps([{"id": "1a812dcd-7fce-4b31-b3b7-46bd8c036947"}])
    row |= {new_smell_snowplow.ACTION: logged, new_smell_snowplow.PAGE: pages}
    row |= {"event_id": f"e-{action}", "derived_tstamp": "2022-10-25 08:07:53.343000+00:00"}
    row |= {"domain_userid": "visitor", "domain_sessionid": "visit", "domain_sessionidx": "1"}
    row |= {"page_urlpath": "/productX", "page_referrer": "", "geo_country": "GR"}
    return row | {"useragent": "Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) Chrome/106.0.0.0"}


def write_tracker_log(folder: Path, log: list[dict[str, str]]) -> None:
    path = folder / new_smell_snowplow.EVENTS_FILE
    path.parent.mkdir(parents=True, exist_ok=True)
    with gzip.open(path, "wt", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, list(log[0]))
        writer.writeheader()
        writer.writerows(log)


@pytest.fixture
def public_data(tmp_path: Path) -> Path:
    """A few rows of each public file, in the published form."""
    folder = tmp_path / "public"
    write_tracker_log(
        folder,
        [tracker_row("product_view", product=ONE), tracker_row("list_click", product=TWO[1:])],
    )
    (folder / "excite_log").mkdir()
    (folder / new_smell_excite.LOG_FILE).write_text(LOG, encoding="utf-8")
    (folder / "open_bandit").mkdir()
    for name in ("random_men", "random_women", "bts_men", "bts_women"):
        with gzip.open(folder / "open_bandit" / f"{name}.csv.gz", "wt", encoding="utf-8") as file:
            file.write(",timestamp,item_id,position,click,propensity_score\n")
            file.write("0,2019-11-24 00:01:03.979311+00:00,2,2,1,0.045525\n")
    return folder


def files(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in folder.iterdir()}


def mapped(folder: Path, *log: dict[str, str]) -> list[dict[str, object]]:
    write_tracker_log(folder, list(log))
    return new_smell_snowplow.event_rows(new_smell_snowplow.read_events(folder))


def test_the_same_public_data_gives_the_same_bytes(public_data: Path, tmp_path: Path):
    build(public_data, tmp_path / "once")
    build(public_data, tmp_path / "twice")
    assert files(tmp_path / "once") == files(tmp_path / "twice")


class TestFullPublicData:
    """Collected only where the full public data is at hand; elsewhere nothing is skipped."""

    __test__ = bool(FULL)

    def test_it_gives_the_bundled_sample(self, tmp_path: Path):
        build(FULL[0], tmp_path)
        assert files(tmp_path) == files(BUNDLED)


def test_missing_public_data_is_one_line_and_exit_code_2(tmp_path: Path, capsys):
    target = tmp_path / "sample"
    assert main(["--from", str(tmp_path / "nowhere"), "--to", str(target)]) == 2
    assert capsys.readouterr().err.count("\n") == 1
    assert not target.exists()


@pytest.mark.parametrize(
    ("entities", "event_type"),
    [
        ({"product": ONE, "transaction": [{"revenue": "26.0"}]}, "PURCHASE_COMPLETED"),
        ({"checkout_step": [{"step": "1"}]}, "PURCHASE_INITIATED"),
        ({"checkout_step": [{"step": 3}]}, "NAVIGATION_CLICK"),
        ({"product": TWO}, "PAGE_VIEW"),
        ({"product": ONE}, None),
        ({"product": TWO, "cart": CART}, None),
    ],
)
def test_a_lost_action_is_told_only_by_entities_that_allow_no_other(tmp_path, entities, event_type):
    (row,) = mapped(tmp_path, tracker_row(**entities))
    assert row["eventType"] == event_type


def test_an_action_without_counterpart_keeps_its_own_name(tmp_path: Path):
    (row,) = mapped(tmp_path, tracker_row("refund", product=ONE))
    assert (row["eventType"], row["eventCategory"]) == ("refund", None)


def test_a_list_click_is_about_the_perfume_of_the_page_and_targets_the_clicked_one(tmp_path: Path):
    view = tracker_row("product_view", product=ONE)
    _, click = mapped(tmp_path, view, tracker_row("list_click", product=TWO[1:]))
    assert click["perfumeId"] == "1234"
    assert json.loads(str(click["eventData"]))["targetPerfumeId"] == "1235"


def test_an_event_about_two_products_names_no_perfume(tmp_path: Path):
    (row,) = mapped(tmp_path, tracker_row("add_to_cart", product=TWO, cart=CART))
    assert (row["perfumeId"], row["houseId"], row["value"]) == (None, None, None)


def test_a_product_is_listed_with_what_was_said_of_it_last(tmp_path: Path):
    later = tracker_row("product_view", product=[{**ONE[0], "category": "Ball"}])
    later["derived_tstamp"] = "2022-11-25 08:07:53.343000+00:00"
    write_tracker_log(tmp_path, [later, tracker_row("product_view", product=ONE)])
    (perfume,) = new_smell_snowplow.perfume_rows(new_smell_snowplow.read_events(tmp_path))
    assert perfume["perfumeType"] == "Ball"


def test_a_time_without_zone_is_utc(tmp_path: Path):
    (row,) = mapped(tmp_path, tracker_row() | {"derived_tstamp": "2022-11-20 11:53:01.347"})
    assert str(row["timestamp"]) == "2022-11-20 11:53:01.347000+00:00"


def test_a_pause_of_thirty_minutes_continues_a_session_and_a_second_more_ends_it():
    times = ("970916000000", "970916003000", "970916010001")
    searches = [Search("user", time, "yahoo chat") for time in times]
    placed = place_in_sessions(searches)
    assert [placed[search].session_id for search in searches] == [
        "user-970916000000",
        "user-970916000000",
        "user-970916010001",
    ]


def test_a_line_logged_twice_is_not_its_own_neighbour():
    search, other = Search("user", "970916000000", "yahoo"), Search("user", "970916000100", "chat")
    placed = place_in_sessions([search, search, other])
    assert placed[search] == PlacedSearch("user-970916000000", before=None, after="chat")


@pytest.mark.parametrize(
    ("before", "query", "expected"),
    [
        ("yahoo chat", "yahoo search", True),
        ("yahoo chat", "Yahoo  Chat", False),
        ("yahoo chat", "hawaii", False),
        ("", "hawaii", False),
        (None, "hawaii", False),
    ],
)
def test_a_refinement_keeps_a_word_and_changes_another(before, query, expected):
    assert is_refinement(before, query) is expected


def test_an_e_mail_address_in_a_query_is_masked(public_data: Path):
    assert new_smell_excite.read_searches(public_data)[-1].query == '"[e-mail]"'
