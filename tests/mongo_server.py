"""A MongoDB server of the smallest kind, for tests of the client side over a real socket.

What it is: it speaks the wire protocol (OP_MSG, and OP_QUERY for the first greeting), BSON, cursors with getMore, and
SCRAM-SHA-256; a cursor looks at the collection anew for every batch, in the order of `_id`, as a server's does. What it
proves: that the loader, through the real driver, asks for the right things, copes with replies in batches, with a lost
connection, a lost cursor, a wrong password, and with documents that change while it reads.

What it does not prove: anything about a server's own doings. Replica sets and elections, sharding, locks, limits on
memory, TLS, other versions' error texts are not here, and of the aggregation language only what the loader uses: a
pipeline the real server would refuse might pass here. Nor is `_id` of mixed types ordered as there.

    with MongoServer({"users": [...]}) as server: MongoClient(server.address)
"""

import base64
import hashlib
import hmac
import secrets
import socketserver
import struct
import threading
from bisect import bisect_right
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from typing import Any

import bson
from bson.codec_options import CodecOptions, DatetimeConversion
from bson.errors import BSONError
from bson.raw_bson import RawBSONDocument

from tests.documents import Document, encoded

OP_REPLY, OP_QUERY, OP_MSG = 1, 2004, 2013
REPLY_BYTES = 16 << 20
FIRST_BATCH = 101
ITERATIONS = 4096
AS_THEY_ARE: CodecOptions[Document] = CodecOptions(datetime_conversion=DatetimeConversion.DATETIME_MS)
OPEN_COMMANDS = {"hello", "isMaster", "ismaster", "saslStart", "saslContinue", "ping"}


class RefusalError(Exception):
    """An error reply."""

    def __init__(self, code: int, message: str) -> None:
        super().__init__(message)
        self.reply = {"ok": 0.0, "errmsg": message, "code": code}


class MongoServer:
    """A server with one database; `collections` may be changed at any time through `put` and `remove`."""

    def __init__(self, collections: dict[str, Iterable[Document]], user: str = "", password: str = "") -> None:
        self.user, self.password = user, password
        self._documents: dict[str, dict[Any, bytes]] = {name: {} for name in collections}
        for name, documents in collections.items():
            self.put(name, *documents)
        self.cursors: dict[int, Iterator[bytes]] = {}
        self.commands: list[Document] = []
        self.sent = b""
        self.keep_sent = False
        self.before_batch: Callable[[int], None] = lambda number: None
        """Called before every batch that is asked for, with its number within its cursor; may change documents."""
        self.batches: Counter[int] = Counter()
        self._server = socketserver.ThreadingTCPServer(("127.0.0.1", 0), self._handler(), bind_and_activate=True)
        self._server.daemon_threads = True

    def put(self, name: str, *documents: Document | bytes) -> None:
        """Insert or replace documents, by `_id`; bytes are kept as they are, under the id they begin with."""
        for document in documents:
            raw = document if isinstance(document, bytes) else encoded(document)
            key = bson.ObjectId(raw[9:21]) if isinstance(document, bytes) else document["_id"]
            self._documents[name][key] = raw

    def remove(self, name: str, key: Any) -> None:
        """Delete the document with that `_id`."""
        del self._documents[name][key]

    @property
    def address(self) -> str:
        """Where clients find the database."""
        login = f"{self.user}:{self.password}@" if self.user else ""
        return f"mongodb://{login}127.0.0.1:{self._server.server_address[1]}/app"

    def __enter__(self) -> "MongoServer":
        threading.Thread(target=self._server.serve_forever, args=(0.02,), daemon=True).start()
        return self

    def __exit__(self, *_: object) -> None:
        self._server.shutdown()
        self._server.server_close()

    def _handler(self) -> type[socketserver.BaseRequestHandler]:
        server = self

        class Handler(socketserver.StreamRequestHandler):
            def handle(self) -> None:
                _Connection(server, self.rfile.read, self.wfile.write).serve()

        return Handler

    def reading(self, name: str, pipeline: list[Document]) -> Iterator[bytes]:
        """The documents of a pipeline over a collection."""
        return _staged(self._in_order(name, pipeline[0]["$sort"]["_id"] < 0), pipeline[1:])

    def _in_order(self, name: str, is_descending: bool) -> Iterator[bytes]:
        """The documents, each looked for when it is asked for."""
        documents = self._documents.get(name, {})
        if is_descending:
            yield from [documents[key] for key in sorted(documents, reverse=True)]
            return
        keys: list[Any] = sorted(documents)
        at, known = 0, len(documents)
        while at < len(keys):
            key = keys[at]
            if key in documents:
                yield documents[key]
            # insertions behind this place are not seen, those before it are
            if len(documents) != known:
                keys, known = sorted(documents), len(documents)
            at = bisect_right(keys, key)


