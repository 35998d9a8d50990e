"""Rewards handed out by tills without network: tickets for holds, and what became of each.

Whoever tells first has captured the hold. What was handed out for a hold that was over is a loss of
the house, told once for each till; the guest's points know nothing of it.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Literal, NamedTuple

import msgspec

from loyalty import telling, timekeeping
from loyalty.counter import redeeming, taking, tickets
from loyalty.counter.redeeming import Capturing
from loyalty.counter.taking import Open
from loyalty.counter.tickets import Ticket
from loyalty.counter.till_records import Loss
from loyalty.delivery import Outcome, Shop, first_then_look, outgoing
from loyalty.domain import calendar
from loyalty.errors import Problem
from loyalty.ports import Unit
from loyalty.records import entries, losses

LOST = frozenset(
    ["already_captured", "hold_voided", "hold_expired", "voucher_used", "not_at_this_store"]
)
"""Refusals of a capture after which the till has given something away for nothing."""
SLACK = timedelta(days=1)
"""So far a till's clock may be off."""


class HandedOut(NamedTuple):
    """What a till took a ticket for while it was offline.

    `till` tells the till from every other; `value` is what it took off, in minor units.
    """

    ticket: str
    at: datetime
    till: str
    value: int
    receipt: str = ""
    store: str = ""


class Settled(msgspec.Struct, frozen=True, kw_only=True):
    """What became of a ticket: captured, or lost and why.

    `lost` is all that this till lost on this day of its store, of which `limit` is covered; once it
    is `beyond` that, the till takes no more tickets offline on this day.
    """

    hold: str
    state: Literal["captured", "lost"]
    why: str
    day: str
    lost: int
    limit: int
    currency: str
    beyond: bool


def issue(name: str, shop: Shop) -> tuple[str, Ticket]:
    """Write the ticket for a hold. Raises Problem 404, or 409 if there can be none."""
    if not shop.programs.current().program.redeeming.offline_hours:
        raise Problem(409, "no_tickets", "Rewards are not handed out offline here.")
    found = shop.store.atomically("ledger", lambda unit: taking.opened(unit, name, shop))
    if found.state != "held":
        raise Problem(409, "hold_ended", "The reward is not set aside any more.")
    ticket = tickets.of(found.taking(), found.rules.rewards[found.held.reward].stores)
    return tickets.written(ticket, shop.pepper), ticket


def settle(out: HandedOut, shop: Shop) -> Settled:
    """Capture what a till handed out, or book it as lost; told again, it is the same.

    Raises Problem 422 for a ticket that is not ours or a date that cannot be, and 404 or 409 as a
    capture does.
    """
    ticket = tickets.read(out.ticket, shop.pepper)
    if ticket is None:
        raise Problem(422, "invalid_ticket", "This is no ticket of ours.")
    loss, day, act, outcome = first_then_look(
        lambda _: shop.store.atomically("ledger", lambda unit: _settle(unit, ticket, out, shop))
    )
    timekeeping.keep(act, outcome, shop)
    return _told(ticket, loss, day, out, shop)


class _Day(NamedTuple):
    """A day at the store of a till."""

    name: str
    store: str


def _told(ticket: Ticket, loss: Loss | None, day: _Day, out: HandedOut, shop: Shop) -> Settled:
    program = shop.programs.current().program
    found = losses.each(shop.store, ("till", "==", out.till), ("day", "==", day.name))
    lost, limit = sum(each.value for each in found), program.redeeming.offline_loss_limit
    return Settled(
        hold=ticket.hold, state="lost" if loss else "captured", why=loss.why if loss else "",
        day=day.name, lost=lost, limit=limit, currency=program.currency_of(day.store),
        beyond=lost > limit,
    )  # fmt: skip


_Done = tuple[Loss | None, _Day, str, Outcome]


def _settle(unit: Unit, ticket: Ticket, out: HandedOut, shop: Shop) -> _Done:
    name = f"loss:{ticket.hold}:{out.till}"
    if before := losses.get(unit, name):
        return before, _Day(before.day, before.store), name, ()
    found = taking.opened(unit, ticket.hold, shop)
    day = _day(found, out, shop)
    if _was_told(unit, ticket, out):
        return None, day, "", ()
    try:
        act, outcome = _capture(unit, found, out, shop)
    except Problem as problem:
        if problem.code not in LOST:
            raise
        return _lose(unit, ticket, out, day, problem.code, shop)
    return None, day, act, outcome


def _capture(unit: Unit, found: Open, out: HandedOut, shop: Shop) -> tuple[str, Outcome]:
    if found.state == "captured":
        raise Problem(409, "already_captured", "Somebody else has captured it.")
    wish = Capturing(found.held.id, receipt=out.receipt, store=out.store, by=out.till)
    _, act, outcome = redeeming.capture_in(unit, wish, shop)
    return act, outcome


def _was_told(unit: Unit, ticket: Ticket, out: HandedOut) -> bool:
    """Tell whether this very handing-out was captured before: by this till or on its receipt.

    Also if that was taken back since: what is told twice is no loss.
    """
    found = (entries.get(unit, f"{kind}:{ticket.hold}") for kind in ("capture", "recapture"))
    ends = [record.entry for record in found if record and record.entry]
    return any(end.by == out.till or (out.receipt and end.receipt == out.receipt) for end in ends)


def _lose(unit: Unit, ticket: Ticket, out: HandedOut, day: _Day, why: str, shop: Shop) -> _Done:
    name, now, version = f"loss:{ticket.hold}:{out.till}", shop.clock.now(), shop.programs.current()
    loss = Loss(
        hold=ticket.hold, reward=ticket.reward, value=out.value, store=day.store, till=out.till,
        currency=version.program.currency_of(day.store), day=day.name, at=out.at, why=why,
        receipt=out.receipt,
    )  # fmt: skip
    losses.create(unit, name, loss)
    outcome = outgoing(telling.of_loss(name, loss, version, now))
    timekeeping.promise(unit, name, outcome, now)
    return loss, day, name, outcome


def _day(found: Open, out: HandedOut, shop: Shop) -> _Day:
    """Tell whose day it was. Raises Problem 422 if the till's clock cannot be right."""
    if not found.entry.at - SLACK <= out.at <= shop.clock.now() + SLACK:
        raise Problem(422, "wrong_date", "It was not handed out then.")
    program, store = shop.programs.current().program, out.store or found.entry.store
    day = calendar.business_day(out.at, program.zone_of(store), program.turn_of(store))
    return _Day(day, store)
