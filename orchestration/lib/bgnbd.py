"""The BG/NBD model of repeat activity, fitted by maximum likelihood.

repeats, recency and age of groups of equal users -> log-likelihood and its gradient -> r, alpha, a, b

Fader, Hardie & Lee (2005), "Counting Your Customers the Easy Way: An Alternative to the Pareto/NBD Model", Marketing
Science 24(2), equation 6. A user repeats at a rate that is gamma(r, alpha) among users; after each repeat the user
leaves for good with a probability that is beta(a, b) among users.
"""

from dataclasses import dataclass
from functools import partial

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import minimize
from scipy.special import gammaln, psi

Vector = NDArray[np.float64]

STARTS = ((0.0, 0.0, 0.0, 0.0), (-1.0, -1.0, -1.0, 1.0), (1.0, 0.0, 1.0, 2.0))
"""Logarithms of r, alpha in mean ages, a and b to begin with, until a search converges: fixed, so that equal data give
equal fits."""
FARTHEST = 9.0
"""Logarithms are sought within this distance of 0: beyond, users are all alike and the likelihood is flat."""


@dataclass(frozen=True)
class Observed:
    """Groups of equal users: whole repeats x, time of the last one t_x, age T (since the first activity), size."""

    repeats: Vector
    recency: Vector
    age: Vector
    users: Vector


@dataclass(frozen=True)
class Fit:
    """The most likely parameters; `alpha` in the unit of the times."""

    r: float
    alpha: float
    a: float
    b: float
    log_likelihood: float


def fit(observed: Observed) -> Fit | None:
    """The most likely parameters, or None when no search converges. Equal input gives equal bits."""
    scale = float(np.average(observed.age, weights=observed.users)) or 1.0
    scaled = Observed(observed.repeats, observed.recency / scale, observed.age / scale, observed.users)
    for start in STARTS:
        search = minimize(
            partial(_cost, observed=scaled),
            start,
            jac=True,
            method="L-BFGS-B",
            bounds=[(-FARTHEST, FARTHEST)] * 4,
            options={"maxiter": 2000, "maxfun": 5000, "ftol": 1e-14, "gtol": 1e-8},
        )
        if search.success and np.isfinite(search.fun):
            r, alpha, a, b = np.exp(search.x)
            best = (float(r), float(alpha * scale), float(a), float(b))
            return Fit(*best, log_likelihood=log_likelihood(best, observed))
    return None


def log_likelihood(parameters: tuple[float, float, float, float], observed: Observed) -> float:
    """Natural logarithm of the likelihood of all users at r, alpha, a, b."""
    value, _ = _with_gradient(np.array(parameters), observed)
    return float(value)


def _cost(logs: Vector, observed: Observed) -> tuple[float, Vector]:
    """Mean negative log-likelihood per user, and its gradient by the logarithms of the parameters."""
    parameters = np.exp(logs)
    value, gradient = _with_gradient(parameters, observed)
    total = observed.users.sum()
    return float(-value / total), -gradient * parameters / total


def _with_gradient(parameters: Vector, observed: Observed) -> tuple[float, Vector]:
    r, alpha, a, b = parameters
    x, recency, age, users = observed.repeats, observed.recency, observed.age, observed.users
    repeated = x > 0
    log_age, log_recency = np.log(alpha + age), np.log(alpha + recency)
    # still there at the end, or gone right after the last repeat
    stayed = -(r + x) * log_age
    beyond = np.where(repeated, b + x - 1, 1.0)
    left = np.where(repeated, np.log(a) - np.log(beyond) - (r + x) * log_recency, -np.inf)
    either = np.logaddexp(stayed, left)
    share_left = np.exp(left - either)
    share_stayed = 1 - share_left
    # what depends on the repeats alone is the same for all who have so many
    alike = np.asarray(np.bincount(x.astype(int), weights=users), dtype=np.float64)
    n = np.arange(len(alike))
    rates = gammaln(r + n) - gammaln(r) + r * np.log(alpha)
    exits = gammaln(a + b) + gammaln(b + n) - gammaln(b) - gammaln(a + b + n)
    gone = psi(a + b) - psi(a + b + n)
    gradient = np.array(
        [
            _dot(alike, psi(r + n) - psi(r) + np.log(alpha))
            - _dot(users, share_stayed * log_age + share_left * log_recency),
            _dot(users, r / alpha - (r + x) * (share_stayed / (alpha + age) + share_left / (alpha + recency))),
            _dot(alike, gone) + _dot(users, share_left / a),
            _dot(alike, gone + psi(b + n) - psi(b)) - _dot(users, share_left / beyond),
        ]
    )
    return _dot(alike, rates + exits) + _dot(users, either), gradient


def _dot(weights: Vector, values: Vector) -> float:
    """Weighted sum. BLAS would add in an order that depends on the cores, and its threads wait for each other."""
    return float(np.sum(weights * values))
