"""Perfumes, houses, notes and what people search for: made once, then drawn from.

A perfume's number is its rank in popularity before trends. Everything about it follows from the plan's seed, so the
catalogue needs no memory beyond these arrays.
"""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import pyarrow as pa

from ingestion.simulator import ids, shapes
from ingestion.simulator.new_smell import tables
from ingestion.simulator.plan import Floats, Ints, Plan, Rows, Table
from ingestion.simulator.texts import choose, join

SYSTEM = "new_smell"
POPULARITY_EXPONENT = 0.9
QUERY_EXPONENT = 1.0
QUERIES = 1500
FEWEST_PERFUMES, MOST_PERFUMES, USERS_PER_PERFUME = 400, 5000, 4
PERFUMES_PER_HOUSE = 20
FAMILIES = ("floral", "woody", "citrus", "oriental", "fresh", "gourmand", "spicy", "green", "aquatic", "leather")
NOTE_STEMS = ("rose", "oud", "bergamot", "amber", "mint", "vanilla", "pepper", "fig", "salt", "suede")
NOTE_KINDS = ("", "black ", "white ", "wild ", "smoked ", "sweet ", "dry ", "dark ", "pale ", "wet ")
TYPES = ("Eau de Parfum", "Eau de Toilette", "Extrait de Parfum", "Eau de Cologne", "Perfume Oil")
TYPE_SHARES = np.array([0.42, 0.30, 0.12, 0.10, 0.06])
CONCENTRATIONS = ("EDP", "EDT", "Extrait", "EDC", "Oil")
PYRAMID = ("open", "heart", "base")
NOTES_PER_LEVEL = 2
FIRST_NAMES = ("Maison", "Atelier", "House of", "Parfums", "Officine")
LAST_NAMES = ("Aurel", "Benoit", "Calla", "Dorval", "Esme", "Fiori", "Galen", "Havre", "Irise", "Juno")
ADJECTIVES = ("Velvet", "Silent", "Golden", "Northern", "Bitter", "Salted", "Burning", "First", "Lost", "Quiet")
NOUNS = ("Garden", "Harbour", "Letter", "Winter", "Temple", "Orchard", "Smoke", "Silk", "Tide", "Saffron")


@dataclass(frozen=True)
class Catalogue:
    """Attributes by perfume number, and the texts of all that can be named."""

    perfume_ids: pa.Array
    names: pa.Array
    house_ids: pa.Array
    house_names: pa.Array
    note_ids: pa.Array
    note_names: pa.Array
    house_of: Ints
    type_of: Ints
    price: Floats
    quality: Floats
    """Mean rating in stars."""
    notes_of: Ints
    """Perfume x note: two numbers for each level of the pyramid, from the top down."""
    weights: Floats
    """Popularity; sums to 1."""
    queries: tuple[str, ...]
    query_cdf: Floats

    @property
    def size(self) -> int:
        """Number of perfumes."""
        return len(self.perfume_ids)


