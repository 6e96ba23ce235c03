"""Made-up names and addresses; the domains are reserved for examples and belong to nobody."""

import numpy as np
import pyarrow as pa

from ingestion.simulator import ids
from ingestion.simulator.plan import Ints
from ingestion.simulator.texts import choose, digits, join

FIRST = ("Amina", "Brian", "Chen", "Dalia", "Emeka", "Fatou", "Greta", "Hana", "Imran", "Joy", "Kofi", "Lena")
LAST = ("Achieng", "Baptiste", "Conti", "Dube", "Eriksen", "Fofana", "Garcia", "Haddad", "Iversen", "Jansen")
ZONES = ("Africa/Nairobi", "Africa/Lagos", "Europe/Berlin", "Asia/Kolkata", "America/New_York")
ZONE_SHARES = np.array([0.6, 0.12, 0.12, 0.08, 0.08])


def names(salt: int, numbers: Ints) -> pa.Array:
    """First and last name of each person."""
    first, last = ids.pick(FIRST, salt, numbers), ids.pick(LAST, salt ^ 1, numbers)
    return join(choose(FIRST, first), " ", choose(LAST, last))


def emails(salt: int, numbers: Ints) -> pa.Array:
    """An address of each person; no two the same."""
    first, last = ids.pick(FIRST, salt, numbers), ids.pick(LAST, salt ^ 1, numbers)
    lower = [name.lower() for name in FIRST], [name.lower() for name in LAST]
    return join(choose(lower[0], first), ".", choose(lower[1], last), digits(numbers), "@example.org")
