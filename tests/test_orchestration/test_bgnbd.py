"""The churn model against its definition, computed otherwise: integrals over users instead of closed forms.

simulated users with known parameters -> `bgnbd.fit` -> the same parameters | numerical integration of one user's
likelihood over the gamma and beta distributions -> `bgnbd.log_likelihood`
"""

import os
import subprocess
import sys
from collections.abc import Callable

import numpy as np
import pytest
from scipy.integrate import quad
from scipy.optimize import minimize
from scipy.special import betaln, gammaln
from scipy.stats import beta, gamma

from ingestion.settings import PROJECT_ROOT
from orchestration.lib import bgnbd
from orchestration.lib.bgnbd import Observed

TRUTH = (0.6, 8.0, 1.2, 3.5)
TRIPLES = [(0, 0, 30), (1, 4, 30), (5, 29, 30), (5, 9, 30), (40, 80, 81)]


def simulated(users: int, seed: int) -> Observed:
    """Users who arrive on different days and behave as the model says, grouped."""
    chance = np.random.default_rng(seed)
    rows = []
    for _ in range(users):
        rate, leaves = chance.gamma(TRUTH[0], 1 / TRUTH[1]), chance.beta(TRUTH[2], TRUTH[3])
        age, now, repeats, last = float(chance.integers(20, 200)), 0.0, 0, 0.0
        while (now := now + chance.exponential(1 / rate)) <= age:
            repeats, last = repeats + 1, now
            if chance.random() < leaves:
                break
        rows.append((repeats, last, age))
    triples, sizes = np.unique(np.array(rows), axis=0, return_counts=True)
    return Observed(*triples.T, sizes.astype(float))


@pytest.fixture(scope="module")
def observed() -> Observed:
    """Eight thousand users."""
    return simulated(8_000, 7)


@pytest.fixture(scope="module")
def fitted(observed: Observed) -> bgnbd.Fit:
    """The fit of them."""
    found = bgnbd.fit(observed)
    assert found
    return found


def likelihood(x: int, recency: float, age: float) -> float:
    """Of one user, over all rates and chances of leaving, which do not depend: still here or gone."""
    r, alpha, a, b = TRUTH

    def over(density: Callable[[float], float], end: float) -> float:
        return float(quad(density, 0, end, epsabs=0, epsrel=1e-9)[0])

    def over_rates(until: float) -> float:
        return over(lambda rate: rate**x * np.exp(-rate * until) * gamma.pdf(rate, r, scale=1 / alpha), np.inf)

    def over_chances(left: int, stayed: int) -> float:
        return over(lambda chance: chance**left * (1 - chance) ** stayed * beta.pdf(chance, a, b), 1)

    gone = over_chances(1, x - 1) * over_rates(recency) if x else 0.0
    return over_chances(0, x) * over_rates(age) + gone


def one(x: int, recency: float, age: float) -> Observed:
    return Observed(*(np.array([float(value)]) for value in (x, recency, age, 1)))


@pytest.mark.parametrize("triple", TRIPLES)
def test_the_likelihood_of_a_user_is_the_integral_over_rates_and_chances(triple: tuple[int, float, float]) -> None:
    expected = np.log(likelihood(*triple))
    assert bgnbd.log_likelihood(TRUTH, one(*triple)) == pytest.approx(expected, rel=1e-6)


def test_the_parameters_of_simulated_users_come_back(fitted: bgnbd.Fit) -> None:
    assert (fitted.r, fitted.alpha, fitted.a, fitted.b) == pytest.approx(TRUTH, rel=0.15)


def test_no_other_search_finds_a_likelier_fit(observed: Observed, fitted: bgnbd.Fit) -> None:
    def cost(logs: np.ndarray) -> float:
        r, alpha, a, b = np.exp(logs)
        x, last, age = observed.repeats, observed.recency, observed.age
        here = np.exp(betaln(a, b + x) - betaln(a, b) + gammaln(r + x) - gammaln(r)) * (alpha / (alpha + age)) ** r
        here = here / (alpha + age) ** x
        gone = np.exp(betaln(a + 1, b + np.maximum(x, 1) - 1) - betaln(a, b) + gammaln(r + x) - gammaln(r))
        gone = gone * (alpha / (alpha + last)) ** r / (alpha + last) ** x * (x > 0)
        return -float(observed.users @ np.log(here + gone))

    simplex = minimize(cost, np.log(TRUTH), method="Nelder-Mead", options={"xatol": 1e-7, "fatol": 1e-7})
    found = np.exp(simplex.x)
    assert (fitted.r, fitted.alpha, fitted.a, fitted.b) == pytest.approx(found, rel=1e-3)
    assert fitted.log_likelihood == pytest.approx(-simplex.fun, abs=1e-4)


def test_equal_users_in_one_group_or_in_many_weigh_the_same(observed: Observed) -> None:
    parts = [np.repeat(column, 2) for column in (observed.repeats, observed.recency, observed.age)]
    split = Observed(*parts, np.repeat(observed.users / 2, 2))
    assert bgnbd.log_likelihood(TRUTH, split) == pytest.approx(bgnbd.log_likelihood(TRUTH, observed), rel=1e-12)


def test_equal_data_give_equal_bits(observed: Observed, fitted: bgnbd.Fit) -> None:
    assert bgnbd.fit(observed) == fitted


FIT_OF_MANY = """
import numpy as np
from orchestration.lib import bgnbd
chance = np.random.default_rng(5)
repeats = chance.integers(0, 30, 40_000).astype(float)
age = chance.uniform(50, 200, 40_000)
recency = np.where(repeats > 0, age * chance.uniform(0, 1, 40_000), 0.0)
print(bgnbd.fit(bgnbd.Observed(repeats, recency, age, np.ones(40_000))))
"""


def test_the_bits_do_not_depend_on_the_number_of_cores() -> None:
    one, two = (
        subprocess.run(
            [sys.executable, "-c", FIT_OF_MANY],
            env=os.environ | {"OPENBLAS_NUM_THREADS": threads},
            cwd=PROJECT_ROOT,
            capture_output=True,
            text=True,
            check=True,
        ).stdout
        for threads in ("1", "2")
    )
    assert one.startswith("Fit(")
    assert one == two


def test_users_who_all_came_back_for_ever_are_fitted_or_not_but_never_wrong() -> None:
    eternal = Observed(np.full(50, 100.0), np.full(50, 100.0), np.full(50, 100.0), np.ones(50))
    found = bgnbd.fit(eternal)
    assert found is None or all(np.isfinite([found.r, found.alpha, found.a, found.b, found.log_likelihood]))
