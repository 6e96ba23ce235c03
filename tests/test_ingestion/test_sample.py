"""What holds for the bundled sample of every system: its size, its columns, no e-mail address, and that it loads.

Data flow: ingestion/sample/<system> -> compared with the contracts; -> a real load -> what the quarantine holds.

    pytest tests/test_ingestion/test_sample.py
"""

from collections import Counter
from pathlib import Path

import pytest

from ingestion.contracts import Entity, System, load_contracts
from ingestion.load import load_system
from ingestion.settings import PROJECT_ROOT, SAMPLE_AS_OF, Settings
from ingestion.warehouse import Warehouse
from tests.sample import SYSTEMS, files, header, places, rows, rows_of, scalars, source_of

MAX_BYTES = 10_000_000
CONTRACTS = load_contracts(PROJECT_ROOT)
FILES = [(system, path) for system in SYSTEMS for path in files(system)]
TABLES = [(system, path) for system, path in FILES if system != "masterx"]

QUARANTINED = {
    "emotional_core": {"not_null:measured_at": 74, "duplicate_key:emotion_id": 13},
    "emotion_visualizer": {"between:emotion_count": 1594 + 57, "not_null:emotion_count": 8, "not_null:intensity": 8},
    "masterx": {},
    "voice_patterns": {"in:voice_emotion": 644},
}

of_each_file = pytest.mark.parametrize(("system", "path"), FILES, ids=lambda part: getattr(part, "stem", part))
of_each_table = pytest.mark.parametrize(("system", "path"), TABLES, ids=lambda part: getattr(part, "stem", part))


def entity_of(system: str, path: Path) -> Entity:
    (entity,) = [entity for entity in CONTRACTS[system].roots if entity.source == source_of(path)]
    return entity


def read_places(system: System, entity: Entity) -> set[str]:
    """Every place in the source's rows that the contract reads."""
    streams = [stream for child in system.children(entity) for stream in child.streams]
    nested = {f"{s.root}.{path}" if s.root else path for s in streams for _, path in s.paths}
    return {column.source for column in entity.columns if column.source} | nested


def test_the_sample_is_at_most_ten_megabytes():
    assert sum(path.stat().st_size for _, path in FILES) <= MAX_BYTES


def test_every_system_has_a_sample():
    assert set(CONTRACTS) == set(SYSTEMS) == {system for system, _ in FILES}


@of_each_table
def test_a_table_has_the_columns_the_contract_reads_and_no_other(system: str, path: Path):
    assert set(header(path)) == set(entity_of(system, path).source_columns)


@pytest.mark.parametrize("path", files("masterx"), ids=lambda path: path.stem)
def test_a_document_has_only_fields_the_contract_reads(path: Path):
    held = {place for document in rows_of(path) for place in places(document)}
    assert held <= read_places(CONTRACTS["masterx"], entity_of("masterx", path))


@of_each_file
def test_no_value_holds_an_e_mail_address(system: str, path: Path):
    assert [value for row in rows_of(path) for value in scalars(row) if "@" in str(value)] == []


@pytest.mark.parametrize("name", QUARANTINED)
def test_the_sample_loads_and_the_gate_holds_the_documented_rows(
    settings: Settings, warehouse: Warehouse, name: str
) -> None:
    results = load_system(settings, CONTRACTS[name])
    reasons: Counter[str] = Counter()
    for result in results:
        reasons.update(result.reasons)
    assert reasons == QUARANTINED[name]
    assert {result.entity for result in results if result.extracted} >= {
        entity_of(name, path).name for path in files(name)
    }


def test_the_voice_sessions_whose_day_is_set_by_rule_end_with_the_last_day_of_the_sample():
    days = {str(row["session_start"])[:10] for row in rows("voice_patterns", "voice_sessions")}
    assert max(days) == SAMPLE_AS_OF.isoformat()
