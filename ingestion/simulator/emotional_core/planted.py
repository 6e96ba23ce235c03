"""The truth of Emotional Core: conversion by variant, the funnel, and what each intervention does.

Chances stand beside what came out of them, over all rows as they happened: before some were made dirty.
"""

import numpy as np
import pyarrow as pa

from ingestion.simulator.emotional_core.rows import COMPONENTS, LEVELS, MEASUREMENTS, PRIVACY_LEVELS
from ingestion.simulator.emotional_core.visits import (
    CALMS,
    CONVERSION,
    CONVINCES,
    DRIFT,
    ENGAGES,
    INTERVENTIONS,
    LAST,
    REASSURES,
    STEPS,
    UNSETTLES,
    VARIANTS,
    WAVERS,
    Course,
    Visitors,
    Visits,
)
from ingestion.simulator.plan import Ints, Plan
from ingestion.simulator.texts import choose


class Tally:
    """Counts while the visits are drawn."""

    def __init__(self, users: int) -> None:
        self.sessions = np.zeros(users, np.int64)
        self.converted = np.zeros(users, dtype=bool)
        self.first_variant = np.full(users, -1)
        self.variants_seen = np.zeros((users, len(VARIANTS)), dtype=bool)
        self.last_ms = np.zeros(users, np.int64)
        self.strangers = np.zeros((len(VARIANTS), 2), np.int64)
        self.steps = np.zeros((len(VARIANTS), LAST), np.int64)
        self.effects = np.zeros((len(INTERVENTIONS), 4))
        self.exposures = np.zeros(len(INTERVENTIONS), np.int64)

    def add(self, visits: Visits, course: Course) -> None:
        """Count a group."""
        known = visits.user >= 0
        user, converts = visits.user[known], visits.reached[known] == LAST
        np.add.at(self.sessions, user, 1)
        self.converted[user[converts]] = True
        self.variants_seen[user, visits.variant[known]] = True
        np.maximum.at(self.last_ms, user, visits.start[known])
        np.add.at(self.strangers, (visits.variant[~known], (visits.reached[~known] == LAST).astype(np.int64)), 1)
        np.add.at(self.steps, (visits.variant[course.visit], course.step), 1)
        at = np.flatnonzero(course.shown >= 0)
        moves = [
            (course.anxiety - course.after(course.anxiety))[at] / LEVELS,
            (course.after(course.engagement) - course.engagement)[at],
            (course.after(course.confidence) - course.confidence)[at] / LEVELS,
            (course.after(course.probability) - course.probability)[at],
        ]
        for column, move in enumerate(moves):
            np.add.at(self.effects[:, column], course.shown[at], move)
        np.add.at(self.exposures, course.shown[at], 1)

    def truth_rows(self) -> dict[str, pa.Table]:
        """Tables by name."""
        return {
            "emotional_core_variants": self._variants(),
            "emotional_core_funnel": self._funnel(),
            "emotional_core_interventions": self._interventions(),
            "emotional_core_components": _components(),
        }

    def _variants(self) -> pa.Table:
        """Visitors of one variant only, signed in or not, and how many converted."""
        came = self.sessions > 0
        in_two = self.variants_seen.sum(axis=1) > 1
        rows = []
        for number, name in enumerate(VARIANTS):
            own = came & ~in_two & self.variants_seen[:, number]
            visitors = int(own.sum()) + int(self.strangers[number].sum())
            converted = int(self.converted[own].sum()) + int(self.strangers[number, 1])
            excluded = int((in_two & self.variants_seen[:, number]).sum())
            rows.append((name, float(CONVERSION[number]), visitors, converted, excluded))
        names = ("variant", "conversion_probability", "visitors", "converted", "visitors_in_two")
        return pa.table([pa.array(column) for column in zip(*rows, strict=True)], names=names)

    def _funnel(self) -> pa.Table:
        variant, step = np.repeat(np.arange(len(VARIANTS)), LAST), np.tile(np.arange(LAST), len(VARIANTS))
        return pa.table(
            {
                "variant": choose(VARIANTS, variant).dictionary_decode(),
                "step": choose(STEPS, step).dictionary_decode(),
                "sessions": self.steps.ravel(),
            }
        )

    def _interventions(self) -> pa.Table:
        """Expected and observed mean impact by intervention and measurement."""
        kinds = len(MEASUREMENTS)
        expected = np.stack(
            [(CALMS - UNSETTLES) / LEVELS, ENGAGES, (REASSURES - WAVERS) / LEVELS, CONVINCES + DRIFT], axis=1
        )
        observed = self.effects / np.maximum(self.exposures, 1)[:, None]
        number = np.repeat(np.arange(len(INTERVENTIONS)), kinds)
        without = np.array([0.0, 0.0, 0.0, DRIFT])
        return pa.table(
            {
                "intervention_type": choose(INTERVENTIONS, number).dictionary_decode(),
                "measurement_type": choose(
                    MEASUREMENTS, np.tile(np.arange(kinds), len(INTERVENTIONS))
                ).dictionary_decode(),
                "mean_impact": expected.ravel(),
                "mean_change_without": np.tile(without, len(INTERVENTIONS)),
                "observed_impact": observed.ravel(),
                "exposures": np.repeat(self.exposures, kinds),
            }
        )


def _components() -> pa.Table:
    """Which component shows which intervention."""
    pairs = [(name, INTERVENTIONS[number]) for number, names in enumerate(COMPONENTS) for name in names]
    return pa.table({"component_id": [name for name, _ in pairs], "intervention_type": [kind for _, kind in pairs]})


def user_rows(plan: Plan, visitors: Visitors, tally: Tally, user_ids: pa.Array, privacy: Ints) -> pa.Table:
    """What was planted in each user, and what they did."""
    population = visitors.population
    stopped = np.datetime64(plan.start) + population.stops.astype("timedelta64[D]")
    last = tally.last_ms.astype("datetime64[ms]")
    return pa.table(
        {
            "user_id": user_ids,
            "daily_rate": population.rate,
            "is_churned": population.churned,
            "stopped_on": pa.array(stopped, mask=~population.churned),
            "last_session_at": pa.array(last, pa.timestamp("ms", "UTC"), mask=tally.last_ms == 0),
            "sessions": tally.sessions,
            "variant": choose(VARIANTS, visitors.variant).dictionary_decode(),
            "is_in_two_variants": tally.variants_seen.sum(axis=1) > 1,
            "is_converted": tally.converted,
            "privacy_level": choose(PRIVACY_LEVELS, privacy).dictionary_decode(),
        }
    )
