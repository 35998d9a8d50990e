"""What one machine keeps of its schedules: who is paused, who is asked for, and when each ran last.

Each fact is a file of its own with one writer, so that commands work while the server runs.
"""

from __future__ import annotations

import os
from contextlib import suppress
from datetime import datetime
from pathlib import Path

import msgspec


class Ran(msgspec.Struct, frozen=True, kw_only=True):
    """A job's last run by the clock, and the line it followed: of another line it tells nothing."""

    cron: str
    zone: str
    at: datetime
    v: int = 1


class ScheduleFolder:
    """The folder `schedules` beside the ledger. It is made when there is something to keep."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder / "schedules"

    def paused(self, name: str) -> bool:
        """Whether a person paused this job."""
        return self._file(name, "paused").exists()

    def pause(self, name: str) -> None:
        """Have a job not run by the clock until it is resumed."""
        self._write(name, "paused", b"")

    def resume(self, name: str, at: datetime) -> None:
        """Have it run again, from its next time after an instant on."""
        self._write(name, "resumed", msgspec.json.encode(at))
        self._file(name, "paused").unlink(missing_ok=True)

    def resumed(self, name: str) -> datetime | None:
        """Tell when a job was resumed last: what was missed before is not made up for."""
        with suppress(FileNotFoundError, ValueError):
            return msgspec.json.decode(self._file(name, "resumed").read_bytes(), type=datetime)
        return None

    def ask(self, name: str) -> None:
        """Have a job run at the server's next look, whatever the clock says."""
        self._write(name, "asked", b"")

    def asked(self, name: str) -> bool:
        """Whether somebody asked for a job that did not run since."""
        return self._file(name, "asked").exists()

    def answered(self, name: str) -> None:
        """Strike out what was asked for, once it was published."""
        self._file(name, "asked").unlink(missing_ok=True)

    def last(self, name: str) -> Ran | None:
        """Tell when a job ran last by the clock; None if that is not known."""
        with suppress(FileNotFoundError, ValueError):
            return msgspec.json.decode(self._file(name, "ran").read_bytes(), type=Ran)
        return None

    def keep(self, name: str, ran: Ran) -> None:
        """Write down when a job ran."""
        self._write(name, "ran", msgspec.json.encode(ran))

    def _file(self, name: str, fact: str) -> Path:
        return self._folder / f"{name}.{fact}"

    def _write(self, name: str, fact: str, text: bytes) -> None:
        """Write a file whole or not at all, for its owner only."""
        self._folder.mkdir(mode=0o700, exist_ok=True)
        draft = self._folder / f".{name}.{fact}.{os.getpid()}"
        with os.fdopen(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "wb") as file:
            file.write(text)
            file.flush()
            os.fsync(file.fileno())
        draft.replace(self._file(name, fact))
