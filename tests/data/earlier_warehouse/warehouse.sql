-- a warehouse as 2026-11-27 left it: its books, and three staging tables, one with a column less and a narrower one

CREATE SCHEMA ops;

COMMENT ON SCHEMA ops IS 'moodmart bookkeeping, version 2';

CREATE TABLE ops.erasures (
    system text NOT NULL,
    user_key uuid NOT NULL,
    load_id bigint NOT NULL,
    erased_at timestamp with time zone DEFAULT now() NOT NULL
);

CREATE SEQUENCE ops.load_ids
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1;

CREATE TABLE ops.loads (
    load_id bigint NOT NULL,
    system text NOT NULL,
    entity text NOT NULL,
    source text NOT NULL,
    status text NOT NULL,
    extracted bigint NOT NULL,
    inserted bigint NOT NULL,
    updated bigint NOT NULL,
    unchanged bigint NOT NULL,
    quarantined bigint NOT NULL,
    erased bigint NOT NULL,
    deleted bigint DEFAULT 0 NOT NULL,
    reasons jsonb NOT NULL,
    rule_version text NOT NULL,
    lake_path text,
    started_at timestamp with time zone NOT NULL,
    finished_at timestamp with time zone NOT NULL,
    CONSTRAINT conserved CHECK ((extracted = ((((inserted + updated) + unchanged) + quarantined) + erased))),
    CONSTRAINT loads_status_check CHECK ((status = 'succeeded'::text))
);

CREATE TABLE ops.model_parameters (
    model text NOT NULL,
    as_of date NOT NULL,
    parameter text NOT NULL,
    value double precision NOT NULL,
    log_likelihood double precision NOT NULL,
    n bigint NOT NULL,
    fitted_at timestamp with time zone DEFAULT now() NOT NULL
);

CREATE TABLE ops.quarantine (
    quarantine_id bigint NOT NULL,
    system text NOT NULL,
    entity text NOT NULL,
    load_id bigint NOT NULL,
    source_key text,
    payload jsonb NOT NULL,
    reasons text[] NOT NULL,
    rule_version text NOT NULL,
    status text DEFAULT 'open'::text NOT NULL,
    quarantined_at timestamp with time zone DEFAULT now() NOT NULL,
    fingerprint text NOT NULL,
    trail jsonb DEFAULT '[]'::jsonb NOT NULL,
    CONSTRAINT quarantine_status_check CHECK ((status = ANY (ARRAY['open'::text, 'fixed'::text, 'replayed'::text, 'expired'::text])))
);

ALTER TABLE ops.quarantine ALTER COLUMN quarantine_id ADD GENERATED ALWAYS AS IDENTITY (
    SEQUENCE NAME ops.quarantine_quarantine_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);

CREATE TABLE ops.runs (
    run_id bigint NOT NULL,
    as_of date NOT NULL,
    recorded_at timestamp with time zone DEFAULT now() NOT NULL
);

ALTER TABLE ops.runs ALTER COLUMN run_id ADD GENERATED ALWAYS AS IDENTITY (
    SEQUENCE NAME ops.runs_run_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);

CREATE TABLE ops.schema_events (
    event_id bigint NOT NULL,
    system text NOT NULL,
    entity text NOT NULL,
    source text NOT NULL,
    kind text NOT NULL,
    detail text NOT NULL,
    observed_at timestamp with time zone DEFAULT now() NOT NULL,
    CONSTRAINT schema_events_kind_check CHECK ((kind = ANY (ARRAY['column_added'::text, 'column_removed'::text, 'type_widened'::text, 'type_narrowed'::text, 'unreadable'::text])))
);

ALTER TABLE ops.schema_events ALTER COLUMN event_id ADD GENERATED ALWAYS AS IDENTITY (
    SEQUENCE NAME ops.schema_events_event_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);

CREATE TABLE ops.source_schemas (
    system text NOT NULL,
    entity text NOT NULL,
    source text NOT NULL,
    columns jsonb NOT NULL
);

CREATE TABLE ops.user_similarity (
    user_key uuid NOT NULL,
    similar_user_key uuid NOT NULL,
    rank integer NOT NULL,
    similarity double precision NOT NULL,
    feature_date date NOT NULL
);

CREATE TABLE ops.watermarks (
    system text NOT NULL,
    entity text NOT NULL,
    source text NOT NULL,
    watermark jsonb NOT NULL,
    load_id bigint NOT NULL
);

