"""A person who is deleted at the source is in no mart after the next run.

a live source -> `moodmart run` -> a user deleted there -> `moodmart run` -> every row of every table dbt makes

    pytest -m slow tests/test_orchestration/test_erasure.py
"""

import pytest
from psycopg import sql

from ingestion.credentials import pseudonym_key
from ingestion.privacy import Pseudonymiser
from ingestion.settings import Settings
from ingestion.warehouse import MART_SCHEMAS, Warehouse
from tests.test_ingestion.test_removal import live
from tests.test_orchestration.command_line import moodmart

MADE_BY_DBT = ("intermediate", *MART_SCHEMAS)
NAMING = {"behavior.user_behavior_profiles", "behavior.user_feature_vector_versions", "core.sessions"}
"""Some of the marts that name people."""


def holding(settings: Settings, person: str) -> list[str]:
    """Tables and views with a row that names the person."""
    query = "select table_schema, table_name from information_schema.tables where table_schema = any(%s) order by 1, 2"
    statement = sql.SQL("select exists (select from {} as t where position({} in t::text) > 0)")
    with Warehouse(settings).connect("owner") as connection:
        tables = connection.execute(query, [list(MADE_BY_DBT)]).fetchall()
        return [
            ".".join(table)
            for table in tables
            if connection.execute(statement.format(sql.Identifier(*table), sql.Literal(person))).fetchone() == (True,)
        ]


@pytest.mark.slow
def test_a_deleted_person_is_in_no_mart_after_the_next_run(settings: Settings, warehouse: Warehouse) -> None:
    source = f"new_smell={settings.database_url}"
    order = ("run", "--system", "new_smell", "--source", source, "--as-of", "2025-01-31")
    key = Pseudonymiser(pseudonym_key(settings.home), "new_smell")
    person, other = (key.one("user", name) for name in ("user-1", "user-2"))
    with live(settings) as connection:
        # sessions of one event: those of the source last for days, which the marts' rules do not let pass
        connection.execute('update "UserInteractionEvent" set "sessionId" = id')
        connection.commit()
        first = moodmart(settings, *order)
        assert first.returncode == 0, first.stdout + first.stderr
        held = holding(settings, person)
        assert {"behavior.user_behavior_profiles", "behavior.user_feature_vector_versions", "core.sessions"} <= set(
            held
        )
        connection.execute("""delete from "User" where id = 'user-1'""")
        connection.commit()
        second = moodmart(settings, *order)
    assert second.returncode == 0, second.stdout + second.stderr
    assert holding(settings, person) == []
    assert set(holding(settings, other)) >= NAMING
