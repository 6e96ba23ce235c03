"""Map the Snowplow e-commerce tracker log to New Smell events, sessions, catalogue and users.

Data flow: `snowplow_ecommerce_events.csv.gz` -> `TrackerEvent` (one per log row, in file order) ->
rows named by the source's own columns. Only the columns named here are read: no e-mail address, IP
address or coordinate is touched. The rules are listed for readers in `README.md`. It runs as a part
of

    python -m ingestion.sample.new_smell_build --from <public data> --to <folder>
"""

import json
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from ingestion.sample.files import Row
from ingestion.sample.public_data import read_rows

EVENTS_FILE = Path("snowplow_ecommerce/source/snowplow_ecommerce_events.csv.gz")
ENTITY = "contexts_com_snowplowanalytics_snowplow_ecommerce_{}_1_0_0"
ACTION = "unstruct_event_com_snowplowanalytics_snowplow_ecommerce_snowplow_ecommerce_action_1_0_0"
PAGE = "contexts_com_snowplowanalytics_snowplow_web_page_1_0_0"

EVENT_TYPES = {
    "list_view": ("PAGE_VIEW", "VIEW"),
    "promo_view": ("PAGE_VIEW", "VIEW"),
    "product_view": ("PERFUME_VIEW", "VIEW"),
    "list_click": ("SIMILAR_CLICKED", "ENGAGEMENT"),
    "promo_click": ("NAVIGATION_CLICK", "NAVIGATION"),
    "add_to_cart": ("WISHLIST_ADD", "WISHLIST"),
    "remove_from_cart": ("WISHLIST_REMOVE", "WISHLIST"),
    "first_checkout_step": ("PURCHASE_INITIATED", "CONVERSION"),
    "later_checkout_step": ("NAVIGATION_CLICK", "NAVIGATION"),
    "transaction": ("PURCHASE_COMPLETED", "CONVERSION"),
}
"""Event type and category by tracker action; an action not listed (refund) keeps its own name."""

DEVICES = (("Macintosh", "desktop"), ("android", "mobile"))
BROWSERS = (("Chrome/", "Chrome"),)
SYSTEMS = (("Mac OS X", "Mac OS X"), ("android", "Android"))
FIRST_SESSION = "1"


@dataclass(frozen=True)
class TrackerEvent:
    """One row of the tracker log. Empty cells are None, and so is an action it does not tell."""

    event_id: str
    at: datetime
    action: str | None
    list_name: str | None
    products: tuple[Row, ...]
    revenue: float | None
    user_id: str | None
    session_id: str | None
    session_number: str | None
    page_view_id: str | None
    path: str | None
    referrer: str | None
    user_agent: str | None
    country: str | None

    @property
    def product(self) -> Row | None:
        """The product the event is about, None if it carries none or several different ones."""
        return self.products[0] if len({product["id"] for product in self.products}) == 1 else None


def read_events(public_data: Path) -> list[TrackerEvent]:
    """All events of the log in file order."""
    return [_event(row) for row in read_rows(public_data / EVENTS_FILE)]


def _event(row: dict[str, str]) -> TrackerEvent:
    transactions = _entities(row, ENTITY.format("transaction"))
    pages = _entities(row, PAGE)
    action = json.loads(row[ACTION] or "{}")
    at = datetime.fromisoformat(row["derived_tstamp"])
    return TrackerEvent(
        event_id=row["event_id"],
        # Mobile and test rows carry no zone; the log's child tables give the same times as UTC.
        at=at if at.tzinfo else at.replace(tzinfo=UTC),
        action=_action(row, action.get("type")),
        list_name=action.get("name"),
        products=tuple(_entities(row, ENTITY.format("product"))),
        revenue=float(transactions[0]["revenue"]) if transactions else None,
        user_id=row["domain_userid"] or None,
        session_id=row["domain_sessionid"] or None,
        session_number=row["domain_sessionidx"] or None,
        page_view_id=pages[0]["id"] if pages else None,
        path=row["page_urlpath"] or None,
        referrer=row["page_referrer"] or None,
        user_agent=row["useragent"] or None,
        country=row["geo_country"] or None,
    )


def _entities(row: dict[str, str], column: str) -> list[Row]:
    entities: list[Row] = json.loads(row[column] or "[]")
    return entities


def _action(row: dict[str, str], logged: str | None) -> str | None:
    """Return the logged action, or where the log lost it the only one the attached entities allow.

    The tracker attaches a transaction only to a transaction, a checkout step only to a checkout
    step, and several products without cart or transaction only to a list view. One product alone
    fits a product view as well as a list click, a cart fits adding as well as removing: unknown.
    """
    steps = _entities(row, ENTITY.format("checkout_step"))
    if steps and logged in (None, "checkout_step"):
        return "first_checkout_step" if str(steps[0]["step"]) == "1" else "later_checkout_step"
    if logged:
        return logged
    if _entities(row, ENTITY.format("transaction")):
        return "transaction"
    products = _entities(row, ENTITY.format("product"))
    if len(products) > 1 and not _entities(row, ENTITY.format("cart")):
        return "list_view"
    return None


