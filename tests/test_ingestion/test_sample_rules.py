"""The rules that map public data to the sample of the four systems after New Smell.

Data flow: rows as the public files hold them, in a temporary folder -> mapped rows or documents.

    pytest tests/test_ingestion/test_sample_rules.py
"""

from datetime import UTC, datetime
from pathlib import Path

import pytest

from ingestion.sample import (
    emotion_visualizer_covidaffect,
    emotion_visualizer_school,
    emotional_core_build,
    masterx_log,
    masterx_mastery,
    masterx_sessions,
    voice_patterns_crema_d,
    voice_patterns_parkinsons,
)
from ingestion.sample.files import Row
from ingestion.sample.masterx_log import TutorLog
from tests.public_data import answer, clip, prompt, rating, recording, tutor_event, write_rows


def tutor_log(folder: Path, *events: dict[str, str]) -> TutorLog:
    write_rows(folder / masterx_log.EVENTS_FILE, events)
    return masterx_log.read_log(folder)


def concept(folder: Path, *events: dict[str, str]) -> Row:
    (document,) = masterx_mastery.mastery_documents(tutor_log(folder, *events))
    return document


def session(folder: Path, *events: dict[str, str]) -> Row:
    (document,) = masterx_sessions.session_documents(tutor_log(folder, *events))
    return document


def clips(folder: Path, *votes: dict[str, str]) -> list[Row]:
    write_rows(folder / voice_patterns_crema_d.VOTES_FILE, votes)
    return voice_patterns_crema_d.session_rows(voice_patterns_crema_d.read_clips(folder))


@pytest.mark.parametrize(
    ("local", "expected"),
    [
        ("2020-03-16 12:04:45 CET", "2020-03-16T12:04:45+01:00"),
        ("2020-03-29 12:15:49 EEST", "2020-03-29T12:15:49+03:00"),
        ("2020-03-16 13:00:00 +03", "2020-03-16T13:00:00+03:00"),
        ("NA", None),
    ],
)
def test_the_time_of_a_prompt_keeps_the_offset_of_its_zone(local: str, expected: str | None):
    assert emotional_core_build.with_offset(local) == expected


def test_a_prompt_recorded_twice_has_one_id_and_what_each_record_says(tmp_path: Path):
    write_rows(tmp_path / emotional_core_build.PROMPTS_FILE, [prompt(), prompt("NA", "NA")])
    ((first, second),) = (file.rows for file in emotional_core_build.sample_files(tmp_path))
    assert first["id"] == second["id"]
    assert (first["anxiety_level"], second["anxiety_level"], second["timestamp"]) == ("3", None, None)


@pytest.mark.parametrize(
    ("valence", "arousal", "expected"),
    [
        ("50", "100", (["excitement"], 1.0)),
        ("-30", "90", (["anxiety"], 0.71)),
        ("-1", "49", (["sadness"], 0.02)),
        ("33", "10", (["contentment"], 0.73)),
        ("0", "100", ([], 0.71)),
        ("20", "50", ([], 0.28)),
        ("20", None, (None, None)),
    ],
)
def test_a_rating_names_the_corner_it_lies_in_and_none_on_an_axis(valence, arousal, expected):
    assert emotion_visualizer_covidaffect.felt(valence, arousal) == expected


def test_a_rating_is_an_import_made_when_it_was_answered(tmp_path: Path):
    write_rows(tmp_path / emotion_visualizer_covidaffect.RATINGS_FILE, [rating("33", "NA")], "\t")
    (entry,) = emotion_visualizer_covidaffect.entry_rows(tmp_path)
    assert (entry["source"], entry["emotions"]) == ("import", None)
    assert entry["created_at"] == datetime(2020, 3, 28, 21, 56, 26, tzinfo=UTC)


@pytest.mark.parametrize(
    ("items", "expected"),
    [
        ({"enjoy_all": "4", "stress_all": "2"}, (["joy"], 0.75)),
        ({"stress_all": "5", "angry_all": "5", "lonely_all": "1"}, (["anxiety", "anger"], 1.0)),
        ({"enjoy_all": "1", "lonely_all": "1"}, ([], 0.0)),
    ],
)
def test_a_school_day_names_the_feelings_rated_highest(items, expected):
    assert emotion_visualizer_school.felt(emotion_visualizer_school.ratings(answer(**items))) == expected


def test_a_prompt_that_does_not_ask_for_feelings_is_no_entry(tmp_path: Path):
    write_rows(tmp_path / emotion_visualizer_school.ANSWERS_FILE, [answer(), answer(angry_all="2")], "\t")
    (entry,) = emotion_visualizer_school.entry_rows(tmp_path)
    assert entry["created_at"] == datetime(2022, 11, 21, 9, 46, 23, 500_000, tzinfo=UTC)


def test_a_learning_session_goes_on_while_gaps_are_at_most_thirty_minutes(tmp_path: Path):
    log = tutor_log(tmp_path, tutor_event(1, "10:00"), tutor_event(2, "10:30"), tutor_event(3, "11:01"))
    assert [len(session) for session in log.sessions] == [2, 1]


def test_another_student_is_another_session(tmp_path: Path):
    log = tutor_log(tmp_path, tutor_event(1, "10:00"), tutor_event(2, "10:00", SubjectID="S011"))
    assert [session[0].student for session in log.sessions] == ["S002", "S011"]


