"""From the bytes of a file to its lines, never more than a piece of it in memory."""

from __future__ import annotations

import codecs
import io
import zlib
from collections.abc import Iterable, Iterator

from loyalty.files.forms import Form, Unreadable

LARGEST = 30_000_000
"""Bytes that a file may have as it lies there."""
LARGEST_UNPACKED = 60_000_000
LONGEST_LINE = 200_000
LONGEST_JSON = 8_000_000
"""Letters of a file that is one JSON array; JSON Lines have no such bound."""
_STEP = 1 << 18
_GZIP = 31
"""zlib's word for gzip with its checks."""


def lines(pieces: Iterable[bytes], form: Form) -> Iterator[str]:
    """Read lines, each with its end. Raises Unreadable."""
    chunks = _unpacked(pieces) if form.packed else pieces
    most, rest = LONGEST_JSON if form.kind == "json" else LONGEST_LINE, ""
    for text in _decoded(chunks, form.encoding):
        whole = (rest + text).split("\n")
        rest = whole.pop()
        yield from (f"{_short(line, most)}\n" for line in whole)
        _short(rest, most)
    if rest:
        yield rest


def _short(line: str, most: int) -> str:
    if len(line) > most:
        raise Unreadable("LINE_TOO_LONG")
    return line


def _decoded(chunks: Iterable[bytes], encoding: str) -> Iterator[str]:
    plain = codecs.getincrementaldecoder(encoding)()
    decoder = io.IncrementalNewlineDecoder(plain, translate=True)  # lines may end in CR alone
    try:
        for chunk in chunks:
            yield decoder.decode(chunk)
        yield decoder.decode(b"", final=True)
    except UnicodeDecodeError:  # holds the bytes
        raise Unreadable("UNDECODABLE") from None


def _unpacked(pieces: Iterable[bytes]) -> Iterator[bytes]:
    """Unpack gzip, also several of it one after another; a small bomb is stopped in time."""
    unzip, total = zlib.decompressobj(_GZIP), 0
    fresh = True
    for piece in pieces:
        left = piece
        while left:
            if unzip.eof:
                unzip = zlib.decompressobj(_GZIP)
            chunk, left = _step(unzip, left)
            fresh, total = False, total + len(chunk)
            if total > LARGEST_UNPACKED:
                raise Unreadable("TOO_LARGE")
            yield chunk
    if fresh or not unzip.eof:
        raise Unreadable("BAD_GZIP")


def _step(unzip: zlib._Decompress, data: bytes) -> tuple[bytes, bytes]:
    try:
        chunk = unzip.decompress(data, _STEP)
    except zlib.error:
        raise Unreadable("BAD_GZIP") from None
    return chunk, unzip.unconsumed_tail or unzip.unused_data
