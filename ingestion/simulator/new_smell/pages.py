"""Pages of the web shop and the machines they are looked at with: texts by number, made once."""

from dataclasses import dataclass

import numpy as np
import pyarrow as pa

from ingestion.simulator.new_smell import scenarios as sc
from ingestion.simulator.new_smell.catalogue import Catalogue, house_paths, perfume_paths
from ingestion.simulator.plan import Ints

FIXED = (
    ("/", "New Smell"),
    ("/discover", "Discover perfumes"),
    ("/collection", "My collection"),
    ("/wishlist", "My wishlist"),
    ("/profile", "Profile"),
    ("/trades", "Trades"),
    ("/search", "Search"),
)
HOME, DISCOVER, COLLECTION, WISHLIST, PROFILE, TRADES, SEARCH = range(len(FIXED))
FIXED_OF = {
    "COLLECTION_VIEW": COLLECTION,
    "COLLECTION_SHARED": COLLECTION,
    "COLLECTION_UPDATE": COLLECTION,
    "COLLECTION_REMOVE": COLLECTION,
    "WISHLIST_REMOVE": WISHLIST,
    "PROFILE_VIEWED": PROFILE,
    "TRADE_OFFERED": TRADES,
    "TRADE_ACCEPTED": TRADES,
    "TRADE_DECLINED": TRADES,
    "FILTER_APPLIED": DISCOVER,
    "FILTER_REMOVED": DISCOVER,
    "FILTER_CLEARED": DISCOVER,
    "SEARCH_PERFORMED": SEARCH,
    "SEARCH_RESULT_CLICKED": SEARCH,
    "SEARCH_REFINED": SEARCH,
    "SEARCH_NO_RESULTS": SEARCH,
}
"""Page an event happens on, whatever it is about; others happen on the page of their perfume or house, or at home."""
STAYS = np.array([FIXED_OF.get(name, -1) for name in sc.EVENT_TYPES])

DEVICES = ("mobile", "tablet", "desktop")
VIEWPORTS = ((390, 844), (820, 1180), (1440, 900))
AGENTS = (
    ("Safari", "iOS", "Mozilla/5.0 (iPhone; CPU iPhone OS 17_5 like Mac OS X) AppleWebKit/605.1.15 Safari/604.1"),
    ("Chrome", "Android", "Mozilla/5.0 (Linux; Android 14; Pixel 8) AppleWebKit/537.36 Chrome/126.0.0.0 Mobile"),
    ("Samsung Internet", "Android", "Mozilla/5.0 (Linux; Android 13; SM-S911B) SamsungBrowser/25.0 Chrome/121.0.0.0"),
    ("Safari", "iPadOS", "Mozilla/5.0 (iPad; CPU OS 17_5 like Mac OS X) AppleWebKit/605.1.15 Safari/604.1"),
    ("Chrome", "Android", "Mozilla/5.0 (Linux; Android 13; SM-X710) AppleWebKit/537.36 Chrome/126.0.0.0 Safari/537.36"),
    ("Firefox", "Android", "Mozilla/5.0 (Android 14; Tablet; rv:127.0) Gecko/127.0 Firefox/127.0"),
    (
        "Chrome",
        "Windows",
        "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 Chrome/126.0.0.0 Safari/537.36",
    ),
    (
        "Safari",
        "macOS",
        "Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/605.1.15 Version/17.5 Safari/605.1",
    ),
    ("Firefox", "Linux", "Mozilla/5.0 (X11; Linux x86_64; rv:127.0) Gecko/20100101 Firefox/127.0"),
)
AGENTS_PER_DEVICE = 3
COUNTRIES = ("US", "GB", "DE", "FR", "KE", "IN", "BR", "JP", "IT", "AE")
REFERRERS = (
    "https://www.example-search.com/search?q=perfume",
    "https://social.example.net/",
    "https://blog.example.org/fragrance/reviews?utm_campaign=spring",
)
REFERRER_SHARES = np.array([0.30, 0.15, 0.10, 0.45])
"""The last is no referrer."""
SITE = "https://newsmell.example/"


@dataclass(frozen=True)
class Pages:
    """Path and title of every page: the fixed ones, then perfumes, houses and searches."""

    paths: pa.Array
    titles: pa.Array
    perfumes: int
    houses: int

    def index(self, kind: Ints, perfume: Ints, house: Ints, query: Ints) -> Ints:
        """Page of each event; -1 stands for no perfume, house or query."""
        page = np.where(perfume >= 0, len(FIXED) + perfume, HOME)
        page = np.where(house >= 0, len(FIXED) + self.perfumes + house, page)
        stays = STAYS[kind]
        page = np.where(stays >= 0, stays, page)
        searched = (stays == SEARCH) & (query >= 0)
        return np.where(searched, len(FIXED) + self.perfumes + self.houses + query, page)


def make_pages(catalogue: Catalogue) -> Pages:
    """The pages of a catalogue."""
    searches = pa.array([f"/search?q={query.replace(' ', '+')}" for query in catalogue.queries])
    paths = [pa.array([path for path, _ in FIXED]), perfume_paths(catalogue), house_paths(catalogue), searches]
    titles = [pa.array([title for _, title in FIXED]), catalogue.names, catalogue.house_names]
    titles.append(pa.array(["Search"] * len(catalogue.queries)))
    return Pages(pa.concat_arrays(paths), pa.concat_arrays(titles), catalogue.size, len(catalogue.house_ids))
