"""What a PostgreSQL server must offer to hold the warehouse, asked before anything is written.

The server, the database and its owner role -> nothing, or one line that says what to grant or to set.
"""

from collections.abc import Mapping

import psycopg

from ingestion.errors import WarehouseError

OLDEST_VERSION = 16
"""`erfc`, which the marts' p-values need, came with it."""
SERVER = """
select
    current_setting('server_version_num')::int / 10000,
    current_setting('server_version'),
    pg_encoding_to_char(encoding),
    pg_is_in_recovery(),
    current_setting('transaction_read_only') = 'on',
    has_database_privilege(oid, 'create'),
    (select rolcreaterole or rolsuper from pg_roles where rolname = current_user)
from pg_database
where datname = current_database()
"""
MAY_BE_LOADER = """
select coalesce(bool_or(pg_has_role(oid, 'usage') or pg_has_role(oid, 'member with admin option')), true)
from pg_roles
where rolname = %s
"""
MISSING_ROLES = "select name from unnest(%s::text[]) as name where to_regrole(quote_ident(name)) is null"


def confirm_server(connection: psycopg.Connection, where: str) -> None:
    """Raise `WarehouseError` unless the server and the database can hold a warehouse."""
    row = connection.execute(SERVER).fetchone()
    assert row is not None
    version, full_version, encoding, is_standby, is_read_only, *_ = row
    if version < OLDEST_VERSION:
        hint = f"moodmart needs PostgreSQL {OLDEST_VERSION} or newer"
        raise WarehouseError(f"the server is PostgreSQL {full_version}", where, hint)
    if encoding != "UTF8":
        hint = "create it with: create database ... encoding 'UTF8' template template0"
        raise WarehouseError(f"the database's encoding is {encoding}", where, hint)
    if is_standby or is_read_only:
        what = "the server is a standby" if is_standby else "the database is read only"
        raise WarehouseError(what, where, "name the primary, with write access, in MOODMART_DATABASE_URL")


def confirm_rights(connection: psycopg.Connection, where: str, roles: Mapping[str, str]) -> None:
    """Raise `WarehouseError` unless the connected role may make the schemas, and those of `roles` that are missing.

    Roles that somebody else has made, with the passwords of the home's credentials, are taken as they are.
    """
    row = connection.execute(SERVER).fetchone()
    assert row is not None
    *_, may_create, may_create_roles = row
    owner, database = connection.info.user, connection.info.dbname
    if not may_create:
        what = f"role {owner} may not create schemas"
        raise WarehouseError(what, where, f'as its owner: grant create on database "{database}" to "{owner}"')
    missing = [name for (name,) in connection.execute(MISSING_ROLES, [list(roles.values())]).fetchall()]
    if missing and not may_create_roles:
        what = f"role {owner} may not create the roles {', '.join(missing)}"
        raise WarehouseError(what, where, f'as a superuser: alter role "{owner}" createrole')
    loader = roles["loader"]
    if connection.execute(MAY_BE_LOADER, [loader]).fetchone() != (True,):
        what = f"role {owner} has not the rights of {loader}"
        raise WarehouseError(what, where, f'as a superuser: grant "{loader}" to "{owner}"')
