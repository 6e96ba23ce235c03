"""The simulator: reproducible, consistent, of realistic shape, and true to what it says it planted."""

import hashlib
import json
import math
from collections import Counter, defaultdict
from dataclasses import replace
from datetime import date, timedelta
from importlib import import_module
from itertools import pairwise
from pathlib import Path
from typing import Any

import bson
import psycopg
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
import pytest

from ingestion.load import find_system, load_system
from ingestion.settings import Settings
from ingestion.simulator import SYSTEMS, Plan, SimulationError, database_address, simulate
from ingestion.simulator.__main__ import main as command
from ingestion.warehouse import Warehouse

Row = dict[str, Any]
SMALL = Plan(users=110, days=13, seed=6, dirty=0.3, late=0.03, duplicates=0.02)
CLEAN = Plan(users=500, days=35, seed=8, dirty=0, late=0, duplicates=0)
HALF_HOUR = timedelta(minutes=30)
FOUR_SIGMA = 4.0


class Simulated:
    """A simulated folder, read back."""

    def __init__(self, plan: Plan, folder: Path) -> None:
        self.plan, self.folder = plan, folder
        self.manifest = simulate(plan, folder)

    def table(self, name: str) -> pa.Table:
        return pq.read_table(self.folder / f"{name}.parquet")

    def rows(self, name: str) -> list[Row]:
        return self.table(name).to_pylist()

    def documents(self, collection: str) -> list[Row]:
        return bson.decode_all((self.folder / "masterx" / f"{collection}.bson").read_bytes())

    def truth(self, name: str) -> list[Row]:
        return self.rows(f"truth/{name}")


@pytest.fixture(scope="module")
def small(tmp_path_factory: pytest.TempPathFactory) -> Simulated:
    return Simulated(SMALL, tmp_path_factory.mktemp("simulated") / "small")


@pytest.fixture(scope="module")
def by_day(tmp_path_factory: pytest.TempPathFactory) -> Simulated:
    return Simulated(replace(SMALL, by_day=True), tmp_path_factory.mktemp("simulated") / "days")


@pytest.fixture(scope="module")
def clean(tmp_path_factory: pytest.TempPathFactory) -> Simulated:
    """Many users and nothing broken: what is counted in it is exactly what was drawn."""
    return Simulated(CLEAN, tmp_path_factory.mktemp("simulated") / "clean")


@pytest.fixture(scope="module")
def events(clean: Simulated) -> list[Row]:
    columns = ["id", "sessionId", "userId", "eventType", "eventCategory", "timestamp", "perfumeId", "houseId", "noteId"]
    return clean.table("new_smell/UserInteractionEvent").select(columns).to_pylist()


def digests(folder: Path) -> dict[str, str]:
    return {
        str(path.relative_to(folder)): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in sorted(folder.rglob("*"))
        if path.is_file()
    }


def off_by(found: int, trials: int, chance: float) -> float:
    """Distance of a count from what is expected, in standard deviations."""
    return abs(found - trials * chance) / math.sqrt(max(trials * chance * (1 - chance), 1e-9))


# --- reproducible ---


def test_the_same_arguments_give_the_same_bytes(small: Simulated, tmp_path: Path) -> None:
    again = Simulated(SMALL, tmp_path / "again")
    assert digests(again.folder) == digests(small.folder)


def test_another_seed_gives_other_rows(small: Simulated, tmp_path: Path) -> None:
    other = Simulated(replace(SMALL, seed=SMALL.seed + 1, systems=("voice_patterns",)), tmp_path / "other")
    assert other.table("voice_patterns/users") != small.table("voice_patterns/users")


@pytest.mark.parametrize("system", SYSTEMS)
def test_a_system_is_the_same_without_the_others(small: Simulated, tmp_path: Path, system: str) -> None:
    alone = Simulated(replace(SMALL, systems=(system,)), tmp_path / "alone")
    assert digests(alone.folder / system) == digests(small.folder / system)


# --- consistent ---


