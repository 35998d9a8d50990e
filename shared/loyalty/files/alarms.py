"""Nights that went wrong: which alerts the team is sent of a till's files.

However often something is looked at, a request has one name for each alert and file: told once.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from datetime import datetime, timedelta

from loyalty.domain.program import Version
from loyalty.events import NotificationRequested, Said
from loyalty.file_records import FileReading
from loyalty.files import answers
from loyalty.files.shelf import Found, Odd, Source
from loyalty.identity import digest

AGAIN = timedelta(days=1)
"""So long an alert is asked for again: a run may have been cut off before it asked."""
UNREAD = timedelta(days=1)
"""What is not read after so long is told of; before, it may still be uploaded."""
_PLAIN = re.compile(r"[A-Za-z0-9_.-]{1,100}")
SOME = "Rows of it are wrong; the answer to the file lists them."


class Alarms:
    """The alerts of one till, by the program in force."""

    def __init__(self, source: Source, version: Version, now: datetime) -> None:
        self._source, self._version, self._now = source, version, now

    def missing(self, day: str) -> Iterator[NotificationRequested]:
        """Ask for the alerts about the file of a business day that did not come."""
        return self._asked("file-missing", f"{self._source.till.folder}:{day}", day, {})

    def refused(self, found: Found, reading: FileReading) -> Iterator[NotificationRequested]:
        """Ask for the alerts about a file of which something was not taken."""
        settled, place = reading.settled_at, found.place
        if not reading.rejected and reading.state != "refused":
            return iter(())
        if settled is None or self._now - settled > AGAIN:
            return iter(())
        told = {
            "file": place.name.rpartition("/")[2], "rows": str(reading.rejected),
            "reason": answers.reason(reading.code) if reading.code else SOME,
        }  # fmt: skip
        return self._asked("file-refused", f"{place.name}:{reading.edition}", place.day, told)

    def passed_over(self, odd: Odd) -> Iterator[NotificationRequested]:
        """Ask for the alerts about what lies there and is not read."""
        name = odd.file.name.rpartition("/")[2]
        plain = _PLAIN.fullmatch(name)  # else a person may have written anything into it
        told = {
            "file": name if plain else "A file", "rows": "0", "reason": answers.reason(odd.code),
        }  # fmt: skip
        about = f"{self._source.till.folder}:{odd.code}:{digest(odd.file.name.encode())}"
        return self._asked("file-refused", about, odd.day, told)

    def _asked(
        self, on: str, about: str, day: str, more: Mapping[str, str]
    ) -> Iterator[NotificationRequested]:
        till, program = self._source.till, self._version.program
        name = f"{on}:{till.source}:{about}"
        store = program.store_of(till.source, till.name) or ""
        title = program.stores[store].title if store else ""
        values = {"till": till.folder, "date": day, "store": title, **more}
        until = self._now + timedelta(hours=program.sending.useful_hours)
        for alert, meant in program.alerts.items():
            if meant.on != on:
                continue
            yield NotificationRequested(
                id=f"alert:{alert}:{name}", at=self._now, subject=name,
                version=self._version.hash, says=(Said(message=alert, values=values),),
                audience="staff", store=store, useful_until=until,
            )  # fmt: skip
