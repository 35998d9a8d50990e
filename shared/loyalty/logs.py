"""One JSON line per step on standard output: ids and words, never contents."""

from __future__ import annotations

import sys
from datetime import UTC, datetime
from typing import Any, Literal, TextIO

import msgspec

Severity = Literal["DEBUG", "INFO", "WARNING", "ERROR"]
_ORDER = ("DEBUG", "INFO", "WARNING", "ERROR")


class Log:
    """Writes lines at or above a severity. Fields are ids, counts, codes and durations only.

    `project` is the Google Cloud project whose traces the lines belong to, "" for none.
    """

    def __init__(
        self, level: str = "info", stream: TextIO | None = None, project: str = ""
    ) -> None:
        self.level = level
        self.stream = stream
        self.project = project
        self._from = _ORDER.index(level.upper())

    def __call__(self, severity: Severity, message: str, **fields: Any) -> None:
        """Write one line; a whole line in one call, so that threads do not mix."""
        if _ORDER.index(severity) >= self._from:
            line = {"severity": severity, "message": message, "time": datetime.now(UTC), **fields}
            out = self.stream or sys.stdout
            out.write(msgspec.json.encode(line).decode() + "\n")
            out.flush()

    def note(self, **fields: Any) -> None:
        """Add to the line about what is in hand; here nothing is."""


QUIET = Log("error")
"""For programs that tell their own story."""
