"""What vendors call back: receipts of delivery, bounces, and guests who write STOP or START."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from typing import Any

import msgspec

from loyalty import answering, connectors, identity, phones
from loyalty.connectors.spec import STATES, Delivery, Incoming, Reply
from loyalty.delivery import Shop, outgoing, publish
from loyalty.errors import Problem
from loyalty.events import MemberChanged
from loyalty.guests import homes, members
from loyalty.ports import Unit
from loyalty.records import (
    Contact,
    DeliveryRecord,
    Suppression,
    claims,
    contacts,
    deliveries,
    suppressions,
)
from loyalty.steps.notification_dispatch import BLOCKING, suppress

STOP, START = "stop", "start"
ON_ITS_WAY = ("accepted", "sent")
_replace = msgspec.structs.replace


def receive(name: str, account: str, incoming: Incoming, body: Any, shop: Shop) -> int:
    """Take a verified callback and do what it says; returns how many things it said."""
    config = shop.vendors.config(name, account, "read_feedback")
    heard = connectors.load(name).webhooks["read_feedback"].read(config, incoming, body)
    for each in heard:
        _hear(each, shop)
    shop.log.note(messages=[each.reference for each in heard if isinstance(each, Delivery)])
    return len(heard)


def _hear(feedback: Any, shop: Shop) -> None:
    if isinstance(feedback, Delivery) and feedback.reference:
        _delivered(feedback, shop)
    elif isinstance(feedback, Reply) and feedback.keyword in (STOP, START):
        _keyword(feedback, shop)
    elif isinstance(feedback, Reply) and feedback.keyword is None:
        answering.answer(feedback, _member(feedback, shop), shop)


def _delivered(told: Delivery, shop: Shop) -> None:
    """Move a message's state forward, never back; a dead or unwilling address is blocked."""
    if told.state in ON_ITS_WAY and _settled(told, shop):
        return

    def work(unit: Unit) -> None:
        old = deliveries.get(unit, told.reference)
        if old and STATES.index(old.state) >= STATES.index(told.state):
            return
        record = DeliveryRecord(
            message=told.reference, state=told.state, at=shop.clock.now(), provider_id=told.id,
            word=told.word or "",
        )  # fmt: skip
        deliveries.put(unit, told.reference, record)

    shop.store.atomically("people", work)
    if told.word in BLOCKING:
        claim = claims.get(shop.store, told.reference)
        if claim:
            suppress(shop, claim.member, claim.channel, told.word)


def _settled(told: Delivery, shop: Shop) -> bool:
    """Tell whether we know already that the vendor took it: what is on its way is no news then."""
    claim = claims.get(shop.store, told.reference)
    return bool(claim and claim.state == "accepted")


def _keyword(reply: Reply, shop: Shop) -> None:
    """STOP blocks the channel and takes consent back; START lifts the block, not more."""
    name = _identity(reply, shop)
    if name is None:
        return
    people = _people(reply, shop)
    block = partial(_block, reply=reply, name=name, shop=shop)
    shop.store.atomically("people", partial(block, people=people))
    now = _people(reply, shop)
    if now and now != people:  # joined, or was found to be another one, at this very moment
        people = now
        shop.store.atomically("people", partial(block, people=people))
    for member in people[:1]:
        changed = MemberChanged(
            id=f"consent:{member}:{reply.channel}:{reply.id}", at=shop.clock.now(), subject=member,
            member=member, what="consent",
        )  # fmt: skip
        publish(shop.bus, outgoing([changed]))


def _identity(reply: Reply, shop: Shop) -> str | None:
    address = _address(reply, shop)
    if address is None:
        return None
    kind = "phone" if reply.channel == "sms" else "email"
    return f"{shop.pepper.hash(kind, address)}:{reply.channel}"


def _address(reply: Reply, shop: Shop) -> str | None:
    try:
        if reply.channel == "sms":
            return phones.e164(reply.address, shop.programs.current().program.country)
        return identity.email(reply.address)
    except Problem:
        return None


def _member(reply: Reply, shop: Shop) -> str | None:
    address = _address(reply, shop) or ""
    if reply.channel == "sms":
        return members.find(shop, phone=address)
    return members.find(shop, email=address)


def _people(reply: Reply, shop: Shop) -> list[str]:
    """Name whoever is reached at an address, and whom it was before: they may part again."""
    member, address = _member(reply, shop), _address(reply, shop)
    home = homes.find(shop.store, member) if member else None
    before = [name for name in (homes.names(shop.store, home) if home else ()) if name != member]
    known = ((name, contacts.get(shop.store, name)) for name in before)
    theirs = [name for name, each in known if each and address in (each.phone, each.email)]
    return [member, *theirs] if member else []


def _block(unit: Unit, reply: Reply, name: str, people: Sequence[str], shop: Shop) -> None:
    suppressions.get(unit, name)  # a START and a STOP at one moment meet here
    known = [contacts.get(unit, member) for member in people]
    now = shop.clock.now()
    for contact in filter(None, known):
        changed = (
            _stopped(unit, contact, reply, shop)
            if reply.keyword == STOP
            else _started(contact, reply)
        )
        if changed != contact:  # whoever tells it again finds it done
            contacts.put(
                unit, contact.member, _replace(changed, seq=contact.seq + 1, changed_at=now)
            )
    if reply.keyword == STOP:
        suppressions.put(unit, name, Suppression(at=now, why="opted-out"))
    else:
        suppressions.delete(unit, name)


def _stopped(unit: Unit, contact: Contact, reply: Reply, shop: Shop) -> Contact:
    source = f"reply:{reply.channel}"
    changed = members.withdraw_consent(unit, contact, reply.channel, shop.clock.now(), source)
    return _replace(changed, suppressed={**contact.suppressed, reply.channel: "opted-out"})


def _started(contact: Contact, reply: Reply) -> Contact:
    rest = {c: why for c, why in contact.suppressed.items() if c != reply.channel}
    return _replace(contact, suppressed=rest)
