"""Emotional Core: an onboarding that measures feelings, with a test of variants and interventions.

users in groups -> visits -> course of each visit -> rows. Memory holds a few numbers per user and one group of users
with all its days. See `python -m ingestion.simulator --systems emotional_core`.
"""

import numpy as np

from ingestion.simulator import ids
from ingestion.simulator.emotional_core import tables
from ingestion.simulator.emotional_core.planted import Tally, user_rows
from ingestion.simulator.emotional_core.rows import PRIVACY_LEVELS, Group, group_rows
from ingestion.simulator.emotional_core.visits import SYSTEM, Visitors, draw_course, draw_visits, make_visitors
from ingestion.simulator.plan import DAY_MS, Complete, Plan, Rows, Stream
from ingestion.simulator.texts import choose
from ingestion.simulator.truth import Truth

TABLES = tables.TABLES
VISITS_AT_ONCE = 20_000
PRIVACY_SHARES = (0.10, 0.30, 0.40, 0.20)
LANGUAGES = ("warm", "plain", "poetic")
PALETTES = (
    '{"primary":"#1b2a49","secondary":"#f2c14e","accent":"#e4572e","background":"#0b1021"}',
    '{"primary":"#2f4858","secondary":"#86bbd8","accent":"#f6ae2d","background":"#ffffff"}',
    '{"primary":"rgb(40, 60, 90)","secondary":"#aaccee","accent":"#ffd166","background":"#101418"}',
)
THEMES = tuple(
    f'{{"name":"{name}","mode":"{mode}","palette":{palette}}}'
    for palette in PALETTES
    for name, mode in (("night_sky", "dark"), ("dawn", "light"))
)
MOTIONS = tuple(
    f'{{"sensitivity":"{sensitivity}","animations_enabled":{animated},'
    f'"accessibility":{{"reduced_motion":{reduced},"high_contrast":{contrast},"screen_reader":false}}}}'
    for sensitivity, animated, reduced in (("low", "true", "false"), ("high", "false", "true"))
    for contrast in ("false", "true")
)
NOTIFICATIONS = (
    '{"enabled":true,"frequency":"weekly","milestones":["act1","completion"],"channels":["email"]}',
    '{"enabled":true,"frequency":"daily","milestones":["act1","act2","act3"],"channels":["email","push"]}',
    '{"enabled":false,"frequency":"never","milestones":[],"channels":[]}',
)


def generate(plan: Plan, truth: Truth) -> Stream:
    """All rows, a group of users at a time; what was planted goes to `truth`."""
    visitors, tally = make_visitors(plan), Tally(plan.users)
    user_ids = ids.uuids(plan.salt(SYSTEM, "user"), np.arange(plan.users))
    next_row: dict[str, int] = {}
    at_once = _users_at_once(plan, visitors)
    number = 0
    for low in range(0, plan.users, at_once):
        high = min(low + at_once, plan.users)
        yield _configs(plan, visitors, low, high)
        visits = draw_visits(plan, visitors, low, high, number)
        number += len(visits.user)
        if len(visits.user):
            course = draw_course(plan, visits, low)
            tally.add(visits, course)
            yield from group_rows(Group(plan, plan.rng(SYSTEM, "rows", low), visits, course, user_ids, next_row))
        yield Complete()
    truth.write(
        "emotional_core_users", user_rows(plan, visitors, tally, user_ids, _privacy(plan, np.arange(plan.users)))
    )
    for name, rows in tally.truth_rows().items():
        truth.write(name, rows)


def _users_at_once(plan: Plan, visitors: Visitors) -> int:
    """Users whose visits make up a group of bounded size."""
    per_user = max(float(visitors.population.rate.mean()) * plan.days, 1.0)
    return max(int(VISITS_AT_ONCE / per_user), 1)


def _privacy(plan: Plan, numbers: np.ndarray) -> np.ndarray:
    chance = ids.unit(plan.salt(SYSTEM, "privacy"), numbers)
    return np.searchsorted(np.cumsum(PRIVACY_SHARES)[:-1], chance, side="right")


def _configs(plan: Plan, visitors: Visitors, low: int, high: int) -> Rows:
    numbers = np.arange(low, high)
    day = np.maximum(visitors.population.begins[low:high], 0)
    made = plan.start_ms + visitors.population.begins[low:high] * DAY_MS
    chosen = {
        name: choose(values, ids.pick(values, plan.salt(SYSTEM, name), numbers))
        for name, values in (
            ("theme", THEMES),
            ("motion_preferences", MOTIONS),
            ("language", LANGUAGES),
            ("notification_settings", NOTIFICATIONS),
        )
    }
    columns = {
        "id": ids.uuids(plan.salt(SYSTEM, "config"), numbers),
        "user_id": ids.uuids(plan.salt(SYSTEM, "user"), numbers),
        **chosen,
        "privacy_level": choose(PRIVACY_LEVELS, _privacy(plan, numbers)),
        "created_at": made,
        "updated_at": made,
    }
    return Rows(tables.CONFIGS, tables.CONFIGS.rows(columns), day)
