"""The numbers of the start page."""

from ingestion.settings import Settings
from ingestion.warehouse import Warehouse
from orchestration.lib.start_page import page

WAITING = """
insert into ops.quarantine (system, entity, load_id, payload, reasons, rule_version, fingerprint)
select 'new_smell', 'users', 1, '{}', array[case when n <= 20 then 'worst' else 'reason ' || n end], '1', n
from generate_series(1, 50) as n
"""


def test_the_shares_of_the_reasons_shown_are_of_all_reasons(settings: Settings, warehouse: Warehouse) -> None:
    with warehouse.connect("owner") as connection:
        connection.execute(WAITING)
    shown = page(settings, "here", [])
    assert shown.count(">reason ") == 24
    assert (shown.count("40.0%"), shown.count("2.0%")) == (1, 24)
