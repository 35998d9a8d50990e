"""What time it is: by the machine, or by a clock that a test or a simulation moves."""

from __future__ import annotations

import os
import threading
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path

from loyalty.ports import Clock


class SystemClock:
    """The machine's own time."""

    def now(self) -> datetime:
        """Return the present instant, in UTC."""
        return datetime.now(UTC)


class VirtualClock:
    """Stands still until it is moved, and never back unless told so. Thread safe."""

    def __init__(self, instant: datetime) -> None:
        self._instant = _utc(instant)
        self._lock = threading.Lock()

    def now(self) -> datetime:
        """Return the instant it was moved to last, in UTC."""
        return self._instant

    def set(self, instant: datetime, *, back: bool = False) -> None:
        """Move to an aware instant. Raises ValueError for an earlier one, unless `back`."""
        instant = _utc(instant)
        with self._lock:
            if instant < self._instant and not back:
                raise ValueError(f"{instant} is before {self._instant}")
            self._instant = instant

    def advance(self, by: timedelta) -> datetime:
        """Move on and return the new instant. Raises ValueError for a negative time."""
        if by < timedelta():
            raise ValueError("a clock advances; use set(..., back=True) to go back")
        with self._lock:
            self._instant += by
            return self._instant


class FileClock:
    """Shows the ISO instant a file holds, for several processes that share one virtual time.

    Read again whenever the file changed. Raises ValueError if it holds no aware instant at first.
    """

    def __init__(self, path: str | Path) -> None:
        self._path = Path(path)
        self._shown = (self._stamp(), _parse(self._path.read_text("ascii")))

    def now(self) -> datetime:
        """Return the file's instant, in UTC; the last good one while somebody is writing it."""
        stamp = self._stamp()
        shown_for, instant = self._shown
        if stamp == shown_for:
            return instant
        try:
            self._shown = (stamp, _parse(self._path.read_text("ascii")))
        except ValueError:
            return instant
        return self._shown[1]

    def set(self, instant: datetime) -> None:
        """Move the clock of every process that reads this file, back as well as on."""
        draft = self._path.with_name(f"{self._path.name}.{os.getpid()}")
        draft.write_text(_utc(instant).isoformat(), "ascii")
        written = time.time_ns()  # the kernel's own stamps are too coarse to tell two writes apart
        os.utime(draft, ns=(written, written))
        draft.replace(self._path)

    def _stamp(self) -> int:
        return self._path.stat().st_mtime_ns


_CLOCKS = (
    "LOYALTY_CLOCK is `system`, or `virtual:` and an instant or a file that holds one, as in"
    " `virtual:2026-12-01T10:00:00+01:00`"
)


def clock_from(text: str) -> Clock:
    """Make the clock that `system`, `virtual:<ISO instant>` or `virtual:<file path>` names.

    Raises ValueError for anything else, also where there is no such file.
    """
    kind, _, what = text.partition(":")
    if text == "system":
        return SystemClock()
    if kind != "virtual" or not what:
        raise ValueError(_CLOCKS)
    try:
        instant = datetime.fromisoformat(what)
    except ValueError:
        if not Path(what).is_file():
            raise ValueError(_CLOCKS) from None
        return FileClock(what)
    return VirtualClock(instant)


def _parse(text: str) -> datetime:
    return _utc(datetime.fromisoformat(text.strip()))


def _utc(instant: datetime) -> datetime:
    if instant.tzinfo is None:
        raise ValueError(f"{instant.isoformat()} has no time zone")
    return instant.astimezone(UTC)
