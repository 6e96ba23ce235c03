"""The tables of the `ops` schema, and how those of an earlier version become today's.

`TABLES` makes what is missing, `UPGRADES` changes what is there, `grants` says who may do what. All three may be
repeated; the warehouse runs them when it is opened and their text has changed since.
"""

import hashlib
from collections.abc import Mapping

from psycopg import sql

TABLES = """
create table if not exists ops.loads (
    load_id bigint not null,
    system text not null,
    entity text not null,
    source text not null,
    status text not null check (status in ('succeeded')),
    extracted bigint not null,
    inserted bigint not null,
    updated bigint not null,
    unchanged bigint not null,
    quarantined bigint not null,
    erased bigint not null,
    deleted bigint not null default 0,
    recovered bigint not null default 0,
    reasons jsonb not null,
    rule_version text not null,
    lake_path text,
    started_at timestamptz not null,
    finished_at timestamptz not null,
    primary key (load_id, entity),
    constraint conserved
        check (extracted = inserted + updated + unchanged + quarantined + erased)
);
create sequence if not exists ops.load_ids;
create table if not exists ops.quarantine (
    quarantine_id bigint generated always as identity primary key,
    system text not null,
    entity text not null,
    load_id bigint not null,
    source_key text,
    payload jsonb not null,
    reasons text[] not null,
    rule_version text not null,
    status text not null default 'open'
        check (status in ('open', 'fixed', 'replayed', 'superseded', 'dismissed', 'expired')),
    quarantined_at timestamptz not null default now(),
    fingerprint text not null,
    trail jsonb not null default '[]',
    -- the load that has last brought the row
    seen_load_id bigint
);
-- the same bad row sent again is one piece of work for the steward
create unique index if not exists quarantine_open_once
    on ops.quarantine (system, entity, fingerprint) where status = 'open';
create index if not exists quarantine_by_load on ops.quarantine (load_id);
create index if not exists quarantine_by_fingerprint on ops.quarantine (system, entity, fingerprint);
-- of any length, which a B-tree does not take
create index if not exists quarantine_by_key on ops.quarantine using hash (source_key);
create table if not exists ops.watermarks (
    system text not null,
    entity text not null,
    source text not null,
    watermark jsonb not null,
    load_id bigint not null,
    primary key (system, entity, source)
);
-- people whose rows were removed and may not come in again, unless they came back; loads with lower ids than
-- returned_load_id may have left out rows of theirs that are still at the source
create table if not exists ops.erasures (
    system text not null,
    user_key uuid not null,
    load_id bigint not null,
    erased_at timestamptz not null default now(),
    returned_load_id bigint,
    primary key (system, user_key, load_id)
);
-- what the sources' tables looked like, and how they changed: the steward's view of schema drift
create table if not exists ops.source_schemas (
    system text not null,
    entity text not null,
    source text not null,
    columns jsonb not null,
    primary key (system, entity, source)
);
create table if not exists ops.schema_events (
    event_id bigint generated always as identity primary key,
    system text not null,
    entity text not null,
    source text not null,
    kind text not null
        check (kind in ('column_added', 'column_removed', 'type_widened', 'type_narrowed', 'unreadable')),
    detail text not null,
    observed_at timestamptz not null default now()
);
-- which warehouse this is; the key itself lies in the home
create table if not exists ops.warehouse (
    is_only boolean primary key default true check (is_only),
    key_fingerprint text not null,
    roles jsonb not null
);
create table if not exists ops.runs (
    run_id bigint generated always as identity primary key,
    as_of date not null,
    recorded_at timestamptz not null default now()
);
-- what was fitted outside SQL, on events up to the Saturday `as_of`; marts read it
create table if not exists ops.model_parameters (
    model text not null,
    as_of date not null,
    parameter text not null,
    value double precision not null,
    log_likelihood double precision not null,
    n bigint not null,
    fitted_at timestamptz not null default now(),
    primary key (model, as_of, parameter)
);
-- computed outside of SQL, shown by the mart behavior.user_similarity
create table if not exists ops.user_similarity (
    user_key uuid not null,
    similar_user_key uuid not null,
    rank integer not null,
    similarity double precision not null,
    feature_date date not null,
    primary key (user_key, rank)
);
"""
UPGRADES = """
alter table ops.loads add column if not exists deleted bigint not null default 0;
alter table ops.loads add column if not exists recovered bigint not null default 0;
alter table ops.erasures add column if not exists returned_load_id bigint;
alter table ops.erasures drop constraint if exists erasures_pkey;
alter table ops.erasures add primary key (system, user_key, load_id);
alter table ops.quarantine drop constraint if exists quarantine_status_check;
alter table ops.quarantine add constraint quarantine_status_check
    check (status in ('open', 'fixed', 'replayed', 'superseded', 'dismissed', 'expired'));
alter table ops.quarantine add column if not exists seen_load_id bigint;
update ops.quarantine set seen_load_id = load_id where seen_load_id is null;
"""
GRANTS = """
grant select, insert, delete on ops.loads to {loader};
grant select, insert, update, delete on ops.quarantine, ops.watermarks, ops.erasures to {loader};
grant usage, update on sequence ops.load_ids to {loader};
grant select, insert, update on ops.source_schemas, ops.schema_events to {loader};
grant select on ops.schema_events to {steward};
grant update (payload, status, trail) on ops.quarantine to {steward};
grant select on ops.loads, ops.quarantine, ops.watermarks, ops.runs, ops.model_parameters to {steward};
"""


def grants(roles: Mapping[str, sql.Composable]) -> sql.Composed:
    """Statements that let the loader and the steward, whose names `roles` holds, do their work."""
    return sql.SQL(GRANTS).format(**roles)


def version() -> str:
    """Short digest of all statements: changes exactly when a warehouse has to be brought up to date."""
    return hashlib.sha256((TABLES + UPGRADES + GRANTS).encode()).hexdigest()[:12]
