"""The rules that map public data to the New Smell sample.

Data flow: rows as the public files hold them, in a temporary folder -> mapped rows.

    pytest tests/test_ingestion/test_sample_rules_new_smell.py
"""

import json
from pathlib import Path

import pytest

from ingestion.sample import new_smell_excite, new_smell_snowplow
from ingestion.sample.new_smell_excite import PlacedSearch, Search, is_refinement, place_in_sessions
from tests.public_data import ONE, SEARCHES, TWO, tracker_row, write_tracker_log

CART = [{"currency": "EUR", "total_value": "25.0", "cart_id": None}]


def mapped(folder: Path, *log: dict[str, str]) -> list[dict[str, object]]:
    write_tracker_log(folder, list(log))
    return new_smell_snowplow.event_rows(new_smell_snowplow.read_events(folder))


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


def test_an_e_mail_address_in_a_query_is_masked(tmp_path: Path):
    (tmp_path / "excite_log").mkdir()
    (tmp_path / new_smell_excite.LOG_FILE).write_text(SEARCHES, encoding="utf-8")
    assert new_smell_excite.read_searches(tmp_path)[-1].query == '"[e-mail]"'
