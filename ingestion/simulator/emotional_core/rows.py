"""Rows of Emotional Core's tables for a group of visits."""

from dataclasses import dataclass

import numpy as np
import pyarrow as pa

from ingestion.simulator import ids, shapes
from ingestion.simulator.emotional_core import tables
from ingestion.simulator.emotional_core.visits import (
    INTERVENTIONS,
    LAST,
    PHASES,
    STEPS,
    SYSTEM,
    VARIANTS,
    Course,
    Visits,
)
from ingestion.simulator.plan import DAY_MS, Floats, Ints, Plan, Rows, Table
from ingestion.simulator.texts import choose, decimals, digits, iso, join, json_items, lists, where

COMPONENTS = (
    ("night_sky_background", "night_sky_stars"),
    ("sofia_avatar", "sofia_message"),
    ("onboarding_stepper", "onboarding_tooltip"),
    ("celebration_confetti", "celebration_badge"),
    ("personalized_greeting", "personalized_palette"),
)
"""Components that show each intervention; all others show none."""
PLAIN_COMPONENTS = ("nav_menu", "form_field", "cta_button", "footer", "progress_bar")
INTERACTIONS = ("view", "hover", "click", "scroll", "animation_complete", "celebration_viewed")
CELEBRATION = INTERACTIONS.index("celebration_viewed")
MEASUREMENTS = ("anxiety_reduction", "engagement_increase", "satisfaction_improvement", "conversion_optimization")
LEVELS = 4
"""Steps between the lowest and the highest of five levels."""
PRIVACY_LEVELS = ("anonymous", "basic", "detailed", "full")
MACHINES = (
    ("mobile", "Safari", "iOS", 390, 844),
    ("mobile", "Chrome", "Android", 412, 915),
    ("tablet", "Safari", "iPadOS", 820, 1180),
    ("desktop", "Chrome", "Windows", 1440, 900),
    ("desktop", "Firefox", "Linux", 1920, 1080),
)
CONTEXTS = ("first look around", "thinking about the next step", "waiting for an answer", "reading about others")
COMMENTS = ("It felt calm.", "Too many questions for me.", "I liked the stars.", "Sofia helped me to go on.")
PATTERNS = ("steady", "bursty", "fading")
TEST_ID = "onboarding_2025"
MEAN_PLAIN_INTERACTIONS = 1.5
STATUSES = ("completed", "abandoned", "in_progress", "error")


