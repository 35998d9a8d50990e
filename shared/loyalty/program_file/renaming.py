"""What a new version must not do: give receipts that nightly files told other names.

A receipt is known again by its name alone. Under another one, what a till uploads again of earlier
days would earn again.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime, timedelta

from loyalty.domain.nightly import Files, named
from loyalty.domain.program import Program
from loyalty.program_file.checking import Finding

SETTLED = timedelta(hours=48)
"""A version may say how receipts of a day are named if it holds so long before the day's 00:00 UTC.

A day begins earlier in the east, and a till's clock may be a day ahead.
"""
_Till = tuple[str, str]
_Clock = tuple[str, str]


def renamed(new: Program, earlier: Sequence[Program], since: datetime) -> Iterator[Finding]:
    """Tell which tills' receipts would have other names; `earlier` versions, the oldest first."""
    known = {till: files for version in earlier for till, files in _tills(version).items()}
    days = {till: clock for version in earlier for till, clock in _days(version).items()}
    gone = [till for till in known if till not in _tills(new)]
    free = _first_free(since)
    for name, files in new.files.items():
        till = named(name, files)
        if till in known and _counts_otherwise(known[till], files, free):
            yield _renumbered(name, known[till], free)
        elif till in known and _by_another_clock(known[till], files):
            yield _retimed(name, known[till])
        elif till in known and _column(known[till]) != _column(files):
            yield _elsewhere(name, _column(known[till]))
        elif till in known and known[till].numbers_restart and files.numbers_restart:
            yield from _redated(name, files, days, _days(new))
        elif till not in known and gone and files.named is None:
            yield _unnamed(name, till, gone)


def _tills(program: Program) -> dict[_Till, Files]:
    return {named(name, files): files for name, files in program.files.items()}


def _days(program: Program) -> dict[str, _Clock]:
    """Tell when the business day of each till that leaves files turns, and where."""
    sources = {source for source, _ in _tills(program)}
    return {
        till: (program.zone_of(store), program.turn_of(store))
        for store, each in program.stores.items()
        for till in each.tills
        if till.partition(":")[0] in sources
    }


def _first_free(since: datetime) -> str:
    """Find the first day of which no receipt can have been told before an instant."""
    settled = since + SETTLED
    return (settled + timedelta(days=1)).date().isoformat()


def _counts_otherwise(old: Files, new: Files, free: str) -> bool:
    """Tell whether a number of a day before `free` would be another receipt's name."""
    turns = [
        day or "" for f in (old, new) for day in (f.numbers_restart_from, f.numbers_restart_until)
    ]
    days = {day for day in ("", *turns) if day < free}
    return any(old.begins_anew(day) != new.begins_anew(day) for day in days)


def _by_another_clock(old: Files, new: Files) -> bool:
    """Tell whether what was sold at night would be of another day than was said before."""
    clock = old.numbers_restart_at
    return old.numbers_restart and clock is not None and clock != new.numbers_restart_at


def _column(files: Files) -> str:
    return files.columns.get("receipt_no", "receipt_no")


def _elsewhere(name: str, old: str) -> Finding:
    problem = "receipts that were told would have numbers of another column, and be booked again"
    hint = f'leave `receipt_no: "{old}"`, or give another till in its place a name with `named`'
    return Finding(("files", name, "columns"), problem, hint)


def _retimed(name: str, old: Files) -> Finding:
    key = "numbers_restart_at"
    problem = "receipts sold at night would have other names, and be booked again"
    return Finding(("files", name, key), problem, f'write `{key}: "{old.numbers_restart_at}"`')


def _redated(
    name: str, files: Files, old: Mapping[str, _Clock], new: Mapping[str, _Clock]
) -> Iterator[Finding]:
    """Tell where receipts would be of other days: by the zone, or the turn without a clock."""
    source, _ = named(name, files)
    own = [till for till in new if till in old and till.partition(":")[0] == source]
    for at, key in enumerate(("zone", "business_day_turns_at")):
        moved = [till for till in own if old[till][at] != new[till][at]]
        if moved and not (at and files.numbers_restart_at):
            problem = (
                f"its numbers begin anew each day, and with another `{key}` receipts that were"
                " told would be of other days, and be booked again"
            )
            hint = f'leave `{key}: "{old[moved[0]][at]}"` for the store of `{moved[0]}`'
            yield Finding(("files", name, "numbers_restart"), problem, hint)


def _renumbered(name: str, old: Files, free: str) -> Finding:
    key = "numbers_restart"
    problem = "receipts that were told would have other names, and be booked again"
    word = "until" if old.begins_anew(free) else "from"
    hint = f'write `{key}: true` and `{key}_{word}: "{free}"`, or a later day'
    return Finding(("files", name, key), problem, hint)


def _unnamed(name: str, till: _Till, gone: Sequence[_Till]) -> Finding:
    known = " or ".join(f'`named: "{":".join(each)}"`' for each in gone)
    problem = "receipts that another till told would have other names, and be booked again"
    hint = (
        f'write {known} if it goes on with those, or `named: "{":".join(till)}"` if it is another'
    )
    return Finding(("files", name), problem, hint)
