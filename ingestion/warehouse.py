"""The warehouse: a PostgreSQL database with its schemas, roles and bookkeeping tables.

Settings -> the embedded server, or the one `MOODMART_DATABASE_URL` names -> connections by role. Opening it makes
whatever is missing; opening it again changes nothing.

    python -m ingestion.warehouse          starts it and prints where it is
"""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from urllib.parse import parse_qsl, quote, urlencode, urlsplit

import psycopg
from psycopg import sql
from psycopg.conninfo import conninfo_to_dict

from ingestion import bookkeeping, identity, requirements, roles
from ingestion import credentials as kept
from ingestion.embedded import EmbeddedServer, locked
from ingestion.errors import WarehouseError
from ingestion.outages import told_plainly
from ingestion.settings import Settings

DATABASE = "moodmart"
OWNER = "moodmart"
MART_SCHEMAS = ("core", "behavior", "emotion", "impact", "patterns", "learning")
WORK_SCHEMAS = ("staging", "intermediate", "ops")


class Warehouse:
    """A handle on the warehouse of `settings`; cheap to make, connects when asked."""

    def __init__(self, settings: Settings) -> None:
        self.settings = settings
        self.server = None if settings.database_url else EmbeddedServer(settings.home)

    def up(self) -> None:
        """Start the server if it is ours, and make schemas, roles and tables that are missing."""
        with locked(self.settings.home), told_plainly(str(self.settings.home)):
            is_new_here = kept.read(self.settings.home) is None
            credentials = self.server.start() if self.server else self._credentials()
            if self.server:
                _create_database(credentials, self.settings.home)
            self._write_profile(self._bootstrap(credentials, is_new_here))

    def down(self) -> bool:
        """Stop the embedded server; False when there was nothing to stop."""
        with locked(self.settings.home):
            return self.server.stop() if self.server else False

    def is_running(self) -> bool:
        """Whether the server answers."""
        if self.server:
            return self.server.running_port() is not None
        try:
            self.connect("owner").close()
        except WarehouseError:
            return False
        return True

    def dsn(self, role: str = "owner") -> str:
        """`postgresql://` address with password for `role` (owner, loader, steward, analyst)."""
        if role == "owner" and self.settings.database_url:
            return self.settings.database_url.replace("postgres://", "postgresql://", 1)
        credentials = kept.read(self.settings.home)
        if credentials is None:
            raise WarehouseError(
                "no warehouse was opened here yet", str(self.settings.home), "do it with `moodmart up`"
            )
        owner = self._owner_dsn(credentials)
        if role == "owner":
            return owner
        return _as_role(owner, self._roles(credentials)[role], credentials.passwords[role])

    def sqlalchemy_url(self, role: str = "owner") -> str:
        """The same address for SQLAlchemy with psycopg2, which Great Expectations uses."""
        return self.dsn(role).replace("postgresql://", "postgresql+psycopg2://", 1)

    def connect(self, role: str = "owner") -> psycopg.Connection:
        """A new connection as `role`."""
        hint = "check MOODMART_DATABASE_URL" if self.settings.database_url else "start it with `moodmart up`"
        if role != "owner" and self.settings.database_url:
            hint = f"{kept.CREDENTIALS_FILE} must be that of the warehouse's first home"
        return _connect(self.dsn(role), hint)

    def _credentials(self) -> kept.Credentials:
        """What the home keeps; on a server of yours a new home names the roles after the database."""
        address = self.settings.database_url
        if found := kept.read(self.settings.home):
            return found
        names = identity.names_for(_given(address)["dbname"]) if address else None
        return kept.load_or_create(self.settings.home, names)

    def _roles(self, credentials: kept.Credentials) -> dict[str, str]:
        return kept.SHARED_ROLES if self.server else credentials.roles

    def _owner_dsn(self, credentials: kept.Credentials) -> str:
        if self.settings.database_url:
            return self._server_of_yours()
        password = credentials.passwords["owner"]
        return f"postgresql://{OWNER}:{password}@127.0.0.1:{credentials.port}/{DATABASE}"

    def _server_of_yours(self) -> str:
        return (self.settings.database_url or "").replace("postgres://", "postgresql://", 1)

    def _bootstrap(self, credentials: kept.Credentials, is_new_here: bool) -> kept.Credentials:
        """Make what is missing, in one transaction; the credentials with the roles' names as they are here."""
        home, owner = self.settings.home, self._owner_dsn(credentials)
        where = f"warehouse {place(owner)}"
        with _as_owner(owner, where) as connection:
            requirements.confirm_server(connection, where)
            connection.execute("select pg_advisory_xact_lock(hashtext('moodmart bootstrap'))")
            known = identity.read(connection)
            key = identity.fitting_key(connection, known, home)
            fits = known is not None and known.roles == self._roles(credentials)
            if fits and _bootstrapped(connection) and not is_new_here:
                return credentials
            names, found = self._choose_roles(connection, known, credentials)
            requirements.confirm_rights(connection, where, names)
            roles.refuse_others(found, where, kept.CREDENTIALS_FILE)
            if not self.server and names != credentials.roles:
                credentials = replace(credentials, roles=names)
                kept.save(home, credentials)
            roles.make(connection, names, credentials.passwords, found)
            _make(connection, names)
            identity.record(connection, key or kept.make_key(home), names)
        return credentials

    def _choose_roles(
        self, connection: psycopg.Connection, known: identity.Identity | None, credentials: kept.Credentials
    ) -> tuple[dict[str, str], dict[str, roles.State]]:
        """Role names and what is on the server under them: the recorded names, else the home's.

        Where the home's are another warehouse's, and this one is new, its names are made from the database's.
        """

        def opens(name: str, password: str) -> bool:
            try:
                psycopg.connect(_as_role(self._owner_dsn(credentials), name, password), connect_timeout=10).close()
            except psycopg.OperationalError:
                return False
            return True

        names = known.roles if known else self._roles(credentials)
        found = roles.states(connection, names, credentials.passwords, opens)
        if known or self.server or "another's" not in found.values() or _is_old(connection):
            return names, found
        own = identity.names_for(connection.info.dbname)
        return own, roles.states(connection, own, credentials.passwords, opens)

    def _write_profile(self, credentials: kept.Credentials) -> None:
        given = _given(self._owner_dsn(credentials))
        profile = PROFILE.format(
            host=_quoted(given.get("host") or "localhost"),
            port=given.get("port") or 5432,
            user=_quoted(given.get("user") or ""),
            password=_quoted(given.get("password") or ""),
            database=_quoted(given.get("dbname") or ""),
        )
        profile += "".join(f"      {name}: {_quoted(given[name])}\n" for name in TEXT_OPTIONS if name in given)
        profile += "".join(f"      {name}: {int(given[name] or 0)}\n" for name in NUMBER_OPTIONS if name in given)
        path = self.settings.home / "profiles.yml"
        if not path.exists() or path.read_text() != profile:
            kept.write_private(path, profile)


