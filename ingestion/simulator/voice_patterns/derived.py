"""Rows of what the application derives: patterns and their history, interfaces, their changes, alerts.

Patterns and interfaces come in versions of which one is current: a row appears as current and, when the next version
is made, once more as not current.
"""

import numpy as np
import pyarrow as pa

from ingestion.simulator import ids
from ingestion.simulator.plan import DAY_MS, Floats, Ints, Plan, Rows, Table
from ingestion.simulator.texts import choose, decimals, digits, join, json_objects, lists, where
from ingestion.simulator.voice_patterns import tables
from ingestion.simulator.voice_patterns.rows import LANGUAGES, user_uuids
from ingestion.simulator.voice_patterns.voices import EMOTIONS, SYSTEM, TRAJECTORIES
from ingestion.simulator.voice_patterns.weeks import RISKS, STATES, TIMES, Versions, states, variability

TOPICS = ("family", "work", "money", "health", "school")
TRIGGERS = tuple(
    f'[{{"topic":"{topic}","severity":{severity},"frequency":{often},"voice_markers":["faster","louder"]}},'
    f'{{"topic":"{other}","severity":0.3,"frequency":1,"voice_markers":["pauses"]}}]'
    for topic, other, severity, often in (
        ("family", "money", 0.8, 4),
        ("work", "school", 0.6, 3),
        ("money", "family", 0.7, 5),
        ("health", "work", 0.5, 2),
        ("school", "health", 0.4, 2),
    )
)
EFFECTIVE = (
    '[{"name":"breathing","effectiveness":0.8,"evidence":"calmer within the session"}]',
    '[{"name":"walking","score":0.7,"evidence":"brighter voice the day after"},{"name":"music","score":0.6}]',
)
INEFFECTIVE = ('[{"name":"distraction","effectiveness":0.2}]', "[]")
PHRASES = ("nothing much", "it is fine", "leave it")
STRESSORS = ("exams", "rent", "expectations", "distance")
STYLES, STOICISM = ("direct", "indirect", "storytelling"), ("low", "medium", "high")
COPING = ("problem_focused", "emotion_focused", "avoidant")
FACTORS = ("hopeless voice", "rising use of final words", "withdrawal from friends", "lack of sleep")
THEMES = ("balanced", "anxiety", "depression", "crisis")
PROMINENCE = ("hidden", "sidebar", "top", "modal")
COMPONENTS = ("journal", "breathing", "mood_chart", "community", "helpline")
HIGH = RISKS.index("high")
CHANGES = ("risk_escalation", "risk_de_escalation", "theme_changed", "baseline_established", "coping_identified")
CHANGE_REASONS = (
    "The risk level rose since the last version.",
    "The risk level fell since the last version.",
    "Another theme fits the present mood better.",
    "There are enough sessions for a personal baseline.",
    "A strategy that helps was found.",
)


def pattern_uuids(plan: Plan, versions: Versions) -> pa.Array:
    """Identifier of each version."""
    return ids.uuids(plan.salt(SYSTEM, "pattern"), versions.number)


def derived_rows(plan: Plan, rng: np.random.Generator, versions: Versions) -> list[Rows]:
    """All rows made of `versions`."""
    scores = np.round(rng.random((3, len(versions.user))), 4)
    return [
        _patterns(plan, rng, versions, scores),
        _history(plan, rng, versions, scores),
        _configs(plan, rng, versions),
        _changes(plan, rng, versions),
        _alerts(plan, rng, versions),
    ]


def _day(plan: Plan, at: Ints) -> Ints:
    return (at - plan.start_ms) // DAY_MS


def _in_versions(plan: Plan, table: Table, versions: Versions, columns: dict[str, object]) -> Rows:
    """Rows that are current until the next version is made."""
    count = len(versions.user)
    replaced = np.flatnonzero(~versions.is_last)
    rows = np.concatenate([np.arange(count), replaced])
    is_current = np.arange(len(rows)) < count
    whole = table.rows(columns | {"is_current": np.ones(count, dtype=bool)}).take(pa.array(rows))
    whole = whole.set_column(whole.schema.get_field_index("is_current"), "is_current", pa.array(is_current))
    day = _day(plan, np.concatenate([versions.at, versions.next_at[replaced]]))
    superseded = np.concatenate([~versions.is_last, np.zeros(len(replaced), dtype=bool)])
    return Rows(table, whole, day, numbers=versions.number[rows], superseded=superseded)


def _by_user(plan: Plan, versions: Versions, what: str, values: tuple[str, ...]) -> pa.DictionaryArray:
    """A choice that stays with the user."""
    return choose(values, ids.pick(values, plan.salt(SYSTEM, what), versions.user))


def _words(values: tuple[str, ...], counts: Ints) -> pa.ListArray:
    """The first `counts` of `values` as a list in each row."""
    place = np.arange(int(counts.sum())) - np.repeat(np.cumsum(counts) - counts, counts)
    return lists(choose(values, place), counts)