INSERT INTO ops.erasures VALUES ('new_smell', 'af2473eb-58e8-4801-b96f-25645f944a94', 3, '2026-11-28 10:44:35.655328+00');

INSERT INTO ops.loads VALUES (1, 'new_smell', 'user_interaction_events', '/data/in/one', 'succeeded', 11, 8, 0, 1, 2, 0, 0, '{"in:event_type": 2}', 'ba9c7ed03340', 'new_smell/user_interaction_events/1', '2026-11-28 10:44:31.543888+00', '2026-11-28 10:44:32.141456+00');
INSERT INTO ops.loads VALUES (1, 'new_smell', 'user_interaction_event_items', '/data/in/one', 'succeeded', 18, 16, 0, 2, 0, 0, 0, '{}', '090e79fb1939', 'new_smell/user_interaction_event_items/1', '2026-11-28 10:44:31.543888+00', '2026-11-28 10:44:32.141624+00');
INSERT INTO ops.loads VALUES (2, 'new_smell', 'user_interaction_events', '/data/in/two', 'succeeded', 2, 1, 0, 0, 1, 0, 0, '{"duplicate_key:event_id": 1}', 'ba9c7ed03340', 'new_smell/user_interaction_events/2', '2026-11-28 10:44:32.984991+00', '2026-11-28 10:44:33.268187+00');
INSERT INTO ops.loads VALUES (2, 'new_smell', 'user_interaction_event_items', '/data/in/two', 'succeeded', 0, 0, 0, 0, 0, 0, 0, '{}', '090e79fb1939', NULL, '2026-11-28 10:44:32.984991+00', '2026-11-28 10:44:33.268269+00');
INSERT INTO ops.loads VALUES (3, 'new_smell', 'users', '/data/in/three', 'succeeded', 7, 7, 0, 0, 0, 0, 0, '{}', '5c539b345c2b', 'new_smell/users/3', '2026-11-28 10:44:34.959962+00', '2026-11-28 10:44:35.036708+00');
INSERT INTO ops.loads VALUES (4, 'new_smell', 'user_interaction_events', 'quarantine', 'succeeded', 2, 0, 0, 0, 2, 0, 0, '{}', 'ba9c7ed03340', 'new_smell/user_interaction_events/4', '2026-11-28 10:44:35.2191+00', '2026-11-28 10:44:35.407813+00');
INSERT INTO ops.loads VALUES (4, 'new_smell', 'user_interaction_event_items', 'quarantine', 'succeeded', 0, 0, 0, 0, 0, 0, 0, '{}', '090e79fb1939', NULL, '2026-11-28 10:44:35.2191+00', '2026-11-28 10:44:35.408027+00');
INSERT INTO ops.loads VALUES (5, 'new_smell', 'user_interaction_events', 'quarantine', 'succeeded', 1, 1, 0, 0, 0, 0, 0, '{}', 'ba9c7ed03340', 'new_smell/user_interaction_events/5', '2026-11-28 10:44:35.459353+00', '2026-11-28 10:44:35.584219+00');
INSERT INTO ops.loads VALUES (5, 'new_smell', 'user_interaction_event_items', 'quarantine', 'succeeded', 0, 0, 0, 0, 0, 0, 0, '{}', '090e79fb1939', NULL, '2026-11-28 10:44:35.459353+00', '2026-11-28 10:44:35.584329+00');

