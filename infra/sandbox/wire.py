"""Speaks HTTP on loopback with lines kept open, and can hang up as badly as a network does."""

import socket
import struct
from contextlib import suppress
from http import HTTPStatus
from socketserver import ThreadingTCPServer
from threading import Thread

from werkzeug.serving import WSGIRequestHandler
from werkzeug.wrappers import Response

from infra.sandbox.gate import Gate, HangUp

RST_INSTEAD_OF_FIN = struct.pack("ii", 1, 0)


class Wire(WSGIRequestHandler):
    """One client's line: several requests may follow each other on it."""

    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    wbufsize = -1
    timeout = 30

    @property
    def server_version(self) -> str:  # type: ignore[override]
        """Name the sandbox in the Server header."""
        return "sandbox"

    def run_wsgi(self) -> None:
        """Answer one request in a single packet, or hang up on it."""
        try:
            answer = Response.from_app(self.server.app, self.make_environ(), buffered=True)
        except HangUp as hang_up:
            self._hang_up(reset=hang_up.reset)
            return
        self._say(answer)

    def _say(self, answer: Response) -> None:
        body = answer.get_data()
        self.send_response(answer.status_code, HTTPStatus(answer.status_code).phrase)
        for name, value in answer.headers.items():
            if name.lower() != "content-length":
                self.send_header(name, value)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(body)
        self.wfile.flush()

    def _hang_up(self, *, reset: bool) -> None:
        self.close_connection = True
        if reset:
            self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, RST_INSTEAD_OF_FIN)
            socket.socket(fileno=self.connection.detach()).close()

    def log(self, type: str, message: str, *args: object) -> None:  # noqa: A002 - inherited name
        """Say nothing: the sandbox keeps its own log of requests."""


class LoopbackServer(ThreadingTCPServer):
    """Listens on this machine only; stopping it also ends the lines that are still open."""

    allow_reuse_address = True
    daemon_threads = True
    request_queue_size = 128
    multithread, multiprocess, ssl_context = True, False, None  # what werkzeug's handler asks

    def __init__(self, port: int, gate: Gate) -> None:
        self.app = gate
        self._lines: set[socket.socket] = set()
        super().__init__(("127.0.0.1", port), Wire)
        self.port: int = self.server_address[1]
        self._thread = Thread(target=self.serve_forever, args=(0.2,), daemon=True)

    def start(self) -> None:
        """Listen in the background."""
        self._thread.start()

    def stop(self) -> None:
        """Stop listening and end every open line."""
        ender = Thread(target=self.shutdown)
        ender.start()
        with suppress(OSError):
            socket.create_connection(("127.0.0.1", self.port), 1).close()  # wakes the listener
        ender.join()
        self._thread.join(timeout=5)
        self.server_close()
        for line in list(self._lines):
            end(line)

    def process_request_thread(self, request: object, client_address: object) -> None:
        """Remember the line for as long as it is open."""
        line = request if isinstance(request, socket.socket) else None
        if line:
            self._lines.add(line)
        try:
            super().process_request_thread(request, client_address)  # type: ignore[arg-type]
        finally:
            if line:
                self._lines.discard(line)


def end(line: socket.socket) -> None:
    """Shut a line down, whether or not the client already has."""
    with suppress(OSError):
        line.shutdown(socket.SHUT_RDWR)