def _patterns(plan: Plan, rng: np.random.Generator, versions: Versions, scores: Floats) -> Rows:
    count = len(versions.user)
    shifted = versions.level != versions.level_before
    columns: dict[str, object] = {
        "pattern_id": pattern_uuids(plan, versions),
        "user_id": user_uuids(plan, versions.user),
        "version": versions.version,
        "generated_at": versions.at,
        "sessions_analyzed": versions.sessions,
        "data_confidence": np.round(1 - np.exp(-versions.sessions / 10), 4),
        "recent_shift": where(shifted, choose(("a change in the last week",), np.zeros(count, np.int64))),
        **_feelings(versions),
        **_culture(plan, rng, versions),
        **_triggers_and_coping(plan, versions, scores),
        "current_dissonance": _dissonance(versions, scores),
        "current_risk_level": choose(RISKS, versions.level),
        "current_risk_score": versions.risk,
        "current_risk_factors": _words(FACTORS, versions.level),
        "primary_concerns": _words(TOPICS, 1 + versions.user % 2),
        "current_state": choose(STATES, states(versions)),
        "support_needs": _words(("listening", "referral"), 1 + (versions.level >= HIGH)),
        "identified_strengths": _words(("Keeps coming back.", "Names feelings clearly."), 1 + versions.user % 2),
        "identified_challenges": _words(("Short nights.",), versions.user % 2),
    }
    return _in_versions(plan, tables.PATTERNS, versions, columns)


def _culture(plan: Plan, rng: np.random.Generator, versions: Versions) -> dict[str, object]:
    """How the user speaks; it stays with them."""
    phrases = ids.pick(range(len(PHRASES) + 1), plan.salt(SYSTEM, "phrases"), versions.user)
    return {
        "primary_language": _by_user(plan, versions, "language", LANGUAGES),
        "code_switching": versions.user % 3 == 0,
        "deflection_phrases": _words(PHRASES, phrases),
        "deflection_frequency": np.round(rng.random(len(versions.user)), 3),
        "stoicism_level": _by_user(plan, versions, "stoicism", STOICISM),
        "cultural_stressors": _words(STRESSORS, 1 + versions.user % 3),
        "communication_style": _by_user(plan, versions, "style", STYLES),
    }


def _triggers_and_coping(plan: Plan, versions: Versions, scores: Floats) -> dict[str, object]:
    return {
        "triggers": _by_user(plan, versions, "trigger", TRIGGERS),
        "trigger_count": np.full(len(versions.user), 2),
        "most_severe_trigger": _by_user(plan, versions, "trigger", TOPICS),
        "effective_strategies": _by_user(plan, versions, "effective", EFFECTIVE),
        "ineffective_strategies": _by_user(plan, versions, "ineffective", INEFFECTIVE),
        "untried_suggestions": _words(("gratitude", "peer_group"), 1 + versions.user % 2),
        "coping_consistency": scores[1],
        "primary_coping_style": _by_user(plan, versions, "coping", COPING),
    }


def _feelings(versions: Versions) -> dict[str, object]:
    """Emotions so far, by the time of day, and where they are heading."""
    order = np.argsort(-versions.counts, axis=1, kind="stable")[:, :2]
    there = np.take_along_axis(versions.counts, order, axis=1) > 0
    shares = (versions.counts / versions.sessions[:, None])[versions.counts > 0]
    members = join('"', choose(EMOTIONS, np.nonzero(versions.counts)[1]), '":', decimals(shares, 4))
    usual = choose(EMOTIONS, versions.usual)
    times = [piece for name in TIMES for piece in (f'"{name}":"', usual, '",')]
    times[-1] = '"'
    return {
        "primary_emotions": lists(choose(EMOTIONS, order[there]), there.sum(axis=1)),
        "emotion_distribution": json_objects(lists(members, (versions.counts > 0).sum(axis=1))),
        "temporal_patterns": join("{", *times, "}"),
        "trajectory": choose(TRAJECTORIES, versions.trajectory),
        "trajectory_confidence": np.round(1 - np.exp(-versions.sessions / 15), 4),
        "variability_score": variability(versions),
    }


def _dissonance(versions: Versions, scores: Floats) -> pa.Array:
    emotion = choose(EMOTIONS, versions.usual)
    head = join('{"dissonance_type":"masking","stated_emotion":"neutral","voice_emotion":"', emotion)
    score = join('","truth_signal":"voice","dissonance_score":', decimals(scores[0], 4))
    risk = join(',"risk_level":"', choose(RISKS, versions.level), '","risk_interpretation":"voice and words differ"')
    return join(head, score, risk, ',"baseline_deviation":', decimals(scores[2], 4), "}")