INSERT INTO ops.quarantine OVERRIDING SYSTEM VALUE VALUES (3, 'new_smell', 'user_interaction_events', 2, 'event-4', '{"path": "/other", "value": null, "note_id": null, "event_id": "event-4", "house_id": null, "user_key": "78eef4fd-2e15-1c45-16fc-7569f680e3bb", "is_edited": null, "is_zoomed": null, "note_type": null, "event_type": "PERFUME_VIEW", "perfume_id": "perfume-4", "user_agent": null, "device_type": null, "duration_ms": null, "has_results": null, "image_index": null, "occurred_at": "2025-01-05 10:00:00.000000Z", "search_type": null, "session_key": "b1948ab1-75e7-bc1e-7d71-ebdbc99f0f88", "event_source": "search", "query_length": null, "scroll_depth": null, "rating_gender": null, "results_count": null, "results_shown": null, "review_length": null, "event_category": "VIEW", "rating_overall": null, "rating_sillage": null, "viewport_width": null, "suggestion_used": null, "target_position": null, "time_on_page_ms": null, "viewport_height": null, "categories_rated": null, "collection_price": null, "filter_available": null, "filter_price_max": null, "filter_price_min": null, "filter_tradeable": null, "query_word_count": null, "rating_longevity": null, "time_in_wishlist": null, "trade_preference": null, "view_duration_ms": 1004, "collection_amount": null, "page_title_length": null, "similarity_reason": null, "target_perfume_id": null, "expand_duration_ms": null, "rating_price_value": null, "had_previous_rating": null, "collection_available": null, "page_scroll_position": null, "previous_query_length": null, "time_to_interaction_ms": null, "previous_rating_overall": null, "time_to_complete_seconds": null}', '{duplicate_key:event_id}', 'ba9c7ed03340', 'open', '2026-11-28 10:44:32.98357+00', '4ec96f5564afddab05a6a9d20d27d469b68debf59cc06d4280b89a410984b7fb', '[{"at": "2026-11-28T10:44:35.219100+00:00", "action": "tried", "load_id": 4}]');
INSERT INTO ops.quarantine OVERRIDING SYSTEM VALUE VALUES (2, 'new_smell', 'user_interaction_events', 1, 'event-21', '{"path": "/perfume/1", "value": null, "note_id": null, "event_id": "event-21", "house_id": null, "user_key": "aa6fa92d-09a5-4d1e-e236-96847a3df56b", "is_edited": null, "is_zoomed": null, "note_type": null, "event_type": "??", "perfume_id": "perfume-1", "user_agent": null, "device_type": null, "duration_ms": null, "has_results": null, "image_index": null, "occurred_at": "2025-01-22 10:00:00.000000Z", "search_type": null, "session_key": "27a0c56f-9602-4f32-968d-ea4761eba24b", "event_source": "search", "query_length": null, "scroll_depth": null, "rating_gender": null, "results_count": null, "results_shown": null, "review_length": null, "event_category": "VIEW", "rating_overall": null, "rating_sillage": null, "viewport_width": null, "suggestion_used": null, "target_position": null, "time_on_page_ms": null, "viewport_height": null, "categories_rated": null, "collection_price": null, "filter_available": null, "filter_price_max": null, "filter_price_min": null, "filter_tradeable": null, "query_word_count": null, "rating_longevity": null, "time_in_wishlist": null, "trade_preference": null, "view_duration_ms": 1021, "collection_amount": null, "page_title_length": null, "similarity_reason": null, "target_perfume_id": null, "expand_duration_ms": null, "rating_price_value": null, "had_previous_rating": null, "collection_available": null, "page_scroll_position": null, "previous_query_length": null, "time_to_interaction_ms": null, "previous_rating_overall": null, "time_to_complete_seconds": null}', '{in:event_type}', 'ba9c7ed03340', 'open', '2026-11-28 10:44:31.535962+00', 'b2ccb746134dd9f42ab670fa9e3c9fffb8bd76b1edd1cb6c13e062c63330ac27', '[{"at": "2026-11-28T10:44:35.219100+00:00", "action": "tried", "load_id": 4}]');
INSERT INTO ops.quarantine OVERRIDING SYSTEM VALUE VALUES (1, 'new_smell', 'user_interaction_events', 1, 'event-20', '{"path": "/perfume/0", "value": null, "note_id": null, "event_id": "event-20", "house_id": null, "user_key": "95540f33-a82c-4fd2-f3b9-a16bebe344c1", "is_edited": null, "is_zoomed": null, "note_type": null, "event_type": "PAGE_VIEW", "perfume_id": "perfume-0", "user_agent": null, "device_type": null, "duration_ms": null, "has_results": null, "image_index": null, "occurred_at": "2025-01-21 10:00:00.000000Z", "search_type": null, "session_key": "cc8a41c4-b257-3d0d-5386-c92eb7710807", "event_source": "search", "query_length": null, "scroll_depth": null, "rating_gender": null, "results_count": null, "results_shown": null, "review_length": null, "event_category": "VIEW", "rating_overall": null, "rating_sillage": null, "viewport_width": null, "suggestion_used": null, "target_position": null, "time_on_page_ms": null, "viewport_height": null, "categories_rated": null, "collection_price": null, "filter_available": null, "filter_price_max": null, "filter_price_min": null, "filter_tradeable": null, "query_word_count": null, "rating_longevity": null, "time_in_wishlist": null, "trade_preference": null, "view_duration_ms": 1020, "collection_amount": null, "page_title_length": null, "similarity_reason": null, "target_perfume_id": null, "expand_duration_ms": null, "rating_price_value": null, "had_previous_rating": null, "collection_available": null, "page_scroll_position": null, "previous_query_length": null, "time_to_interaction_ms": null, "previous_rating_overall": null, "time_to_complete_seconds": null}', '{in:event_type}', 'ba9c7ed03340', 'replayed', '2026-11-28 10:44:31.535962+00', '66789008ad5dc272a55f65a97f5d13fb1bdc677d769a0adaeca6bf86550d71e2', '[{"at": "2026-11-28T10:44:35.15476+00:00", "action": "fixed", "columns": ["event_type"], "reasons": ["in:event_type"]}, {"at": "2026-11-28T10:44:35.459353+00:00", "action": "replayed", "load_id": 5}]');

