"""The loads as Dagster orders them: a person's consent is there before the rows that ask for it.

documents of one person -> the load assets of masterx, in one run -> staging

    pytest tests/test_orchestration/test_loads.py
"""

from pathlib import Path

import dagster as dg

from ingestion.settings import Settings
from ingestion.warehouse import Warehouse
from orchestration.defs import ingestion
from tests.test_ingestion.test_consent import document, offer, staged, user

BEFORE_USERS = ("content_mastery", "emotional_analytics", "learning_dna", "learning_sessions")
"""What asks for consent; by name all of it comes before the users."""


def test_rows_of_a_person_who_consents_arrive_in_the_first_run(
    settings: Settings, warehouse: Warehouse, tmp_path: Path
) -> None:
    parts = {name: [document(name)] for name in BEFORE_USERS}
    folder = offer(tmp_path / "in", users=[user(emotional=True)], **parts)
    definitions = ingestion.build(settings.with_sources({"masterx": str(folder)}), print)
    assert dg.materialize([*(definitions.assets or ())], selection=dg.AssetSelection.groups("masterx")).success
    found = staged(warehouse)
    assert found["emotions"] and found["analytics"] and found["sessions"][0][0]
    with warehouse.connect("owner") as connection:
        query = "select count(*) from staging.masterx__content_mastery_emotions"
        assert connection.execute(query).fetchone() != (0,)
