"""The published versions of the program: an append-only list, read through a short cache."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, date, datetime, time, timedelta

from loyalty.domain.automations import Dormant
from loyalty.domain.program import Program, Version
from loyalty.errors import TryAgain
from loyalty.events import SweepRequested, encode, topic_of
from loyalty.identity import digest
from loyalty.outgoing import Outgoing
from loyalty.ports import Clock, Store, Unit
from loyalty.records import ProgramRecord, Timer, programs, timers
from loyalty.warming import warm

CACHE = timedelta(seconds=60)
SETTLED = timedelta(hours=48)
EPOCH = datetime(2000, 1, 1, tzinfo=UTC)
"""The first version holds for every receipt there is, however late it comes."""


class Programs:
    """All versions in force. Parsed once per version; the list is read again after the cache."""

    def __init__(self, store: Store, clock: Clock) -> None:
        self._store = store
        self._clock = clock
        self._versions: list[Version] = []
        self._parsed: dict[str, Program] = {}
        self._read_at: datetime | None = None

    def at(self, instant: datetime) -> Version:
        """Return the version that held at an instant. Raises TryAgain if none is published."""
        known = [version for version in self._list() if version.effective_from <= instant]
        if not known:
            raise TryAgain("no program is published yet")
        return known[-1]

    def of_day(self, day: str) -> Program:
        """Return the program by which a business day's cap and visits are counted."""
        return on_day(self._list(), day).program

    def judging(self, instant: datetime, store: str) -> Version:
        """Return the version that held at an instant; if it lacks the store, the next that has it.

        A sale may come through a till that the program learned of only afterwards.
        """
        held = self.at(instant)
        later = (version for version in self._list() if version.effective_from > instant)
        knowing = (version for version in (held, *later) if store in version.program.stores)
        return next(knowing, held)

    def current(self) -> Version:
        """Return the version in force now."""
        return self.at(self._clock.now())

    def named(self, name: str) -> Program:
        """Return the version with this hash, which an entry names."""
        found = next((v for v in self._list() if v.hash == name), None)
        if found is None:
            self._read_at = None
            raise TryAgain("the program version is not known here yet")
        return found.program

    def since(self, automation: str) -> datetime:
        """Find from when on an automation has taken absences for long ones as it does now.

        What else about it was changed since makes no difference.
        """
        since = now = self._clock.now()
        known = [version for version in self._list() if version.effective_from <= now]
        for version in reversed(known):
            if _mark(version, automation) != _mark(known[-1], automation):
                break
            since = version.effective_from
        return since

    def _list(self) -> list[Version]:
        now = self._clock.now()
        fresh = self._read_at is not None and abs(now - self._read_at) < CACHE
        if not (fresh and self._versions):
            records = programs.find(self._store, order="effective_from", limit=1000)
            self._versions = [self._version(record) for record in records]
            self._read_at = now
        return self._versions

    def _version(self, record: ProgramRecord) -> Version:
        if record.hash not in self._parsed:
            from loyalty import program_file  # noqa: PLC0415 - many calls need no program

            warm()
            self._parsed[record.hash] = program_file.reread(record.text)
        return Version(
            hash=record.hash,
            effective_from=record.effective_from,
            program=self._parsed[record.hash],
        )


def _mark(version: Version, automation: str) -> object:
    found = version.program.automations.get(automation)
    return found.mark if isinstance(found, Dormant) else None


def on_day(versions: Sequence[Version], day: str) -> Version:
    """Return the version by which a business day goes: the one in force 48 hours before 00:00 UTC.

    By then it is settled everywhere: a day begins earlier in the east, a till's clock may be a day
    ahead, and a version that is published takes effect only after that.
    """
    settled = datetime.combine(date.fromisoformat(day), time(), UTC) - SETTLED
    return next((v for v in reversed(versions) if v.effective_from <= settled), versions[0])


def publish(store: Store, text: str, now: datetime) -> Version:
    """Add a version. It takes effect once every cache has surely seen it; the first one at once.

    Publishing the newest version again changes nothing. Raises `program_file.Mistakes`, also for
    one that would book receipts of earlier versions again.
    """
    from loyalty import program_file  # noqa: PLC0415 - as above

    return append(store, text, program_file.read(text), now)


def holds_from(now: datetime) -> datetime:
    """Tell from when on a version holds that is published now, unless it is the first."""
    return now + 2 * CACHE


def append(store: Store, text: str, program: Program, now: datetime) -> Version:
    """Publish a version that was read already, which takes longest."""
    from loyalty import program_file  # noqa: PLC0415 - as above

    listed = programs.find(store, order="effective_from", limit=1000)
    if listed and listed[-1].text == text:
        return _as_version(listed[-1], program)
    effective = holds_from(now) if listed else EPOCH
    if program.files:
        program_file.follow(text, [record.text for record in listed], effective)
    name = digest(f"{len(listed)}:{text}")[:16]
    record = ProgramRecord(hash=name, effective_from=effective, published_at=now, text=text)

    def work(unit: Unit) -> None:
        programs.create(unit, name, record)
        if program.campaigns:  # they are taken in as soon as this version holds
            due = Timer(kind="campaigns", subject=name, due_at=max(now, effective))
            timers.put(unit, f"campaigns:{name}", due)
        if listed and not program.segments:  # no schedule asks for this job any more
            timers.put(unit, f"publish:segments:{name}", _emptying(name, effective))

    store.atomically("ledger", work)
    return _as_version(record, program)


def _emptying(name: str, at: datetime) -> Timer:
    """Have guests taken out of the last segments, if they are in any."""
    job = SweepRequested(id=f"segments:{name}", at=at, subject="segments", job="segments")
    asked = Outgoing(topic=topic_of(SweepRequested), body=encode(job).decode())
    return Timer(kind="publish", subject=f"segments:{name}", due_at=at, outcome=(asked,))


def first(store: Store, text: str, now: datetime) -> None:
    """Publish a program where there is none yet. Raises `program_file.Mistakes`."""
    if not programs.find(store, limit=1):
        publish(store, text, now)


def _as_version(record: ProgramRecord, program: Program) -> Version:
    return Version(hash=record.hash, effective_from=record.effective_from, program=program)