INSERT INTO ops.source_schemas VALUES ('new_smell', 'user_interaction_events', '/data/in/one', '{"id": "json", "path": "json", "value": "json", "noteId": "json", "userId": "json", "houseId": "json", "duration": "json", "eventData": "json", "eventType": "json", "perfumeId": "json", "sessionId": "json", "timestamp": "json", "userAgent": "json", "deviceType": "json", "eventCategory": "json"}');
INSERT INTO ops.source_schemas VALUES ('new_smell', 'user_sessions', '/data/in/one', '{}');
INSERT INTO ops.source_schemas VALUES ('new_smell', 'search_queries', '/data/in/one', '{}');
INSERT INTO ops.source_schemas VALUES ('new_smell', 'recommendation_feedback', '/data/in/one', '{}');
INSERT INTO ops.source_schemas VALUES ('new_smell', 'perfumes', '/data/in/one', '{}');
INSERT INTO ops.source_schemas VALUES ('new_smell', 'perfume_houses', '/data/in/one', '{}');
INSERT INTO ops.source_schemas VALUES ('new_smell', 'notes', '/data/in/one', '{}');
INSERT INTO ops.source_schemas VALUES ('new_smell', 'perfume_notes', '/data/in/one', '{}');
INSERT INTO ops.source_schemas VALUES ('new_smell', 'users', '/data/in/one', '{}');
INSERT INTO ops.source_schemas VALUES ('new_smell', 'user_interaction_events', '/data/in/two', '{"id": "json", "path": "json", "value": "json", "noteId": "json", "userId": "json", "houseId": "json", "duration": "json", "eventData": "json", "eventType": "json", "perfumeId": "json", "sessionId": "json", "timestamp": "json", "userAgent": "json", "deviceType": "json", "eventCategory": "json"}');
INSERT INTO ops.source_schemas VALUES ('new_smell', 'user_sessions', '/data/in/two', '{}');
INSERT INTO ops.source_schemas VALUES ('new_smell', 'search_queries', '/data/in/two', '{}');
INSERT INTO ops.source_schemas VALUES ('new_smell', 'recommendation_feedback', '/data/in/two', '{}');
INSERT INTO ops.source_schemas VALUES ('new_smell', 'perfumes', '/data/in/two', '{}');
INSERT INTO ops.source_schemas VALUES ('new_smell', 'perfume_houses', '/data/in/two', '{}');
INSERT INTO ops.source_schemas VALUES ('new_smell', 'notes', '/data/in/two', '{}');
INSERT INTO ops.source_schemas VALUES ('new_smell', 'perfume_notes', '/data/in/two', '{}');
INSERT INTO ops.source_schemas VALUES ('new_smell', 'users', '/data/in/two', '{}');
INSERT INTO ops.source_schemas VALUES ('new_smell', 'user_interaction_events', '/data/in/three', '{}');
INSERT INTO ops.source_schemas VALUES ('new_smell', 'user_sessions', '/data/in/three', '{}');
INSERT INTO ops.source_schemas VALUES ('new_smell', 'search_queries', '/data/in/three', '{}');
INSERT INTO ops.source_schemas VALUES ('new_smell', 'recommendation_feedback', '/data/in/three', '{}');
INSERT INTO ops.source_schemas VALUES ('new_smell', 'perfumes', '/data/in/three', '{}');
INSERT INTO ops.source_schemas VALUES ('new_smell', 'perfume_houses', '/data/in/three', '{}');
INSERT INTO ops.source_schemas VALUES ('new_smell', 'notes', '/data/in/three', '{}');
INSERT INTO ops.source_schemas VALUES ('new_smell', 'perfume_notes', '/data/in/three', '{}');
INSERT INTO ops.source_schemas VALUES ('new_smell', 'users', '/data/in/three', '{"id": "json", "createdAt": "json"}');