def make_catalogue(plan: Plan) -> Catalogue:
    """The catalogue of a plan; it grows with the number of users up to a bound."""
    size = min(max(plan.users // USERS_PER_PERFUME, FEWEST_PERFUMES), MOST_PERFUMES)
    rng = plan.rng(SYSTEM, "catalogue")
    houses = np.arange(size // PERFUMES_PER_HOUSE)
    notes = np.arange(len(NOTE_STEMS) * len(NOTE_KINDS))
    note_names = tuple(f"{kind}{stem}" for kind in NOTE_KINDS for stem in NOTE_STEMS)
    house_names = _house_names(houses)
    weights = shapes.zipf_weights(size, POPULARITY_EXPONENT)
    type_of = rng.choice(len(TYPES), size, p=TYPE_SHARES)
    names = tuple(_name(number) for number in range(size))
    queries = _queries(rng, names, house_names, note_names)
    return Catalogue(
        perfume_ids=ids.cuids(plan.salt(SYSTEM, "perfume"), np.arange(size)),
        names=pa.array(names),
        house_ids=ids.cuids(plan.salt(SYSTEM, "house"), houses),
        house_names=pa.array(house_names),
        note_ids=ids.cuids(plan.salt(SYSTEM, "note"), notes),
        note_names=pa.array(note_names),
        # each house has one perfume in every stretch of ranks: houses are about equally popular
        house_of=np.concatenate([rng.permutation(houses) for _ in range(size // len(houses) + 1)])[:size],
        type_of=type_of,
        price=np.round(shapes.heavy_tailed(rng, size, 75.0, 0.6, 900.0) / 5) * 5 + 4.5,
        quality=np.clip(3.6 + 0.55 * rng.standard_normal(size), 1.6, 4.7),
        notes_of=_pyramids(rng, size, len(notes)),
        weights=weights / weights.sum(),
        queries=queries,
        query_cdf=shapes.cumulative(shapes.zipf_weights(len(queries), QUERY_EXPONENT)),
    )


def _name(number: int) -> str:
    noun, adjective = number % 10, number // 10 % 10
    edition = f" No. {number // 100}" if number >= 100 else ""  # ten by ten names
    return f"{ADJECTIVES[adjective]} {NOUNS[noun]}{edition}"


def _house_names(houses: Ints) -> tuple[str, ...]:
    ring = len(LAST_NAMES)
    pairs = [(FIRST_NAMES[n // ring % len(FIRST_NAMES)], LAST_NAMES[n % ring], n // (ring * 5)) for n in houses]
    return tuple(f"{first} {last}" + (f" {again + 1}" if again else "") for first, last, again in pairs)


def _pyramids(rng: np.random.Generator, size: int, notes: int) -> Ints:
    """Different notes within a perfume: a random first one and five steps on."""
    levels = len(PYRAMID) * NOTES_PER_LEVEL
    step = rng.integers(1, notes // levels, size)
    return np.asarray((rng.integers(0, notes, size)[:, None] + np.arange(levels) * step[:, None]) % notes, np.int64)


def _queries(
    rng: np.random.Generator, names: tuple[str, ...], houses: tuple[str, ...], notes: tuple[str, ...]
) -> tuple[str, ...]:
    """Texts by popularity: notes and pairs of notes, names of perfumes and houses."""
    texts = [*notes, *(name.lower() for name in names[: QUERIES // 3]), *(house.lower() for house in houses)]
    while len(texts) < QUERIES:
        first, second = rng.choice(len(notes), 2, replace=False)
        texts.append(f"{notes[first]} {notes[second]}")
    distinct = list(dict.fromkeys(texts))
    return tuple(distinct[place] for place in rng.permutation(len(distinct)))


def rows(plan: Plan, catalogue: Catalogue) -> Iterator[Rows]:
    """The catalogue's own tables; all there on the first day."""
    yield _on_first_day(tables.HOUSES, {"id": catalogue.house_ids, "name": catalogue.house_names})
    families = choose(FAMILIES, np.arange(len(catalogue.note_ids)) % len(FAMILIES))
    yield _on_first_day(tables.NOTES, {"id": catalogue.note_ids, "name": catalogue.note_names, "category": families})
    yield _on_first_day(
        tables.PERFUMES,
        {
            "id": catalogue.perfume_ids,
            "name": catalogue.names,
            "houseId": choose(catalogue.house_ids, catalogue.house_of),
            "perfumeType": choose(TYPES, catalogue.type_of),
            "concentration": choose(CONCENTRATIONS, catalogue.type_of),
            "price": catalogue.price,
        },
    )
    notes = catalogue.notes_of.shape[1]
    yield _on_first_day(
        tables.PERFUME_NOTES,
        {
            "perfumeId": choose(catalogue.perfume_ids, np.repeat(np.arange(catalogue.size), notes)),
            "noteId": choose(catalogue.note_ids, catalogue.notes_of.ravel()),
            "noteType": choose(PYRAMID, np.tile(np.arange(notes) // NOTES_PER_LEVEL, catalogue.size)),
        },
    )


def _on_first_day(table: Table, columns: dict[str, object]) -> Rows:
    data = table.rows(columns)
    return Rows(table, data, np.zeros(data.num_rows, np.int64))


def perfume_paths(catalogue: Catalogue) -> pa.Array:
    """Path of each perfume's page."""
    return join("/perfume/", catalogue.perfume_ids)


def house_paths(catalogue: Catalogue) -> pa.Array:
    """Path of each house's page."""
    return join("/house/", catalogue.house_ids)
