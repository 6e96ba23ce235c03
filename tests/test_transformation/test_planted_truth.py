"""What was planted in simulated data comes back from the marts, within stated tolerances.

simulator, with its faults -> files and truth -> `load_system` -> `dbt build` -> marts | truth, joined by pseudonym

Some of the truth cannot come back: who visited once and stopped, or stopped yesterday, looks like anybody else. Each
test says whom it leaves out.

    pytest -m slow tests/test_transformation/test_planted_truth.py -rP        shows the scores
"""

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path

import pandas as pd
import pyarrow.parquet as pq
import pytest
from scipy.stats import mannwhitneyu

from ingestion.credentials import pseudonym_key
from ingestion.load import load_system
from ingestion.privacy import Pseudonymiser
from ingestion.settings import Settings
from ingestion.simulator import Plan, simulate
from ingestion.warehouse import Warehouse
from orchestration.lib import fits
from tests.dbt_builds import build
from tests.events import NEW_SMELL

pytestmark = pytest.mark.slow
PLAN = Plan(users=500, days=74, seed=11, systems=("new_smell",))
"""Its last day is a Saturday, for which segments are made."""
AS_OF = PLAN.start + timedelta(days=PLAN.days - 1)
MARTS = ("user_behavior_profiles", "user_preferences", "trending_perfumes", "user_segments")
MONTH = 30
"""Days: the window of activity, and how long somebody must be gone to be surely gone."""
TOP = 10
"""Places among the trending perfumes, of 400."""
ACTIVE, LEAVING = {"champion", "loyal", "promising", "new"}, {"at_risk", "hibernating"}


@dataclass(frozen=True)
class Simulated:
    """A warehouse built from a simulation, and its truth."""

    settings: Settings
    truth: Path

    def mart(self, name: str) -> pd.DataFrame:
        with Warehouse(self.settings).connect("owner") as connection:
            cursor = connection.execute(f"select * from behavior.{name}".encode())
            columns = [column.name for column in cursor.description or ()]
            frame = pd.DataFrame(cursor.fetchall(), columns=columns)
        return frame.assign(user_key=frame.user_key.astype(str)) if "user_key" in frame else frame

    def planted(self, name: str) -> pd.DataFrame:
        return pq.read_table(self.truth / f"new_smell_{name}.parquet").to_pandas()

    def users(self) -> pd.DataFrame:
        """What was planted in each user, with the user's pseudonym and the days since the user stopped."""
        column = next(c for c in NEW_SMELL.entity("users").columns if c.name == "user_key")
        pseudonyms = Pseudonymiser(pseudonym_key(self.settings.home), NEW_SMELL.name)
        users = self.planted("users").rename(columns={"browsing_style": "planted_style"})
        return users.assign(
            user_key=[pseudonyms.one(column.domain or column.name, user) for user in users.user_id],
            days_gone=[(AS_OF - day).days if day else 0 for day in users.stopped_on],
        )

    def profiles(self) -> pd.DataFrame:
        """One row per user who did anything: profile beside truth."""
        both = self.mart("user_behavior_profiles").merge(self.users(), on="user_key", validate="one_to_one")
        assert len(both) == PLAN.users
        return both[both.lifetime_events > 0]


@pytest.fixture(scope="module")
def simulated(
    staged_database: Callable[[Path], AbstractContextManager[Settings]], tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Simulated]:
    """The simulation, loaded at once and built."""
    folder = tmp_path_factory.mktemp("truth")
    simulate(PLAN, folder / "source")
    with staged_database(folder / "home") as settings:
        Warehouse(settings).up()
        load_system(settings.with_sources({"new_smell": str(folder / "source" / "new_smell")}), NEW_SMELL)
        build(settings, AS_OF, "--select", "+int_repeat_days")
        fits.refit(settings, AS_OF)
        build(settings, AS_OF, "--select", *(f"+{mart}" for mart in MARTS))
        yield Simulated(settings, folder / "source" / "truth")


def area_under_curve(churned: pd.Series, others: pd.Series) -> float:
    """Chance that one of `churned` is above one of `others`, ties counting half."""
    return float(mannwhitneyu(churned, others).statistic) / (len(churned) * len(others))


# BG/NBD gives everybody alive who was active on one day only: nothing can be told of them
def returned(profiles: pd.DataFrame) -> pd.DataFrame:
    return profiles[profiles.lifetime_active_days >= 2]