INSERT INTO ops.watermarks VALUES ('new_smell', 'user_interaction_events', '/data/in/one', '{"files": {"UserInteractionEvent.jsonl": {"size": 4432, "sha256": "ce782e4431d29824f6f7f614f61a6ac245aaa76ea61e2ab65b31691bd228dd47", "mtime_ns": 1795862667516574689}}}', 1);
INSERT INTO ops.watermarks VALUES ('new_smell', 'user_interaction_events', '/data/in/two', '{"files": {"UserInteractionEvent.jsonl": {"size": 742, "sha256": "432ac56d99254d122fa7f90dcc0513038668b050e21a0c46387abf178fd00ba3", "mtime_ns": 1795862672906131576}}}', 2);
INSERT INTO ops.watermarks VALUES ('new_smell', 'users', '/data/in/three', '{"files": {"User.jsonl": {"size": 378, "sha256": "ea8a659875c30dab06db8ded65230f6e3f375d70711ebd80a4b72fd8c21dd497", "mtime_ns": 1795862674213149550}}}', 3);

SELECT pg_catalog.setval('ops.load_ids', 5, true);

SELECT pg_catalog.setval('ops.quarantine_quarantine_id_seq', 3, true);

SELECT pg_catalog.setval('ops.runs_run_id_seq', 1, false);

SELECT pg_catalog.setval('ops.schema_events_event_id_seq', 1, false);

ALTER TABLE ONLY ops.erasures
    ADD CONSTRAINT erasures_pkey PRIMARY KEY (system, user_key);

ALTER TABLE ONLY ops.loads
    ADD CONSTRAINT loads_pkey PRIMARY KEY (load_id, entity);

ALTER TABLE ONLY ops.model_parameters
    ADD CONSTRAINT model_parameters_pkey PRIMARY KEY (model, as_of, parameter);

ALTER TABLE ONLY ops.quarantine
    ADD CONSTRAINT quarantine_pkey PRIMARY KEY (quarantine_id);

ALTER TABLE ONLY ops.runs
    ADD CONSTRAINT runs_pkey PRIMARY KEY (run_id);

ALTER TABLE ONLY ops.schema_events
    ADD CONSTRAINT schema_events_pkey PRIMARY KEY (event_id);

ALTER TABLE ONLY ops.source_schemas
    ADD CONSTRAINT source_schemas_pkey PRIMARY KEY (system, entity, source);

ALTER TABLE ONLY ops.user_similarity
    ADD CONSTRAINT user_similarity_pkey PRIMARY KEY (user_key, rank);

ALTER TABLE ONLY ops.watermarks
    ADD CONSTRAINT watermarks_pkey PRIMARY KEY (system, entity, source);

CREATE INDEX quarantine_by_load ON ops.quarantine USING btree (load_id);

CREATE UNIQUE INDEX quarantine_open_once ON ops.quarantine USING btree (system, entity, fingerprint) WHERE (status = 'open'::text);

CREATE SCHEMA staging;

CREATE TABLE staging.new_smell__user_interaction_event_items (
    event_id text NOT NULL,
    item_position integer NOT NULL,
    item_kind text,
    item_value text,
    _load_id bigint NOT NULL
);

CREATE TABLE staging.new_smell__user_interaction_events (
    event_id text NOT NULL,
    user_key uuid,
    session_key uuid,
    event_type text,
    event_category text,
    perfume_id text,
    house_id text,
    note_id text,
    device_type text,
    user_agent text,
    path text,
    duration_ms bigint,
    value double precision,
    page_title_length integer,
    view_duration_ms integer,
    scroll_depth double precision,
    time_to_interaction_ms bigint,
    event_source text,
    viewport_width integer,
    viewport_height integer,
    query_length integer,
    query_word_count integer,
    results_count integer,
    results_shown integer,
    has_results boolean,
    search_type text,
    previous_query_length integer,
    suggestion_used boolean,
    filter_price_min double precision,
    filter_price_max double precision,
    filter_available boolean,
    filter_tradeable boolean,
    rating_overall double precision,
    rating_longevity double precision,
    rating_sillage double precision,
    rating_price_value double precision,
    rating_gender double precision,
    time_to_complete_seconds double precision,
    categories_rated integer,
    is_edited boolean,
    had_previous_rating boolean,
    previous_rating_overall double precision,
    review_length integer,
    collection_amount text,
    collection_available text,
    collection_price text,
    trade_preference text,
    time_in_wishlist double precision,
    image_index integer,
    is_zoomed boolean,
    note_type text,
    expand_duration_ms bigint,
    target_perfume_id text,
    target_position integer,
    similarity_reason text,
    page_scroll_position double precision,
    time_on_page_ms bigint,
    occurred_at timestamp with time zone NOT NULL,
    _load_id bigint NOT NULL
)
PARTITION BY RANGE (occurred_at);

