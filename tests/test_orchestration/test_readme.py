"""The README's questions have the README's answers on the bundled sample.

pytest tests/test_orchestration/test_readme.py
"""

import pytest

from ingestion.warehouse import Warehouse
from tests.readme import Question, questions
from tests.test_orchestration.conftest import Finished


def test_there_are_ten() -> None:
    assert len(questions()) == 10


@pytest.mark.parametrize("question", questions(), ids=lambda question: question.text)
def test_the_analyst_gets_the_answer_the_readme_gives(finished: Finished, question: Question) -> None:
    with Warehouse(finished.settings).connect("analyst") as connection:
        rows = connection.execute(question.sql.encode()).fetchall()
    assert tuple(tuple(map(str, row)) for row in rows) == question.rows
