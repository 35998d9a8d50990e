"""What many commands begin with: the program in force, and a member's history."""

from __future__ import annotations

import click

from loyalty import program_file
from loyalty.domain.entry import Entry
from loyalty.domain.program import Program, Version
from loyalty.ports import Clock, Store
from loyalty.programs import Programs
from loyalty.records import EntryRecord, entries, programs

_NONE = "No program is published yet. Publish one: `loyalty program publish FILE`."


def version(store: Store, clock: Clock) -> Version:
    """Return the version in force now."""
    if not programs.find(store, limit=1):
        raise click.ClickException(_NONE)
    return Programs(store, clock).current()


def newest(store: Store) -> Program:
    """Return the program that was published last, which holds soon."""
    listed = programs.find(store, order="effective_from", limit=1000)
    if not listed:
        raise click.ClickException(_NONE)
    return program_file.reread(listed[-1].text)


def records(store: Store, member: str) -> list[EntryRecord]:
    """List the documents of all entries of a member; none for nobody."""
    return list(entries.each(store, ("members", "contains", member))) if member else []


def history(store: Store, member: str) -> list[Entry]:
    """List all entries of a member, in the order they were written."""
    found = (each.entry for each in records(store, member) if each.entry)
    return sorted(found, key=lambda entry: entry.seq)