def references() -> list[tuple[str, str, str, str]]:
    """Table, column, and the table and column it refers to."""
    new_smell = [
        ("UserInteractionEvent", "sessionId", "UserSession", "sessionId"),
        ("UserInteractionEvent", "userId", "User", "id"),
        ("UserInteractionEvent", "perfumeId", "Perfume", "id"),
        ("UserInteractionEvent", "houseId", "PerfumeHouse", "id"),
        ("UserInteractionEvent", "noteId", "Note", "id"),
        ("UserSession", "userId", "User", "id"),
        ("SearchQuery", "sessionId", "UserSession", "sessionId"),
        ("RecommendationFeedback", "userId", "User", "id"),
        ("RecommendationFeedback", "perfumeId", "Perfume", "id"),
        ("PerfumeNote", "noteId", "Note", "id"),
        ("Perfume", "houseId", "PerfumeHouse", "id"),
    ]
    visualizer = [
        ("emotion_entries", "user_id", "users", "id"),
        ("emotion_entries", "intake_session_id", "intake_sessions", "id"),
        ("visualizations", "entry_id", "emotion_entries", "id"),
        ("emotion_analytics", "user_id", "users", "id"),
        ("api_keys", "user_id", "users", "id"),
    ]
    voice = [
        ("voice_sessions", "user_id", "users", "user_id"),
        ("user_patterns", "user_id", "users", "user_id"),
        ("interface_configs", "pattern_id", "user_patterns", "pattern_id"),
        ("interface_changes", "config_id", "interface_configs", "config_id"),
        ("risk_alerts", "pattern_id", "user_patterns", "pattern_id"),
        ("pattern_history", "pattern_id", "user_patterns", "pattern_id"),
    ]
    core = [
        (table, "user_id", "emotional_config", "user_id")
        for table in ("user_emotion", "engagement_metric", "conversion_funnel", "user_journey", "emotional_impact")
    ] + [
        (table, "session_id", "user_journey", "session_id")
        for table in ("user_emotion", "engagement_metric", "conversion_funnel", "emotional_impact")
    ]
    found = {"new_smell": new_smell, "emotion_visualizer": visualizer, "voice_patterns": voice, "emotional_core": core}
    return [(f"{s}/{a}", b, f"{s}/{c}", d) for s, links in found.items() for a, b, c, d in links]


@pytest.mark.parametrize(("table", "column", "target", "key"), references())
def test_every_reference_leads_to_a_row(clean: Simulated, table: str, column: str, target: str, key: str) -> None:
    known = pc.unique(clean.table(target)[key])
    values = clean.table(table)[column].drop_null()
    assert len(values) > 0
    assert pc.all(pc.is_in(values, known)).as_py()


def test_documents_refer_to_documents(clean: Simulated) -> None:
    users = {document["user_id"] for document in clean.documents("users")}
    sessions = {document["session_id"] for document in clean.documents("learning_sessions")}
    mastery = clean.documents("content_mastery")
    assert {document["user_id"] for document in clean.documents("learning_sessions")} <= users
    assert {entry["session_id"] for document in mastery for entry in document["learning_history"]} <= sessions


def test_a_session_counts_its_events(clean: Simulated, events: list[Row]) -> None:
    views = Counter(event["sessionId"] for event in events if event["eventCategory"] == "VIEW")
    others = Counter(event["sessionId"] for event in events if event["eventCategory"] != "VIEW")
    for session in clean.rows("new_smell/UserSession"):
        assert (session["pageViews"], session["interactions"]) == (
            views[session["sessionId"]],
            others[session["sessionId"]],
        )


def test_sessions_have_no_long_gaps_and_lie_apart(clean: Simulated, events: list[Row]) -> None:
    times = defaultdict(list)
    for event in events:
        times[event["sessionId"]].append(event["timestamp"])
    assert max(b - a for own in times.values() for a, b in pairwise(sorted(own))) < HALF_HOUR
    by_user = defaultdict(list)
    for session in clean.rows("new_smell/UserSession"):
        by_user[session["userId"] or session["sessionId"]].append((session["startTime"], session["endTime"]))
    assert min(b[0] - a[1] for own in by_user.values() for a, b in pairwise(sorted(own))) > HALF_HOUR


