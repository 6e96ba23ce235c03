"""The questions of the README: what an analyst asks, the SQL, and the answer on the bundled sample.

README.md -> its `sql` block -> `questions()`. The documentation is tested, and timed, as it stands.
"""

import re
from dataclasses import dataclass

from ingestion.settings import PROJECT_ROOT

ANSWER = "--> "


@dataclass(frozen=True)
class Question:
    """A question, its SQL, and the rows it has on the sample, each value as psql shows it."""

    text: str
    sql: str
    rows: tuple[tuple[str, ...], ...]


def questions() -> list[Question]:
    """Every question in order."""
    block = re.search(r"```sql\n(.*?)```", (PROJECT_ROOT / "README.md").read_text(), re.DOTALL)
    assert block
    return [question(part) for part in block[1].strip().split("\n\n")]


def question(part: str) -> Question:
    """One paragraph: the question as a comment, a statement, answers as comments."""
    lines = part.splitlines()
    rows = [line.removeprefix(ANSWER).split(", ") for line in lines if line.startswith(ANSWER)]
    statement = "\n".join(line for line in lines if not line.startswith("--"))
    return Question(lines[0].removeprefix("-- "), statement, tuple(map(tuple, rows)))
