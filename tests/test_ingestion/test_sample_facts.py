"""The bundled sample of the four systems after New Smell: the published facts hold in it.

Data flow: ingestion/sample/<system> -> rows of dicts -> facts the data sets state of themselves.

    pytest tests/test_ingestion/test_sample_facts.py
"""

import json
from collections import Counter
from datetime import UTC, datetime
from typing import Any

from tests.sample import ROOT, rows, rows_of

ENTRIES = ROOT / "emotion_visualizer" / "emotion_entries"
VOICES = ROOT / "voice_patterns" / "voice_sessions"
RECRUITED_AT = datetime(2022, 5, 21, tzinfo=UTC)


def people(found: list[dict[str, Any]]) -> int:
    return len({row["user_id"] for row in found})


def interactions() -> list[dict[str, Any]]:
    return [each for session in rows("masterx", "learning_sessions") for each in session["interactions"]]


def history() -> list[dict[str, Any]]:
    return [each for concept in rows("masterx", "content_mastery") for each in concept["learning_history"]]


def test_every_prompt_to_the_79_people_is_there():
    prompts = rows("emotional_core", "user_emotion")
    assert (len(prompts), people(prompts)) == (4372, 79)


def test_the_prompts_that_were_never_issued_have_no_time():
    assert sum(row["timestamp"] == "" for row in rows("emotional_core", "user_emotion")) == 74


def test_the_25_prompts_recorded_twice_are_kept():
    prompts = rows("emotional_core", "user_emotion")
    assert len(prompts) - len({row["id"] for row in prompts}) == 25


def test_anxiety_is_as_it_was_rated():
    levels = Counter(row["anxiety_level"] for row in rows("emotional_core", "user_emotion"))
    assert levels == {"1": 2175, "2": 1101, "3": 442, "4": 179, "5": 49, "": 426}


def test_the_mixed_zones_of_the_phones_are_kept_as_offsets():
    times = [row["timestamp"] for row in rows("emotional_core", "user_emotion") if row["timestamp"]]
    # CET; CEST and EET; EEST, MSK and +03
    assert Counter(time[-6:] for time in times) == {"+01:00": 3450, "+02:00": 263 + 436, "+03:00": 36 + 56 + 57}


def test_every_mood_rating_of_the_999_people_is_there():
    ratings = rows_of(ENTRIES / "covidaffect.parquet")
    assert (len(ratings), people(ratings)) == (17452, 999)


def test_the_eight_ratings_without_arousal_name_no_emotion_and_no_intensity():
    unrated = [row for row in rows_of(ENTRIES / "covidaffect.parquet") if row["emotions"] is None]
    assert [row["intensity"] for row in unrated] == [None] * 8


def test_the_one_rating_published_twice_is_the_same_row_twice():
    ratings = rows_of(ENTRIES / "covidaffect.parquet")
    assert sorted(Counter(str(row) for row in ratings).values())[-2:] == [1, 2]
    assert len({row["id"] for row in ratings}) == len(ratings) - 1


def test_the_school_day_answers_that_ask_for_feelings_are_there():
    answers = rows_of(ENTRIES / "school_days.parquet")
    # the morning's and the evening's prompts ask for none
    assert (len(answers), people(answers)) == (8260 - 2099 - 1155, 300)


def test_no_entry_holds_a_text():
    entries = rows("emotion_visualizer", "emotion_entries")
    assert {(row["situation"], row["notes"], row["source"]) for row in entries} == {(None, None, "import")}


def test_every_event_of_the_89_students_is_an_interaction():
    assert len(rows("masterx", "users")) == people(rows("masterx", "learning_sessions")) == 89
    assert Counter(each["interaction_type"] for each in interactions()) == {
        "assessment": 2801 - 27,
        "response": 27,
        "question": 307,
    }


def test_no_event_is_in_two_sessions():
    assert len({each["interaction_id"] for each in interactions()}) == 3108


def test_the_submissions_that_passed_are_the_questions_answered_correctly():
    metrics = [session["performance_metrics"] for session in rows("masterx", "learning_sessions")]
    assert sum(each["questions_correct"] for each in metrics) == 763
    assert sum(each["engagement_indicators"]["follow_up_questions"] for each in metrics) == 307


def test_the_verdicts_on_the_38_problems_are_the_published_ones():
    assert len({concept["concept"] for concept in rows("masterx", "content_mastery")}) == 38
    assert Counter(each.get("performance_score") for each in history()) == {1.0: 763, 0.0: 2312, None: 33}


def test_a_concept_is_mastered_in_the_session_that_says_so():
    sessions = rows("masterx", "learning_sessions")
    told = {(s["user_id"], concept) for s in sessions for concept in s["learning_progress"]["concepts_mastered"]}
    concepts = rows("masterx", "content_mastery")
    mastered = {
        (c["user_id"], c["concept"]) for c in concepts if c["mastery_tracking"].get("mastery_achieved_date") is not None
    }
    assert told == mastered
    assert len(mastered) == 427


def test_every_clip_of_the_91_actors_is_there_once():
    clips = rows_of(VOICES / "crema_d.csv")
    assert (len({row["session_id"] for row in clips}), len(clips), people(clips)) == (7442, 7442, 91)


def test_a_tied_vote_names_none_of_the_emotions():
    heard = Counter(row["voice_emotion"] for row in rows_of(VOICES / "crema_d.csv"))
    assert sum(count for emotion, count in heard.items() if ":" in emotion) == 644
    assert (heard["neutral"], heard["angry"], heard["angry:disgust"]) == (3897, 986, 73)


def test_every_recording_of_the_42_subjects_is_there():
    recordings = rows_of(VOICES / "parkinsons.parquet")
    assert (len({row["session_id"] for row in recordings}), people(recordings)) == (5875, 42)


def test_twelve_recordings_are_older_than_the_recruitment():
    assert sum(row["session_start"] < RECRUITED_AT for row in rows_of(VOICES / "parkinsons.parquet")) == 12


def test_the_features_are_in_the_published_ranges():
    spectral = [json.loads(row["voice_features"])["spectral"] for row in rows_of(VOICES / "parkinsons.parquet")]
    ranges = {name: (min(s[name] for s in spectral), max(s[name] for s in spectral)) for name in spectral[0]}
    assert ranges == {"jitter": (0.00083, 0.09999), "shimmer": (0.00306, 0.26863), "hnr": (1.659, 37.875)}


def test_the_people_of_the_voice_sessions_are_the_users():
    users = rows("voice_patterns", "users")
    assert {row["user_id"] for row in users} == {row["user_id"] for row in rows("voice_patterns", "voice_sessions")}
    assert len({row["anonymous_id"] for row in users}) == len(users) == 91 + 42