def test_a_search_shows_what_is_clicked_at_its_position(clean: Simulated) -> None:
    table = clean.table("new_smell/UserInteractionEvent")
    searches = table.filter(pc.equal(table["eventType"], "SEARCH_PERFORMED"))
    shown = {json.dumps(json.loads(data)["shownPerfumeIds"]) for data in searches["eventData"].to_pylist()}
    by_click = defaultdict(set)
    for row in clean.rows("new_smell/SearchQuery"):
        for position, perfume in zip(
            json.loads(row["clickedPositions"]), json.loads(row["clickedPerfumes"]), strict=True
        ):
            by_click[position].add(perfume)
    lists = [json.loads(text) for text in shown]
    for position, perfumes in by_click.items():
        assert perfumes <= {found[position - 1] for found in lists if len(found) >= position}


def test_what_is_removed_was_added_before(events: list[Row]) -> None:
    added = {}
    for event in sorted(events, key=lambda event: event["timestamp"]):
        place = event["userId"], event["perfumeId"], event["eventCategory"]
        if event["eventType"] in ("WISHLIST_ADD", "COLLECTION_ADD"):
            added[place] = event["timestamp"]
        elif event["eventType"] in ("WISHLIST_REMOVE", "COLLECTION_REMOVE") and event["userId"]:
            assert added[place] < event["timestamp"]


def test_only_the_last_version_is_current(by_day: Simulated) -> None:
    latest: dict[str, Row] = {}
    for path in sorted((by_day.folder / "voice_patterns" / "user_patterns").iterdir()):
        latest |= {row["pattern_id"]: row for row in pq.read_table(path).to_pylist()}
    current = Counter(row["user_id"] for row in latest.values() if row["is_current"])
    assert set(current.values()) == {1}
    assert set(current) == {row["user_id"] for row in latest.values()}


# --- shapes ---