CREATE TABLE staging.new_smell__user_interaction_events_2025_01 (
    event_id text CONSTRAINT new_smell__user_interaction_events_event_id_not_null NOT NULL,
    user_key uuid,
    session_key uuid,
    event_type text,
    event_category text,
    perfume_id text,
    house_id text,
    note_id text,
    device_type text,
    user_agent text,
    path text,
    duration_ms bigint,
    value double precision,
    page_title_length integer,
    view_duration_ms integer,
    scroll_depth double precision,
    time_to_interaction_ms bigint,
    event_source text,
    viewport_width integer,
    viewport_height integer,
    query_length integer,
    query_word_count integer,
    results_count integer,
    results_shown integer,
    has_results boolean,
    search_type text,
    previous_query_length integer,
    suggestion_used boolean,
    filter_price_min double precision,
    filter_price_max double precision,
    filter_available boolean,
    filter_tradeable boolean,
    rating_overall double precision,
    rating_longevity double precision,
    rating_sillage double precision,
    rating_price_value double precision,
    rating_gender double precision,
    time_to_complete_seconds double precision,
    categories_rated integer,
    is_edited boolean,
    had_previous_rating boolean,
    previous_rating_overall double precision,
    review_length integer,
    collection_amount text,
    collection_available text,
    collection_price text,
    trade_preference text,
    time_in_wishlist double precision,
    image_index integer,
    is_zoomed boolean,
    note_type text,
    expand_duration_ms bigint,
    target_perfume_id text,
    target_position integer,
    similarity_reason text,
    page_scroll_position double precision,
    time_on_page_ms bigint,
    occurred_at timestamp with time zone CONSTRAINT new_smell__user_interaction_events_occurred_at_not_null NOT NULL,
    _load_id bigint CONSTRAINT new_smell__user_interaction_events__load_id_not_null NOT NULL
);

CREATE TABLE staging.new_smell__users (
    user_key uuid NOT NULL,
    signed_up_at timestamp with time zone,
    _load_id bigint NOT NULL
);

ALTER TABLE ONLY staging.new_smell__user_interaction_events ATTACH PARTITION staging.new_smell__user_interaction_events_2025_01 FOR VALUES FROM ('2025-01-01 00:00:00+00') TO ('2025-02-01 00:00:00+00');

INSERT INTO staging.new_smell__user_interaction_event_items VALUES ('event-0', 0, 'shown_perfume', 'a', 1);
INSERT INTO staging.new_smell__user_interaction_event_items VALUES ('event-0', 1, 'shown_perfume', 'b', 1);
INSERT INTO staging.new_smell__user_interaction_event_items VALUES ('event-1', 0, 'shown_perfume', 'a', 1);
INSERT INTO staging.new_smell__user_interaction_event_items VALUES ('event-1', 1, 'shown_perfume', 'b', 1);
INSERT INTO staging.new_smell__user_interaction_event_items VALUES ('event-2', 0, 'shown_perfume', 'a', 1);
INSERT INTO staging.new_smell__user_interaction_event_items VALUES ('event-2', 1, 'shown_perfume', 'b', 1);
INSERT INTO staging.new_smell__user_interaction_event_items VALUES ('event-3', 0, 'shown_perfume', 'a', 1);
INSERT INTO staging.new_smell__user_interaction_event_items VALUES ('event-3', 1, 'shown_perfume', 'b', 1);
INSERT INTO staging.new_smell__user_interaction_event_items VALUES ('event-4', 0, 'shown_perfume', 'a', 1);
INSERT INTO staging.new_smell__user_interaction_event_items VALUES ('event-4', 1, 'shown_perfume', 'b', 1);
INSERT INTO staging.new_smell__user_interaction_event_items VALUES ('event-5', 0, 'shown_perfume', 'a', 1);
INSERT INTO staging.new_smell__user_interaction_event_items VALUES ('event-5', 1, 'shown_perfume', 'b', 1);
INSERT INTO staging.new_smell__user_interaction_event_items VALUES ('event-6', 0, 'shown_perfume', 'a', 1);
INSERT INTO staging.new_smell__user_interaction_event_items VALUES ('event-6', 1, 'shown_perfume', 'b', 1);
INSERT INTO staging.new_smell__user_interaction_event_items VALUES ('event-7', 0, 'shown_perfume', 'a', 1);
INSERT INTO staging.new_smell__user_interaction_event_items VALUES ('event-7', 1, 'shown_perfume', 'b', 1);