class _Connection:
    """One client."""

    def __init__(self, server: MongoServer, read: Callable[[int], bytes], write: Callable[[bytes], Any]) -> None:
        self.server, self.read, self.write = server, read, write
        self.is_known = not server.user
        self.exchange: tuple[str, str] = ("", "")

    def serve(self) -> None:
        """Answer until the client leaves, or the test wants the connection gone."""
        try:
            while header := self.read(16):
                size, request, _, kind = struct.unpack("<iiii", header)
                body = self.read(size - 16)
                command, database = _parsed(kind, body)
                try:
                    reply = self.answer(command, database)
                except RefusalError as refusal:
                    reply = refusal.reply
                self._send(kind, request, bson.encode(reply))
        except ConnectionError:
            return

    def _send(self, kind: int, request: int, document: bytes) -> None:
        if kind == OP_QUERY:
            kind, body = OP_REPLY, struct.pack("<iqii", 8, 0, 0, 1) + document
        else:
            body = struct.pack("<I", 0) + b"\0" + document
        if self.server.keep_sent:
            self.server.sent += document
        self.write(struct.pack("<iiii", 16 + len(body), request + 1, request, kind) + body)

    def answer(self, command: Document, database: str) -> Document:
        """The reply to one command."""
        name = next(iter(command))
        if not self.is_known and name not in OPEN_COMMANDS:
            raise RefusalError(13, f"Command {name} requires authentication")
        self.server.commands.append(command)
        answers: dict[str, Callable[[Document], Document]] = {
            "hello": self._hello,
            "isMaster": self._hello,
            "ismaster": self._hello,
            "saslStart": self._sasl_start,
            "saslContinue": self._sasl_continue,
            "listCollections": self._list_collections,
            "aggregate": self._aggregate,
            "getMore": self._get_more,
        }
        if name in ("ping", "endSessions", "killCursors"):
            return {"ok": 1.0}
        if name not in answers:
            raise RefusalError(59, f"no such command: '{name}'")
        return answers[name](command)

    def _hello(self, command: Document) -> Document:
        reply = {
            "helloOk": True,
            "ismaster": True,
            "isWritablePrimary": True,
            "maxBsonObjectSize": 16 << 20,
            "maxMessageSizeBytes": 48_000_000,
            "maxWriteBatchSize": 100_000,
            "logicalSessionTimeoutMinutes": 30,
            "minWireVersion": 0,
            "maxWireVersion": 21,
            "readOnly": False,
            "ok": 1.0,
        }
        if "saslSupportedMechs" in command:
            reply["saslSupportedMechs"] = ["SCRAM-SHA-256"]
        return reply

    def _sasl_start(self, command: Document) -> Document:
        first = bytes(command["payload"]).decode().removeprefix("n,,")
        nonce = dict(part.split("=", 1) for part in first.split(","))["r"] + secrets.token_hex(12)
        salt = base64.b64encode(b"salt of the test").decode()
        self.exchange = (first, f"r={nonce},s={salt},i={ITERATIONS}")
        return {"conversationId": 1, "done": False, "payload": self.exchange[1].encode(), "ok": 1.0}

    def _sasl_continue(self, command: Document) -> Document:
        """RFC 5802: the client proves that it knows the password, and the server that it does."""
        final = bytes(command["payload"]).decode()
        without_proof, _, proof = final.rpartition(",p=")
        salted = hashlib.pbkdf2_hmac("sha256", self.server.password.encode(), b"salt of the test", ITERATIONS)
        client_key = hmac.digest(salted, b"Client Key", "sha256")
        message = ",".join((*self.exchange, without_proof)).encode()
        signature = hmac.digest(hashlib.sha256(client_key).digest(), message, "sha256")
        expected = bytes(a ^ b for a, b in zip(client_key, signature, strict=True))
        is_user = f"n={self.server.user}," in self.exchange[0]
        if not is_user or not hmac.compare_digest(base64.b64decode(proof), expected):
            raise RefusalError(18, "Authentication failed.")
        self.is_known = True
        verifier = hmac.digest(hmac.digest(salted, b"Server Key", "sha256"), message, "sha256")
        payload = b"v=" + base64.b64encode(verifier)
        return {"conversationId": 1, "done": True, "payload": payload, "ok": 1.0}

    def _list_collections(self, command: Document) -> Document:
        found = [{"name": name, "type": "collection"} for name in self.server._documents]
        return {"cursor": {"id": 0, "ns": "app.$cmd.listCollections", "firstBatch": found}, "ok": 1.0}

    def _aggregate(self, command: Document) -> Document:
        number = secrets.randbits(62) | 1
        self.server.cursors[number] = self.server.reading(command["aggregate"], command["pipeline"])
        size = command["cursor"].get("batchSize", FIRST_BATCH)
        return self._batch("firstBatch", number, command["aggregate"], size)

    def _get_more(self, command: Document) -> Document:
        number = command["getMore"]
        self.server.batches[number] += 1
        self.server.before_batch(self.server.batches[number])
        if number not in self.server.cursors:
            raise RefusalError(43, f"cursor id {number} not found")
        return self._batch("nextBatch", number, command["collection"], command.get("batchSize", 1 << 31))

    def _batch(self, name: str, number: int, collection: str, size: int) -> Document:
        documents: list[RawBSONDocument] = []
        room, has_ended = REPLY_BYTES, False
        while len(documents) < size and room > 0 and not has_ended:
            raw = next(self.server.cursors[number], None)
            if raw is None:
                has_ended = True
            else:
                documents.append(RawBSONDocument(raw))
                room -= len(raw)
        if has_ended:
            del self.server.cursors[number]
        return {"cursor": {"id": 0 if has_ended else number, "ns": f"app.{collection}", name: documents}, "ok": 1.0}