def _history(plan: Plan, rng: np.random.Generator, versions: Versions, scores: Floats) -> Rows:
    columns = {
        "history_id": ids.uuids(plan.salt(SYSTEM, "history"), versions.number),
        "user_id": user_uuids(plan, versions.user),
        "pattern_id": pattern_uuids(plan, versions),
        "snapshot_at": versions.at,
        "version": versions.version,
        "emotional_trajectory": choose(TRAJECTORIES, versions.trajectory),
        "risk_level": choose(RISKS, versions.level),
        "risk_score": versions.risk,
        "dissonance_score": scores[0],
        "coping_consistency": scores[1],
        "baseline_deviation": scores[2],
        "full_pattern_compressed": choose(('{"v":1}',), np.zeros(len(versions.user), np.int64)),
    }
    return Rows(tables.HISTORY, tables.HISTORY.rows(columns), _day(plan, versions.at))


def config_uuids(plan: Plan, versions: Versions) -> pa.Array:
    """Identifier of each version's interface."""
    return ids.uuids(plan.salt(SYSTEM, "config"), versions.number)


def _configs(plan: Plan, rng: np.random.Generator, versions: Versions) -> Rows:
    count = len(versions.user)
    rates = rng.random(count) < 0.3
    columns = {
        "config_id": config_uuids(plan, versions),
        "user_id": user_uuids(plan, versions.user),
        "pattern_id": pattern_uuids(plan, versions),
        "version": join("1.", digits(versions.version)),
        "generated_at": versions.at + 60_000,
        "ui_config_encrypted": join("AES256:", ids.cuids(plan.salt(SYSTEM, "ui"), versions.number)),
        "theme": choose(THEMES, versions.level),
        "primary_components": _words(COMPONENTS, 2 + versions.level),
        "hidden_components": _words(("games",), (versions.level >= HIGH).astype(np.int64)),
        "crisis_prominence": choose(PROMINENCE, versions.level),
        "deployed": np.ones(count, dtype=bool),
        "deployed_at": versions.at + 120_000,
        "user_rating": where(rates, rng.integers(1, 6, count)),
    }
    return _in_versions(plan, tables.CONFIGS, versions, columns)


def _changes(plan: Plan, rng: np.random.Generator, versions: Versions) -> Rows:
    """What was changed and why: risk up or down, a baseline, or now and then something else."""
    rose, fell = versions.level > versions.level_before, versions.level < versions.level_before
    other = (versions.version > 1) & (rng.random(len(rose)) < 0.2)
    kind = np.where(
        rose, 0, np.where(fell, 1, np.where(versions.version == 1, 3, np.where(other, 2 + 2 * (versions.user % 2), -1)))
    )
    at = np.flatnonzero(kind >= 0)
    seen = rng.random(len(at)) < 0.6
    columns = {
        "change_id": ids.uuids(plan.salt(SYSTEM, "change"), versions.number[at]),
        "user_id": user_uuids(plan, versions.user[at]),
        "config_id": config_uuids(plan, versions).take(pa.array(at)),
        "change_type": choose(CHANGES, kind[at]),
        "component_affected": choose(COMPONENTS, rng.integers(0, len(COMPONENTS), len(at))),
        "reason": choose(CHANGE_REASONS, kind[at]),
        "created_at": versions.at[at] + 60_000,
        "shown_to_user": seen,
        "user_acknowledged": seen & (rng.random(len(at)) < 0.5),
        "user_rating": where(seen, rng.integers(1, 6, len(at))),
    }
    return Rows(tables.CHANGES, tables.CHANGES.rows(columns), _day(plan, versions.at[at]))


def _alerts(plan: Plan, rng: np.random.Generator, versions: Versions) -> Rows:
    """An alert for every version of high or critical risk; most are answered and resolved within two days."""
    at = np.flatnonzero(versions.level >= HIGH)
    count, raised = len(at), versions.at[at]
    answered = rng.random(count) < 0.85
    resolved = answered & (rng.random(count) < 0.8)
    sent = raised + rng.integers(60_000, 600_000, count)
    responded = sent + rng.integers(600_000, DAY_MS, count)
    columns = {
        "alert_id": ids.uuids(plan.salt(SYSTEM, "alert"), versions.number[at]),
        "user_id": user_uuids(plan, versions.user[at]),
        "pattern_id": pattern_uuids(plan, versions).take(pa.array(at)),
        "risk_level": choose(RISKS, versions.level[at]),
        "risk_score": versions.risk[at],
        "risk_factors": _words(FACTORS, versions.level[at]),
        "risk_interpretation": choose(("Hopeless voice over several sessions.",), np.zeros(count, np.int64)),
        "created_at": raised,
        "alert_sent": np.ones(count, dtype=bool),
        "alert_sent_at": sent,
        "counselor_id": ids.uuids(plan.salt(SYSTEM, "counselor"), versions.user[at] % 12),
        "counselor_notified": np.ones(count, dtype=bool),
        "counselor_responded": answered,
        "counselor_response": where(answered, choose(("Called and listened.",), np.zeros(count, np.int64))),
        "counselor_response_at": where(answered, responded),
        "resolved": resolved,
        "resolved_at": where(resolved, responded + DAY_MS),
        "resolution_notes": where(resolved, choose(("Safe for now; next call on Friday.",), np.zeros(count, np.int64))),
    }
    return Rows(tables.ALERTS, tables.ALERTS.rows(columns), _day(plan, raised))