PROFILE = """\
# written by moodmart; holds a password, so it stays in this folder
moodmart:
  target: warehouse
  outputs:
    warehouse:
      type: postgres
      host: {host}
      port: {port}
      user: {user}
      password: {password}
      dbname: {database}
      schema: staging
      threads: 4
"""


# of an address's options, those dbt knows as well
TEXT_OPTIONS = ("sslmode", "sslcert", "sslkey", "sslrootcert")
NUMBER_OPTIONS = ("connect_timeout", "keepalives_idle")


def _quoted(value: object) -> str:
    return "'" + str(value).replace("'", "''") + "'"


def place(address: str) -> str:
    """Host, port and database of an address, as they may be shown."""
    given = _given(address)
    return f"{given['host']}:{given['port']}/{given['dbname']}"


def _given(address: str) -> dict[str, str]:
    """The parts of an address, with PostgreSQL's defaults for what matters here."""
    try:
        given = {name: str(value) for name, value in conninfo_to_dict(address).items() if value is not None}
    except psycopg.ProgrammingError:  # its words quote the address, and the password with it
        raise WarehouseError("the address is malformed", "warehouse", "check MOODMART_DATABASE_URL") from None
    given = {"host": "localhost", "port": "5432", "user": "", "password": ""} | given
    return {"dbname": given["user"]} | given


def _as_role(owner: str, name: str, password: str) -> str:
    """The owner's address for another role."""
    parts = urlsplit(owner)
    host = parts.netloc.rpartition("@")[2]
    options = [(key, value) for key, value in parse_qsl(parts.query) if key not in ("user", "password")]
    query = f"?{urlencode(options, quote_via=quote)}" if options else ""
    return f"postgresql://{quote(name, safe='')}:{quote(password, safe='')}@{host}{parts.path}{query}"


