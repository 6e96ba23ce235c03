"""Rows of EmotionVisualizer's tables for the entries of a group of users."""

import numpy as np
import pyarrow as pa

from ingestion.simulator import ids, shapes
from ingestion.simulator.emotion_visualizer import tables
from ingestion.simulator.emotion_visualizer.diary import SOURCES, SYSTEM, Entries
from ingestion.simulator.emotion_visualizer.tables import EMOTIONS
from ingestion.simulator.plan import DAY_MS, Ints, Plan, Rows
from ingestion.simulator.texts import choose, digits, iso, join, json_items, json_objects, json_strings, lists, where

SITUATIONS = (
    "Presentation at work in front of the whole team",
    "Long call with my sister about our parents",
    "Missed the bus and came late again",
    "Walk by the river after the rain",
    "Argument about money at the kitchen table",
    "Got the results I had waited for",
    "Could not sleep and kept thinking about tomorrow",
    "Dinner with old friends",
)
NOTES = (
    "Slept badly before.",
    "I want to remember this.",
    "It passed after an hour.",
    "Talked about it with a friend.",
)
QUESTIONS = ("What happened just before?", "Where do you feel it?", "What would help now?", "Who was with you?")
ANSWERS = ("It came slowly during the day.", "In my chest, mostly.", "A walk, or somebody to talk to.", "I was alone.")
INSIGHTS = ("You name the feeling early.", "Evenings are harder than mornings.", "Company helps you.")
STATUSES = ("completed", "processing", "failed", "pending")
STATUS_CDF = np.array([0.90, 0.93, 0.97, 1.0])
COMPLETED, FAILED = 0, 2
STYLES = ("abstract", "diagram", "metaphor")
ELEMENTS = (
    '{"composition":"spiral","colors":["#1b2a49","#f2c14e"],"shapes":["circle","wave"]}',
    '{"composition":"grid","colors":["#2f4858","#86bbd8","#f6ae2d"],"shapes":["square"]}',
    '{"composition":"horizon","colors":["#e4572e"],"shapes":["line","circle","triangle"]}',
)
DRAWN_SHARE = 0.6
ABANDONED_INTAKES = 0.25
"""Intake sessions left unfinished, for each finished one."""
MOST_EXCHANGES = 5


def entry_rows(plan: Plan, rng: np.random.Generator, entries: Entries, user_ids: pa.Array) -> list[Rows]:
    """Entries, their intake sessions and visualizations."""
    return [
        _intakes(plan, rng, entries, user_ids),
        _entries(plan, rng, entries, user_ids),
        _visualizations(plan, rng, entries, user_ids),
    ]


def _day(plan: Plan, at: Ints) -> Ints:
    return (at - plan.start_ms) // DAY_MS


def _entry_ids(plan: Plan, numbers: Ints) -> pa.Array:
    return ids.uuids(plan.salt(SYSTEM, "entry"), numbers)


def _intake_ids(plan: Plan, numbers: Ints) -> pa.Array:
    return ids.uuids(plan.salt(SYSTEM, "intake"), numbers)


def _one_of(rng: np.random.Generator, values: tuple[str, ...], count: int, share: float = 1.0) -> pa.DictionaryArray:
    """Random choices for a `share` of the rows, null for the others."""
    chosen = rng.integers(0, len(values), count)
    return choose(values, np.where(rng.random(count) < share, chosen, -1))


def _names(entries: Entries, at: Ints) -> pa.ListArray:
    """The emotions of the entries `at`."""
    kept = np.arange(entries.emotions.shape[1]) < entries.count[at][:, None]
    return lists(choose(EMOTIONS, entries.emotions[at][kept]), entries.count[at])


def _entries(plan: Plan, rng: np.random.Generator, entries: Entries, user_ids: pa.Array) -> Rows:
    count = len(entries.user)
    columns = {
        "id": _entry_ids(plan, entries.number),
        "user_id": choose(user_ids, entries.user),
        "situation": _one_of(rng, SITUATIONS, count),
        "emotions": _names(entries, np.arange(count)),
        "intensity": entries.intensity,
        "notes": _one_of(rng, NOTES, count, 0.4),
        "source": choose(SOURCES, entries.source),
        "intake_session_id": where(entries.source == 1, _intake_ids(plan, entries.number * 2)),
        "created_at": entries.at,
        "updated_at": entries.at,
    }
    return Rows(tables.ENTRIES, tables.ENTRIES.rows(columns), _day(plan, entries.at))


def _intakes(plan: Plan, rng: np.random.Generator, entries: Entries, user_ids: pa.Array) -> Rows:
    """A finished session before each entry from the intake flow, and some that led to none."""
    done = np.flatnonzero(entries.source == 1)
    left = np.flatnonzero((entries.source != 1) & (rng.random(len(entries.user)) < 0.25 * ABANDONED_INTAKES))
    at, is_done = np.concatenate([done, left]), np.arange(len(done) + len(left)) < len(done)
    count, steps = len(at), rng.integers(1, MOST_EXCHANGES + 1, len(at))
    end = entries.at[at] - 1000
    start = end - steps * 45_000
    columns = {
        # numbers of entries, even for those that led to one and odd for the others
        "id": _intake_ids(plan, entries.number[at] * 2 + ~is_done),
        "user_id": choose(user_ids, entries.user[at]),
        "initial_situation": _one_of(rng, SITUATIONS, count),
        "conversation_history": _exchanges(rng, steps, start),
        "current_step": steps,
        "is_complete": is_done,
        "ai_context": join(
            '{"summary":"',
            _one_of(rng, SITUATIONS, count),
            '","detected_emotions":',
            json_strings(_names(entries, at)),
            "}",
        ),
        "final_summary": where(is_done, _one_of(rng, SITUATIONS, count)),
        "created_at": start,
        "updated_at": end,
        "completed_at": pa.array(end, mask=~is_done),
    }
    return Rows(tables.INTAKES, tables.INTAKES.rows(columns), np.maximum(_day(plan, end), 0))


