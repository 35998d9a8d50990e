"""What many commands begin with: the program in force, and a member's history."""

from __future__ import annotations

import click

from loyalty.domain.entry import Entry
from loyalty.domain.program import Version
from loyalty.ports import Clock, Store
from loyalty.programs import Programs
from loyalty.records import EntryRecord, entries, programs


def version(store: Store, clock: Clock) -> Version:
    """Return the version in force now."""
    if not programs.find(store, limit=1):
        raise click.ClickException(
            "No program is published yet. Publish one: `loyalty program publish FILE`."
        )
    return Programs(store, clock).current()


def records(store: Store, member: str) -> list[EntryRecord]:
    """List the documents of all entries of a member; none for nobody."""
    return list(entries.each(store, ("members", "contains", member))) if member else []


def history(store: Store, member: str) -> list[Entry]:
    """List all entries of a member, in the order they were written."""
    found = (each.entry for each in records(store, member) if each.entry)
    return sorted(found, key=lambda entry: entry.seq)