@dataclass
class Group:
    """One group of visits with all that rows are made of."""

    plan: Plan
    rng: np.random.Generator
    visits: Visits
    course: Course
    user_ids: pa.Array
    next_row: dict[str, int]

    def keys(self, visit: Ints) -> dict[str, pa.Array]:
        """User and session of each visit."""
        names = choose(SESSION_PREFIX, np.zeros(len(visit), np.int64))
        sessions = ids.uuids(self.plan.salt(SYSTEM, "session"), self.visits.number[visit])
        return {"user_id": choose(self.user_ids, self.visits.user[visit]), "session_id": join(names, sessions)}

    def rows(self, table: Table, columns: dict[str, object], at: Ints) -> Rows:
        """Rows with new ids, written at the moments `at`."""
        first = self.next_row.get(table.name, 0)
        self.next_row[table.name] = first + len(at)
        row_ids = ids.uuids(self.plan.salt(SYSTEM, table.name), first + np.arange(len(at)))
        data = table.rows({"id": row_ids} | columns)
        return Rows(table, data, (at - self.plan.start_ms) // DAY_MS)

    def machine(self, visit: Ints) -> Ints:
        """The visit's device; a user keeps theirs."""
        user = self.visits.user[visit]
        return ids.pick(
            MACHINES, self.plan.salt(SYSTEM, "machine"), np.where(user >= 0, user, -self.visits.number[visit])
        )

    def device(self, visit: Ints) -> pa.DictionaryArray:
        """The visit's kind of device."""
        return choose([machine[0] for machine in MACHINES], self.machine(visit))


SESSION_PREFIX = ("sess-",)


def group_rows(group: Group) -> list[Rows]:
    """All rows of the group."""
    metrics, counts = _metrics(group)
    return [_emotions(group), metrics, _funnels(group), _journeys(group, counts), _impacts(group)]


def _emotions(group: Group) -> Rows:
    course, rng, count = group.course, group.rng, len(group.course.visit)
    speaks = rng.random(count) < 0.2
    component = choose(PLAIN_COMPONENTS, rng.integers(0, len(PLAIN_COMPONENTS), count))
    variant = choose(VARIANTS, group.visits.variant[course.visit])
    metadata = join('{"component_id":"', component, '","device_type":"', group.device(course.visit))
    columns = {
        **group.keys(course.visit),
        "phase": choose(PHASES, course.step),
        "anxiety_level": course.anxiety,
        "confidence_level": course.confidence,
        "engagement_score": course.engagement,
        "emotional_context": choose(CONTEXTS, np.where(speaks, rng.integers(0, len(CONTEXTS), count), -1)),
        "interaction_type": choose(INTERACTIONS, rng.integers(0, 4, count)),
        "metadata": join(metadata, '","ab_test_variant":"', variant, '"}'),
        "timestamp": course.at,
    }
    return group.rows(tables.EMOTIONS, columns, course.at)


def _metrics(group: Group) -> tuple[Rows, Ints]:
    """Interactions with components, and their number by visit and kind."""
    course, rng = group.course, group.rng
    plain, shown = rng.poisson(MEAN_PLAIN_INTERACTIONS, len(course.visit)), np.flatnonzero(course.shown >= 0)
    where_plain = np.repeat(np.arange(len(course.visit)), plain)
    at_step = np.concatenate([where_plain, shown])
    count = len(at_step)
    intervention = course.shown[at_step]
    intervention[: len(where_plain)] = -1
    half = rng.integers(0, 2, count)
    component = np.where(intervention >= 0, intervention * 2 + half, rng.integers(0, len(PLAIN_COMPONENTS), count))
    names = [name for pair in COMPONENTS for name in pair] + list(PLAIN_COMPONENTS)
    component += np.where(intervention >= 0, 0, len(names) - len(PLAIN_COMPONENTS))
    kind = np.where(intervention == INTERVENTIONS.index("celebration_system"), CELEBRATION, rng.integers(0, 5, count))
    at = course.at[at_step] + (rng.random(count) * course.length_ms[at_step]).astype(np.int64)
    visit = course.visit[at_step]
    machines = [
        f'{{"device_type":"{device}","browser":"{browser}","os":"{system}","screen_width":{width},"screen_height":{height}}}'
        for device, browser, system, width, height in MACHINES
    ]
    columns = {
        **group.keys(visit),
        "component_id": choose(names, component),
        "interaction_type": choose(INTERACTIONS, kind),
        "duration": shapes.heavy_tailed(rng, count, 1800, 1.0, 600_000).astype(np.int64),
        "emotional_impact": np.round(np.where(intervention >= 0, 0.4, 0.1) + 0.4 * rng.random(count), 3),
        "completion_rate": np.round(rng.random(count), 3),
        "accessibility_used": rng.random(count) < 0.04,
        "device_info": choose(machines, group.machine(visit)),
        "timestamp": at,
    }
    counts = np.bincount(visit * len(INTERACTIONS) + kind, minlength=len(group.visits.user) * len(INTERACTIONS))
    return group.rows(tables.METRICS, columns, at), counts.reshape(-1, len(INTERACTIONS))


def _funnels(group: Group) -> Rows:
    course, count = group.course, len(group.course.visit)
    component = choose(PLAIN_COMPONENTS, group.rng.integers(0, len(PLAIN_COMPONENTS), count))
    metadata = join(f'{{"ab_test_id":"{TEST_ID}","component_id":"', component, '","device_type":"')
    columns = {
        **group.keys(course.visit),
        "funnel_step": choose(STEPS, course.step),
        "previous_step": choose(STEPS, course.step - 1),
        "time_in_step": course.length_ms,
        "emotional_state_entry": course.anxiety,
        "emotional_state_exit": course.after(course.anxiety),
        "conversion_probability": course.probability,
        "ab_test_variant": choose(VARIANTS, group.visits.variant[course.visit]),
        "metadata": join(metadata, group.device(course.visit), '"}'),
        "timestamp": course.at,
    }
    return group.rows(tables.FUNNELS, columns, course.at)


def _journeys(group: Group, interactions: Ints) -> Rows:
    visits, course, rng = group.visits, group.course, group.rng
    count = len(visits.user)
    duration = np.bincount(course.visit, course.length_ms, minlength=count).astype(np.int64)
    chance = rng.random(count)
    status = np.where(visits.reached == LAST, 0, np.where(chance < 0.04, 2, np.where(chance < 0.05, 3, 1)))
    end = pa.array(visits.start + duration, mask=status == STATUSES.index("in_progress"))
    rates, writes = rng.random(count) < 0.3, rng.random(count) < 0.08
    columns = {
        **group.keys(np.arange(count)),
        "journey_start": visits.start,
        "journey_end": end,
        "total_duration": duration,
        "emotional_arc": json_items(lists(_arc_points(course), visits.reached)),
        "engagement_pattern": _patterns(group, interactions),
        "conversion_path": json_items(lists(_path_steps(course), visits.reached)),
        "personalization_profile": choose(PROFILES, rng.integers(0, len(PROFILES), count)),
        "completion_status": choose(STATUSES, status),
        "feedback_rating": where(rates, rng.integers(1, 6, count)),
        "feedback_comments": choose(COMMENTS, np.where(writes, rng.integers(0, len(COMMENTS), count), -1)),
    }
    return group.rows(tables.JOURNEYS, columns, visits.start + duration)


PROFILES = tuple(
    f'{{"preferred_theme":"{theme}","preferred_language":"{language}","motion_sensitivity":"{motion}"}}'
    for theme in ("night", "dawn")
    for language in ("warm", "plain")
    for motion in ("low", "high")
)


def _arc_points(course: Course) -> pa.Array:
    levels = join('","anxiety_level":', digits(course.anxiety), ',"confidence_level":', digits(course.confidence))
    score = join(',"engagement_score":', decimals(course.engagement, 4), ',"timestamp":"', iso(course.at), '"}')
    return join('{"phase":"', choose(PHASES, course.step), levels, score)


def _path_steps(course: Course) -> pa.Array:
    timing = join('","time_in_step":', digits(course.length_ms), ',"timestamp":"', iso(course.at), '"}')
    return join('{"funnel_step":"', choose(STEPS, course.step), timing)


def _patterns(group: Group, interactions: Ints) -> pa.Array:
    """Engagement pattern of each visit; all its interactions are counted."""
    visits, course = group.visits, group.course
    total = np.bincount(course.visit, course.engagement, minlength=len(visits.user))
    kind = choose(PATTERNS, group.rng.integers(0, len(PATTERNS), len(visits.user)))
    counts = [join(f'"{name}":', digits(interactions[:, place])) for place, name in enumerate(INTERACTIONS)]
    members = join(*[piece for count in counts for piece in (count, ",")][:-1])
    head = join('{"pattern":"', kind, '","average_engagement":', decimals(total / visits.reached, 4))
    return join(head, ',"interaction_counts":{', members, "}}")


def _impacts(group: Group) -> Rows:
    """One measurement of each shown intervention: before it, and at the next step."""
    course, rng = group.course, group.rng
    at_step = np.flatnonzero(course.shown >= 0)
    count = len(at_step)
    kind = rng.integers(0, len(MEASUREMENTS), count)
    before, after = _measured(course, at_step, kind)
    change = np.where(kind == 0, before - after, after - before)
    impact = np.where(np.isin(kind, (0, 2)), change / LEVELS, change)
    at = course.at[at_step] + course.length_ms[at_step]
    names = [name for pair in COMPONENTS for name in pair]
    component = choose(names, course.shown[at_step] * 2 + rng.integers(0, 2, count))
    context = join(
        '{"phase":"', choose(PHASES, course.step[at_step]), '","component_id":"', component, '","sample_size":1}'
    )
    columns = {
        **group.keys(course.visit[at_step]),
        "measurement_type": choose(MEASUREMENTS, kind),
        "baseline_value": before,
        "post_value": after,
        "impact_score": np.round(impact, 4),
        "confidence_level": np.round(0.6 + 0.39 * rng.random(count), 3),
        "intervention_type": choose(INTERVENTIONS, course.shown[at_step]),
        "context_data": context,
        "measurement_date": (at // DAY_MS).astype("datetime64[D]"),
        "timestamp": at,
    }
    return group.rows(tables.IMPACTS, columns, at)


def _measured(course: Course, at_step: Ints, kind: Ints) -> tuple[Floats, Floats]:
    """What each measurement found before and after the intervention."""
    values = (course.anxiety, course.engagement, course.confidence, course.probability)
    before = np.stack([np.asarray(v, np.float64)[at_step] for v in values])
    after = np.stack([np.asarray(course.after(v), np.float64)[at_step] for v in values])
    pick = (kind, np.arange(len(kind)))
    return before[pick], after[pick]
