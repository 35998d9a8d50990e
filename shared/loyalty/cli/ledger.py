"""`loyalty verify`: recount the whole ledger from its entries."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

import click
import msgspec
from rich.console import Console
from rich.progress import Progress

from loyalty import program_file
from loyalty.audit import Audit, Finding, audit
from loyalty.cli import showing
from loyalty.cli.place import Place, place_option
from loyalty.domain.program import Version
from loyalty.errors import TryAgain
from loyalty.ports import Query, Store
from loyalty.programs import on_day
from loyalty.records import ProgramRecord, accounts, entries, programs
from loyalty.stored import PAGE, R, Records, pages

SHOWN = 50
"""So many findings are shown; they often have one cause."""


@click.command(epilog="Example: loyalty verify --data data")
@place_option
def verify(place: Place) -> None:
    """Recount the ledger from its entries.

    Finds what was lost, doubled or altered: every balance, lot, debt, total and receipt is worked
    out again. Exits with 1 if anything does not add up. Works while the server runs: it looks at
    one moment.
    """
    with place.reading() as store, _progress() as progress:
        recount = _Recount(store, progress)
        result = recount.run()
    over = f"{result.entries} entries, {result.accounts} accounts, {result.points} points"
    if result.findings:
        _show(result.findings)
        found = showing.number(len(result.findings), "finding")
        raise click.ClickException(f"the ledger does not add up: {found} in {over}")
    showing.line(f"ledger adds up: {over}")


class _Recount:
    """Reads everything there is to recount; what cannot even be read is a finding too."""

    def __init__(self, store: Store, progress: Progress) -> None:
        self._store = store
        self._progress = progress
        self._unreadable: list[Finding] = []

    def run(self) -> Audit:
        listed = [_version(record) for record in self._all(programs, "programs")]
        listed.sort(key=lambda version: version.effective_from)

        def sitting(day: str) -> int | None:
            return on_day(listed, day).program.visits.sitting if listed else None

        result = audit(self._all(entries, "entries"), self._all(accounts, "accounts"), sitting)
        return result._replace(findings=(*self._unreadable, *result.findings))

    def _all(self, kind: Records[R], name: str) -> Iterator[R]:
        total = self._store.count(Query(kind.collection))
        documents = pages(self._store, Query(kind.collection, limit=PAGE))
        for number, document in self._progress.track(documents, total, description=name):
            try:
                record = kind.read(document)
            except (msgspec.ValidationError, TryAgain) as error:
                what = f"document {number} of {kind.collection}"
                self._unreadable.append(Finding("", what, "can be read", str(error)))
            else:
                yield from [record] if record else []


def _version(record: ProgramRecord) -> Version:
    program = program_file.reread(record.text)
    return Version(hash=record.hash, effective_from=record.effective_from, program=program)


def _progress() -> Progress:
    """Show a bar on a terminal, and nothing in a file or a pipe."""
    console = Console(stderr=True)
    return Progress(console=console, transient=True, disable=not console.is_terminal)


def _show(findings: Iterable[Finding]) -> None:
    listed = list(findings)
    before = ["", *(finding.account for finding in listed)]
    rows = [
        ("" if finding.account == account else finding.account, *finding[1:])
        for account, finding in zip(before, listed, strict=False)
    ]
    showing.table(("account", "what", "by the entries", "found"), rows[:SHOWN])
    if len(listed) > SHOWN:
        showing.line(f"... and {len(listed) - SHOWN} more")
