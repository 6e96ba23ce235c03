"""What moodmart generates once and keeps: the server's port, the roles' passwords, the pseudonymisation key.

Everything lies under `MOODMART_HOME` in files only their owner can read. The key is a file of its own: without it no
pseudonym can be linked to its person again, with it everyone's can, so it is backed up and guarded apart.
"""

import json
import os
import secrets
import socket
from dataclasses import asdict, dataclass
from pathlib import Path

CREDENTIALS_FILE = "credentials.json"
KEY_FILE = "pseudonym.key"
ROLES = ("superuser", "owner", "loader", "steward", "analyst")


@dataclass(frozen=True)
class Credentials:
    """Port of the embedded server and password by role."""

    port: int
    passwords: dict[str, str]


def write_private(path: Path, text: str) -> None:
    """Write `text` to `path` in one step, readable by its owner only."""
    temporary = path.with_name(f"{path.name}.{os.getpid()}")
    descriptor = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(descriptor, "w") as file:
        file.write(text)
    temporary.replace(path)


def free_port() -> int:
    """A TCP port of 127.0.0.1 nobody listens on now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def save(home: Path, credentials: Credentials) -> None:
    """Keep `credentials` under `home`."""
    write_private(home / CREDENTIALS_FILE, json.dumps(asdict(credentials), indent=2) + "\n")


def load_or_create(home: Path) -> Credentials:
    """The kept credentials, made on first use. The caller holds the lock of `home`."""
    path = home / CREDENTIALS_FILE
    if path.exists():
        return Credentials(**json.loads(path.read_text()))
    credentials = Credentials(free_port(), {role: secrets.token_urlsafe(24) for role in ROLES})
    save(home, credentials)
    return credentials


def pseudonym_key(home: Path) -> bytes:
    """The 32 byte key of every HMAC, made on first use."""
    path = home / KEY_FILE
    if not path.exists():
        write_private(path, secrets.token_hex(32) + "\n")
    return bytes.fromhex(path.read_text().strip())
