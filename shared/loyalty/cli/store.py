"""`loyalty store`: the stores of the program."""

from __future__ import annotations

import click

from loyalty.cli import current, showing
from loyalty.cli.groups import Group
from loyalty.cli.place import Place, place_option


@click.group(cls=Group)
def store() -> None:
    """Look at the stores of the program."""


@store.command("list", epilog="Example: loyalty store list")
@place_option
def list_(place: Place) -> None:
    """List stores with their zone, currency, turn of the business day, and tills."""
    with place.reading() as reader:
        program = current.version(reader, place.clock()).program
    rows = [
        (
            name, each.title, program.zone_of(name), program.currency_of(name),
            program.turn_of(name), each.tills or "none",
        )
        for name, each in program.stores.items()
    ]  # fmt: skip
    showing.table(("store", "title", "=zone", "currency", "turn", "=tills"), rows)
