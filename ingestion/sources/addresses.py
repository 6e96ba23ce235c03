"""Addresses of live sources, `postgresql://` and `mongodb://` alike, without the passwords in them.

A password stands before the `@` or among the options after the `?`. In an address that is typed wrongly it may stand
anywhere: such an address is refused, and nothing of it is shown.
"""

import re
from collections.abc import Iterator
from urllib.parse import unquote

from ingestion.errors import SourceError

HOST = r"(?:\[[^\]@/?]*\]|[^\[\]:,@/?]*)(?::\d*)?"
FORM = re.compile(
    r"(?P<scheme>[a-z+]+://)(?:[^:@/?]*(?::(?P<password>[^@/?]*))?@)?"
    rf"(?P<place>{HOST}(?:,{HOST})*(?:/[^@?]*)?)(?:\?(?P<options>\w+=.*)?)?"
)
SECRET_OPTION = re.compile(r"(?:^|[&;])\w*(?:password|token)\w*=([^&;]*)", re.IGNORECASE)
SHORT_PASSWORD = 6


def shown(address: str) -> str:
    """`address` as it may be shown: without user, password and options. Raises `SourceError` if it is malformed."""
    return _parsed(address)["scheme"] + _parsed(address)["place"]


def masked(text: str, address: str) -> str:
    """A driver's words about `address` without the passwords in it."""
    for secret in _secrets(address):
        places = [secret]
        if len(secret) < SHORT_PASSWORD:
            # it may be part of any word: then only the places where one stands are masked
            places = [f":{secret}@", f"password={secret}", f'"{secret}"']
        for place in places:
            text = text.replace(place, "***")
    return text


def malformed(address: str) -> SourceError:
    """The error of an address that cannot be read: it quotes nothing, since any part may be of the password."""
    scheme = address.partition("://")[0]
    example = f"it must read {scheme}://user:password@host/database, with special characters percent-encoded"
    return SourceError("the address is malformed", f"{scheme}://***", example)


def _parsed(address: str) -> dict[str, str]:
    found = FORM.fullmatch(address)
    if found is None:
        raise malformed(address)
    return found.groupdict(default="")


def _secrets(address: str) -> Iterator[str]:
    parts = _parsed(address)
    for secret in (parts["password"], *SECRET_OPTION.findall(parts["options"])):
        yield from {secret, unquote(secret)} - {""}
