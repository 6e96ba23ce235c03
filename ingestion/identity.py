"""Which warehouse this is: the key its pseudonyms are made with, and the names of its roles.

`ops.warehouse`, one row, and what the home keeps -> a home that fits, or a refusal before anything is written. The
roles of a server are shared by all its databases: a warehouse on a server of yours names its roles after its database.
"""

import hashlib
import hmac
import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import psycopg

from ingestion import credentials as kept
from ingestion.errors import WarehouseError

LONGEST_NAME = 63
"""Bytes; PostgreSQL cuts a longer name off, and two of them could become one."""
SHARED_NAMES = kept.SHARED_ROLES
RECORD = """
insert into ops.warehouse (key_fingerprint, roles) values (%s, %s)
on conflict (is_only) do update set roles = excluded.roles
"""


@dataclass(frozen=True)
class Identity:
    """What a warehouse knows of itself."""

    key_fingerprint: str
    roles: dict[str, str]


def read(connection: psycopg.Connection) -> Identity | None:
    """What the warehouse has recorded; None if it is new, or from before it was recorded."""
    if not _is_there(connection, "ops.warehouse"):
        return None
    row = connection.execute("select key_fingerprint, roles from ops.warehouse").fetchone()
    return Identity(row[0], row[1]) if row else None


def record(connection: psycopg.Connection, key: bytes, roles: Mapping[str, str]) -> None:
    """Enter the key's fingerprint, once, and the names of the roles."""
    connection.execute(RECORD, [fingerprint(key), json.dumps(dict(roles))])


def fingerprint(key: bytes) -> str:
    """What tells two keys apart and tells nothing about either."""
    return hmac.new(key, b"moodmart key fingerprint", hashlib.sha256).hexdigest()[:16]


def fitting_key(connection: psycopg.Connection, known: Identity | None, home: Path) -> bytes | None:
    """The home's key if the warehouse was made with it; None where both are new and a key may be made.

    Raises `WarehouseError` for a home without the key of the rows that are there, and for one with another key.
    """
    key = kept.read_key(home)
    path = str(home / kept.KEY_FILE)
    mend = (
        f"put {kept.KEY_FILE} and {kept.CREDENTIALS_FILE} of the warehouse's first home here,"
        " or use another MOODMART_HOME and another database"
    )
    if key is None and (known or _holds_loads(connection)):
        raise WarehouseError("the warehouse was made with a key that is not here", path, mend)
    if key is None and any((home / "lake").glob("*")):
        raise WarehouseError("the lake here was written with a key that is gone", path, "put it back, or move the lake")
    if key and known and fingerprint(key) != known.key_fingerprint:
        raise WarehouseError("the warehouse was made with another key", path, mend)
    return key


def names_for(database: str) -> dict[str, str]:
    """Role names of the warehouse in `database`, for a server whose other databases are not ours."""
    return {role: _name(database, role) for role in SHARED_NAMES}


def _name(database: str, role: str) -> str:
    name = f"moodmart_{database}_{role}"
    if len(name.encode()) <= LONGEST_NAME:
        return name
    ending = f"_{hashlib.sha256(database.encode()).hexdigest()[:8]}_{role}"
    start = f"moodmart_{database}".encode()[: LONGEST_NAME - len(ending)]
    return start.decode(errors="ignore") + ending


def _holds_loads(connection: psycopg.Connection) -> bool:
    if not _is_there(connection, "ops.loads"):
        return False
    return connection.execute("select exists (select from ops.loads)").fetchone() == (True,)


def _is_there(connection: psycopg.Connection, table: str) -> bool:
    return connection.execute("select to_regclass(%s) is not null", [table]).fetchone() == (True,)
