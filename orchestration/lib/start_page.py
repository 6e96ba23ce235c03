"""The start page of `moodmart ui`: what was loaded last, what waits in quarantine, what the checks say, and the doors.

warehouse and kept check results -> `Facts` -> one HTML page without scripts, fonts or images from anywhere.
"""

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from html import escape
from pathlib import Path
from string import Template

import psycopg
from psycopg.rows import TupleRow

from expectations.results import CheckResult, latest_results
from ingestion.errors import WarehouseError
from ingestion.settings import Settings
from ingestion.warehouse import Warehouse
from orchestration.lib.marts import row_counts

LOADS = """
select distinct on (system, entity)
    system, entity, to_char(finished_at at time zone 'UTC', 'YYYY-MM-DD HH24:MI'),
    extracted, inserted, updated, unchanged, quarantined
from ops.loads
where extracted > 0 or deleted > 0
order by system, entity, load_id desc
"""
REASONS = """
select system, entity, reason, count(*) as waiting, (count(*) / sum(count(*)) over ())::float8 as share
from ops.quarantine, unnest(reasons) as reason
where status = 'open'
group by 1, 2, 3
order by waiting desc, 1, 2, 3
limit 25
"""
LAST_BUILD = """
select to_char(as_of, 'YYYY-MM-DD'), to_char(finished_at at time zone 'UTC', 'YYYY-MM-DD HH24:MI')
from ops.builds
inner join ops.runs using (run_id)
where finished_at is not null
order by run_id desc
limit 1
"""
BAR_REM = 18


@dataclass(frozen=True)
class Door:
    """A link to another report; without an address it is shown shut, with the reason as its text."""

    title: str
    text: str
    address: str | None


@dataclass(frozen=True)
class Facts:
    """What the page shows."""

    place: str
    loads: Sequence[TupleRow]
    reasons: Sequence[TupleRow]
    build: TupleRow | None
    marts: dict[str, int]
    checks: Sequence[CheckResult]


def page(settings: Settings, place: str, doors: Iterable[Door]) -> str:
    """The page as it is now."""
    try:
        facts = read_facts(settings, place)
    except (WarehouseError, psycopg.Error) as error:
        facts = Facts(f"{place}: {error}", (), (), None, {}, ())
    return render(facts, doors)


def read_facts(settings: Settings, place: str) -> Facts:
    """Ask the warehouse."""
    with Warehouse(settings).connect("owner") as connection:
        connection.read_only = True
        built = connection.execute("select to_regclass('ops.builds') is not null").fetchone()
        return Facts(
            place=place,
            loads=connection.execute(LOADS).fetchall(),
            reasons=connection.execute(REASONS).fetchall(),
            build=connection.execute(LAST_BUILD).fetchone() if built == (True,) else None,
            marts=row_counts(connection),
            checks=latest_results(settings),
        )


def render(facts: Facts, doors: Iterable[Door]) -> str:
    """Facts -> HTML."""
    template = Template(Path(__file__).with_name("start_page.html").read_text())
    return template.substitute(
        place=escape(facts.place),
        state=_state(facts),
        doors="".join(_door(door) for door in doors),
        loads=_loads(facts.loads),
        quarantine=_reasons(facts.reasons),
        checks=_checks(facts.checks),
        marts=_marts(facts.marts),
    )


def _state(facts: Facts) -> str:
    if facts.build is None:
        return "No complete build yet: <code>moodmart run</code> makes one."
    as_of, finished = facts.build
    return f"Last complete build as of {as_of}, finished {finished}."


def _door(door: Door) -> str:
    text = f"<strong>{escape(door.title)}</strong>{escape(door.text)}"
    if door.address is None:
        return f'<li><span class="shut">{text}</span></li>'
    return f'<li><a href="{escape(door.address)}">{text}</a></li>'


def _loads(rows: Sequence[TupleRow]) -> str:
    heads = ("entity", "loaded", "extracted", "inserted", "updated", "unchanged", "quarantined")
    body = [
        [f"{system}.{entity}", _cell(loaded), *(_number(count) for count in counts[:-1]), _bad(counts[-1])]
        for system, entity, loaded, *counts in rows
    ]
    return _table("The newest load of every entity that brought rows", heads, body, "Nothing was loaded yet.")


def _reasons(rows: Sequence[TupleRow]) -> str:
    body = [
        [f"{system}.{entity}", _cell(reason), _number(waiting), _share(share)]
        for system, entity, reason, waiting, share in rows
    ]
    heads = ("entity", "reason", "rows", "share of all")
    return _table("Open rows by entity and reason", heads, body, "Nothing waits in quarantine.")


def _share(share: float) -> str:
    width = f"{BAR_REM * share:.2f}rem"
    return f'<td><span class="bar" aria-hidden="true" style="width:{width}"></span>{share:.1%}</td>'


def _checks(checks: Sequence[CheckResult]) -> str:
    verdicts: dict[str, Counter[str]] = {}
    for check in checks:
        word = "passed" if check.passed else "failed" if check.is_blocking else "warned"
        verdicts.setdefault(check.table, Counter())[word] += 1
    body = [
        [table, _number(found["passed"], "good"), _bad(found["failed"]), _bad(found["warned"], "warn")]
        for table, found in verdicts.items()
    ]
    heads = ("table", "passed", "failed", "warned")
    return _table("The newest verdicts on the declared rules", heads, body, "Nothing was judged yet.")


def _marts(marts: dict[str, int]) -> str:
    body = [[name, _number(rows)] for name, rows in marts.items()]
    return _table("Rows of every mart", ("mart", "rows"), body, "No mart was built yet.")


def _table(caption: str, heads: Sequence[str], body: Sequence[Sequence[str]], empty: str) -> str:
    """`body` rows start with the text of their header cell; the other cells are HTML."""
    if not body:
        return f'<p class="soft">{escape(empty)}</p>'
    numeric = [cell.startswith('<td class="n') for cell in body[0]]
    head = "".join(
        f'<th scope="col"{" class=n" if right else ""}>{escape(name)}</th>'
        for name, right in zip(heads, numeric, strict=True)
    )
    rows = "".join(f'<tr><th scope="row">{escape(name)}</th>{"".join(cells)}</tr>' for name, *cells in body)
    label = escape(caption)
    return (
        f'<div class="wide" role="region" aria-label="{label}" tabindex="0">'
        f'<table aria-label="{label}"><thead><tr>{head}</tr></thead><tbody>{rows}</tbody></table></div>'
    )


def _cell(text: str) -> str:
    return f"<td>{escape(text)}</td>"


def _number(count: int, kind: str = "") -> str:
    return f'<td class="n {kind}">{count:,}</td>'


def _bad(count: int, kind: str = "bad") -> str:
    return _number(count, kind if count else "")
