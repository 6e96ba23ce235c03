"""What a home keeps: the server's port, the roles' passwords, the sources' addresses, the pseudonymisation key.

Everything lies under `MOODMART_HOME` in files only their owner can read. The key is a file of its own: without it no
pseudonym can be linked to its person again, with it everyone's can, so it is backed up and guarded apart.
"""

import json
import os
import secrets
import socket
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path

from ingestion.errors import WarehouseError

CREDENTIALS_FILE = "credentials.json"
KEY_FILE = "pseudonym.key"
ROLES = ("superuser", "owner", "loader", "steward", "analyst")
SHARED_ROLES = {"loader": "moodmart_loader", "steward": "moodmart_steward", "analyst": "moodmart_analyst"}
"""Role names on the embedded server, and in homes from before names were kept."""


@dataclass(frozen=True)
class Credentials:
    """Port of the embedded server, password by role, role names on a server of yours, and sources by system."""

    port: int
    passwords: dict[str, str]
    roles: dict[str, str] = field(default_factory=SHARED_ROLES.copy)
    sources: dict[str, str] = field(default_factory=dict)


def write_private(path: Path, text: str) -> None:
    """Write `text` to `path` in one step, readable by its owner only."""
    temporary = path.with_name(f"{path.name}.{os.getpid()}")
    descriptor = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    try:
        with os.fdopen(descriptor, "w") as file:
            file.write(text)
        temporary.replace(path)
    except OSError:
        temporary.unlink(missing_ok=True)
        raise


def free_port() -> int:
    """A TCP port of 127.0.0.1 nobody listens on now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def save(home: Path, credentials: Credentials) -> None:
    """Keep `credentials` under `home`."""
    write_private(home / CREDENTIALS_FILE, json.dumps(asdict(credentials), indent=2) + "\n")


def read(home: Path) -> Credentials | None:
    """The kept credentials; None when there are none yet."""
    path = home / CREDENTIALS_FILE
    try:
        return Credentials(**json.loads(path.read_text()))
    except FileNotFoundError:
        return None
    except (OSError, ValueError, TypeError) as error:
        raise _unreadable(path, error) from None


def _unreadable(path: Path, error: Exception) -> WarehouseError:
    if isinstance(error, OSError):
        return WarehouseError(f"cannot be read: {error.strerror}", str(path), "is MOODMART_HOME a folder of yours?")
    return WarehouseError("it is not as moodmart wrote it", str(path), "put back a copy of it")


def load_or_create(home: Path, roles: dict[str, str] | None = None) -> Credentials:
    """The kept credentials, made on first use, with these role names. The caller holds the lock of `home`."""
    if found := read(home):
        return found
    passwords = {role: secrets.token_urlsafe(24) for role in ROLES}
    credentials = Credentials(free_port(), passwords, dict(roles or SHARED_ROLES))
    save(home, credentials)
    return credentials


def sources(home: Path) -> dict[str, str]:
    """Address by system of the sources `home` keeps."""
    found = read(home)
    return found.sources if found else {}


def keep_sources(home: Path, addresses: dict[str, str]) -> None:
    """Keep exactly these sources. The caller holds the lock of `home`."""
    save(home, replace(load_or_create(home), sources=addresses))


def read_key(home: Path) -> bytes | None:
    """The 32 byte key of every HMAC; None when there is none."""
    path = home / KEY_FILE
    try:
        return bytes.fromhex(path.read_text().strip()) or None
    except FileNotFoundError:
        return None
    except (OSError, ValueError) as error:
        raise _unreadable(path, error) from None


def make_key(home: Path) -> bytes:
    """A new key, kept under `home`. The caller holds its lock and knows that nothing was written with another one."""
    key = secrets.token_bytes(32)
    write_private(home / KEY_FILE, key.hex() + "\n")
    return key


def pseudonym_key(home: Path) -> bytes:
    """The key of a home whose warehouse has been opened."""
    key = read_key(home)
    if key is None:
        raise WarehouseError("the key is gone", str(home / KEY_FILE), "put back a copy of it")
    return key
