"""How far nightly work is."""

from __future__ import annotations

from datetime import datetime
from typing import Literal

import msgspec

from loyalty.stored import Record


class Job(Record, frozen=True, kw_only=True):
    """How far a nightly run is: in which pass, and after which account, profile or page.

    `counts` is what the first pass counted. A run goes by one instant and one program `version`;
    `placed` tells whether it put guests into segments, `missed` whether somebody was passed over.
    """

    at: datetime
    version: str
    phase: Literal["counting", "placing", "arming", "removing", "done"]
    after: str = ""
    counts: dict[str, dict[str, int]] = {}  # noqa: RUF012 - msgspec makes a new one for each
    placed: bool = False
    missed: bool = False

    @property
    def position(self) -> str:
        """Name the page that comes next."""
        return f"{self.at.isoformat()}/{self.phase}/{self.after}"


class Stretch(msgspec.Struct, frozen=True, kw_only=True):
    """From one instant to another, that one left out."""

    start: datetime
    end: datetime


class Pull(Record, frozen=True, kw_only=True):
    """Up to when a till was asked what it sold, and for how many minutes to ask it next.

    `failures` are those of the shortest stretch. What fails too often is `unread`: asked later.
    """

    until: datetime
    minutes: int = 60
    failures: int = 0
    unread: tuple[Stretch, ...] = ()
