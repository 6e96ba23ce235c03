"""A few rows of each public file the bundled sample is built from, in the published form.

Data flow: `write_public_data(folder)` -> the files under their published names below it.
"""

import csv
import gzip
import json
from collections.abc import Iterable
from pathlib import Path

from ingestion.sample import (
    emotion_visualizer_covidaffect,
    emotion_visualizer_school,
    emotional_core_build,
    masterx_log,
    new_smell_excite,
    new_smell_snowplow,
    voice_patterns_crema_d,
    voice_patterns_parkinsons,
)

Row = dict[str, str]
ONE = [{"id": "1234", "price": "25.0", "brand": "Snowplow", "category": "Cloth"}]
TWO = [*ONE, {"id": "1235", "price": "15.0", "brand": "Snowplow", "category": "Shoes"}]
SEARCHES = """\
BED75271605EBD0C\t970916001949\tyahoo chat
BED75271605EBD0C\t970916001949\tyahoo chat
BED75271605EBD0C\t970916004949\tyahoo search
BED75271605EBD0C\t970916011950\t
752FE259E734662C\t970916094054\t"someone@example.org"
"""


def write_rows(path: Path, rows: Iterable[Row], delimiter: str = ",") -> None:
    """Write `rows` to a delimited file, gzipped if its name says so."""
    rows = list(rows)
    path.parent.mkdir(parents=True, exist_ok=True)
    opened = gzip.open if path.suffix == ".gz" else open
    with opened(path, "wt", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, list(rows[0]), delimiter=delimiter)
        writer.writeheader()
        writer.writerows(rows)


def tracker_row(action: str = "", **entities: list[dict[str, object]]) -> Row:
    """One row of the web tracker's log with the columns the build reads."""
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


def write_tracker_log(folder: Path, log: list[Row]) -> None:
    """The web tracker's log with just these rows."""
    write_rows(folder / new_smell_snowplow.EVENTS_FILE, log)


def prompt(response: str = "2020-03-16 12:04:45 CET", anxiety: str = "3") -> Row:
    """One prompt of Fried et al."""
    return {"ID": "User #25290", "Scheduled": "2020-03-16 12:00:00", "Response": response, "Q4": anxiety}


def rating(valence: str, arousal: str) -> Row:
    """One mood rating of CoVidAffect."""
    times = {"timestamp_issued": "2020-03-28T21:10:58Z", "timestamp_answer": "2020-03-28T21:56:26Z"}
    return {"id": "14", **times, "valence": valence, "arousal": arousal}


def answer(**items: str) -> Row:
    """One answer of a school day; an item that is not given was not asked."""
    time = {"notification_time": "2022-11-21T09:45:00Z", "session_instance_response_lapse": "00:01:23.500000"}
    return {"id": "17000272", **time, **{item: items.get(item, "NA") for item in emotion_visualizer_school.FEELINGS}}


def tutor_event(order: int, time: str, correct: str = "FALSE", **more: str) -> Row:
    """One event of the programming tutor's log, a submission by student S002 unless told otherwise."""
    row = {"EventType": "Submit", "EventID": f"event-{order}", "Order": str(order), "SubjectID": "S002"}
    return row | {"ServerTimestamp": f"2016-02-05T{time}:00", "ProblemID": "isPrime", "Correct": correct} | more


def clip(number: str, name: str, vote: str = "N") -> Row:
    """One row of CREMA-D's tabulated votes."""
    return {"": number, "fileName": name, "agreement": "0.625", "emoVote": vote}


def recording(test_time: str) -> Row:
    """One row of Parkinsons Telemonitoring with a column that is not read."""
    row = {"subject#": "1", "age": "72", "test_time": test_time}
    return row | {"Jitter(%)": "0.00662", "Shimmer": "0.02565", "HNR": "21.64"}


def write_public_data(folder: Path) -> None:
    """A few rows of every public file."""
    views = [tracker_row("product_view", product=ONE), tracker_row("list_click", product=TWO[1:])]
    write_tracker_log(folder, views)
    (folder / "excite_log").mkdir()
    (folder / new_smell_excite.LOG_FILE).write_text(SEARCHES, encoding="utf-8")
    shown = {
        "": "0",
        "timestamp": "2019-11-24 00:01:03.979311+00:00",
        "item_id": "2",
        "position": "2",
        "click": "1",
    }
    for name in ("random_men", "random_women", "bts_men", "bts_women"):
        write_rows(folder / "open_bandit" / f"{name}.csv.gz", [shown])
    write_rows(folder / emotional_core_build.PROMPTS_FILE, [prompt()])
    write_rows(folder / emotion_visualizer_covidaffect.RATINGS_FILE, [rating("33", "10")], "\t")
    write_rows(folder / emotion_visualizer_school.ANSWERS_FILE, [answer(enjoy_all="4")], "\t")
    write_rows(folder / masterx_log.EVENTS_FILE, [tutor_event(1, "19:46"), tutor_event(2, "19:48", "TRUE")])
    write_rows(folder / voice_patterns_crema_d.VOTES_FILE, [clip("100001", "1001_IEO_NEU_XX")])
    write_rows(folder / voice_patterns_parkinsons.RECORDINGS_FILE, [recording("5.6431")])
