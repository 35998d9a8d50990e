"""A vendor of texts who always says yes, in a process of its own and as cheap as can be.

`python -m infra.bench.vendor PORT`; `GET /` tells how many texts it took.
"""

from __future__ import annotations

import asyncio
import sys

_ANSWER = b'{"sid":"SM%030x","status":"queued","body":null}'


class Vendor:
    """Counts what is posted."""

    def __init__(self) -> None:
        self.taken = 0

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Answer one caller's requests until it goes."""
        try:
            while head := await reader.readuntil(b"\r\n\r\n"):
                await reader.readexactly(_length(head))
                writer.write(self._answer(head))
        except (asyncio.IncompleteReadError, ConnectionError):
            writer.close()

    def _answer(self, head: bytes) -> bytes:
        if head.startswith(b"GET"):
            return _response(b"200 OK", b"%d" % self.taken)
        self.taken += 1
        return _response(b"201 Created", _ANSWER % self.taken)


def _length(head: bytes) -> int:
    for line in head.lower().split(b"\r\n"):
        if line.startswith(b"content-length:"):
            return int(line.partition(b":")[2])
    return 0


def _response(status: bytes, body: bytes) -> bytes:
    head = b"HTTP/1.1 %b\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n"
    return head % (status, len(body)) + body


async def main(port: int) -> None:
    """Serve until ended."""
    server = await asyncio.start_server(Vendor().serve, "127.0.0.1", port)
    await server.serve_forever()


if __name__ == "__main__":
    asyncio.run(main(int(sys.argv[1])))