def _exchanges(rng: np.random.Generator, steps: Ints, start: Ints) -> pa.Array:
    owner, place = shapes.spread(steps)
    question, answer = _one_of(rng, QUESTIONS, len(owner)), _one_of(rng, ANSWERS, len(owner))
    moment = iso(start[owner] + place * 45_000)
    items = join('{"question":"', question, '","answer":"', answer, '","timestamp":"', moment, '"}')
    return json_items(lists(items, steps))


def _visualizations(plan: Plan, rng: np.random.Generator, entries: Entries, user_ids: pa.Array) -> Rows:
    at = np.flatnonzero(rng.random(len(entries.user)) < DRAWN_SHARE)
    count = len(at)
    status = np.searchsorted(STATUS_CDF, rng.random(count), side="right")
    done, failed = status == COMPLETED, status == FAILED
    begun, took = entries.at[at] + 2000, shapes.heavy_tailed(rng, count, 9000, 0.6, 300_000).astype(np.int64)
    row_ids = ids.uuids(plan.salt(SYSTEM, "visualization"), entries.number[at])
    insights = rng.integers(1, len(INSIGHTS) + 1, count)
    tokens = join(
        digits(rng.integers(100, 900, count)), ',"candidatesTokenCount":', digits(rng.integers(50, 400, count))
    )
    usage = join('"usageMetadata":{"promptTokenCount":', tokens, "}}")
    columns = {
        "id": row_ids,
        "entry_id": _entry_ids(plan, entries.number[at]),
        "user_id": choose(user_ids, entries.user[at]),
        "status": choose(STATUSES, status),
        "style": _one_of(rng, STYLES, count),
        "image_url": where(done, join("https://images.example.org/", row_ids, ".png")),
        "thumbnail_url": where(done, join("https://images.example.org/", row_ids, "-small.png")),
        "summary": where(done, _one_of(rng, SITUATIONS, count)),
        "insights": lists(choose(INSIGHTS, shapes.spread(insights)[1]), insights),
        "visual_elements": where(done, _one_of(rng, ELEMENTS, count)),
        "error_message": where(failed, _one_of(rng, ("The image service did not answer.",), count)),
        "gemini_analysis": join('{"modelVersion":"gemini-2.5-flash",', usage),
        "nanobanana_response": where(done, join('{"modelVersion":"nano-banana-1",', usage)),
        "processing_started_at": pa.array(begun, mask=status == STATUSES.index("pending")),
        "processing_completed_at": pa.array(begun + took, mask=~(done | failed)),
        "created_at": entries.at[at],
        "updated_at": begun + took,
    }
    return Rows(tables.VISUALIZATIONS, tables.VISUALIZATIONS.rows(columns), _day(plan, begun + took))


def weekly_rows(plan: Plan, entries: Entries, user_ids: pa.Array, first_number: int) -> Rows:
    """The application's own weekly analytics, for weeks that are over by the last day; weeks begin on Monday."""
    offset = plan.start.weekday()
    week = (_day(plan, entries.at) + offset) // 7
    over = (week + 1) * 7 - offset <= plan.days
    width = int(week.max(initial=0)) + 1
    groups, group = np.unique((entries.user * width + week)[over], return_inverse=True)
    kept = np.flatnonzero(over)
    counts = np.zeros((len(groups), len(EMOTIONS)), np.int64)
    for place in range(entries.emotions.shape[1]):
        has = entries.count[kept] > place
        np.add.at(counts, (group[has], entries.emotions[kept, place][has]), 1)
    total = np.bincount(group, minlength=len(groups))
    intensity = np.bincount(group, entries.intensity[kept], minlength=len(groups)) / np.maximum(total, 1)
    begins = groups % width * 7 - offset
    first_day = np.datetime64(plan.start) + begins.astype("timedelta64[D]")
    computed = plan.start_ms + (begins + 7) * DAY_MS + 3_600_000
    columns = {
        "id": ids.uuids(plan.salt(SYSTEM, "analytics"), first_number + np.arange(len(groups))),
        "user_id": choose(user_ids, groups // width),
        "period_start": first_day,
        "period_end": first_day + np.timedelta64(6, "D"),
        "emotion_counts": _count_members(counts),
        "average_intensity": np.round(intensity, 2),
        "total_entries": total,
        "most_common_emotions": _most_common(counts),
        "insights": lists(choose(INSIGHTS, groups % len(INSIGHTS)), np.ones(len(groups), np.int64)),
        "computed_at": computed,
    }
    return Rows(tables.ANALYTICS, tables.ANALYTICS.rows(columns), begins + 7)


def _count_members(counts: Ints) -> pa.Array:
    """JSON object of each row's counts that are not zero."""
    _, emotion = np.nonzero(counts)
    members = join('"', choose(EMOTIONS, emotion), '":', digits(counts[counts > 0]))
    return json_objects(lists(members, (counts > 0).sum(axis=1)))


def _most_common(counts: Ints) -> pa.ListArray:
    """Up to three emotions, the most frequent first, ties by name."""
    order = np.argsort(-counts, axis=1, kind="stable")[:, :3]
    there = np.take_along_axis(counts, order, axis=1) > 0
    return lists(choose(EMOTIONS, order[there]), there.sum(axis=1))
