"""Reads a file with campaigns, for the program in force: what is wrong is told all at once."""

from __future__ import annotations

from contextlib import suppress
from typing import cast

import msgspec
from msgspec import inspect as mi

from loyalty.domain.campaigns import Campaign
from loyalty.domain.program import Program
from loyalty.domain.vocabulary import Name, Part
from loyalty.program_file.campaigning import CAMPAIGNING
from loyalty.program_file.checking import Finding
from loyalty.program_file.grouping import GROUPING
from loyalty.program_file.kinds import kind_of
from loyalty.program_file.mistakes import Enough, Found, Mistakes
from loyalty.program_file.reacting import REACTING
from loyalty.program_file.reading import values
from loyalty.program_file.tree import Branch, grow


class _File(Part, frozen=True):
    """What such a file holds: the same key as in a program file."""

    campaigns: dict[Name, Campaign]


def read_campaigns(text: str, program: Program, path: str) -> dict[str, Campaign]:
    """Read campaigns. Raises Mistakes with all that is wrong; `path` names the file in them."""
    found = Found()
    read: _File | None = None
    with suppress(Enough):
        tree = grow(text, found)
        if isinstance(tree, Branch) and (whole := tree.entries.get("engine")):
            hint = "a file of campaigns has the key `campaigns:` alone"
            raise found.stop(("engine",), whole[0].place, "this is a program file", hint)
        if tree is not None:
            kind = kind_of(mi.type_info(_File))
            read = cast("_File", values(kind, tree, found, program.currency))
            for finding in wrong(read.campaigns, program):
                found.add(finding.path, found.place_of(finding.path), *finding[1:3])
    if read is None or found.mistakes:
        raise Mistakes(tuple(sorted(found.mistakes, key=lambda each: each.line)), path)
    return read.campaigns


def wrong(campaigns: dict[str, Campaign], program: Program) -> list[Finding]:
    """List what is wrong with campaigns in a program, or with what they ask of it."""
    asked = msgspec.structs.replace(program, campaigns=campaigns, automations={})
    checks = (*GROUPING, *REACTING, *CAMPAIGNING)
    return [_here(finding) for check in checks for finding in check(asked)]


def _here(finding: Finding) -> Finding:
    """Say of a mistake that stands in the program, and not in this file, where to mend it."""
    if finding.path[0] == "campaigns":
        return finding
    hint = f"{finding.hint}; it stands in the program: mend it there, and publish that first"
    return finding._replace(hint=hint)
