"""Makes value types safe for threads before any thread uses them.

msgspec learns a type when it is first read or written. Two threads that do so at once crash the
process (seen with 0.22: a segmentation fault in one of some thousand first uses), so whoever
loads modules with such types warms them right away.
"""

from __future__ import annotations

import threading
from collections.abc import Iterator

import msgspec

_lock = threading.Lock()
_warm: set[type] = set()


def warm() -> None:
    """Let msgspec learn every struct type that is loaded by now. Cheap when nothing is new."""
    with _lock:
        for kind in set(_kinds(msgspec.Struct)) - _warm:
            _learn(kind)
            _warm.add(kind)


def _learn(kind: type) -> None:
    try:
        msgspec.json.Decoder(kind)
    except TypeError:
        return  # holds functions or the like: it is never read from outside


def _kinds(base: type[msgspec.Struct]) -> Iterator[type[msgspec.Struct]]:
    for kind in base.__subclasses__():
        yield kind
        yield from _kinds(kind)
