"""The member API for tills that lose their network: tickets, and what was handed out for them."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Literal

import msgspec
from msgspec import Meta

from loyalty.counter import ticketing, tickets
from loyalty.counter.ticketing import HandedOut, Settled
from loyalty.counter.tickets import Ticket
from loyalty.web import counter_api
from loyalty.web.api import Body, Call, Name, Operation
from loyalty.web.bodies import ReceiptId, Sum


class Told(Body, frozen=True):
    """What a till handed out for a ticket while it was offline."""

    ticket: Annotated[str, Meta(max_length=8_000)]
    at: Annotated[datetime, Meta(tz=True)]
    """When it was handed out, by the till's clock."""
    till: Annotated[str, Meta(pattern=r"^[A-Za-z0-9_.-]{1,40}\Z")]
    """The till's own name: no other till with this key has it."""
    value: Sum
    """What the till took off, also for something for free; it counts if this is a loss."""
    receipt: ReceiptId | Literal[""] = ""
    store: Name | Literal[""] = ""


class Issued(msgspec.Struct, frozen=True, kw_only=True):
    """A ticket to show as a QR code, and what it says."""

    ticket: str
    says: Ticket


class TicketKey(msgspec.Struct, frozen=True, kw_only=True):
    """What a till has to know before it is offline.

    `key` is Ed25519's public key, base64url; a till may lose `limit` (minor units) in a day.
    Tickets last `hours`; if it is 0 there are none.
    """

    key: str
    hours: int
    limit: int
    currency: str


def ticket(call: Call) -> Issued:
    """Give the ticket of a hold: a signed text that an offline till can check."""
    text, says = ticketing.issue(counter_api.look(call).id, call.shop)
    return Issued(ticket=text, says=says)


def ticket_key(call: Call) -> TicketKey:
    """Tell the key that tickets are checked with, and what a till may lose in a day."""
    program = call.shop.programs.current().program
    return TicketKey(
        key=tickets.public_key(call.shop.pepper), hours=program.redeeming.offline_hours,
        limit=program.redeeming.offline_loss_limit, currency=program.currency_of(call.store("")),
    )  # fmt: skip


def settle(call: Call) -> Settled:
    """Tell of a ticket that was taken offline: it is captured, or it is the house's loss."""
    told: Told = call.body
    out = HandedOut(
        ticket=told.ticket, at=told.at, till=f"{call.by}:{told.till}", value=told.value,
        receipt=told.receipt, store=call.store(told.store),
    )  # fmt: skip
    return ticketing.settle(out, call.shop)


OPERATIONS = (
    Operation("GET", "/v1/holds/{id}/ticket", "rewards:write", ticket, {200: Issued},
              problems=(404, 409)),
    Operation("GET", "/v1/tickets/key", "rewards:write", ticket_key, {200: TicketKey}),
    Operation("POST", "/v1/tickets", "rewards:write", settle, {200: Settled}, takes=Told,
              problems=(404, 409, 422)),
)  # fmt: skip