INSERT INTO staging.new_smell__user_interaction_events_2025_01 VALUES ('event-0', 'aa6fa92d-09a5-4d1e-e236-96847a3df56b', 'dfe003d8-3fc0-fdcb-9673-b2f264e6a4e7', 'PERFUME_VIEW', 'VIEW', 'perfume-0', NULL, NULL, NULL, NULL, '/perfume/0', NULL, NULL, NULL, 1000, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, '2025-01-01 10:00:00+00', 1);
INSERT INTO staging.new_smell__user_interaction_events_2025_01 VALUES ('event-1', 'ad5259a9-148d-580f-b3d2-e7b6831a57d3', 'efdd7cff-e361-379d-4c53-3380ebc85b8e', 'PERFUME_VIEW', 'VIEW', 'perfume-1', NULL, NULL, NULL, NULL, '/perfume/1', NULL, NULL, NULL, 1001, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, '2025-01-02 10:00:00+00', 1);
INSERT INTO staging.new_smell__user_interaction_events_2025_01 VALUES ('event-2', '16158fff-550f-b753-9aa8-d2d39e68a19f', '87275001-a23d-7271-4af0-0a543eae9635', 'PERFUME_VIEW', 'VIEW', 'perfume-2', NULL, NULL, NULL, NULL, '/perfume/2', NULL, NULL, NULL, 1002, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, '2025-01-03 10:00:00+00', 1);
INSERT INTO staging.new_smell__user_interaction_events_2025_01 VALUES ('event-3', '75b557e4-4acd-8e08-3e0a-9c944380b79f', '7e562552-6202-6b44-9ac7-50456abd2224', 'PERFUME_VIEW', 'VIEW', 'perfume-3', NULL, NULL, NULL, NULL, '/perfume/3', NULL, NULL, NULL, 1003, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, '2025-01-04 10:00:00+00', 1);
INSERT INTO staging.new_smell__user_interaction_events_2025_01 VALUES ('event-4', '78eef4fd-2e15-1c45-16fc-7569f680e3bb', 'b1948ab1-75e7-bc1e-7d71-ebdbc99f0f88', 'PERFUME_VIEW', 'VIEW', 'perfume-4', NULL, NULL, NULL, NULL, '/perfume/4', NULL, NULL, NULL, 1004, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, '2025-01-05 10:00:00+00', 1);
INSERT INTO staging.new_smell__user_interaction_events_2025_01 VALUES ('event-5', '6b4806ea-decd-0925-bf1e-624527fe26da', 'f6c9bab6-98a8-e4b4-c99b-c3bef95d247e', 'PERFUME_VIEW', 'VIEW', 'perfume-0', NULL, NULL, NULL, NULL, '/perfume/0', NULL, NULL, NULL, 1005, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, '2025-01-06 10:00:00+00', 1);
INSERT INTO staging.new_smell__user_interaction_events_2025_01 VALUES ('event-6', '95540f33-a82c-4fd2-f3b9-a16bebe344c1', '926cd7b1-dddf-bb2b-9b4e-fde5471300c9', 'PERFUME_VIEW', 'VIEW', 'perfume-1', NULL, NULL, NULL, NULL, '/perfume/1', NULL, NULL, NULL, 1006, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, '2025-01-07 10:00:00+00', 1);
INSERT INTO staging.new_smell__user_interaction_events_2025_01 VALUES ('event-7', 'aa6fa92d-09a5-4d1e-e236-96847a3df56b', 'cc8a41c4-b257-3d0d-5386-c92eb7710807', 'PERFUME_VIEW', 'VIEW', 'perfume-2', NULL, NULL, NULL, NULL, '/perfume/2', NULL, NULL, NULL, 1007, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, '2025-01-08 10:00:00+00', 1);
INSERT INTO staging.new_smell__user_interaction_events_2025_01 VALUES ('event-30', '16158fff-550f-b753-9aa8-d2d39e68a19f', 'b1948ab1-75e7-bc1e-7d71-ebdbc99f0f88', 'PERFUME_VIEW', 'VIEW', 'perfume-0', NULL, NULL, NULL, NULL, '/perfume/0', NULL, NULL, NULL, 5, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, '2025-01-03 10:00:00+00', 2);
INSERT INTO staging.new_smell__user_interaction_events_2025_01 VALUES ('event-20', '95540f33-a82c-4fd2-f3b9-a16bebe344c1', 'cc8a41c4-b257-3d0d-5386-c92eb7710807', 'PAGE_VIEW', 'VIEW', 'perfume-0', NULL, NULL, NULL, NULL, '/perfume/0', NULL, NULL, NULL, 1020, NULL, NULL, 'search', NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, '2025-01-21 10:00:00+00', 5);

