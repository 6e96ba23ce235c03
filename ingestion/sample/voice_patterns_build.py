"""Build the bundled sample of the voice application from public data.

Data flow: listeners' votes on acted voice clips (`crema_d`) and voice measures of patients recorded at home
(`parkinsons_voice`) -> `users` and `voice_sessions` rows, in file order -> one file per data set and entity. The data
sets stay in files of their own because the licence of the first asks for it: what is derived from it is under it too.

    python -m ingestion.sample.voice_patterns_build --from <public data> --to ingestion/sample/voice_patterns

Where each value comes from is listed in `README.md` beside this file.
"""

import sys
from collections.abc import Sequence
from pathlib import Path

from ingestion.sample import voice_patterns_crema_d, voice_patterns_parkinsons
from ingestion.sample.build import run
from ingestion.sample.files import FLAG, FLOAT, INT, TEXT, TIME, SampleFile

# The columns of the source's own tables, in the order of its document, without the encrypted transcript.
USER = {
    **{"user_id": TEXT, "anonymous_id": TEXT, "email_hash": TEXT, "phone_hash": TEXT},
    **{"created_at": TIME, "last_active": TIME, "account_status": TEXT, "data_retention_days": INT},
    **{"consent_research": FLAG, "consent_emergency_contact": FLAG, "timezone": TEXT},
}
VOICE_SESSION = {
    **{"session_id": TEXT, "user_id": TEXT, "session_start": TIME, "session_end": TIME, "duration_seconds": INT},
    **{"voice_emotion": TEXT, "emotion_confidence": FLOAT, "voice_features": TEXT, "transcript_language": TEXT},
    **{"processed": FLAG, "patterns_extracted": FLAG, "delete_after": TIME},
}


def sample_files(public_data: Path) -> list[SampleFile]:
    """Read the public data and map it; nothing is written."""
    clips = voice_patterns_crema_d.read_clips(public_data)
    recordings = voice_patterns_parkinsons.read_recordings(public_data)
    return [
        SampleFile("users/crema_d.csv", USER, voice_patterns_crema_d.user_rows(clips)),
        SampleFile("users/parkinsons.csv", USER, voice_patterns_parkinsons.user_rows(recordings)),
        SampleFile("voice_sessions/crema_d.csv", VOICE_SESSION, voice_patterns_crema_d.session_rows(clips)),
        SampleFile(
            "voice_sessions/parkinsons.parquet", VOICE_SESSION, voice_patterns_parkinsons.session_rows(recordings)
        ),
    ]


def main(argv: Sequence[str] | None = None) -> int:
    """Build the sample; exit code 2 on bad input."""
    return run("voice application", sample_files, argv)


if __name__ == "__main__":
    sys.exit(main())
