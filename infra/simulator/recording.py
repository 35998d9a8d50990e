"""What is remembered of a run: every commit, to be run again, and its story, to be told."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any, NamedTuple

from infra.simulator.store import MemoryStore, Write
from loyalty.ports import Database, Key, Unit

Work = Callable[[Unit], Any]


class Line(NamedTuple):
    """One line of a run's story; what happens while another thing does is deeper."""

    at: datetime
    depth: int
    what: object


class Delivered(NamedTuple):
    """A message on its way to a step, and what befell it."""

    subscription: str
    body: bytes
    fault: str


class Commit(NamedTuple):
    """A unit that was committed: when, what it did, and what it wrote.

    `stale` is what it only read, and somebody changed before it was committed.
    """

    at: datetime
    database: Database
    work: Work
    writes: list[Write]
    stale: Mapping[Key, bytes | None]


class RecordingStore(MemoryStore):
    """A store that remembers every commit, and tells when one is about to come."""

    def __init__(self) -> None:
        super().__init__()
        self.meanwhile: Callable[[], None] = lambda: None
        self.record: Callable[[Database, Work, list[Write]], None] = lambda *_: None

    def before_commit(self) -> None:
        """Let others in."""
        self.meanwhile()

    def committed(self, database: Database, work: Work, writes: list[Write]) -> None:
        """Remember it."""
        self.record(database, work, writes)
