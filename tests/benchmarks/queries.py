"""What an analyst asks of the marts, and how long the answers take.

make bench-marts
"""

import random
import statistics
import time
from collections.abc import Iterator

from ingestion.warehouse import Warehouse

ROUNDS = 30
QUERIES = {
    "one user's profile": "select * from behavior.user_behavior_profiles where user_key = %(user)s",
    "the profile as a document": "select * from behavior.user_behavior_profiles_document where user_key = %(user)s",
    "one user's preferences": (
        "select kind, value, weight from behavior.user_preferences where user_key = %(user)s order by weight desc "
        "limit 20"
    ),
    "one user's sessions": ("select * from core.sessions where user_key = %(user)s order by started_at desc limit 20"),
    "one perfume": "select * from behavior.perfume_interaction_stats where perfume_id = %(perfume)s",
    "most viewed perfumes": (
        "select perfume_id, total_views from behavior.perfume_interaction_stats order by total_views desc limit 10"
    ),
    "trending perfumes": (
        "select perfume_id, trending_score from behavior.perfume_interaction_stats order by trending_score desc "
        "limit 10"
    ),
    "active users today": "select * from behavior.active_users order by hour_ending_at desc limit 24",
    "users by browsing style": (
        "select browsing_style, count(*), avg(engagement_score) from behavior.user_behavior_profiles group by 1"
    ),
    "most engaged users": (
        "select user_key, engagement_score from behavior.user_behavior_profiles order by engagement_score desc limit 50"
    ),
}
"""What an analyst asks; `user` and `perfume` are others each time."""


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
