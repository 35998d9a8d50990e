"""How far the setting of all guests' timers is, after a change of the program."""

from __future__ import annotations

from datetime import datetime

from loyalty.stored import Record


class Armed(Record, frozen=True, kw_only=True):
    """Up to which guest the timers of all are set by a program version; `done`: of all."""

    version: str
    at: datetime
    after: str = ""
    done: bool = False

    @property
    def position(self) -> str:
        """Name the page that comes next."""
        return f"{self.version}/{self.at.isoformat()}/{self.after}"