def test_churned_users_rank_above_active_ones(simulated: Simulated) -> None:
    """Whoever stopped, even yesterday; days since the last visit alone reach 0.91."""
    users = returned(simulated.profiles())
    area = area_under_curve(users[users.is_churned].churn_risk, users[~users.is_churned].churn_risk)
    print(f"AUC of churn_risk: {area:.3f}, {users.is_churned.sum()} churned of {len(users)}")
    assert area > 0.92


def test_users_gone_for_a_month_rank_above_nearly_all_active_ones(simulated: Simulated) -> None:
    users = returned(simulated.profiles())
    gone = users[users.days_gone >= MONTH]
    area = area_under_curve(gone.churn_risk, users[~users.is_churned].churn_risk)
    print(f"AUC of churn_risk: {area:.3f}, {len(gone)} gone for a month")
    assert area > 0.98


def test_styles_are_told_from_a_month_of_visits(simulated: Simulated) -> None:
    """Of those who came three times; whoever came less often is casual by definition."""
    users = simulated.profiles()
    seen = users[(users.planted_style != "casual") & (users.total_sessions >= 3)]
    told = (seen.browsing_style == seen.planted_style).groupby(seen.planted_style).mean()
    print(f"styles told: {told.round(3).to_dict()}, of {len(seen)} users")
    assert set(told.index) == {"explorer", "focused", "trader"}
    assert told.min() > 0.9


def test_casual_users_are_told_by_their_few_visits(simulated: Simulated) -> None:
    """Planted casual users come 0.6 times in a month on average, and at most 0.9 times: few come thrice."""
    casual = simulated.profiles().query("planted_style == 'casual'")
    assert (casual.browsing_style == "casual").mean() > 0.85


def test_the_preferred_house_is_among_the_first(simulated: Simulated) -> None:
    """Of focused users with twenty perfume pages, among 20 houses; two of the four favourites are of that house."""
    users = simulated.profiles().query("planted_style == 'focused' and perfume_views >= 20")
    houses = simulated.mart("user_preferences").query("kind == 'house'")
    ranked = houses.assign(place=houses.groupby("user_key").weight.rank(ascending=False, method="min"))
    found = users.merge(ranked, left_on=["user_key", "preferred_house_id"], right_on=["user_key", "value"], how="left")
    print(f"preferred house first: {(found.place == 1).mean():.3f}, second: {(found.place <= 2).mean():.3f}")
    assert (found.place <= 2).mean() > 0.9


def test_segments_tell_who_left_from_who_stayed(simulated: Simulated) -> None:
    """Of users known for longer than a month: before that they are new."""
    users = simulated.profiles().merge(simulated.mart("user_segments"), on="user_key", suffixes=("", "_of_segment"))
    known = users.first_active_at.dt.date < AS_OF - timedelta(days=MONTH)
    gone = users[(users.days_gone >= MONTH) & (users.lifetime_active_days >= 2)]
    steady = users[known & ~users.is_churned & (users.total_active_days >= 8)]
    print(f"{len(gone)} gone: {gone.segment.value_counts().to_dict()}")
    print(f"{len(steady)} steady: {steady.segment.value_counts().to_dict()}")
    assert set(users.segment) <= ACTIVE | LEAVING
    assert gone.segment.isin(LEAVING).mean() > 0.9
    assert steady.segment.isin({"champion", "loyal"}).mean() > 0.9


def test_segments_carry_the_style_of_the_profile(simulated: Simulated) -> None:
    users = simulated.profiles()
    both = users.merge(simulated.mart("user_segments"), on="user_key", suffixes=("", "_of_segment"))
    assert len(both) == len(users)
    assert (both.browsing_style == both.browsing_style_of_segment).all()


def test_planted_trends_are_at_the_top_on_their_last_day(simulated: Simulated) -> None:
    """The marts are built anew as of the end of each window, from the newest to the oldest."""
    windows = simulated.planted("trends").sort_values("ends_on", ascending=False)
    places = {}
    for perfume, ends_on in zip(windows.perfume_id, windows.ends_on, strict=True):
        places[perfume] = place_of(simulated, perfume, ends_on)
    print(f"places of planted trends: {list(places.values())}")
    assert len(places) >= 3
    assert max(places.values()) <= TOP


def place_of(simulated: Simulated, perfume: str, day: date) -> int:
    """Rank of a perfume as of a day."""
    if day != AS_OF:
        build(simulated.settings, day, "--select", "+trending_perfumes")
    (place,) = simulated.mart("trending_perfumes").query("perfume_id == @perfume").trending_rank
    return int(place)
