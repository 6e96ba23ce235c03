"""Map the Open Bandit Dataset to New Smell recommendation feedback and the perfumes it names.

Data flow: `<policy>_<campaign>.csv.gz` (one row per shown item) -> rows named by the source's own
columns, in file order. User features and affinities are not read. The rules are listed for readers
in `README.md`. It runs as a part of

    python -m ingestion.sample.new_smell_build --from <public data> --to <folder>
"""

from collections.abc import Iterable, Iterator
from datetime import datetime
from pathlib import Path

from ingestion.sample.files import Row
from ingestion.sample.public_data import read_rows

FOLDER = Path("open_bandit")
POLICIES = ("random", "bts")
CAMPAIGNS = ("men", "women")

NOT_LOGGED = (
    "addedToWishlist",
    "addedToCollection",
    "rated",
    "hidPerfume",
    "reportedIrrelevant",
)
"""Responses the dataset does not log; the source document's default for them is false."""


def feedback_rows(public_data: Path) -> list[Row]:
    """RecommendationFeedback rows, one per impression."""
    folder = public_data / FOLDER
    return [
        row
        for policy in POLICIES
        for campaign in CAMPAIGNS
        for row in _impressions(folder / f"{policy}_{campaign}.csv.gz", policy, campaign)
    ]


def _impressions(path: Path, policy: str, campaign: str) -> Iterator[Row]:
    for row in read_rows(path):
        at = datetime.fromisoformat(row["timestamp"])
        yield {
            "id": f"{policy}-{campaign}-{row['']}",
            "perfumeId": f"{campaign}-{row['item_id']}",
            # Slots of one list share their microsecond (and the features of the user).
            "recommendationId": f"{policy}-{campaign}-{at:%Y%m%dT%H%M%S.%f}",
            "source": "homepage",
            "algorithm": policy,
            "position": int(row["position"]),
            "viewed": True,
            "clicked": row["click"] == "1",
            **dict.fromkeys(NOT_LOGGED, False),
            "impressionTime": at,
        }


def perfume_rows(feedback: Iterable[Row]) -> list[Row]:
    """Perfume rows for the shown items; the dataset tells nothing of them but their number."""
    shown = {row["perfumeId"] for row in feedback}
    return [{"id": perfume_id} for perfume_id in sorted(shown, key=_campaign_and_number)]


def _campaign_and_number(perfume_id: str) -> tuple[str, int]:
    campaign, number = perfume_id.rsplit("-", 1)
    return campaign, int(number)
