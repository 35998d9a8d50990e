"""A vendor on loopback that follows a script, and time that only passes when somebody sleeps."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from typing import Any, NamedTuple

LETTERS = "aZ09 .,:;=+/-_{}[]\"'\\<>@é٣☕😀\u202e\x00\x1b\n\r\t\x7f\ud800"
"""Letters that have broken something somewhere."""
SOUND = LETTERS.replace("\ud800", "")
"""Those that a body can hold: half a letter is refused before anything is read."""
NOW = datetime(2026, 11, 20, 9, 15, 35, tzinfo=UTC)


class Asked(NamedTuple):
    """A request as it arrived; `path` includes the query."""

    method: str
    path: str
    headers: Mapping[str, str]
    body: bytes

    @property
    def json(self) -> Any:
        return json.loads(self.body)


class Reply(NamedTuple):
    """What to answer. `hang_up` reads the request and then says nothing at all."""

    status: int = 200
    body: Any = b"{}"
    headers: Mapping[str, str] = {}
    hang_up: bool = False


Script = Callable[[Asked], Reply]


class Vendor:
    """Answers by its script and remembers everything it was asked."""

    def __init__(self, url: str) -> None:
        self.url = url
        self.asked: list[Asked] = []
        self.script: Script = lambda _: Reply()

    def say(self, *replies: Reply) -> None:
        """Answer with these in turn, and go on with the last one."""
        left = list(replies)
        self.script = lambda _: left.pop(0) if len(left) > 1 else left[0]

    def answer(self, asked: Asked) -> Reply:
        self.asked.append(asked)
        return self.script(asked)


class Time:
    """A clock that stands still but for sleeping."""

    def __init__(self, now: datetime = NOW) -> None:
        self.instant = now
        self.slept: list[float] = []

    def now(self) -> datetime:
        return self.instant

    def sleep(self, seconds: float) -> None:
        self.slept.append(seconds)
        self.pass_by(seconds)

    def pass_by(self, seconds: float) -> None:
        self.instant += timedelta(seconds=seconds)


@contextmanager
def vendor_on_loopback() -> Iterator[Vendor]:
    server = ThreadingHTTPServer(("127.0.0.1", 0), _Line)
    server.vendor = Vendor(f"http://127.0.0.1:{server.server_port}")  # type: ignore[attr-defined]
    thread = Thread(target=server.serve_forever, args=(0.01,), daemon=True)
    thread.start()
    try:
        yield server.vendor  # type: ignore[attr-defined]
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


class _Line(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"  # lines stay open
    wbufsize = -1  # one packet an answer: two would wait for each other

    def _handle(self) -> None:
        body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        headers = {name.lower(): value for name, value in self.headers.items()}
        asked = Asked(self.command, self.path, headers, body)
        reply = self.server.vendor.answer(asked)  # type: ignore[attr-defined]
        if reply.hang_up:
            self.close_connection = True
            return
        said = reply.body if isinstance(reply.body, bytes) else json.dumps(reply.body).encode()
        self.send_response(reply.status)
        for name, value in {**reply.headers, "Content-Length": str(len(said))}.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(said)
        self.wfile.flush()

    do_GET = do_POST = do_PUT = do_PATCH = do_DELETE = _handle  # noqa: N815 - http.server's names

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002 - inherited name
        """Keep quiet."""
