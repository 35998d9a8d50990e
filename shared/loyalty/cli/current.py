"""What many commands begin with: the program in force, and a member's history."""

from __future__ import annotations

import click

from loyalty.domain.entry import Entry
from loyalty.domain.program import Version
from loyalty.ports import Clock, Store
from loyalty.programs import Programs
from loyalty.records import entries, programs


def version(store: Store, clock: Clock) -> Version:
    """Return the version in force now."""
    if not programs.find(store, limit=1):
        raise click.ClickException(
            "No program is published yet. Publish one: `loyalty program publish FILE`."
        )
    return Programs(store, clock).current()


def history(store: Store, member: str) -> list[Entry]:
    """List all entries of a member, in the order they were written."""
    found = entries.each(store, ("members", "contains", member))
    return sorted((each.entry for each in found if each.entry), key=lambda entry: entry.seq)
