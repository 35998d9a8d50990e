"""`loyalty campaigns`: start, look at, pause, resume and stop what runs between two instants."""

from __future__ import annotations

import getpass
from collections.abc import Callable, Iterator
from datetime import datetime
from pathlib import Path

import click

from loyalty import program_file
from loyalty.campaigns import budgeting, campaigning, commissioning, previewing
from loyalty.campaigns.campaign_records import CampaignRecord, Comparison
from loyalty.campaigns.previewing import Preview
from loyalty.cli import current, dispatched, showing
from loyalty.cli.groups import Group
from loyalty.cli.place import Command, Place, place_option
from loyalty.cli.segments import NOBODY_YET, nobody_is_placed
from loyalty.delivery import Shop
from loyalty.domain import uplift
from loyalty.domain.campaigns import Campaign, Cost, instant
from loyalty.domain.money import show as in_money
from loyalty.domain.program import Program
from loyalty.ports import Store
from loyalty.program_file.campaign_text import read_campaigns
from loyalty.records import campaigns as kept

FILE = click.Path(exists=True, dir_okay=False, path_type=Path)
Change = Callable[[str, str, Shop], CampaignRecord]


@click.group(cls=Group)
def campaigns() -> None:
    """Run campaigns: messages and gifts for some guests, from one instant to another."""


def _by_option(command: Command) -> Command:
    asked = click.option(
        "--by", default=getpass.getuser, metavar="NAME", help="Who asks.  [default: your login]"
    )
    return asked(command)


@campaigns.command(epilog="Example: loyalty campaigns preview spring.yaml")
@click.argument("file", type=FILE)
@place_option
def preview(file: Path, place: Place) -> None:
    """Tell whom the campaigns in FILE would reach, and what they may cost; nothing is begun."""
    with place.reading() as store:
        program = current.version(store, place.clock()).program
        _show_previews(_read(file, program, store), program, store, place)


@campaigns.command(epilog="Example: loyalty campaigns start spring.yaml --by Maya")
@click.argument("file", type=FILE)
@click.option("--yes", is_flag=True, help="Start without asking.")
@_by_option
@place_option
def start(file: Path, by: str, place: Place, *, yes: bool) -> None:
    """Show what the campaigns in FILE would do, ask, and have each begin at its time.

    FILE has a key `campaigns:`, written as in a program file.
    """
    with place.writing() as store:
        program = current.version(store, place.clock()).program
        found = _read(file, program, store, " Nothing was started.")
        _show_previews(found, program, store, place)
        if not yes:
            click.confirm("Start?", abort=True)
        for name, campaign in found.items():
            record = commissioning.start(name, campaign, by, place.shop(store))
            showing.line(f"{name} begins {showing.when(record.starts_at, program.zone)}.")


@campaigns.command("list", epilog="Example: loyalty campaigns list")
@place_option
def list_(place: Place) -> None:
    """List all campaigns, the newest first."""
    with place.reading() as store:
        zone = current.version(store, place.clock()).program.zone
        found = sorted(kept.each(store), key=lambda each: each.starts_at, reverse=True)
    if not found:
        showing.line("There are no campaigns: start one with `loyalty campaigns start FILE`.")
        return
    rows = [
        (each.id, each.state, showing.when(each.starts_at, zone), showing.when(each.ends_at, zone),
         each.told, each.held)
        for each in found
    ]  # fmt: skip
    showing.table(("=campaign", "state", "starts", "ends", ">told", ">held out"), rows)


@campaigns.command(epilog="Example: loyalty campaigns show spring")
@click.argument("name")
@place_option
def show(name: str, place: Place) -> None:
    """Show how far the campaign NAME is, what it sent and spent, and what happened to it."""
    with place.reading() as store:
        program = current.version(store, place.clock()).program
        record = kept.get(store, name)
        if record is None:
            raise click.ClickException(f"There is no campaign {name}: see loyalty campaigns list.")
        spent = budgeting.spent(store, name)
        offered = budgeting.of_offer(store, name)
        messages = dispatched.of_campaign(record, store)
    showing.heading(f"{name}: {record.state}")
    showing.facts([
        ("starts", showing.when(record.starts_at, program.zone)),
        ("ends", showing.when(record.ends_at, program.zone)),
        ("guests", _begun(record)),
        ("told", record.told),
        ("held out", record.held),
        *dispatched.counts(messages),
        ("points", f"at {record.level} percent"),
        *_spent(record, spent, offered, program),
    ])  # fmt: skip
    if record.came:
        _show_what_came(record.came, program)
    rows = [(showing.when(each.at, program.zone), each.what, each.by) for each in record.notes]
    showing.table(("=when", "what happened", "by"), rows)


def _begun(record: CampaignRecord) -> str:
    """Say whether every guest is begun whom the campaign is for."""
    if not record.begun:
        return "not all begun yet"
    if any(note.what == campaigning.TOO_LITTLE for note in record.notes):
        return "those begun for whom the budget sufficed, not the others"
    if any(note.what.startswith("takes no more guests") for note in record.notes):
        return "no more are taken: the budget would not suffice"
    most = record.campaign.guests_at_most
    return f"begun: {most}, and no more" if record.told == most else "all begun"


