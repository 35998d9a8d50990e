"""The command `loyalty`: the program, the ledger and what waits, from a terminal."""

from __future__ import annotations

from typing import Any

import click

from loyalty.cli.campaigns import campaigns
from loyalty.cli.connectors import connectors
from loyalty.cli.deadletters import deadletters
from loyalty.cli.files import files
from loyalty.cli.groups import Group
from loyalty.cli.keys import keys
from loyalty.cli.ledger import verify
from loyalty.cli.member import member
from loyalty.cli.messages import messages
from loyalty.cli.program import program
from loyalty.cli.receipt import explain
from loyalty.cli.reviews import reviews
from loyalty.cli.schedules import schedules
from loyalty.cli.segments import segments
from loyalty.cli.staff import staff
from loyalty.cli.starting import init
from loyalty.cli.store import store
from loyalty.cli.trace import trace
from loyalty.cli.vault import secrets
from loyalty.errors import Problem, Rejected, TryAgain


class _Plainly(Group):
    """Says what went wrong and what to do, without a traceback, and exits with 1."""

    def invoke(self, ctx: click.Context) -> Any:
        """Run a command. Raises ClickException for what a person can put right."""
        try:
            return super().invoke(ctx)
        except TryAgain as again:
            raise click.ClickException(f"Not now: {again}.") from again
        except Problem as problem:
            raise click.ClickException(problem.title) from problem
        except Rejected as rejected:
            raise click.ClickException(f"{rejected.why} ({rejected.code}).") from rejected


@click.group(
    cls=_Plainly, epilog="Example: loyalty init, then loyalty program publish program.yaml"
)
def main() -> None:
    """Look after a loyalty program: its rules, its ledger, and what waits for a person.

    Commands that only look work while the server runs.
    """


for _command in (
    program,
    init,
    verify,
    explain,
    trace,
    member,
    segments,
    campaigns,
    messages,
    deadletters,
    reviews,
    store,
    keys,
    staff,
    secrets,
    files,
    schedules,
    connectors,
):
    main.add_command(_command)