INSERT INTO staging.new_smell__users VALUES ('aa6fa92d-09a5-4d1e-e236-96847a3df56b', '2024-01-01 00:00:00+00', 3);
INSERT INTO staging.new_smell__users VALUES ('ad5259a9-148d-580f-b3d2-e7b6831a57d3', '2024-01-01 00:00:00+00', 3);
INSERT INTO staging.new_smell__users VALUES ('16158fff-550f-b753-9aa8-d2d39e68a19f', '2024-01-01 00:00:00+00', 3);
INSERT INTO staging.new_smell__users VALUES ('75b557e4-4acd-8e08-3e0a-9c944380b79f', '2024-01-01 00:00:00+00', 3);
INSERT INTO staging.new_smell__users VALUES ('78eef4fd-2e15-1c45-16fc-7569f680e3bb', '2024-01-01 00:00:00+00', 3);
INSERT INTO staging.new_smell__users VALUES ('6b4806ea-decd-0925-bf1e-624527fe26da', '2024-01-01 00:00:00+00', 3);
INSERT INTO staging.new_smell__users VALUES ('95540f33-a82c-4fd2-f3b9-a16bebe344c1', '2024-01-01 00:00:00+00', 3);

ALTER TABLE ONLY staging.new_smell__user_interaction_event_items
    ADD CONSTRAINT new_smell__user_interaction_event_items_pkey PRIMARY KEY (event_id, item_position);

ALTER TABLE ONLY staging.new_smell__user_interaction_events
    ADD CONSTRAINT new_smell__user_interaction_events_pkey PRIMARY KEY (event_id, occurred_at);

ALTER TABLE ONLY staging.new_smell__user_interaction_events_2025_01
    ADD CONSTRAINT new_smell__user_interaction_events_2025_01_pkey PRIMARY KEY (event_id, occurred_at);

ALTER TABLE ONLY staging.new_smell__users
    ADD CONSTRAINT new_smell__users_pkey PRIMARY KEY (user_key);

CREATE INDEX new_smell__user_interaction_event_items_by_load_id ON staging.new_smell__user_interaction_event_items USING btree (_load_id);

CREATE INDEX new_smell__user_interaction_events_by_load_id ON ONLY staging.new_smell__user_interaction_events USING btree (_load_id);

CREATE INDEX new_smell__user_interaction_events_2025_01__load_id_idx ON staging.new_smell__user_interaction_events_2025_01 USING btree (_load_id);

CREATE INDEX new_smell__user_interaction_events_by_session_key ON ONLY staging.new_smell__user_interaction_events USING btree (session_key);

CREATE INDEX new_smell__user_interaction_events_2025_01_session_key_idx ON staging.new_smell__user_interaction_events_2025_01 USING btree (session_key);

CREATE INDEX new_smell__users_by_load_id ON staging.new_smell__users USING btree (_load_id);

ALTER INDEX staging.new_smell__user_interaction_events_by_load_id ATTACH PARTITION staging.new_smell__user_interaction_events_2025_01__load_id_idx;

ALTER INDEX staging.new_smell__user_interaction_events_pkey ATTACH PARTITION staging.new_smell__user_interaction_events_2025_01_pkey;

ALTER INDEX staging.new_smell__user_interaction_events_by_session_key ATTACH PARTITION staging.new_smell__user_interaction_events_2025_01_session_key_idx;

