"""What happens in a session: a row of small scenarios, each a fixed sequence of events about one or two perfumes.

`SCENARIOS` is read by eye; the arrays below it are what the generator indexes. A step is written
`EVENT_TYPE[:subject][@source]`: the subject is the scenario's perfume (p), its second perfume (q), the house (h) or
nothing; the source is how the page was reached.
"""

from dataclasses import dataclass

import numpy as np

from ingestion.simulator import shapes
from ingestion.simulator.new_smell.users import STYLES

CATEGORIES = {
    "VIEW": ("PAGE_VIEW", "PERFUME_VIEW", "HOUSE_VIEW", "COLLECTION_VIEW"),
    "SEARCH": ("SEARCH_PERFORMED", "SEARCH_RESULT_CLICKED", "SEARCH_REFINED", "SEARCH_NO_RESULTS"),
    "FILTER": ("FILTER_APPLIED", "FILTER_REMOVED", "FILTER_CLEARED"),
    "RATING": ("RATING_STARTED", "RATING_COMPLETED", "RATING_UPDATED"),
    "REVIEW": ("REVIEW_STARTED", "REVIEW_SUBMITTED", "REVIEW_UPDATED"),
    "WISHLIST": ("WISHLIST_ADD", "WISHLIST_REMOVE"),
    "COLLECTION": ("COLLECTION_ADD", "COLLECTION_UPDATE", "COLLECTION_REMOVE"),
    "ENGAGEMENT": (
        "IMAGE_VIEWED",
        "IMAGE_ZOOMED",
        "NOTES_EXPANDED",
        "NOTES_COLLAPSED",
        "SIMILAR_CLICKED",
        "HOUSE_LINK_CLICKED",
    ),
    "SOCIAL": ("PROFILE_VIEWED", "COLLECTION_SHARED", "TRADE_INQUIRY"),
    "NAVIGATION": ("NAVIGATION_CLICK", "BACK_BUTTON", "EXTERNAL_LINK"),
    "CONVERSION": (
        "TRADE_OFFERED",
        "TRADE_ACCEPTED",
        "TRADE_DECLINED",
        "PURCHASE_INITIATED",
        "PURCHASE_COMPLETED",
    ),
}
EVENT_TYPES = tuple(name for names in CATEGORIES.values() for name in names)
CATEGORY_OF = np.array([place for place, names in enumerate(CATEGORIES.values()) for _ in names])
VIEW = 0
"""Number of the first category."""

SOURCES = ("direct", "search", "recommendation", "social", "external")
NOTHING, FIRST, SECOND, HOUSE = range(4)
SUBJECTS = {"": NOTHING, "p": FIRST, "q": SECOND, "h": HOUSE}


@dataclass(frozen=True)
class Scenario:
    """Steps, and the weight by style: casual, explorer, focused, trader, anonymous."""

    name: str
    steps: str
    weights: tuple[float, float, float, float, float]


