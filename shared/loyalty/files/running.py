"""Goes through the nightly files of all tills, as far as a run's budget lets it."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

from loyalty.connectors.settings import MissingSettings
from loyalty.delivery import Shop
from loyalty.domain import calendar
from loyalty.domain.program import Program
from loyalty.errors import TryAgain, VendorRefused
from loyalty.events import NotificationRequested
from loyalty.file_records import FileReading
from loyalty.files.alarms import AGAIN, UNREAD, Alarms
from loyalty.files.reading import Budget, File, Looked
from loyalty.files.shelf import Found, Odd, Shelf, Source
from loyalty.records import files

_SAID = {"no-such-folder": "there is no such folder; make it, or put FOLDER_PATH right"}
LATE = 3
"""So many days back a missing file is told of, when nobody looked in between."""
Tell = Callable[[int, Looked], None]
"""Is told how many files there are, and of each once it was looked at."""


class Run:
    """One look at the files of some tills.

    `more` tells that it stopped for its budget, `again` that something should be tried again;
    `alarms` asks for alerts about files that did not come, or were not taken; `odd` is what lies
    there and is not read.
    """

    def __init__(self, shop: Shop, budget: Budget, tell: Tell | None = None) -> None:
        self._shop, self._budget, self._tell = shop, budget, tell
        self._version = shop.programs.current()
        self._program = self._version.program
        self.more = self.again = False
        self.looked: list[Looked] = []
        self.troubles: list[str] = []
        self.alarms: list[NotificationRequested] = []
        self.odd: list[Odd] = []

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
            told = {"till": source.till.folder, "connector": source.reader[0], "code": code}
            self._shop.log(
                "ERROR", "files cannot be read", **told, **({"file": file} if file else {})
            )
            self.again |= isinstance(trouble, TryAgain)
            why = _SAID.get(getattr(trouble, "code", ""), str(trouble))
            self.troubles.append(f"{file or source.till.folder}: {why}".replace("'", ""))

    def _read(self, source: Source) -> None:
        try:
            shelf = Shelf(source, self._shop)
            found = shelf.found(self._program)
        except (TryAgain, VendorRefused, MissingSettings):
            self._miss(source, ())  # nobody can tell whether it came
            raise
        self._pass_over(source, shelf.odd)
        whole = [each for each in found if each.manifest or not source.files.manifest]
        self._miss(source, whole)  # what has no manifest yet is still being uploaded
        for each in whole:
            done = File(source, shelf, each, self._shop, self._budget)
            with self._going_on(source, each.place.name):
                reading = done.look()
                self.alarms += self._of(source).refused(each, reading)
                self._looked(len(whole), Looked(reading))
            self.more = done.more or (done.read and self._budget.spent(self._shop.clock.now()))
            if self.more:
                return

    def _check(self, source: Source) -> None:
        shelf = Shelf(source, self._shop)
        found = shelf.found(self._program)
        self.odd += shelf.odd
        for each in found:
            one = File(source, shelf, each, self._shop, self._budget)
            with self._going_on(source, each.place.name):
                self._looked(len(found), one.check())

    def _looked(self, total: int, looked: Looked) -> None:
        self.looked.append(looked)
        if self._tell:
            self._tell(total, looked)

    def _miss(self, source: Source, found: Sequence[Found]) -> None:
        """Raise the alarm for each of the last days whose file should be there, and is not.

        What lies before the oldest day that is there never came, or was tidied away since.
        """
        now, there = self._shop.clock.now(), {each.place.day for each in found}
        gone = [
            (day, expected)
            for day, expected in _expected(now, source, self._program)
            if expected <= now and day not in there and day >= min(there, default=day)
        ]
        since = self._watched(source, found) if gone else now
        for day, expected in gone:
            if since < expected:
                told = {"till": source.till.folder, "day": day, "code": "file-missing"}
                self._shop.log("ERROR", "no file of a day", **told)
                self.alarms += self._of(source).missing(day)

    def _watched(self, source: Source, found: Sequence[Found]) -> datetime:
        """Tell since when a till's files come, or are looked for: nothing is missed from before."""
        if found:
            return min(each.file.modified for each in found)
        till, now = source.till, self._shop.clock.now()
        name = f"watched:{till.source}:{till.folder}"
        if (known := files.get(self._shop.store, name)) and known.seen_at:
            return known.seen_at
        first = FileReading(name=name, till=till.folder, state="done", seen_at=now)
        self._shop.store.atomically("ledger", lambda unit: files.put(unit, name, first))
        return now

    def _pass_over(self, source: Source, odd: Iterable[Odd]) -> None:
        """Tell of what lies there and is not read, once it lay there for a day."""
        now = self._shop.clock.now()
        for each in odd:
            self.odd.append(each)
            if UNREAD <= now - each.file.modified <= UNREAD + LATE * AGAIN:
                told = {"till": source.till.folder, "code": each.code}
                self._shop.log("WARNING", "a file is passed over", **told)
                self.alarms += self._of(source).passed_over(each)

    def _of(self, source: Source) -> Alarms:
        return Alarms(source, self._version, self._shop.clock.now())


def _expected(now: datetime, source: Source, program: Program) -> Iterator[tuple[str, datetime]]:
    """List the last business days of a till's store, and by when the file of each is there."""
    store = program.store_of(source.till.source, source.till.name) or ""
    turn, zone = program.turn_of(store), program.zone_of(store)
    for back in range(1, LATE + 2):
        day = calendar.business_day(now - timedelta(days=back), zone, turn)
        morning = f"{date.fromisoformat(day) + timedelta(days=1)}T{source.files.expected_by}"
        there = datetime.fromisoformat(morning).replace(tzinfo=ZoneInfo(zone))
        yield day, there.astimezone(UTC)
