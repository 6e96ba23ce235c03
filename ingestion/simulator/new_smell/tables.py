"""The tables of New Smell under Prisma's names, and the ways their rows get broken.

`TABLES` in the order they are written; the rules that the dirt breaks stand in the contract of New Smell.
"""

from ingestion.simulator.dirt import holds, in_json, put
from ingestion.simulator.plan import Dirt, Table

RATES = holds("eventType", "RATING_COMPLETED", "RATING_UPDATED")
VIEWS = holds("eventType", "PAGE_VIEW", "PERFUME_VIEW", "HOUSE_VIEW")
SEARCHED = holds("eventType", "SEARCH_PERFORMED")
OF_A_PERFUME = holds(
    "eventType",
    "PERFUME_VIEW",
    "RATING_COMPLETED",
    "COLLECTION_ADD",
    "COLLECTION_UPDATE",
    "COLLECTION_REMOVE",
    "IMAGE_VIEWED",
    "NOTES_EXPANDED",
    "SIMILAR_CLICKED",
)
HAS_TEXT = holds("queryType", "text", "voice")

EVENT_DIRT = (
    Dirt("unknown_event_type", put(eventType="TELEPORTED"), ("in:event_type",)),
    Dirt("unknown_category", put(eventCategory="MAGIC"), ("in:event_category",)),
    Dirt("unknown_device", put(deviceType="fridge"), ("in:device_type",)),
    Dirt("no_id", put(id=None), ("not_null:event_id",), fits_table=False),
    Dirt("no_session", put(sessionId=None), ("not_null:session_key",), fits_table=False),
    Dirt("no_path", put(path=None), ("not_null:path",), fits_table=False),
    Dirt("no_time", put(timestamp=None), ("not_null:occurred_at",), fits_table=False),
    Dirt("negative_duration", put(duration=-5), ("between:duration_ms",)),
    Dirt("broken_json", put(eventData='{"viewDuration": 12'), ("json:eventData",), fits_table=False),
    Dirt("rating_of_nine", put(value=9.0), ("rating_value_out_of_range",), RATES),
    Dirt("zero_stars", in_json("eventData", ratings={"overall": 0}), ("between:rating_overall",), RATES),
    Dirt("scrolled_beyond_the_end", in_json("eventData", scrollDepth=250), ("between:scroll_depth",), VIEWS),
    Dirt("list_for_a_number", in_json("eventData", scrollDepth=[1]), ("type:eventData.scrollDepth",), VIEWS),
    Dirt("rating_source_on_a_page", in_json("eventData", source="prompt"), ("page_source_unknown",), VIEWS),
    Dirt("no_perfume", put(perfumeId=None), ("perfume_missing",), OF_A_PERFUME),
    Dirt(
        "shows_more_than_found",
        in_json("eventData", resultsCount=3, resultsShown=9),
        ("results_shown_over_count",),
        SEARCHED,
    ),
)
SESSION_DIRT = (
    Dirt("ends_before_start", put(endTime="2001-01-01T00:00:00"), ("session_ends_before_start",)),
    Dirt("no_session", put(sessionId=None), ("not_null:session_key",), fits_table=False),
    Dirt("negative_views", put(pageViews=-1), ("between:page_views",)),
    Dirt("unknown_device", put(deviceType="fridge"), ("in:device_type",)),
)
SEARCH_DIRT = (
    Dirt("no_text", put(queryText=""), ("query_text_empty",), HAS_TEXT),
    Dirt("unknown_type", put(queryType="telepathy"), ("in:query_type",)),
    Dirt("shows_more_than_found", put(resultsShown=99, resultsCount=3), ("results_shown_over_count",)),
    Dirt("broken_json", put(filters="{houses"), ("json:filters",), fits_table=False),
)
FEEDBACK_DIRT = (
    Dirt("too_sure", put(confidence=1.5), ("between:confidence",)),
    Dirt("position_zero", put(position=0), ("between:position",)),
    Dirt("unknown_source", put(source="billboard"), ("in:source",)),
    Dirt("no_perfume", put(perfumeId=None), ("not_null:perfume_id",), fits_table=False),
    Dirt("answered_before_shown", put(firstInteractionTime="2001-01-01T00:00:00"), ("interaction_before_impression",)),
)

USERS = Table("User", "users", "id text not null, createdAt timestamp(3) not null", "id")
HOUSES = Table("PerfumeHouse", "perfume_houses", "id text not null, name text not null", "id")
NOTES = Table("Note", "notes", "id text not null, name text not null, category text", "id")
PERFUMES = Table(
    "Perfume",
    "perfumes",
    "id text not null, name text, houseId text, perfumeType text, concentration text, price double precision",
    "id",
)
PERFUME_NOTES = Table(
    "PerfumeNote",
    "perfume_notes",
    "perfumeId text not null, noteId text not null, noteType text not null",
    "perfumeId, noteId, noteType",
)
EVENTS = Table(
    "UserInteractionEvent",
    "user_interaction_events",
    """id text not null, userId text, sessionId text not null, eventType text not null, eventCategory text not null,
    timestamp timestamp(3) not null, perfumeId text, houseId text, noteId text, eventData jsonb not null,
    deviceType text, userAgent text, referrer text, path text not null, duration integer, value double precision""",
    "id",
    EVENT_DIRT,
)
SESSIONS = Table(
    "UserSession",
    "user_sessions",
    """id text not null, sessionId text not null, userId text, startTime timestamp(3) not null, endTime timestamp(3),
    duration integer, deviceType text not null, browser text not null, os text not null, location text, referrer text,
    pageViews integer not null, perfumesViewed integer not null, interactions integer not null,
    addedToWishlist boolean not null, addedToCollection boolean not null, completedRating boolean not null,
    completedReview boolean not null, exitPage text, bounced boolean not null""",
    "id",
    SESSION_DIRT,
)
SEARCHES = Table(
    "SearchQuery",
    "search_queries",
    """id text not null, sessionId text not null, userId text, queryText text not null, queryType text not null,
    filters jsonb not null, resultsCount integer not null, resultsShown integer not null,
    clickedPositions jsonb not null, clickedPerfumes jsonb not null, timeToFirstClick integer, timeOnResults integer,
    foundDesired boolean not null, refinedQuery boolean not null, abandoned boolean not null,
    timestamp timestamp(3) not null""",
    "id",
    SEARCH_DIRT,
)
FEEDBACK = Table(
    "RecommendationFeedback",
    "recommendation_feedback",
    """id text not null, userId text not null, perfumeId text not null, recommendationId text not null,
    source text not null, algorithm text not null, position integer not null, viewed boolean not null,
    clicked boolean not null, addedToWishlist boolean not null, addedToCollection boolean not null,
    rated boolean not null, thumbsUp boolean, thumbsDown boolean, hidPerfume boolean not null,
    reportedIrrelevant boolean not null, impressionTime timestamp(3) not null, firstInteractionTime timestamp(3),
    confidence double precision, similarityScore double precision""",
    "id",
    FEEDBACK_DIRT,
)
TABLES = (USERS, HOUSES, NOTES, PERFUMES, PERFUME_NOTES, SESSIONS, EVENTS, SEARCHES, FEEDBACK)