def _parsed(kind: int, body: bytes) -> tuple[Document, str]:
    if kind == OP_QUERY:
        return bson.decode(body[body.index(b"\0", 4) + 9 :]), "admin"
    # section 0 is the command; the loader sends no others
    command: Document = bson.decode(body[5:])
    return command, command.get("$db", "admin")


def _staged(documents: Iterator[bytes], stages: list[Document]) -> Iterator[bytes]:
    for stage in stages:
        ((name, argument),) = stage.items()
        if name not in STAGES:
            raise RefusalError(40324, f"Unrecognized pipeline stage name: '{name}'")
        documents = STAGES[name](documents, argument)
    return documents


def _limit(documents: Iterator[bytes], count: int) -> Iterator[bytes]:
    for _, document in zip(range(count), documents, strict=False):
        yield document


def _project(documents: Iterator[bytes], wanted: Document) -> Iterator[bytes]:
    for raw in documents:
        try:
            document = bson.decode(raw, AS_THEY_ARE)
        except BSONError:
            # a server does not mind text that is no UTF-8; here a document with such text keeps all its fields
            if not any(isinstance(value, dict) for value in wanted.values()):
                yield raw
                continue
            document = bson.decode(raw, AS_THEY_ARE.with_options(unicode_decode_error_handler="replace"))
        yield bson.encode(_projected(document, wanted), codec_options=AS_THEY_ARE)


def _projected(document: Document, wanted: Document) -> Document:
    if all(value == 0 for value in wanted.values()):
        for path in wanted:
            _remove(document, path.split("."))
        return document
    kept = {name: value for name, value in document.items() if name == "_id" or wanted.get(name) == 1}
    computed = {name: _value(value, document) for name, value in wanted.items() if isinstance(value, dict)}
    return kept | computed


def _remove(value: Any, way: list[str]) -> None:
    for element in value if isinstance(value, list) else [value]:
        if isinstance(element, dict) and len(way) == 1:
            element.pop(way[0], None)
        elif isinstance(element, dict):
            _remove(element.get(way[0]), way[1:])


def _value(expression: Any, root: Document, this: Document | None = None) -> Any:
    if isinstance(expression, dict) and "$map" in expression:
        argument = expression["$map"]
        return [_value(argument["in"], root, element) for element in _value(argument["input"], root)]
    if expression == {"$objectToArray": "$$ROOT"}:
        return [{"k": name, "v": value} for name, value in root.items()]
    if this is not None and str(expression).startswith("$$this."):
        return this[expression.removeprefix("$$this.")]
    raise RefusalError(168, f"unknown expression {expression}")


def _unwind(documents: Iterator[bytes], path: str) -> Iterator[bytes]:
    name = path.removeprefix("$")
    for raw in documents:
        document = bson.decode(raw)
        for element in document.get(name) or ():
            yield bson.encode(document | {name: element})


def _group(documents: Iterator[bytes], wanted: Document) -> Iterator[bytes]:
    name = wanted["_id"].removeprefix("$")
    for value in dict.fromkeys(bson.decode(raw)[name] for raw in documents):
        yield bson.encode({"_id": value})


STAGES: dict[str, Callable[[Iterator[bytes], Any], Iterator[bytes]]] = {
    "$limit": _limit,
    "$project": _project,
    "$unwind": _unwind,
    "$group": _group,
}
