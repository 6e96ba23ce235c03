"""A planted e-mail, name, transcript and journal text are found nowhere after a run."""

import json
import subprocess
from pathlib import Path

import psycopg
import pyarrow.parquet as pq

from ingestion.embedded import programs
from ingestion.settings import Settings
from ingestion.warehouse import Warehouse
from tests.test_orchestration.command_line import moodmart

CANARY = "canaryxq7"
DATA = Path(__file__).parent.parent / "data"
PEOPLE = f"""
insert into users (email, hashed_password, name) values
    ('{CANARY}@example.org', '{CANARY}-hash', '{CANARY} the person'),
    ('{CANARY}.two@example.org', '{CANARY}-hash', '{CANARY} the second');
insert into emotion_entries (user_id, situation, emotions, intensity, notes)
    select id, '{CANARY} at work', array['joy'], 0.5, '{CANARY} in my notes' from users;
insert into intake_sessions (user_id, initial_situation, conversation_history, final_summary)
    select id, '{CANARY}', '[{{"question": "{CANARY}?", "answer": "{CANARY}!"}}]', '{CANARY}' from users;
insert into visualizations (entry_id, user_id, summary, insights, error_message)
    select id, user_id, '{CANARY}', array['{CANARY}'], '{CANARY}' from emotion_entries;
insert into api_keys (user_id, key_hash, name) select id, '{CANARY}' || id, '{CANARY}' from users;
"""


def masterx(folder: Path) -> Path:
    """Documents whose texts, names and secrets are the canary; one of them is bad."""
    folder.mkdir()
    for name in ("users", "learning_sessions"):
        text = (DATA / "masterx" / f"{name}.json").read_text().splitlines()[0]
        document = json.loads(text)
        if name == "users":
            document |= {"email": f"{CANARY}@example.org", "password_hash": CANARY}
            document["profile"]["name"] = CANARY
        else:
            for interaction in document["interactions"]:
                interaction["user_input"] = f"{CANARY} told the tutor"
            document["interactions"][0]["interaction_type"] = "gossip"
        (folder / f"{name}.jsonl").write_text(json.dumps(document) + "\n")
    return folder


def content(path: Path) -> str:
    """All text of a file; Parquet is compressed, so it is read."""
    if path.suffix == ".parquet":
        return repr(pq.read_table(path).to_pylist())
    return path.read_bytes().decode("latin-1")


def test_what_must_not_enter_is_nowhere(settings: Settings, warehouse: Warehouse, tmp_path: Path) -> None:
    address = str(settings.database_url)
    with psycopg.connect(address) as source:
        source.execute((DATA / "emotion_visualizer.sql").read_text())
        source.execute(PEOPLE)
    sources = [f"emotion_visualizer={address}", f"masterx={masterx(tmp_path / 'documents')}"]
    arguments = [part for source in sources for part in ("--source", source)]
    done = moodmart(settings, "run", "--system", "emotion_visualizer", "--system", "masterx", *arguments)
    assert done.returncode == 0, done.stdout + done.stderr
    assert "emotion_visualizer.emotion_entries: 2 extracted, 2 inserted" in done.stdout
    assert "in:interaction_type 1" in done.stdout
    assert [path for path in settings.home.rglob("*") if path.is_file() and CANARY in content(path)] == []
    assert CANARY not in done.stdout + done.stderr
    # the source's own tables lie in schema public of the same database
    dump = subprocess.run(
        [str(programs() / "pg_dump"), "--data-only", "--exclude-schema=public", address],
        capture_output=True,
        text=True,
        check=True,
    )
    assert "emotion_visualizer__users" in dump.stdout
    assert CANARY not in dump.stdout
