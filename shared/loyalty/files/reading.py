"""Reads one nightly file: it is checked whole, then told in pages, then answered.

How far a file is read is kept after each page, once all of it is published. A run that is killed
anywhere, and two runs at once, lose nothing and double nothing.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import datetime, timedelta
from functools import partial
from typing import Literal, NamedTuple

import msgspec

from loyalty.delivery import Shop
from loyalty.errors import TryAgain
from loyalty.file_records import FileReading, Refused
from loyalty.files import answers, forms, unpacking
from loyalty.files.checking import Checked, drafts, read_through
from loyalty.files.drafts import Draft
from loyalty.files.forms import Manifest, Unreadable
from loyalty.files.shelf import Found, Shelf, Source
from loyalty.files.telling import Teller, content
from loyalty.ports import Unit
from loyalty.records import files
from loyalty.steps import transaction_ingest

PAGE = 100
"""So many receipts are told and settled at a time."""
STILL = timedelta(minutes=15)
"""A file without a manifest is whole once it lay still for so long."""
APART = timedelta(minutes=10)
"""Two looks at a file count as two if they are so far apart."""
TRIES = 3
"""So many looks until a file that is not as announced is given up."""
_replace = msgspec.structs.replace


class Budget:
    """How much one run may do: until an instant, and so many pages of so many receipts."""

    def __init__(self, until: datetime, pages: int, page: int = PAGE) -> None:
        self._until, self._left, self.page = until, pages, page

    def spent(self, now: datetime) -> bool:
        """Count a page; tell whether it was the last."""
        self._left -= 1
        return self._left <= 0 or now >= self._until


class Looked(NamedTuple):
    """A file that was looked at, and what would be refused of one that was only checked."""

    reading: FileReading
    refused: tuple[Refused, ...] = ()


class File:
    """One file, as far as it is read.

    `more` tells that it is not read to its end, `read` that there was something to read in it.
    """

    def __init__(
        self, source: Source, shelf: Shelf, found: Found, shop: Shop, budget: Budget
    ) -> None:
        self._source, self._shelf, self._found = source, shelf, found
        self._shop, self._budget = shop, budget
        self._program = shop.programs.current().program
        self._key = f"{source.till.connector}.{source.till.account}:{found.place.name}"
        self.more = self.read = False

    def look(self) -> FileReading:
        """Do what can be done now; return how far it is."""
        reading = self._known()
        if reading.state in ("done", "refused"):
            return reading
        try:
            return self._go_on(reading)
        except Unreadable as wrong:
            return self._refuse(reading, wrong, ())

    def check(self) -> Looked:
        """Read the file through without telling anybody, and keep nothing."""
        reading = self._known(keep=False)
        if reading.state in ("done", "refused"):
            return Looked(reading)
        try:
            told = self._manifest()
            checked = self._checked(self._form(told))
        except Unreadable as wrong:
            return Looked(_replace(reading, code=wrong.told))
        wrong_whole = checked.wrong.told if checked.wrong else ""
        code = "DIFFERS_FROM_MANIFEST" if told and _differs(told, self._found, checked) else ""
        counted = _replace(reading, rows=checked.rows, aside=checked.aside, unknown=checked.unknown)
        return Looked(_replace(counted, code=code or wrong_whole), checked.refused)

    # -- whether it is whole --------------------------------------------------------------------

    def _known(self, *, keep: bool = True) -> FileReading:
        """Find what is kept of this version, or begin with it."""
        before = files.get(self._shop.store, self._key)
        if before and before.version == self._found.version:
            return before
        fresh = FileReading(
            name=self._found.place.name,
            till=self._source.till.folder,
            version=self._found.version,
            size=self._found.file.size,
            seen_at=self._shop.clock.now(),
            edition=_edition(before),
            before=_read_last(before),
        )
        return self._put(fresh) if keep else fresh

    def _go_on(self, reading: FileReading) -> FileReading:
        told = self._manifest()
        form = self._form(told)
        if reading.state == "waiting" and told is None and not self._lies_still(reading):
            return reading
        self.read = True
        if reading.state == "waiting":
            reading = self._begin(reading, told, self._checked(form))
        return self._tell(reading, form) if reading.state == "reading" else reading

    def _manifest(self) -> Manifest | None:
        if self._found.file.size > unpacking.LARGEST:
            raise Unreadable("TOO_LARGE")
        return self._shelf.manifest(self._found) if self._source.files.manifest else None

    def _form(self, told: Manifest | None) -> forms.Form:
        till = self._source.till
        store = self._program.store_of(till.source, till.name) or ""
        return forms.form(self._found.place, self._source.files, told, store, self._program)

    def _lies_still(self, reading: FileReading) -> bool:
        """Tell whether a file without a manifest was the same at an earlier look, long enough."""
        now = self._shop.clock.now()
        seen_before = reading.seen_at is not None and reading.seen_at < now
        return seen_before and now - self._found.file.modified >= STILL

    def _checked(self, form: forms.Form) -> Checked:
        return read_through(self._shelf.pieces(self._found.file), form, self._source, self._shop)

    def _drafts(self, form: forms.Form) -> Iterator[Draft]:
        return drafts(self._shelf.pieces(self._found.file), form, self._source, self._shop)

    def _begin(self, reading: FileReading, told: Manifest | None, checked: Checked) -> FileReading:
        """Begin to tell a file that is whole; else wait for it, or refuse it."""
        if told and _differs(told, self._found, checked):
            return self._wait(reading)
        touched = reading.before == checked.sha256
        reading = _replace(reading, sha256=checked.sha256, rows=checked.rows)
        if checked.wrong:
            return self._refuse(reading, checked.wrong, checked.refused)
        if touched:  # uploaded anew, with not a byte changed
            return self._put(_replace(reading, state="done", skipped=reading.rows))
        return self._claim(reading)

    def _wait(self, reading: FileReading) -> FileReading:
        """Wait for the rest of an upload; after some looks it is no upload any more."""
        now = self._shop.clock.now()
        if reading.tries and reading.seen_at and now - reading.seen_at < APART:
            return reading
        if reading.tries + 1 >= TRIES:
            return self._refuse(reading, Unreadable("DIFFERS_FROM_MANIFEST"), ())
        return self._put(_replace(reading, tries=reading.tries + 1, seen_at=now))

    # -- what it tells --------------------------------------------------------------------------

    def _claim(self, reading: FileReading) -> FileReading:
        """Take the content for this name, also from another file that had it.

        That one may be cut off, or corrected since: whoever comes later counts. What of it was told
        already is told again, and is one receipt all the same.
        """
        claimed = FileReading(name=reading.name, state="reading")
        name, begun = content(self._source, reading.sha256), _replace(reading, state="reading")

        def work(unit: Unit) -> FileReading:
            now = files.get(unit, self._key)
            if now and now.version == begun.version and now.state != "waiting":
                return now  # another run has begun: its count goes on
            kept = files.get(unit, name)
            fresh = _replace(begun, again=bool(kept and kept.state == "done"))
            files.put(unit, name, claimed)
            files.put(unit, self._key, fresh)
            return fresh

        return self._shop.store.atomically("ledger", work)

    def _tell(self, reading: FileReading, form: forms.Form) -> FileReading:
        """Tell the receipts that are left, a page at a time, and answer the file at its end."""
        page: list[Draft] = []
        refused: list[Refused] = []
        order = f"{self._found.file.modified.isoformat()} {reading.name}"
        teller = Teller(self._source, reading, order, self._shop)
        for place, draft in enumerate(self._drafts(form)):
            refused += draft.refused
            if place < reading.receipts:
                continue
            page.append(draft)
            if len(page) == self._budget.page:
                reading, page = self._publish(teller, reading, page), []
                if len(reading.late) > answers.MOST:
                    break
                self.more = self._budget.spent(self._shop.clock.now())
                if self.more:
                    return reading
        if page:
            reading = self._publish(teller, reading, page)
        listed = sorted([*refused, *reading.late], key=_row)
        if len(reading.late) > answers.MOST:
            return self._refuse(reading, Unreadable("ROWS_REFUSED"), listed)
        return self._settle(reading, "done", listed)

    def _publish(self, teller: Teller, reading: FileReading, page: list[Draft]) -> FileReading:
        """Publish a page, then keep that it is."""
        till, told = self._source.till, teller.tell(page)
        taken = transaction_ingest.record(
            till.connector, till.account, told.heard, reading.sha256, self._shop
        )
        settled = _replace(
            reading,
            receipts=reading.receipts + len(page),
            accepted=reading.accepted + told.accepted,
            skipped=reading.skipped + told.skipped,
            aside=reading.aside + taken.quarantined,
            unknown=reading.unknown + sum(draft.names_nobody for draft in page),
            late=(reading.late + told.refused)[: answers.MOST + 1],
        )
        return self._shop.store.atomically("ledger", partial(self._move, reading, settled))

    def _move(self, before: FileReading, after: FileReading, unit: Unit) -> FileReading:
        """Keep a step forward, unless another run made it."""
        now = files.get(unit, self._key)
        if now is None or now.version != before.version or now.state != "reading":
            raise TryAgain("another run is done with the file")
        if now.receipts != before.receipts:
            return now
        files.put(unit, self._key, after)
        return after

    # -- how it ends ----------------------------------------------------------------------------

    def _refuse(
        self, reading: FileReading, wrong: Unreadable, refused: Iterable[Refused]
    ) -> FileReading:
        told = {"till": reading.till, "file": reading.name, "code": wrong.code}
        self._shop.log("ERROR", "a file is not taken", **told)
        return self._settle(_replace(reading, code=wrong.told), "refused", list(refused))

    def _settle(
        self,
        reading: FileReading,
        state: Literal["done", "refused"],
        refused: list[Refused] | tuple[()],
    ) -> FileReading:
        """Answer the file, then keep that it is done."""
        now = self._shop.clock.now()
        after = _replace(reading, state=state, rejected=len(refused), settled_at=now)
        place, twin = self._found.place, self._found.twin
        name = place.answer(reading.sha256, reading.edition, twin=twin)
        self._shelf.write(name, answers.answer(place, after, refused))
        if refused and state == "done":
            told = {"till": after.till, "file": after.name, "rejected": len(refused)}
            self._shop.log("WARNING", "rows of a file are not taken", **told)
        self._shop.store.atomically("ledger", partial(self._end, after))
        return after

    def _end(self, after: FileReading, unit: Unit) -> None:
        name = content(self._source, after.sha256)
        kept = files.get(unit, name)
        files.put(unit, self._key, after)
        if kept and kept.name == after.name and after.state == "done":
            files.put(unit, name, _replace(kept, state="done"))

    def _put(self, reading: FileReading) -> FileReading:
        self._shop.store.atomically("ledger", lambda unit: files.put(unit, self._key, reading))
        return reading


def _row(refused: Refused) -> int:
    return refused.row


def _edition(before: FileReading | None) -> int:
    """Count the contents that were settled under a name: each has an answer of its own."""
    if before is None:
        return 0
    return before.edition + (before.state in ("done", "refused"))


def _read_last(before: FileReading | None) -> str:
    """Name the content that was told last and whole; none, once half of another was told since."""
    if before is None or before.state == "reading" or (before.receipts and before.state != "done"):
        return ""
    return before.sha256 if before.state == "done" else before.before


def _differs(told: Manifest, found: Found, checked: Checked) -> bool:
    if (told.bytes, told.sha256) != (found.file.size, checked.sha256):
        return True
    return checked.wrong is None and told.rows != checked.rows