def _spent(
    record: CampaignRecord, spent: Cost, offered: int, program: Program
) -> Iterator[tuple[str, object]]:
    """Say what was spent of a budget; what none limits is not counted."""
    budget = record.campaign.budget
    if budget.points is not None:
        yield "spent of its points", f"{spent.points} of {budget.points}"
    if budget.money is not None:
        money = (in_money(each, program.currency) for each in (spent.money, budget.money))
        yield "spent of its money", " of ".join(money)
    if record.campaign.offer:
        counted = budget.points is not None or budget.money is not None
        gave = f", gave {offered} points of the budget" if counted else ""
        yield "its offer", f"at {record.offer} percent{gave}"


def _show_what_came(came: Comparison, program: Program) -> None:
    """Show both arms side by side, and what can be said of the difference."""

    def money(amount: int | None) -> str:
        sign = "-" if amount is not None and amount < 0 else ""
        return f"{sign}{in_money(abs(amount or 0), program.currency)}"

    showing.heading(f"What came of it by {showing.when(came.at, program.zone)}")
    rows = [
        (name, arm.guests, arm.buyers, arm.visits, money(arm.spend), money(arm.per_head))
        for name, arm in (("told", came.told), ("held out", came.held))
    ]
    showing.table(("=arm", ">guests", ">buyers", ">visits", ">spend", ">per head"), rows)
    found = uplift.compared(came.told, came.held)
    if found.difference is None:
        showing.sentence(f"Whether it made a difference: {found.verdict}.")
        return
    bounds = f"between {money(found.low)} and {money(found.high)}, 95 times in 100"
    told = f"{money(found.difference)} per head is the difference, {bounds}: {found.verdict}."
    showing.sentence(told)


@campaigns.command(epilog="Example: loyalty campaigns pause spring --by Maya")
@click.argument("name")
@_by_option
@place_option
def pause(name: str, by: str, place: Place) -> None:
    """Hold the campaign NAME: nothing of it is done or sent until it is resumed."""
    _change(commissioning.pause, name, by, place)


@campaigns.command(epilog="Example: loyalty campaigns resume spring --by Maya")
@click.argument("name")
@_by_option
@place_option
def resume(name: str, by: str, place: Place) -> None:
    """Let the paused campaign NAME go on; what waits for it too."""
    _change(commissioning.resume, name, by, place)


@campaigns.command(epilog="Example: loyalty campaigns stop spring --by Maya")
@click.argument("name")
@_by_option
@place_option
def stop(name: str, by: str, place: Place) -> None:
    """Stop the campaign NAME for good: what has not left is never sent."""
    _change(commissioning.stop, name, by, place)


def _change(change: Change, name: str, by: str, place: Place) -> None:
    with place.writing(call=f"/v1/campaigns/{name}/{change.__name__}") as store:
        record = change(name, by, place.shop(store))
    showing.line(f"{name} is {record.state}.")


def _show_previews(
    found: dict[str, Campaign], program: Program, store: Store, place: Place
) -> None:
    now = place.clock().now()
    rows = [
        _row(name, previewing.preview(name, each, store, now), program)
        for name, each in found.items()
    ]
    columns = ("=campaign", ">told", ">held out", "difference", ">points", ">cost", "budget")
    showing.table(columns, rows)
    for name, each in found.items():
        showing.line(f"{name} {_runs(each, program, now)}")
        if each.segments and nobody_is_placed(store):
            showing.line(f"{name} is for segments. {NOBODY_YET}")


def _runs(campaign: Campaign, program: Program, now: datetime) -> str:
    """Say when a campaign runs: a wrong month is seen here."""
    starts, ends = (instant(at, program.zone) for at in (campaign.starts, campaign.ends))
    first, last = (showing.when(at, program.zone) for at in (starts, ends))
    if ends <= now:
        return "would have ended already: give it a later time."
    begins = f"begins at once: {first} is over" if starts <= now else f"begins {first}"
    return f"{begins}, and ends {last} ({program.zone})."


def _row(name: str, told: Preview, program: Program) -> tuple[object, ...]:
    money = in_money(told.cost.money, program.currency)
    kept_to = "does not suffice" if told.lowered else "suffices"
    return name, told.told, told.held, told.verdict, told.cost.points, money, kept_to


def _read(file: Path, program: Program, store: Store, besides: str = "") -> dict[str, Campaign]:
    """Read a file of campaigns, for the program in force; say so if another one is about to be."""
    try:
        return read_campaigns(file.read_text("utf-8"), program, str(file))
    except UnicodeDecodeError:
        raise click.ClickException(f"{file} is not UTF-8 text. Save it as UTF-8.") from None
    except program_file.Mistakes as mistakes:
        for mistake in mistakes.mistakes:
            showing.line(f"{file}:{mistake}")
        waits = current.newest(store) != program
        later = " by the program in force; a newer one holds within minutes" if waits else ""
        raise click.ClickException(f"This is wrong{later}.{besides}") from None
