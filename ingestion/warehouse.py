"""The warehouse: a PostgreSQL database with its schemas, roles and bookkeeping tables.

Settings -> the embedded server, or the one `MOODMART_DATABASE_URL` names -> connections by role. Opening it makes
whatever is missing; opening it again changes nothing.

    python -m ingestion.warehouse          starts it and prints the owner's address without the password
"""

from urllib.parse import quote, urlsplit

import psycopg
from psycopg import sql
from psycopg.conninfo import conninfo_to_dict

from ingestion import bookkeeping
from ingestion import credentials as kept
from ingestion.embedded import EmbeddedServer, locked
from ingestion.errors import WarehouseError
from ingestion.settings import Settings

DATABASE = "moodmart"
OWNER = "moodmart"
GROUP_ROLES = {
    "loader": "moodmart_loader",
    "steward": "moodmart_steward",
    "analyst": "moodmart_analyst",
}
MART_SCHEMAS = ("core", "behavior", "emotion", "impact", "patterns", "learning")
WORK_SCHEMAS = ("staging", "intermediate", "ops")


class Warehouse:
    """A handle on the warehouse of `settings`; cheap to make, connects when asked."""

    def __init__(self, settings: Settings) -> None:
        self.settings = settings
        self.server = None if settings.database_url else EmbeddedServer(settings.home)

    def up(self) -> None:
        """Start the server if it is ours, and make schemas, roles and tables that are missing."""
        with locked(self.settings.home):
            credentials = self.server.start() if self.server else kept.load_or_create(self.settings.home)
            kept.pseudonym_key(self.settings.home)
            if self.server:
                _create_database(credentials)
            _bootstrap(self._owner_dsn(credentials), credentials)
            self._write_profile(credentials)

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
        credentials = kept.load_or_create(self.settings.home)
        owner = self._owner_dsn(credentials)
        if role == "owner":
            return owner
        parts = urlsplit(owner)
        password = quote(credentials.passwords[role], safe="")
        host = f"{parts.hostname}:{parts.port or 5432}"
        query = f"?{parts.query}" if parts.query else ""
        return f"postgresql://{GROUP_ROLES[role]}:{password}@{host}{parts.path}{query}"

    def sqlalchemy_url(self, role: str = "owner") -> str:
        """The same address for SQLAlchemy with psycopg2, which Great Expectations uses."""
        return self.dsn(role).replace("postgresql://", "postgresql+psycopg2://", 1)

    def connect(self, role: str = "owner") -> psycopg.Connection:
        """A new connection as `role`."""
        return _connect(self.dsn(role), "start it with `moodmart up`")

    def _owner_dsn(self, credentials: kept.Credentials) -> str:
        if self.settings.database_url:
            return self.settings.database_url.replace("postgres://", "postgresql://", 1)
        password = credentials.passwords["owner"]
        return f"postgresql://{OWNER}:{password}@127.0.0.1:{credentials.port}/{DATABASE}"

    def _write_profile(self, credentials: kept.Credentials) -> None:
        given = conninfo_to_dict(self._owner_dsn(credentials))
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


def _connect(address: str, hint: str) -> psycopg.Connection:
    try:
        return psycopg.connect(address, connect_timeout=10)
    except psycopg.ProgrammingError:  # its words quote the address, and the password with it
        raise WarehouseError("the address is malformed", "warehouse", "check MOODMART_DATABASE_URL") from None
    except psycopg.OperationalError as error:
        raise WarehouseError(str(error).splitlines()[-1], "warehouse", hint) from None


def _create_database(credentials: kept.Credentials) -> None:
    """Make the owner role and the database in a fresh embedded server."""
    password = quote(credentials.passwords["superuser"], safe="")
    address = f"postgresql://postgres:{password}@127.0.0.1:{credentials.port}/postgres"
    with psycopg.connect(address, autocommit=True) as connection:
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


def _bootstrap(owner_dsn: str, credentials: kept.Credentials) -> None:
    with _connect(owner_dsn, "check MOODMART_DATABASE_URL") as connection:
        connection.execute("select pg_advisory_xact_lock(hashtext('moodmart bootstrap'))")
        if _bootstrapped(connection):
            return
        for role, name in GROUP_ROLES.items():
            _ensure_role(connection, name, credentials.passwords[role])
        for statement in _schema_statements(connection):
            connection.execute(statement)
        connection.execute(bookkeeping.TABLES)
        connection.execute(bookkeeping.UPGRADES)
        connection.execute(bookkeeping.grants(GROUP_ROLES))
        connection.execute(sql.SQL("comment on schema ops is {}").format(_version_mark()))


def _version_mark() -> sql.Literal:
    return sql.Literal(f"moodmart bookkeeping, version {bookkeeping.version()}")


def _bootstrapped(connection: psycopg.Connection) -> bool:
    query = "select obj_description(to_regnamespace('ops')) = {}"
    row = connection.execute(sql.SQL(query).format(_version_mark())).fetchone()
    return bool(row and row[0])


def _ensure_role(connection: psycopg.Connection, name: str, password: str) -> None:
    found = connection.execute("select 1 from pg_roles where rolname = %s", [name]).fetchone()
    verb = "alter" if found else "create"
    connection.execute(
        sql.SQL(f"{verb} role {{}} login password {{}}").format(sql.Identifier(name), sql.Literal(password))
    )


def _schema_statements(connection: psycopg.Connection) -> list[sql.Composed]:
    """Schemas, and who may read what is made in them later."""
    owner = sql.Identifier(connection.info.user)
    loader, steward, analyst = (sql.Identifier(GROUP_ROLES[r]) for r in ("loader", "steward", "analyst"))
    database = sql.Identifier(connection.info.dbname)
    statements = [
        sql.SQL("grant {} to {}").format(loader, owner),
        sql.SQL("grant connect, temporary on database {} to {}").format(database, loader),
        sql.SQL("alter role {} set default_transaction_read_only = on").format(analyst),
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
    parts = urlsplit(warehouse.dsn())
    print(f"postgresql://{parts.username}@{parts.hostname}:{parts.port}{parts.path}")


if __name__ == "__main__":
    main()
