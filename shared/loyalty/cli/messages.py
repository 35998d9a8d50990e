"""`loyalty messages`: one switch that stops every message to guests."""

from __future__ import annotations

import getpass

import click

from loyalty import silence
from loyalty.campaigns.campaign_records import Switch
from loyalty.cli import current, showing
from loyalty.cli.groups import Group
from loyalty.cli.place import Command, Place, place_option
from loyalty.records import switches


@click.group(cls=Group)
def messages() -> None:
    """Stop every message to guests at once, or let them go again. Alerts to the team still go."""


def _by_option(command: Command) -> Command:
    asked = click.option(
        "--by", default=getpass.getuser, metavar="NAME", help="Who says so.  [default: your login]"
    )
    return asked(command)


@messages.command(epilog='Example: loyalty messages stop --why "a wrong price" --by Maya')
@click.option("--why", default="", help="What went wrong: name nobody.")
@_by_option
@place_option
def stop(why: str, by: str, place: Place) -> None:
    """Stop all messages to guests, within seconds; what would have left is dropped for good."""
    _turn(place, by, why, stopped=True)
    showing.line("All messages to guests are stopped. Let them go with `loyalty messages resume`.")


@messages.command(epilog="Example: loyalty messages resume --by Maya")
@_by_option
@place_option
def resume(by: str, place: Place) -> None:
    """Let messages to guests go again: those from now on, none that was dropped."""
    _turn(place, by, "", stopped=False)
    showing.line("Messages to guests go again.")


@messages.command(epilog="Example: loyalty messages show")
@place_option
def show(place: Place) -> None:
    """Show whether messages to guests are stopped, since when, by whom and why."""
    with place.reading() as store:
        found = switches.get(store, silence.NAME)
        zone = current.version(store, place.clock()).program.zone
    if found is None or not found.stopped:
        showing.line("Messages to guests go.")
        return
    since = showing.when(found.at, zone)
    showing.facts([("stopped", since), ("by", found.by), ("why", found.why)])


def _turn(place: Place, by: str, why: str, *, stopped: bool) -> None:
    call = f"/v1/messages/{'stop' if stopped else 'resume'}"
    with place.writing(call=call) as store:
        silence.turn(store, Switch(stopped=stopped, at=place.clock().now(), by=by, why=why))