def event_rows(events: list[TrackerEvent]) -> list[Row]:
    """UserInteractionEvent rows, one per log row."""
    houses = {row["id"]: row["houseId"] for row in perfume_rows(events)}
    viewed = {
        event.page_view_id: event.product["id"]
        for event in events
        if event.action == "product_view" and event.page_view_id and event.product
    }
    return [_event_row(event, viewed.get(event.page_view_id or ""), houses) for event in events]


def _event_row(event: TrackerEvent, page_perfume: str | None, houses: dict[str, str | None]) -> Row:
    event_type, category = EVENT_TYPES.get(event.action or "", (event.action, None))
    product = event.product
    # A click in a list is about the perfume of the page; the clicked perfume is its target.
    clicked = product if event.action == "list_click" else None
    own = None if clicked else product
    perfume_id = page_perfume if clicked else own and own["id"]
    price = float(own["price"]) if own else None
    return {
        "id": event.event_id,
        "userId": event.user_id,
        "sessionId": event.session_id,
        "eventType": event_type,
        "eventCategory": category,
        "timestamp": event.at,
        "perfumeId": perfume_id,
        "houseId": houses.get(perfume_id or ""),
        "eventData": json.dumps(_event_data(event, clicked), separators=(",", ":")),
        "deviceType": _first_named(event.user_agent, DEVICES),
        "userAgent": event.user_agent,
        "referrer": event.referrer,
        "path": event.path,
        "value": price if event.revenue is None else event.revenue,
    }


def _event_data(event: TrackerEvent, clicked: Row | None) -> Row:
    if event.action == "list_view":
        return {"shownPerfumeIds": [product["id"] for product in event.products]}
    if clicked:
        return {"targetPerfumeId": clicked["id"], "similarityReason": event.list_name}
    return {}


def session_rows(events: list[TrackerEvent]) -> list[Row]:
    """UserSession rows, one per session id; numbered by start: the row id hides the session id."""
    sessions: dict[str, list[TrackerEvent]] = defaultdict(list)
    for event in sorted(events, key=lambda event: event.at):
        if event.session_id:
            sessions[event.session_id].append(event)
    ordered = sorted(sessions.items(), key=lambda item: (item[1][0].at, item[0]))
    return [
        {"id": f"session-{number:03}", "sessionId": session_id, **_session(members)}
        for number, (session_id, members) in enumerate(ordered, start=1)
    ]


def _session(events: list[TrackerEvent]) -> Row:
    """Sum up one session; `events` are in the order of time."""
    first, last = events[0], events[-1]
    types = [EVENT_TYPES.get(event.action or "", ("", "")) for event in events]
    page_views = {event.page_view_id for event in events if event.page_view_id}
    viewed = {row["id"] for event in events if event.action == "product_view" for row in event.products}
    return {
        "userId": first.user_id,
        "startTime": first.at,
        "endTime": last.at,
        "duration": int((last.at - first.at).total_seconds()),
        "deviceType": _first_named(first.user_agent, DEVICES),
        "browser": _first_named(first.user_agent, BROWSERS),
        "os": _first_named(first.user_agent, SYSTEMS),
        "location": first.country,
        "referrer": first.referrer,
        "pageViews": len(page_views),
        "perfumesViewed": len(viewed),
        "interactions": sum(category not in ("", "VIEW") for _, category in types),
        "addedToWishlist": any(event_type == "WISHLIST_ADD" for event_type, _ in types),
        "addedToCollection": False,
        "completedRating": False,
        "completedReview": False,
        "exitPage": last.path,
        "bounced": len(page_views) <= 1,
    }


def perfume_rows(events: Iterable[TrackerEvent]) -> list[Row]:
    """Perfume rows, one per product id with what the log said last (1236 changed its category)."""
    latest: dict[str, Row] = {}
    for event in sorted(events, key=lambda event: event.at):
        for product in event.products:
            latest[product["id"]] = {
                "id": product["id"],
                "houseId": product.get("brand"),
                "perfumeType": product["category"],
                "price": float(product["price"]),
            }
    return [latest[perfume_id] for perfume_id in sorted(latest)]


def house_rows(events: Iterable[TrackerEvent]) -> list[Row]:
    """PerfumeHouse rows, one per brand; the brand's name is its id."""
    brands = {row["houseId"] for row in perfume_rows(events)} - {None}
    return [{"id": brand, "name": brand} for brand in sorted(brands)]


def user_rows(events: Iterable[TrackerEvent]) -> list[Row]:
    """User rows, one per visitor cookie; created with its first session, if the log holds that."""
    created: dict[str, datetime | None] = {}
    for event in sorted(events, key=lambda event: event.at):
        if event.user_id:
            known = created.setdefault(event.user_id, None)
            if known is None and event.session_number == FIRST_SESSION:
                created[event.user_id] = event.at
    return [{"id": user_id, "createdAt": created[user_id]} for user_id in sorted(created)]


def _first_named(user_agent: str | None, names: Iterable[tuple[str, str]]) -> str | None:
    """Return the value of the first mark that the user agent holds."""
    return next((value for mark, value in names if mark in (user_agent or "")), None)