SCENARIOS = (
    Scenario("browse", "PAGE_VIEW", (14, 14, 10, 10, 22)),
    Scenario("view", "PERFUME_VIEW:p", (30, 34, 34, 22, 34)),
    Scenario("notes", "PERFUME_VIEW:p NOTES_EXPANDED:p NOTES_COLLAPSED:p", (4, 6, 5, 3, 3)),
    Scenario("image", "PERFUME_VIEW:p IMAGE_VIEWED:p IMAGE_ZOOMED:p", (4, 5, 4, 4, 4)),
    Scenario("search_none", "SEARCH_PERFORMED SEARCH_NO_RESULTS", (1, 1, 1, 1, 1)),
    Scenario("search_left", "SEARCH_PERFORMED", (4, 5, 3, 3, 6)),
    Scenario("search_click", "SEARCH_PERFORMED SEARCH_RESULT_CLICKED:p PERFUME_VIEW:p@search", (8, 10, 6, 6, 9)),
    Scenario(
        "search_refined",
        "SEARCH_PERFORMED SEARCH_REFINED SEARCH_PERFORMED SEARCH_RESULT_CLICKED:p PERFUME_VIEW:p@search",
        (2, 3, 2, 2, 2),
    ),
    Scenario("filter", "FILTER_APPLIED PAGE_VIEW PERFUME_VIEW:p", (3, 5, 3, 4, 3)),
    Scenario("filter_undone", "FILTER_APPLIED FILTER_REMOVED FILTER_CLEARED PAGE_VIEW", (1, 1, 1, 1, 1)),
    Scenario("similar", "PERFUME_VIEW:p SIMILAR_CLICKED:p PERFUME_VIEW:q@recommendation", (4, 6, 3, 2, 4)),
    Scenario("house", "HOUSE_VIEW:h PERFUME_VIEW:p HOUSE_LINK_CLICKED:h", (3, 5, 4, 2, 3)),
    Scenario("navigate", "NAVIGATION_CLICK PAGE_VIEW BACK_BUTTON", (3, 3, 3, 3, 3)),
    Scenario("leave", "EXTERNAL_LINK", (1, 1, 1, 1, 2)),
    Scenario("rate", "PERFUME_VIEW:p RATING_STARTED:p RATING_COMPLETED:p", (4, 6, 6, 3, 0)),
    Scenario("rate_again", "PERFUME_VIEW:p RATING_UPDATED:p", (1, 1, 2, 1, 0)),
    Scenario("review", "PERFUME_VIEW:p REVIEW_STARTED:p REVIEW_SUBMITTED:p", (1, 2, 3, 1, 0)),
    Scenario("review_again", "PERFUME_VIEW:p REVIEW_UPDATED:p", (0.2, 0.5, 1, 0.3, 0)),
    Scenario("wish", "PERFUME_VIEW:p WISHLIST_ADD:p", (5, 7, 5, 4, 0)),
    Scenario("unwish", "WISHLIST_REMOVE:p", (1.5, 2, 1.5, 1.5, 0)),
    Scenario("collect", "PERFUME_VIEW:p COLLECTION_ADD:p", (2, 3, 4, 5, 0)),
    Scenario("collect_update", "COLLECTION_VIEW COLLECTION_UPDATE:p", (0.5, 1, 1.5, 3, 0)),
    Scenario("collect_remove", "COLLECTION_VIEW COLLECTION_REMOVE:p", (0.5, 0.7, 0.7, 2.5, 0)),
    Scenario("share", "COLLECTION_VIEW COLLECTION_SHARED", (0.5, 1, 1, 2, 0)),
    Scenario("profile", "PROFILE_VIEWED COLLECTION_VIEW PERFUME_VIEW:p@social", (1, 2, 1, 4, 1)),
    Scenario("trade", "PERFUME_VIEW:p TRADE_INQUIRY:p TRADE_OFFERED:p TRADE_ACCEPTED:p", (0.2, 0.3, 0.3, 13, 0)),
    Scenario("trade_off", "PERFUME_VIEW:p TRADE_INQUIRY:p TRADE_OFFERED:p TRADE_DECLINED:p", (0.2, 0.3, 0.3, 9, 0)),
    Scenario("buy", "PERFUME_VIEW:p PURCHASE_INITIATED:p PURCHASE_COMPLETED:p", (0.4, 0.4, 0.5, 4, 0)),
    Scenario("buy_not", "PERFUME_VIEW:p PURCHASE_INITIATED:p", (0.4, 0.4, 0.4, 2, 0)),
    # drawn as the first of these; which one it becomes depends on what the shown list does
    Scenario("list", "PAGE_VIEW", (9, 9, 7, 5, 0)),
    Scenario("list_click", "PAGE_VIEW PERFUME_VIEW:p@recommendation", (0, 0, 0, 0, 0)),
    Scenario("list_wish", "PAGE_VIEW PERFUME_VIEW:p@recommendation WISHLIST_ADD:p", (0, 0, 0, 0, 0)),
    Scenario("list_collect", "PAGE_VIEW PERFUME_VIEW:p@recommendation COLLECTION_ADD:p", (0, 0, 0, 0, 0)),
)

NUMBER = {scenario.name: number for number, scenario in enumerate(SCENARIOS)}
TYPE = {name: number for number, name in enumerate(EVENT_TYPES)}
ENTRIES = ("browse", "view", "search_click", "house", "search_left")
BOUNCES = ("browse", "view")


def numbers(*names: str) -> np.ndarray:
    """Mask over scenarios: those of `names`."""
    mask = np.zeros(len(SCENARIOS), dtype=bool)
    mask[[NUMBER[name] for name in names]] = True
    return mask


def types(*names: str) -> np.ndarray:
    """Mask over event types: those of `names`."""
    mask = np.zeros(len(EVENT_TYPES), dtype=bool)
    mask[[TYPE[name] for name in names]] = True
    return mask


def _steps() -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    """Length by scenario; type, subject and source (-1: chance) by scenario and step."""
    parsed = [[step.partition("@") for step in scenario.steps.split()] for scenario in SCENARIOS]
    length = np.array([len(steps) for steps in parsed])
    kind, subject, source = (np.full((len(parsed), length.max()), -1) for _ in range(3))
    for row, steps in enumerate(parsed):
        for column, (what, _, via) in enumerate(steps):
            name, _, about = what.partition(":")
            kind[row, column] = TYPE[name]
            subject[row, column] = SUBJECTS[about]
            source[row, column] = SOURCES.index(via) if via else -1
    return length, kind, subject, source


LENGTH, STEP_TYPE, STEP_SUBJECT, STEP_SOURCE = _steps()
_WEIGHTS = np.array([scenario.weights for scenario in SCENARIOS], dtype=np.float64).T
MIX_CDF = shapes.cumulative(_WEIGHTS)
ENTRY_CDF = shapes.cumulative(_WEIGHTS * numbers(*ENTRIES))
BOUNCE_CDF = shapes.cumulative(_WEIGHTS * numbers(*BOUNCES))
assert len(STYLES) == len(MIX_CDF)
