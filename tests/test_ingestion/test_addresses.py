"""What is shown of a source's address, and what is not."""

import pytest

from ingestion.contracts import load_contracts
from ingestion.errors import SourceError
from ingestion.sources.addresses import masked, shown
from ingestion.sources.postgres import PostgresSource


@pytest.mark.parametrize(
    ("address", "place"),
    [
        ("postgresql://reader:secret@db.example.org/app", "postgresql://db.example.org/app"),
        ("postgresql://db.example.org:5433/app?user=reader&password=secret", "postgresql://db.example.org:5433/app"),
        ("postgresql:///app?host=/run/postgresql&password=sec@ret", "postgresql:///app"),
        ("postgresql://reader:secret@[::1]:5432/app", "postgresql://[::1]:5432/app"),
        ("mongodb://reader:secret@one:27017,two:27017/app?replicaSet=r", "mongodb://one:27017,two:27017/app"),
        ("mongodb+srv://reader:secret@db.example.org/app?appName=@reader@", "mongodb+srv://db.example.org/app"),
    ],
)
def test_an_address_is_shown_without_user_password_and_options(address: str, place: str) -> None:
    assert shown(address) == place


@pytest.mark.parametrize("login", ["reader:sec/ret", "reader:sec@ret", "reader:sec?ret", "reader:12/34?5"])
@pytest.mark.parametrize("rest", ["@db.example.org/app", "@db.example.org/app?password=secret"])
def test_of_a_malformed_address_nothing_is_shown(login: str, rest: str) -> None:
    with pytest.raises(SourceError, match="the address is malformed") as caught:
        shown(f"postgresql://{login}{rest}")
    assert not any(part in str(caught.value) for part in ("sec", "ret", "12", "34", "5"))


@pytest.mark.parametrize(
    "address",
    [
        "postgresql://reader:open%20sesame@db.example.org/app",
        "postgresql://reader@db.example.org/app?sslmode=require&password=open%20sesame",
        "mongodb://db.example.org/app?tlsCertificateKeyFilePassword=open%20sesame",
    ],
)
@pytest.mark.parametrize("words", ["open sesame", "open%20sesame"])
def test_a_password_is_masked_wherever_the_address_has_it(address: str, words: str) -> None:
    assert masked(f"who said {words} here", address) == "who said *** here"


def test_a_short_password_is_masked_only_where_one_stands() -> None:
    address = "postgresql://db.example.org/app?password=a"
    assert masked('at postgresql://reader:a@db or password=a: "a"', address).count("***") == 3
    assert masked("a table is missing", address) == "a table is missing"


def test_what_the_driver_says_about_a_password_among_the_options_is_masked() -> None:
    source = PostgresSource("postgresql://db.example.org/app?password=ses%zzame", load_contracts()["new_smell"])
    with pytest.raises(SourceError, match="invalid percent-encoded token") as caught:
        source.check(source.system.roots)
    assert "zzame" not in str(caught.value)


@pytest.mark.parametrize("port", ["70000", "5432,other:5432"])
def test_an_address_whose_port_is_none_is_one_clear_error(port: str) -> None:
    with pytest.raises(SourceError, match="the address is malformed"):
        PostgresSource(f"postgresql://reader:secret@db.example.org:{port}/app", load_contracts()["new_smell"])
