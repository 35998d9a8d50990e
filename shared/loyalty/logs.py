"""One JSON line per step on standard output: ids and words, never contents."""

from __future__ import annotations

import sys
from typing import Any, Literal, TextIO

import msgspec

Severity = Literal["DEBUG", "INFO", "WARNING", "ERROR"]
_ORDER = ("DEBUG", "INFO", "WARNING", "ERROR")


class Log:
    """Writes lines at or above a severity. Fields are ids, counts, codes and durations only."""

    def __init__(self, level: str = "info", stream: TextIO | None = None) -> None:
        self._from = _ORDER.index(level.upper())
        self._stream = stream

    def __call__(self, severity: Severity, message: str, **fields: Any) -> None:
        """Write one line; a whole line in one call, so that threads do not mix."""
        if _ORDER.index(severity) >= self._from:
            line = msgspec.json.encode({"severity": severity, "message": message, **fields})
            out = self._stream or sys.stdout
            out.write(line.decode() + "\n")
            out.flush()


QUIET = Log("error")
"""For programs that tell their own story."""
