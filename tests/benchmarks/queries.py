"""What an analyst asks of the marts, and how long the answers take.

make bench-marts
"""

import random
import statistics
import time
from collections.abc import Iterator

from ingestion.warehouse import Warehouse
from tests.readme import questions

ROUNDS = 30
OF_ONE = {
    "one user's profile": "select * from behavior.user_behavior_profiles where user_key = %(user)s",
    "the profile as a document": "select * from behavior.user_behavior_profiles_document where user_key = %(user)s",
    "one user's sessions": "select * from core.sessions where user_key = %(user)s order by started_at desc limit 20",
    "one perfume": "select * from behavior.perfume_interaction_stats where perfume_id = %(perfume)s",
}
"""What is asked of one user or perfume, another each time."""
QUERIES = {question.text: question.sql for question in questions()} | OF_ONE
"""The README's questions, and these."""


def ask(warehouse: Warehouse) -> Iterator[tuple[str, float]]:
    """Each query's 95th percentile in milliseconds."""
    chance = random.Random(1)
    with warehouse.connect("analyst") as connection:
        users = connection.execute("select user_key from behavior.user_behavior_profiles limit 5000").fetchall()
        perfumes = connection.execute("select perfume_id from behavior.perfume_interaction_stats").fetchall()
        for name, query in QUERIES.items():
            taken = []
            for _ in range(ROUNDS):
                given = {"user": chance.choice(users)[0], "perfume": chance.choice(perfumes)[0]}
                begun = time.perf_counter()
                connection.execute(query.encode(), given).fetchall()
                taken.append(1000 * (time.perf_counter() - begun))
            yield name, statistics.quantiles(taken, n=20)[-1]
