"""The roles that work in a warehouse beside its owner: loader, steward and analyst.

names and passwords -> roles that are there, take the home's password and count in UTC. A role that takes another
password is another warehouse's: it is left as it is.
"""

from collections.abc import Callable, Mapping
from typing import Literal

import psycopg
from psycopg import sql

from ingestion.errors import WarehouseError

SETTINGS = {
    "loader": ("TimeZone=UTC",),
    "steward": ("TimeZone=UTC",),
    "analyst": ("TimeZone=UTC", "default_transaction_read_only=on"),
}
State = Literal["missing", "ours", "another's"]
Opens = Callable[[str, str], bool]
"""Whether a role, by its name, is let in with a password."""


def states(
    connection: psycopg.Connection, names: Mapping[str, str], passwords: Mapping[str, str], opens: Opens
) -> dict[str, State]:
    """What each role is on the server, by its name."""
    query = "select rolname from pg_roles where rolname = any(%s)"
    there = {name for (name,) in connection.execute(query, [list(names.values())]).fetchall()}
    return {
        name: "missing" if name not in there else "ours" if opens(name, passwords[role]) else "another's"
        for role, name in names.items()
    }


def refuse_others(found: Mapping[str, State], where: str, credentials: str) -> None:
    """Raise `WarehouseError` if one of the roles is another warehouse's."""
    if others := sorted(name for name, state in found.items() if state == "another's"):
        hint = f"it is of another home: put that home's {credentials} here, or use another database"
        raise WarehouseError(f"role {others[0]} is there and does not take this home's password", where, hint)


def make(
    connection: psycopg.Connection, names: Mapping[str, str], passwords: Mapping[str, str], found: Mapping[str, State]
) -> None:
    """Create the roles that are missing, and set what is not set yet of those the owner may alter."""
    for role, name in names.items():
        identifier = sql.Identifier(name)
        if found[name] == "missing":
            password = sql.Literal(passwords[role])
            connection.execute(sql.SQL("create role {} login password {}").format(identifier, password))
        for setting in _unset(connection, role, name):
            parameter, _, value = setting.partition("=")
            statement = sql.SQL("alter role {} set {} = {}")
            connection.execute(statement.format(identifier, sql.Identifier(parameter), sql.Literal(value)))
    loader = names["loader"]
    # a role's maker is a member of it that does not have its rights
    if connection.execute("select pg_has_role(%s, 'usage')", [loader]).fetchone() != (True,):
        statement = sql.SQL("grant {} to {}")
        connection.execute(statement.format(sql.Identifier(loader), sql.Identifier(connection.info.user)))


def _unset(connection: psycopg.Connection, role: str, name: str) -> list[str]:
    """Settings the role lacks; none of a role that somebody else has made."""
    query = "select coalesce(rolconfig, '{}'), pg_has_role(oid, 'member with admin option') from pg_roles"
    row = connection.execute(f"{query} where rolname = %s", [name]).fetchone()
    present, may_alter = row or ((), False)
    return [setting for setting in SETTINGS[role] if may_alter and setting not in present]
