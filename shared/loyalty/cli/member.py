"""`loyalty member`: what a member has, now or at any moment before."""

from __future__ import annotations

from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import click
import msgspec

from loyalty import dispatches, identity, phones
from loyalty.cli import current, dispatched, showing
from loyalty.cli.groups import Group
from loyalty.cli.place import Place, place_option
from loyalty.delivery import Shop
from loyalty.domain import rfm
from loyalty.domain.account import Account
from loyalty.domain.entry import Entry
from loyalty.errors import Problem
from loyalty.explaining import told
from loyalty.guests import homes, members
from loyalty.records import Contact, accounts, contacts
from loyalty.recount import rebuilt

LAST = 10
"""So many of the newest entries, and messages, are shown."""


@click.group(cls=Group)
def member() -> None:
    """Look at members."""


@member.command(epilog='Example: loyalty member show +4915112345678 --at "2026-11-21 18:00"')
@click.argument("who", metavar="ID|PHONE|EMAIL")
@click.option("--at", "text", metavar="TIME", help="A moment, by the program's clock.")
@place_option
def show(who: str, text: str | None, place: Place) -> None:
    """Show a member's points, tier, lots, last entries and messages, as of now; or of a moment.

    Of an earlier moment the messages are left out.
    """
    with place.reading() as store:
        zone = current.version(store, place.clock()).program.zone
        at = _moment(text, zone) if text else place.clock().now()
        shop = place.shop(store)
        name = _found(who, shop)
        contact = contacts.get(store, name)
        entries = [entry for entry in current.history(store, name) if entry.at <= at]
        placed = None if text else accounts.get(store, name)
        messages = () if text else dispatches.of_member(name, LAST, store)
        account = rebuilt(name, entries)
        gone = next((entry.at for entry in entries if entry.kind == "erase"), None)
        others = [other for other in account.others if other in homes.here(store, account)]
    _show(contact, msgspec.structs.replace(account, others=tuple(others)), gone, at, zone)
    _show_place(placed.account if placed else None)
    _show_lots(account, at, zone)
    _show_entries(entries, zone)
    if messages:
        dispatched.show(messages, zone)


def _moment(text: str, zone: str) -> datetime:
    """Read a moment, in the program's zone unless it says another."""
    try:
        at = datetime.fromisoformat(text)
    except ValueError:
        raise click.BadParameter(
            f"`{text}` is no time: write it as in `2026-11-21 18:00`.", param_hint="--at"
        ) from None
    return (at if at.tzinfo else at.replace(tzinfo=ZoneInfo(zone))).astimezone(UTC)


def _found(who: str, shop: Shop) -> str:
    """Find a member by id, e-mail or phone."""
    if accounts.get(shop.store, who):
        return who
    try:
        found = _by_address(who, shop)
    except Problem:
        found = None
    if found is None:
        raise click.ClickException(f"There is no member {who}: give an id, a phone or an e-mail.")
    return found


def _by_address(who: str, shop: Shop) -> str | None:
    if "@" in who:
        return members.find(shop, email=identity.email(who))
    return members.find(shop, phone=phones.e164(who, shop.programs.current().program.country))


def _show(
    contact: Contact | None, account: Account, gone: datetime | None, at: datetime, zone: str
) -> None:
    showing.heading(f"Member {account.id}")
    if contact:
        reached = [text for text in (contact.name, contact.phone, contact.email) if text]
        showing.sentence(", ".join(reached) or "without a name or an address")
    showing.facts([
        ("as of", showing.when(at, zone)),
        ("points", account.points(at)),
        ("pending", account.pending(at)),
        ("debt", account.debt),
        ("tier", account.tier or "none"),
        ("visits", account.totals.visits),
        ("lifetime points", account.totals.points),
        *([("erased", showing.when(gone, zone))] if gone else []),
        *([("kept in", account.into)] if account.into else []),
        *([("shared with", ", ".join(account.others))] if account.others else []),
    ])  # fmt: skip


def _show_place(account: Account | None) -> None:
    """Show where a member stands now, as was found last night; of an earlier moment it is lost."""
    if account is None or not (account.tags or account.stage or account.offers):
        return
    named = rfm.class_of(account.rfm)
    showing.facts([
        ("stage", account.stage or "not found out yet"),
        ("class", f"{named} ({account.rfm})" if named else "none"),
        ("segments", ", ".join(account.segments) or "none"),
        ("tags", ", ".join(account.tags) or "none"),
        *([("offers", ", ".join(each.title for each in account.offers))] if account.offers else []),
    ])  # fmt: skip


def _show_lots(account: Account, at: datetime, zone: str) -> None:
    lots = [lot for lot in account.lots if not lot.lapsed(at)]
    if not lots:
        return
    showing.heading("Lots")
    rows = [
        (
            lot.points,
            "now" if lot.spendable(at) else showing.when(lot.available_at or at, zone),
            showing.when(lot.expires_at, zone) if lot.expires_at else "never",
        )
        for lot in lots
    ]
    showing.table((">points", "can be spent from", "lapse at"), rows)


def _show_entries(entries: list[Entry], zone: str) -> None:
    showing.heading(f"Last entries ({min(len(entries), LAST)} of {len(entries)})")
    rows = [
        (
            showing.when(entry.at, zone), entry.kind, f"{entry.points:+d}" if entry.points else "0",
            told(entry), entry.receipt,
        )
        for entry in reversed(entries[-LAST:])
    ]  # fmt: skip
    showing.table(("=when", "act", ">points", "why", "receipt"), rows)