def test_few_users_make_most_of_the_events(clean: Simulated) -> None:
    counts = sorted((user["events"] for user in clean.truth("new_smell_users")), reverse=True)
    assert sum(counts[: len(counts) // 10]) > 0.3 * sum(counts)


def test_the_day_has_a_rhythm(events: list[Row]) -> None:
    hours = Counter(event["timestamp"].hour for event in events)
    assert min(hours[20], hours[19]) > 4 * max(hours[3], hours[4])


def test_the_week_has_a_rhythm(events: list[Row]) -> None:
    days = Counter(event["timestamp"].weekday() for event in events)
    assert days[4] + days[5] > 1.1 * (days[0] + days[1])


def test_perfumes_are_popular_by_rank(clean: Simulated, events: list[Row]) -> None:
    views = Counter(event["perfumeId"] for event in events if event["eventType"] == "PERFUME_VIEW")
    by_rank = [views[perfume["perfume_id"]] for perfume in clean.truth("new_smell_perfumes")]
    assert sum(by_rank[:40]) > 5 * sum(by_rank[-40:])


def test_all_event_types_of_the_document_occur(events: list[Row]) -> None:
    entity = find_system(Settings(home=Path("unused")), "new_smell").entity("user_interaction_events")
    documented = next(rule.args for rule in entity.all_rules if rule.code == "in:event_type")
    assert {event["eventType"] for event in events} == set(documented)


# --- planted and recoverable ---


def active_days(simulated: Simulated) -> dict[str, dict[str, set[date]]]:
    """Days with activity by system and user."""
    tables = {
        "new_smell": ("new_smell/UserInteractionEvent", "userId", "timestamp"),
        "emotional_core": ("emotional_core/engagement_metric", "user_id", "timestamp"),
        "emotion_visualizer": ("emotion_visualizer/emotion_entries", "user_id", "created_at"),
        "voice_patterns": ("voice_patterns/voice_sessions", "user_id", "session_start"),
    }
    found: dict[str, dict[str, set[date]]] = {system: defaultdict(set) for system in SYSTEMS}
    for system, (name, user, at) in tables.items():
        for row in simulated.table(name).select([user, at]).to_pylist():
            found[system][row[user]].add(row[at].date())
    for document in simulated.documents("learning_sessions"):
        found["masterx"][document["user_id"]].add(document["ended_at"].date())
    return found


def test_churned_users_do_nothing_from_their_day_on(clean: Simulated) -> None:
    for system, days in active_days(clean).items():
        churned = [user for user in clean.truth(f"{system}_users") if user["is_churned"]]
        assert len(churned) > 30
        assert all(day < user["stopped_on"] for user in churned for day in days[user["user_id"]])


def test_what_the_truth_counts_is_in_the_events(clean: Simulated, events: list[Row]) -> None:
    users = {session["sessionId"]: session["userId"] for session in clean.rows("new_smell/UserSession")}
    counts = Counter((users[event["sessionId"]], event["eventType"]) for event in events)
    for user in clean.truth("new_smell_users"):
        own = {kind: counts[user["user_id"], kind] for kind in ("PERFUME_VIEW", "RATING_COMPLETED")}
        assert own == {"PERFUME_VIEW": user["perfume_views"], "RATING_COMPLETED": user["ratings"]}
        assert user["wishlist_size"] == (
            counts[user["user_id"], "WISHLIST_ADD"] - counts[user["user_id"], "WISHLIST_REMOVE"]
        )


def test_a_trending_perfume_is_looked_at_far_more_in_its_window(clean: Simulated, events: list[Row]) -> None:
    views = [
        (event["perfumeId"], event["timestamp"].date()) for event in events if event["eventType"] == "PERFUME_VIEW"
    ]
    trends = clean.truth("new_smell_trends")
    assert max(trend["ends_on"] for trend in trends) == CLEAN.start + timedelta(CLEAN.days - 1)
    for trend in trends:
        inside = [perfume for perfume, day in views if trend["starts_on"] <= day <= trend["ends_on"]]
        share = inside.count(trend["perfume_id"]) / len(inside)
        assert share > 4 * trend["share_before"]


def test_browsing_styles_show_in_the_events(clean: Simulated, events: list[Row]) -> None:
    styles = {user["user_id"]: user["browsing_style"] for user in clean.truth("new_smell_users")}
    traded, seen = Counter[str](), Counter[str]()
    for event in events:
        if event["userId"]:
            seen[styles[event["userId"]]] += 1
            traded[styles[event["userId"]]] += event["eventType"].startswith(("TRADE", "PURCHASE"))
    shares = {style: traded[style] / seen[style] for style in seen}
    assert shares.pop("trader") > 0.2
    assert max(shares.values()) < 0.07


def test_click_rates_follow_algorithm_and_position(clean: Simulated) -> None:
    shown, clicked = Counter[tuple[str, int]](), Counter[tuple[str, int]]()
    for row in clean.rows("new_smell/RecommendationFeedback"):
        shown[row["algorithm"], row["position"]] += 1
        clicked[row["algorithm"], row["position"]] += row["clicked"]
    planted = clean.truth("new_smell_clicks")
    for entry in planted:
        place = entry["algorithm"], entry["position"]
        assert off_by(clicked[place], shown[place], entry["click_probability"]) < FOUR_SIGMA


def test_conversion_by_variant_is_what_the_funnel_shows(clean: Simulated) -> None:
    seen, converted = defaultdict(set), set()
    for row in clean.rows("emotional_core/conversion_funnel"):
        visitor = row["user_id"] or row["session_id"]
        seen[visitor].add(row["ab_test_variant"])
        if row["funnel_step"] == "final_conversion":
            converted.add(visitor)
    for variant in clean.truth("emotional_core_variants"):
        own = {visitor for visitor, variants in seen.items() if variants == {variant["variant"]}}
        assert (len(own), len(own & converted)) == (variant["visitors"], variant["converted"])
        assert off_by(variant["converted"], variant["visitors"], variant["conversion_probability"]) < FOUR_SIGMA


def test_interventions_lower_anxiety_by_what_was_planted(clean: Simulated) -> None:
    changes = defaultdict(list)
    for row in clean.rows("emotional_core/emotional_impact"):
        if row["measurement_type"] == "anxiety_reduction":
            changes[row["intervention_type"]].append(row["impact_score"])
    planted = {
        row["intervention_type"]: row["mean_impact"]
        for row in clean.truth("emotional_core_interventions")
        if row["measurement_type"] == "anxiety_reduction"
    }
    for kind, found in changes.items():
        # one level is a quarter; moves are at most one level
        assert abs(sum(found) / len(found) - planted[kind]) < FOUR_SIGMA * 0.13 / math.sqrt(len(found))


def test_trajectories_show_in_the_voices(clean: Simulated) -> None:
    rung = {"hopeless": 0, "sad": 1, "resigned": 2, "neutral": 3, "surprise": 4, "happy": 5}
    users = {user["user_id"]: user for user in clean.truth("voice_patterns_users")}
    heard = defaultdict(list)
    for row in sorted(clean.rows("voice_patterns/voice_sessions"), key=lambda row: row["session_start"]):
        if row["voice_emotion"] in rung and row["session_start"].date() >= CLEAN.start + timedelta(CLEAN.days - 30):
            heard[row["user_id"]].append(rung[row["voice_emotion"]])
    moves: dict[str, list[float]] = defaultdict(list)
    for user, found in heard.items():
        half = len(found) // 2
        if users[user]["expected_trajectory"] != "insufficient_data" and half:
            moves[users[user]["expected_trajectory"]].append(sum(found[-half:]) / half - sum(found[:half]) / half)
    mean = {name: sum(values) / len(values) for name, values in moves.items()}
    assert abs(mean["stable"]) < 0.3
    assert min(mean["improving"], -mean["declining"]) > 1.5


def test_baselines_are_the_means_of_the_first_ten_sessions(clean: Simulated) -> None:
    pitch = defaultdict(list)
    for row in sorted(clean.rows("voice_patterns/voice_sessions"), key=lambda row: row["session_start"]):
        pitch[row["user_id"]].append(json.loads(row["voice_features"])["prosodic"]["pitch_mean"])
    users = {user["user_id"]: user for user in clean.truth("voice_patterns_users")}
    final = [row for row in clean.rows("voice_patterns/voice_baselines") if row["version"] == 2]
    assert len(final) > 50
    for row in final:
        own, user = pitch[row["user_id"]][:10], users[row["user_id"]]
        assert row["typical_pitch_mean"] == pytest.approx(sum(own) / 10, abs=0.01)
        assert abs(row["typical_pitch_mean"] - user["pitch_mean_mean"]) < 5 * user["pitch_mean_sd"] / math.sqrt(10)


def test_answers_are_right_as_often_as_each_emotion_lets_them(clean: Simulated) -> None:
    rates = defaultdict(list)
    for session in clean.documents("learning_sessions"):
        emotion_at = {e["timestamp"]: e["emotion"] for e in session["emotional_journey"]["emotional_states_timeline"]}
        for step in session["performance_metrics"]["difficulty_progression"]:
            rates[emotion_at[step["timestamp"]]].append(step["success_rate"])
    for row in clean.truth("masterx_emotions"):
        found = rates[row["emotion"]]
        assert abs(sum(found) / len(found) - row["accuracy"]) < FOUR_SIGMA * 0.5 / math.sqrt(len(found))


def test_concepts_are_forgotten_by_the_planted_curve(clean: Simulated) -> None:
    law = clean.manifest["facts"]["masterx_half_life"]
    expected = variance = recalled = 0.0
    for document in clean.documents("content_mastery"):
        right = wrong = 0
        last = document["mastery_tracking"]["first_exposure_date"]
        for review in document["spaced_repetition_data"]["review_history"]:
            days = (review["date"] - last).total_seconds() / 86_400
            power = law["b0"] + law["b1"] * math.sqrt(1 + right) + law["b2"] * math.sqrt(1 + wrong)
            chance = 2 ** (-days / 2**power)
            is_right = review["performance_score"] >= law["recalled_from_score"]
            expected, variance, recalled = expected + chance, variance + chance * (1 - chance), recalled + is_right
            right, wrong, last = right + is_right, wrong + (not is_right), review["date"]
    assert variance > 100
    assert abs(recalled - expected) < FOUR_SIGMA * math.sqrt(variance)


# --- faults ---


def test_faults_come_in_the_chosen_shares(tmp_path: Path) -> None:
    plan = Plan(users=800, days=6, seed=2, systems=("new_smell",), dirty=0.05, late=0.1, duplicates=0.02)
    counts = Simulated(plan, tmp_path / "faulty").manifest["tables"]["new_smell"]["UserInteractionEvent"]
    for name, share in (("dirty", 0.05), ("late", 0.1), ("duplicates", 0.02)):
        assert off_by(counts[name], counts["distinct"], share) < FOUR_SIGMA


def test_a_clean_plan_breaks_nothing(clean: Simulated) -> None:
    tables = [counts for system in clean.manifest["tables"].values() for counts in system.values()]
    assert sum(counts.get("dirty", 0) + counts.get("late", 0) + counts.get("duplicates", 0) for counts in tables) == 0
    assert not list((clean.folder / "truth").glob("dirty*"))


def test_rows_sent_twice_are_the_same_rows(small: Simulated) -> None:
    again = {row["row_id"] for row in small.truth("duplicates") if row["table"] == "UserInteractionEvent"}
    sent = defaultdict(list)
    for row in small.rows("new_smell/UserInteractionEvent"):
        sent[row["id"]].append(row)
    assert again == {name for name, rows in sent.items() if name and len(rows) > 1}
    assert all(first == second for first, second in (sent[name] for name in again))


def test_a_late_row_lies_in_the_file_of_a_later_day(by_day: Simulated) -> None:
    folder = by_day.folder / "new_smell" / "UserInteractionEvent"
    late = [row for row in by_day.truth("late") if row["table"] == "UserInteractionEvent"]
    assert late
    for row in late:
        data = pq.read_table(folder / f"day={row['arrival_day']:04d}.parquet")
        stamp = data.filter(pc.equal(data["id"], row["row_id"]))["timestamp"][0].as_py()
        assert stamp.date() == SMALL.start + timedelta(row["event_day"])
        assert row["arrival_day"] > row["event_day"]


def test_the_days_together_hold_the_rows_of_the_whole(small: Simulated, by_day: Simulated) -> None:
    for table in ("UserInteractionEvent", "UserSession", "SearchQuery", "RecommendationFeedback", "User"):
        days = pq.read_table(by_day.folder / "new_smell" / table)
        whole = small.table(f"new_smell/{table}")
        assert sorted(map(repr, days.to_pylist())) == sorted(map(repr, whole.to_pylist()))


# --- loads as planted ---


@pytest.mark.parametrize("system", SYSTEMS)
def test_every_kind_of_dirt_is_among_the_rows(small: Simulated, system: str) -> None:
    tables = import_module(f"ingestion.simulator.{system}").TABLES
    planted = {(row["table"], row["kind"]) for row in small.truth("dirty") if row["system"] == system}
    assert planted == {(table.name, dirt.kind) for table in tables for dirt in table.dirt}


def expected_reasons(manifest: Row, system: str) -> dict[str, Counter[str]]:
    """Reasons by entity, over all tables of the system."""
    found: dict[str, Counter[str]] = defaultdict(Counter)
    for counts in manifest["tables"][system].values():
        for entity, reasons in counts["reasons"].items():
            found[entity].update(reasons)
    return found


@pytest.mark.parametrize("name", SYSTEMS)
def test_a_load_quarantines_exactly_what_was_planted(
    small: Simulated, settings: Settings, warehouse: Warehouse, name: str
) -> None:
    system = find_system(settings, name)
    results = load_system(settings.with_sources({name: str(small.folder / name)}), system)
    expected = expected_reasons(small.manifest, name)
    assert expected
    for result in results:
        assert result.reasons == expected[result.entity], result.entity
        parts = result.inserted + result.updated + result.unchanged + result.quarantined + result.erased
        assert result.extracted == parts


@pytest.mark.parametrize("name", ["voice_patterns", "masterx"])
def test_after_all_days_the_whole_brings_nothing_new(
    small: Simulated, by_day: Simulated, settings: Settings, warehouse: Warehouse, name: str
) -> None:
    system = find_system(settings, name)
    days = load_system(settings.with_sources({name: str(by_day.folder / name)}), system)
    whole = load_system(settings.with_sources({name: str(small.folder / name)}), system)
    assert sum(result.updated for result in days) > 0
    assert {result.entity: (result.inserted, result.updated) for result in whole} == {
        result.entity: (0, 0) for result in whole
    }


def test_a_load_finds_the_planted_rows_by_their_ids(small: Simulated, settings: Settings, warehouse: Warehouse) -> None:
    system = find_system(settings, "new_smell")
    load_system(settings.with_sources({"new_smell": str(small.folder / "new_smell")}), system)
    with warehouse.connect("steward") as connection:
        query = "select source_key, reasons from ops.quarantine where entity = 'user_interaction_events'"
        kept = sorted((key or "", reasons) for key, reasons in connection.execute(query))
    planted = [row for row in small.truth("dirty") if row["entity"] == "user_interaction_events"]
    lost_id = [row["reasons"] for row in planted if row["kind"] == "no_id"]
    named = [(row["row_id"], row["reasons"]) for row in planted if row["kind"] != "no_id"]
    assert kept == sorted([*named, *(("", reasons) for reasons in lost_id)])


def test_a_server_gets_one_database_per_system(settings: Settings, warehouse: Warehouse, tmp_path: Path) -> None:
    plan = replace(SMALL, users=30, systems=("new_smell", "emotion_visualizer", "masterx"))
    address = settings.database_url or ""
    try:
        manifest = simulate(plan, address, tmp_path / "beside")
        for name in plan.systems:
            source = tmp_path / "beside" / name if name == "masterx" else database_address(address, name)
            system = find_system(settings, name)
            results = load_system(settings.with_sources({name: str(source)}), system)
            expected = expected_reasons(manifest, name)
            assert {r.entity: r.reasons for r in results if r.reasons} == {e: c for e, c in expected.items() if c}
    finally:
        with psycopg.connect(address, autocommit=True) as connection:
            for name in plan.systems:
                database = database_address(address, name).rsplit("/", 1)[1]
                connection.execute(f"drop database if exists {database} with (force)")


# --- the command ---


def test_the_command_writes_what_it_is_told(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    chosen = {"users": "20", "days": "3", "seed": "1", "systems": "voice_patterns", "start": "2025-03-01", "dirty": "0"}
    arguments = [word for name, value in chosen.items() for word in (f"--{name}", value)] + ["--by-day"]
    assert command([*arguments, "--to", str(tmp_path / "out")]) == 0
    assert "voice_patterns:" in capsys.readouterr().out
    manifest = json.loads((tmp_path / "out" / "truth" / "manifest.json").read_text())
    assert manifest["arguments"]["start"] == "2025-03-01"
    assert (tmp_path / "out" / "voice_patterns" / "users" / "day=0000.parquet").exists()


@pytest.mark.parametrize(
    ("arguments", "complaint"),
    [
        (["--users", "0"], "at least one of each"),
        (["--systems", "old_smell"], "unknown system 'old_smell'"),
        (["--dirty", "0.9", "--late", "0.3"], "add up to 1"),
        (["--to", "postgresql://127.0.0.1:1/none"], "--masterx-to DIR"),
        (["--to", "postgresql://127.0.0.1:1/none", "--masterx-to", "beside"], "127.0.0.1:1"),
    ],
)
def test_bad_arguments_give_one_line_and_change_nothing(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    arguments: list[str],
    complaint: str,
) -> None:
    monkeypatch.chdir(tmp_path)
    assert command(["--users", "5", "--days", "2", "--to", "out", "--systems", "new_smell", *arguments]) == 2
    error = capsys.readouterr().err
    assert complaint in error
    assert error.count("\n") == 1
    assert not list(tmp_path.iterdir())


def test_a_folder_that_holds_files_is_left_alone(small: Simulated) -> None:
    before = digests(small.folder)
    with pytest.raises(SimulationError, match="holds files already"):
        simulate(SMALL, small.folder)
    assert digests(small.folder) == before
