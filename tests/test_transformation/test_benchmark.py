"""The benchmark of the marts, at its smallest: it runs, and DuckDB's marts are dbt's."""

import pytest

from tests.benchmarks import duckdb_marts, marts
from tests.benchmarks.queries import QUERIES


@pytest.mark.slow
def test_the_benchmark_of_the_marts_runs(capsys: pytest.CaptureFixture[str]) -> None:
    found_no_difference = marts.main(["--events", "12000", "--users", "60", "--increments", "1"]) == 0
    told = capsys.readouterr().out
    assert found_no_difference, told
    for line in (*list(duckdb_marts.REBUILD)[1:], *QUERIES, "all models", "of that, waiting for pages", "all five"):
        assert f"\n{line} " in told, line
