"""Goes through the nightly files of all tills, as far as a run's budget lets it."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from datetime import timedelta

from loyalty.connectors.settings import MissingSettings
from loyalty.delivery import Shop
from loyalty.domain import calendar
from loyalty.errors import TryAgain, VendorRefused
from loyalty.events import NotificationRequested
from loyalty.files.alarms import Alarms
from loyalty.files.reading import Budget, File, Looked
from loyalty.files.shelf import Found, Shelf, Source

Tell = Callable[[int, Looked], None]
"""Is told how many files there are, and of each once it was looked at."""


class Run:
    """One look at the files of some tills.

    `more` tells that it stopped for its budget, `again` that something should be tried again;
    `alarms` asks for alerts about files that did not come, or were not taken.
    """

    def __init__(self, shop: Shop, budget: Budget, tell: Tell | None = None) -> None:
        self._shop, self._budget, self._tell = shop, budget, tell
        self._version = shop.programs.current()
        self._program = self._version.program
        self.more = self.again = False
        self.looked: list[Looked] = []
        self.troubles: list[str] = []
        self.alarms: list[NotificationRequested] = []

    def read(self, sources: Iterable[Source]) -> None:
        """Read what is there. A till whose files cannot be reached delays no other."""
        self._each(sources, self._read)

    def check(self, sources: Iterable[Source]) -> None:
        """Look what would be read, and keep nothing."""
        self._each(sources, self._check)

    def _each(self, sources: Iterable[Source], work: Callable[[Source], None]) -> None:
        for source in sources:
            with self._going_on(source):
                work(source)
            if self.more:
                return

    @contextmanager
    def _going_on(self, source: Source, file: str = "") -> Iterator[None]:
        """Note what cannot be read, and go on with what comes after it."""
        try:
            yield
        except (TryAgain, VendorRefused, MissingSettings) as trouble:
            code = getattr(trouble, "word", type(trouble).__name__)
            told = {"till": source.till.name, "connector": source.reader[0], "code": code}
            self._shop.log(
                "ERROR", "files cannot be read", **told, **({"file": file} if file else {})
            )
            self.again |= isinstance(trouble, TryAgain)
            self.troubles.append(f"{file or source.till.name}: {trouble}".replace("'", ""))

    def _read(self, source: Source) -> None:
        try:
            shelf = Shelf(source, self._shop)
            found = shelf.found(self._program)
        except (VendorRefused, MissingSettings):
            self._miss(source, ())  # nobody can tell whether it came
            raise
        whole = [each for each in found if each.manifest or not source.files.manifest]
        self._miss(source, whole)  # what has no manifest yet is still being uploaded
        for each in whole:
            done = File(source, shelf, each, self._shop, self._budget)
            with self._going_on(source, each.place.name):
                reading = done.look()
                self.alarms += self._of(source).refused(each, reading)
                self._looked(len(whole), Looked(reading))
            self.more = done.more
            if self.more:
                return

    def _check(self, source: Source) -> None:
        shelf = Shelf(source, self._shop)
        found = shelf.found(self._program)
        for each in found:
            one = File(source, shelf, each, self._shop, self._budget)
            with self._going_on(source, each.place.name):
                self._looked(len(found), one.check())

    def _looked(self, total: int, looked: Looked) -> None:
        self.looked.append(looked)
        if self._tell:
            self._tell(total, looked)

    def _miss(self, source: Source, found: Iterable[Found]) -> None:
        """Raise the alarm if the file of the business day before is not there by now."""
        now, program = self._shop.clock.now(), self._program
        turn, zone = program.business_day_turns_at, program.zone
        day = calendar.business_day(now - timedelta(days=1), zone, turn)
        late = f"{calendar.local(now, zone):%H:%M}" >= source.files.expected_by
        if late and not any(each.place.day == day for each in found):
            told = {"till": source.till.name, "day": day, "code": "file-missing"}
            self._shop.log("ERROR", "no file of the day before", **told)
            self.alarms += self._of(source).missing(day)

    def _of(self, source: Source) -> Alarms:
        return Alarms(source, self._version, self._shop.clock.now())
