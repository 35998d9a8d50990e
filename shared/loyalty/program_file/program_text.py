"""Reads the text of a program file whole: its form first, then its meaning."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from contextlib import suppress
from datetime import datetime
from functools import partial

from loyalty.domain.program import Program
from loyalty.program_file import giveback, timetable
from loyalty.program_file.campaigning import CAMPAIGNING
from loyalty.program_file.checking import MEANING, Check, Finding
from loyalty.program_file.grouping import GROUPING
from loyalty.program_file.kinds import program_kind
from loyalty.program_file.mistakes import Enough, Found, Mistake, Mistakes
from loyalty.program_file.reacting import REACTING
from loyalty.program_file.reading import values
from loyalty.program_file.renaming import renamed
from loyalty.program_file.tree import grow
from loyalty.program_file.vendors import VENDORS
from loyalty.program_file.wording import WORDING

CHECKS: tuple[Check, ...] = (
    *MEANING,
    *GROUPING,
    *WORDING,
    *REACTING,
    *CAMPAIGNING,
    *VENDORS,
    *timetable.TIMETABLE,
)


def read(text: str, path: str = "program.yaml") -> Program:
    """Read a program. Raises Mistakes with all that is wrong; `path` names the file in them."""
    return _certain(*_examine(text, CHECKS), path)


def reread(text: str, path: str = "program.yaml") -> Program:
    """Read a program that was published before: its form is checked, its meaning was.

    A version in force must stay readable when a later release checks more. Raises Mistakes.
    """
    return _certain(*_examine(text, ()), path)


def follow(text: str, earlier: Sequence[str], since: datetime, path: str = "program.yaml") -> None:
    """Raise Mistakes if a version could not follow those before it, were it in force by then."""
    telling = [reread(each) for each in earlier if "files" in each]
    if telling:
        _certain(*_examine(text, [partial(renamed, earlier=telling, since=since)]), path)


def check(text: str) -> tuple[Mistake, ...]:
    """Return every mistake in the order of the file; if there is none, what to think about."""
    program, found = _examine(text, CHECKS)
    if program and not found.mistakes:
        for finding in (*giveback.warnings(program), *timetable.warnings(program)):
            found.warn(finding.path, finding.problem, finding.hint)
    return _in_order(found)


def _certain(program: Program | None, found: Found, path: str) -> Program:
    if program is None or found.mistakes:
        raise Mistakes(_in_order(found), path)
    return program


def _examine(text: str, checks: Iterable[Check]) -> tuple[Program | None, Found]:
    found = Found()
    with suppress(Enough):
        tree = grow(text, found)
        if tree is not None:
            program: Program = values(program_kind(), tree, found)
            _judge(program, checks, found)
            return program, found
    return None, found


def _judge(program: Program, checks: Iterable[Check], found: Found) -> None:
    # Noted only after all checks: a finding must not hide the next one at the same key, while
    # whatever follows from a value that could not be read is no news.
    findings = [finding for check in checks for finding in check(program)]
    for path, problem, hint, _ in [each for each in findings if _is_news(each, found)]:
        found.add(path, found.place_of(path), problem, hint)


def _is_news(finding: Finding, found: Found) -> bool:
    return not (found.knows(finding.path) or found.knows_above(finding.listed))


def _in_order(found: Found) -> tuple[Mistake, ...]:
    return tuple(sorted(found.mistakes, key=lambda mistake: (mistake.line, mistake.column)))