def test_events_of_one_minute_are_in_the_order_of_the_log(tmp_path: Path):
    found = session(tmp_path, tutor_event(10, "10:00"), tutor_event(9, "10:00"))
    assert [each["interaction_id"] for each in found["interactions"]] == ["event-9", "event-10"]


def test_an_interaction_goes_by_the_event_and_whether_it_was_judged(tmp_path: Path):
    hint = tutor_event(3, "10:02", EventType="X-HintRequest")
    found = session(tmp_path, tutor_event(1, "10:00"), tutor_event(2, "10:01", "NA"), hint)
    assert [each["interaction_type"] for each in found["interactions"]] == ["assessment", "response", "question"]
    assert found["performance_metrics"] == {
        "questions_attempted": 1,
        "questions_correct": 0,
        "accuracy_percentage": 0.0,
        "engagement_indicators": {"follow_up_questions": 1},
    }


def test_a_session_without_a_judged_submission_has_no_accuracy(tmp_path: Path):
    assert "accuracy_percentage" not in session(tmp_path, tutor_event(1, "10:00", "NA"))["performance_metrics"]


def test_a_problem_solved_at_first_is_mastered(tmp_path: Path):
    found = concept(tmp_path, tutor_event(1, "10:00", "TRUE"), tutor_event(2, "10:05"))
    assert found["mastery_tracking"]["current_mastery_level"] == 0.5
    assert found["mastery_tracking"]["mastery_achieved_date"] == datetime(2016, 2, 5, 10, tzinfo=UTC)


def test_a_problem_solved_after_a_hint_is_not_yet_mastered(tmp_path: Path):
    hint = tutor_event(1, "10:00", EventType="X-HintRequest")
    found = concept(tmp_path, hint, tutor_event(2, "10:05", "TRUE"))
    assert "mastery_achieved_date" not in found["mastery_tracking"]


def test_a_problem_that_nothing_judged_has_no_level(tmp_path: Path):
    found = concept(tmp_path, tutor_event(1, "10:00", "NA"))
    assert found["mastery_tracking"].keys() == {"first_exposure_date", "last_practiced_date"}


def test_what_comes_after_the_solution_is_revision(tmp_path: Path):
    events = [tutor_event(1, "10:00"), tutor_event(2, "10:01", "TRUE"), tutor_event(3, "10:02")]
    activities = [each["activity_type"] for each in concept(tmp_path, *events)["learning_history"]]
    assert activities == ["introduction", "practice", "revision"]


def test_a_return_in_a_later_session_is_one_review(tmp_path: Path):
    events = [tutor_event(1, "10:00"), tutor_event(2, "12:00", "TRUE"), tutor_event(3, "12:01")]
    assert concept(tmp_path, *events)["spaced_repetition_data"]["review_history"] == [
        {"date": datetime(2016, 2, 5, 12, tzinfo=UTC), "performance_score": 0.5}
    ]


def test_a_student_signs_up_with_the_first_event(tmp_path: Path):
    (user,) = masterx_sessions.user_documents(tutor_log(tmp_path, tutor_event(2, "12:00"), tutor_event(1, "10:00")))
    assert user["created_at"] == datetime(2016, 2, 5, 10, tzinfo=UTC)


def test_only_clips_that_were_heard_and_not_seen_are_read(tmp_path: Path):
    heard, seen = clip("100001", "1001_IEO_NEU_XX", "S"), clip("200001", "1001_IEO_NEU_XX", "N")
    assert [row["voice_emotion"] for row in clips(tmp_path, heard, seen)] == ["sad"]


def test_emotions_of_a_tied_vote_stay_joined(tmp_path: Path):
    (row,) = clips(tmp_path, clip("100001", "1001_IEO_NEU_XX", "A:D"))
    assert (row["voice_emotion"], row["emotion_confidence"]) == ("angry:disgust", 0.625)


def test_each_actors_clips_are_a_minute_apart_from_midnight(tmp_path: Path):
    names = ("1001_IEO_NEU_XX", "1002_IEO_NEU_XX", "1001_IEO_HAP_LO")
    rows = clips(tmp_path, *(clip(f"10000{number}", name) for number, name in enumerate(names)))
    assert [f"{row['session_start']:%H:%M}" for row in rows] == ["00:00", "00:00", "00:01"]


def test_a_recording_of_before_the_recruitment_is_older_than_its_day(tmp_path: Path):
    path = tmp_path / voice_patterns_parkinsons.RECORDINGS_FILE
    write_rows(path, [recording("-0.5"), recording("1.25")])
    recordings = voice_patterns_parkinsons.read_recordings(tmp_path)
    assert [f"{row['session_start']:%m-%d %H:%M}" for row in voice_patterns_parkinsons.session_rows(recordings)] == [
        "05-20 12:00",
        "05-22 06:00",
    ]


def test_recordings_of_one_time_are_sessions_of_their_own_and_of_one_user(tmp_path: Path):
    write_rows(tmp_path / voice_patterns_parkinsons.RECORDINGS_FILE, [recording("5.6431"), recording("5.6431")])
    recordings = voice_patterns_parkinsons.read_recordings(tmp_path)
    first, second = voice_patterns_parkinsons.session_rows(recordings)
    assert first["session_id"] != second["session_id"]
    assert [row["anonymous_id"] for row in voice_patterns_parkinsons.user_rows(recordings)] == ["parkinsons-1"]