def _connect(address: str, hint: str) -> psycopg.Connection:
    where = f"warehouse {place(address)}"
    patience = _given(address).get("connect_timeout", "10")
    try:
        return psycopg.connect(address, connect_timeout=int(patience))
    except psycopg.OperationalError as error:
        lines = [line for line in str(error).splitlines() if "Is the server running" not in line]
        raise WarehouseError(lines[-1].rpartition("failed: ")[2].strip(), where, hint) from None


@contextmanager
def _as_owner(address: str, where: str) -> Iterator[psycopg.Connection]:
    """A connection, committed at its end, whose missing rights are one line."""
    try:
        with _connect(address, "check MOODMART_DATABASE_URL") as connection:
            yield connection
    except psycopg.errors.InsufficientPrivilege as error:
        what = error.diag.message_primary or "a right is missing"
        raise WarehouseError(what, where, f"role {_given(address)['user']} must own the warehouse") from None


def _create_database(credentials: kept.Credentials, home: Path) -> None:
    """Make the owner role and the database in a fresh embedded server."""
    password = quote(credentials.passwords["superuser"], safe="")
    address = f"postgresql://postgres:{password}@127.0.0.1:{credentials.port}/postgres"
    hint = f"put back the {kept.CREDENTIALS_FILE} that was in {home}"
    with _connect(address, hint) as connection:
        connection.commit()
        connection.autocommit = True
        if not connection.execute("select 1 from pg_roles where rolname = %s", [OWNER]).fetchone():
            connection.execute(
                sql.SQL("create role {} login createrole createdb password {}").format(
                    sql.Identifier(OWNER), sql.Literal(credentials.passwords["owner"])
                )
            )
        if not connection.execute("select 1 from pg_database where datname = %s", [DATABASE]).fetchone():
            connection.execute(
                sql.SQL("create database {} owner {}").format(sql.Identifier(DATABASE), sql.Identifier(OWNER))
            )


def _make(connection: psycopg.Connection, names: dict[str, str]) -> None:
    """Schemas, tables and rights."""
    for statement in _schema_statements(connection, names):
        connection.execute(statement)
    connection.execute(bookkeeping.TABLES)
    connection.execute(bookkeeping.UPGRADES)
    connection.execute(bookkeeping.grants({role: sql.Identifier(name) for role, name in names.items()}))
    connection.execute(sql.SQL("comment on schema ops is {}").format(_version_mark()))


def _version_mark() -> sql.Literal:
    return sql.Literal(f"moodmart bookkeeping, version {bookkeeping.version()}")


def _bootstrapped(connection: psycopg.Connection) -> bool:
    query = "select obj_description(to_regnamespace('ops')) = {}"
    row = connection.execute(sql.SQL(query).format(_version_mark())).fetchone()
    return bool(row and row[0])


def _is_old(connection: psycopg.Connection) -> bool:
    """Whether a warehouse was here before: its tables are its roles'."""
    return connection.execute("select to_regnamespace('ops') is not null").fetchone() == (True,)


def _schema_statements(connection: psycopg.Connection, names: dict[str, str]) -> list[sql.Composed]:
    """Schemas, and who may read what is made in them later."""
    owner = sql.Identifier(connection.info.user)
    loader, steward, analyst = (sql.Identifier(names[role]) for role in ("loader", "steward", "analyst"))
    database = sql.Identifier(connection.info.dbname)
    statements = [
        sql.SQL("grant connect on database {} to {}, {}, {}").format(database, loader, steward, analyst),
        sql.SQL("grant temporary on database {} to {}").format(database, loader),
        sql.SQL("alter role {} in database {} set timezone = 'UTC'").format(owner, database),
    ]
    for name in (*WORK_SCHEMAS, *MART_SCHEMAS):
        statements.append(sql.SQL("create schema if not exists {}").format(sql.Identifier(name)))
    statements.append(sql.SQL("grant usage, create on schema staging to {}").format(loader))
    statements.append(sql.SQL("grant usage on schema ops to {}, {}").format(loader, steward))
    for name in MART_SCHEMAS:
        schema = sql.Identifier(name)
        readers = sql.SQL("{}, {}").format(analyst, steward)
        statements += [
            sql.SQL("grant usage on schema {} to {}").format(schema, readers),
            sql.SQL("grant select on all tables in schema {} to {}").format(schema, readers),
            sql.SQL("alter default privileges in schema {} grant select on tables to {}").format(schema, readers),
        ]
    return statements


def main() -> None:
    """Start the warehouse and say where it is."""
    warehouse = Warehouse(Settings.from_env())
    warehouse.up()
    print(place(warehouse.dsn()))


if __name__ == "__main__":
    main()
