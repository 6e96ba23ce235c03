"""A live MongoDB: documents that lie among others than the last load saw, found by content.

MongoDB keeps nothing like PostgreSQL's `xmin`. `_id` and `updated_at` are made by the clocks of whoever writes: a
document can become visible after others with greater ids and later times, and an update need not touch either. A cursor
on them would lose such documents without a sign, and how far back to look again could only be guessed. The server's
own hash of a document cuts doubles to integers. So every load reads the whole collection in the order of `_id`, but
hands on only the chunks whose content the last load has not seen (`chunks.py`): passing over a known document costs
its transfer and a hash.

Guaranteed, whatever the clocks, ids and fields of the documents: each document that is there from the beginning to
the end of a load is then in the warehouse (or its quarantine) as it was at one moment of the load. What is written
while a load reads is found by it or by the next. A document that is gone is found by the census, from the keys. The
address says which members are read; without `readPreference` it is the primary. What a secondary that is behind shows,
or a primary takes back when it is voted out, is put right by a later load.

The server sends the contract's columns and `_id` only, and of these nothing that `never_read` names.
"""

from collections.abc import Iterable, Iterator
from typing import Any

from pymongo import MongoClient
from pymongo.errors import (
    ConfigurationError,
    ConnectionFailure,
    InvalidURI,
    OperationFailure,
    PyMongoError,
)

from ingestion.contracts import Entity, System
from ingestion.errors import SourceError, SourceUnreachableError
from ingestion.sources.addresses import malformed, masked, shown
from ingestion.sources.base import (
    Census,
    Extraction,
    SourceBatch,
    Watermark,
    offered_columns,
    require_columns,
)
from ingestion.sources.chunks import Chunks
from ingestion.sources.documents import (
    LENIENT_OPTIONS,
    OPTIONS,
    Document,
    Item,
    batches,
    from_bson,
    nested_secrets,
)

SRV = "mongodb+srv://"
SCHEMES = ("mongodb://", SRV)
SELECTION_MILLISECONDS = 20_000
"""How long to look for a member to read: longer than the election of a new primary takes."""
REPLY_DOCUMENTS = 250
SAMPLED_DOCUMENTS = 1000
EXAMPLE = "it must read mongodb://user:password@host:27017/database"
HEADER_BYTES = 4

# names only: no value leaves the server
FIELD_NAMES: list[dict[str, Any]] = [
    {"$sort": {"_id": -1}},
    {"$limit": SAMPLED_DOCUMENTS},
    {"$project": {"name": {"$map": {"input": {"$objectToArray": "$$ROOT"}, "in": "$$this.k"}}}},
    {"$unwind": "$name"},
    {"$group": {"_id": "$name"}},
]


class MongoSource:
    """One system's collections in one database."""

    is_keyed = True

    def __init__(self, address: str, system: System) -> None:
        self.address = address
        self.system = system
        self.name = shown(address)
        self._collections: set[str] | None = None

    def check(self, entities: tuple[Entity, ...]) -> tuple[str, ...]:
        """The server answers and the database has one of the collections; returns those it lacks."""
        absent = tuple(entity.name for entity in entities if entity.source not in self._names())
        if len(absent) == len(entities):
            what = f"collection {entities[0].source} is missing, as is every other"
            raise SourceError(what, self.name, "check the address and its database")
        return absent

    def remarks(self) -> tuple[str, ...]:
        """Tables beside the contract's are the application's own matter."""
        return ()

    def columns(self, entity: Entity) -> dict[str, str]:
        """The fields of the newest documents; they have no declared types."""
        if entity.source not in self._names():
            if entity.optional:
                return {}
            hint = "it appears with its first document"
            raise SourceError(f"collection {entity.source} is missing", self.name, hint)
        with self._client() as client:
            try:
                found = client.get_default_database()[entity.source].aggregate(FIELD_NAMES)
                names = {str(document["_id"]) for document in found}
            except PyMongoError as error:
                raise self._failure(error) from None
        offered = offered_columns(entity, names)
        require_columns(f"{self.name} collection {entity.source}", entity, offered)
        return dict.fromkeys(sorted(offered), "document")

    def extract(self, entity: Entity, watermark: Watermark | None) -> Extraction | None:
        """Documents of chunks that the reading in `watermark` did not see; None if all are as they were."""
        if entity.source not in self._names():
            return None
        known = watermark or {}
        client = self._client()
        reading = _Reading(self, client, entity, known)
        try:
            rows = reading.rows()
            first = next(rows, None)
        except BaseException:
            client.close()
            raise
        if first is None and reading.chunks.are_as_known:
            client.close()
            return None
        return Extraction(
            watermark=reading.watermark,
            batches=rows if first is None else _chain(first, rows),
            census=reading.census,
            close=client.close,
        )

    def _names(self) -> set[str]:
        """Names of the database's collections that the user may read."""
        if self._collections is None:
            with self._client() as client:
                try:
                    names = client.get_default_database().list_collection_names(authorizedCollections=True)
                except PyMongoError as error:
                    raise self._failure(error) from None
            self._collections = set(names)
        return self._collections

    def _client(self) -> MongoClient[Document]:
        options: dict[str, Any] = {"appname": "moodmart"}
        if "serverselectiontimeoutms" not in self.address.lower():
            options["serverSelectionTimeoutMS"] = SELECTION_MILLISECONDS
        try:
            client: MongoClient[Document] = MongoClient(self.address, **options)
        except (ConfigurationError, ValueError) as error:
            # the driver's words may quote parts of a malformed address, passwords among them
            if self.address.startswith(SRV) and not isinstance(error, InvalidURI):
                what, hint = "its servers cannot be looked up", "is the host right, and does DNS answer?"
                raise SourceUnreachableError(what, self.name, hint) from None
            raise malformed(self.address) from None
        try:
            client.get_default_database()
        except ConfigurationError:
            client.close()
            raise SourceError("the address names no database", self.name, EXAMPLE) from None
        return client

    def _failure(self, error: PyMongoError) -> SourceError:
        """One line without the password, and whether another try may help."""
        if isinstance(error, OperationFailure):
            hint, kind = FAILURES.get(error.code or 0, ("see the server's log", SourceError))
            text = str((error.details or {}).get("errmsg") or error)
        else:
            is_passing = isinstance(error, ConnectionFailure)
            kind = SourceUnreachableError if is_passing else SourceError
            hint = "is the server up and the address right?" if is_passing else "check the address"
            # the driver goes on with its settings and what it knows of the servers
            text = str(error).partition(" (configured timeouts")[0].partition(", Timeout:")[0]
        return kind(" ".join(masked(text, self.address).split())[:300], self.name, hint)

    def documents(self, client: MongoClient[Document], entity: Entity) -> Iterator[bytes]:
        """The raw documents of the collection in the order of `_id`, as the contract reads them."""
        pipeline: list[dict[str, Any]] = [{"$sort": {"_id": 1}}, {"$project": dict.fromkeys(entity.source_columns, 1)}]
        if secrets := nested_secrets(entity):
            pipeline.append({"$project": dict.fromkeys(secrets, 0)})
        collection = client.get_default_database()[entity.source]
        try:
            with collection.aggregate_raw_batches(pipeline, batchSize=REPLY_DOCUMENTS) as cursor:
                replies: Iterable[Any] = cursor
                for reply in replies:
                    yield from _split(reply)
        except PyMongoError as error:
            raise self._failure(error) from None


