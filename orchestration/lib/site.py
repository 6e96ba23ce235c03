"""The web site of `moodmart ui`: the start page, and the folders of the static reports, on the loopback address.

GET /                 the start page, made anew for every request
GET /data-docs/...    Great Expectations' Data Docs
GET /dbt-docs/...     dbt's documentation
"""

from collections.abc import Callable, Mapping
from functools import partial
from http import HTTPStatus
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from io import BytesIO
from pathlib import Path
from typing import Any, BinaryIO
from urllib.parse import urlsplit

from ingestion.errors import MoodmartError
from ingestion.settings import Settings

HOST = "127.0.0.1"


def report_address(settings: Settings) -> str:
    """Where `moodmart ui` shows the Data Docs."""
    return f"http://{HOST}:{settings.ui_port}/data-docs/"


class ReportHandler(SimpleHTTPRequestHandler):
    """Serves the start page and the files below each mounted folder, and nothing else."""

    def __init__(self, *request: Any, page: Callable[[], str], folders: Mapping[str, Path], **options: Any) -> None:
        self.page = page
        self.folders = folders
        super().__init__(*request, **options)

    def send_head(self) -> BinaryIO | None:  # the page is no file
        """Answer GET and HEAD."""
        if urlsplit(self.path).path == "/":
            return self._send_page()
        if mounted(self.path)[0] not in self.folders:
            self.send_error(HTTPStatus.NOT_FOUND)
            return None
        return super().send_head()

    def translate_path(self, path: str) -> str:
        """The file of a request below a mounted folder; `..` leads nowhere."""
        name, rest = mounted(path)
        self.directory = str(self.folders[name])
        return super().translate_path(rest)

    def list_directory(self, path: object) -> None:
        """Folders are not listed."""
        self.send_error(HTTPStatus.NOT_FOUND)

    def log_message(self, *message: object) -> None:
        """Requests are not logged."""

    def _send_page(self) -> BytesIO:
        body = self.page().encode()
        self.send_response(HTTPStatus.OK)
        self.send_header("Content-Type", "text/html; charset=utf-8")
        self.send_header("Content-Length", str(len(body)))
        self.send_header("Cache-Control", "no-store")
        self.send_header("Content-Security-Policy", "default-src 'none'; style-src 'unsafe-inline'; img-src data:")
        self.end_headers()
        return BytesIO(body)


def mounted(path: str) -> tuple[str, str]:
    """A request's folder and the path in it."""
    name, _, rest = urlsplit(path).path.removeprefix("/").partition("/")
    return name, f"/{rest}"


def make_server(port: int, page: Callable[[], str], folders: Mapping[str, Path]) -> ThreadingHTTPServer:
    """A server that listens and waits for `serve_forever`."""
    try:
        return ThreadingHTTPServer((HOST, port), partial(ReportHandler, page=page, folders=folders))
    except OSError as error:
        raise MoodmartError(error.strerror or str(error), f"port {port}", "choose another with --port") from None