AUTHENTICATION, FORBIDDEN, CURSOR_LOST, ATLAS = 18, 13, 43, 8000
FAILURES: dict[int, tuple[str, type[SourceError]]] = {
    AUTHENTICATION: ("check user, password and authSource", SourceError),
    ATLAS: ("check user and password", SourceError),
    FORBIDDEN: ("grant the user read on the database", SourceError),
    CURSOR_LOST: ("the server restarted; the next load starts over", SourceUnreachableError),
}


class _Reading:
    """One reading of a collection: which chunks are new, how many documents there are, and their keys."""

    def __init__(self, source: MongoSource, client: MongoClient[Document], entity: Entity, known: Watermark) -> None:
        self._source, self._client, self._entity = source, client, entity
        self.chunks = Chunks(known.get("chunks", ""))
        self.watermark: Watermark = {}
        """Filled when all rows are read."""
        self.census = Census(known.get("documents"), 0, self._keys)

    def rows(self) -> Iterator[SourceBatch]:
        """The documents of new chunks."""
        documents = self._source.documents(self._client, self._entity)
        new = (raw for chunk in self.chunks.changed(documents) for raw in chunk)
        items = (from_bson(raw, f"{self._entity.source}: document") for raw in new)
        yield from batches(self._entity, items)
        self.census.now = self.chunks.documents
        self._remember()

    def _remember(self) -> None:
        self.watermark |= {"chunks": self.chunks.text(), "documents": self.chunks.documents}

    def _keys(self) -> Iterator[SourceBatch]:
        """Every document once more, for its key.

        What this reading finds otherwise than the first is forgotten, and read by the next load: a document may have
        been away just now, so that its rows are taken out, and come back as it was.
        """
        again = Chunks()
        documents = self._source.documents(self._client, self._entity)
        every = (self._readable(raw) for chunk in again.changed(documents) for raw in chunk)
        columns = {column.source_column for column in self._entity.columns if column.name in self._entity.key}
        yield from batches(self._entity, every, tuple(name for name in columns if name))
        self.chunks.keep(again)
        self._remember()

    def _readable(self, raw: bytes) -> Item:
        """The document, in whatever state its other values are: one that cannot be read is not gone."""
        place = f"{self._entity.source}: document"
        for options in (OPTIONS, LENIENT_OPTIONS):
            item = from_bson(raw, place, options)
            if item.document is not None:
                return item
        raise SourceError(item.place, self._source.name, "what is gone cannot be told; mend or remove it")


def _split(reply: bytes) -> Iterator[bytes]:
    """The documents of a reply, each of which begins with its length."""
    start = 0
    while start < len(reply):
        end = start + int.from_bytes(reply[start : start + HEADER_BYTES], "little")
        yield reply[start:end]
        start = end


def _chain(first: SourceBatch, rest: Iterator[SourceBatch]) -> Iterator[SourceBatch]:
    yield first
    yield from rest
