"""What must hold for messages after every schedule: sent once, by consent, none forgotten."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterator
from datetime import datetime, timedelta

import msgspec

from infra.simulator.last_look import needless
from infra.simulator.vendors import Asked, Taken
from infra.simulator.world import World
from loyalty.connectors.spec import StaffNote, Text
from loyalty.domain import calendar
from loyalty.events import decode
from loyalty.records import Claim, Contact, claims, contacts
from loyalty.steps.notification_dispatch import BLOCKING, may_reach

AGAIN = ("email", "staff")
"""Whose vendors cannot be asked what became of a message: it leaves again after a broken run."""
PROMOTION = "marketing"
DONE = ("accepted", "failed", "dropped")


def watch(world: World, asked: Asked) -> None:
    """Look at each message at the instant at which its vendor is asked to send it.

    What its guest wants is what was known at the last look, right before that.
    """
    claim, name = claims.get(world.store, asked.reference), asked.reference
    if claim is None or claim.state != "claimed":
        world.wrong.append(f"{name} was sent without a claim")
    elif not isinstance(asked, StaffNote):
        body = world.looked.get(contacts.key(claim.member))
        contact = msgspec.json.decode(body, type=Contact) if body else None
        willing = contact and may_reach(contact, claim.channel, claim.purpose)
        stopped, unwilling = world.refused
        if not willing or asked.to in stopped | (
            unwilling if claim.purpose == PROMOTION else frozenset()
        ):
            world.wrong.append(f"{name} was sent against the guest's will")
        quiet = world.shop.programs.current().program.sending.quiet_hours
        if calendar.within(world.clock.now(), "Europe/Berlin", quiet.start, quiet.end):
            world.wrong.append(f"{name} was sent in quiet hours")
        world.wrong += (f"{name} was sent {why}" for why in needless(world, asked))


def leaves_once(world: World, _: World) -> Iterator[str]:
    """No message leaves twice, unless its run broke and its vendor cannot be asked."""
    left = Counter((taken.reference, _channel(taken)) for taken in world.vendors.outbox)
    for (reference, channel), times in left.items():
        if times > 1 + (world.broken[reference] if channel in AGAIN else 0):
            yield f"{reference} left {times} times by {channel}"


def _channel(taken: Taken) -> str:
    return "staff" if taken.to == "staff" else taken.channel


def settles_every_message(world: World, _: World) -> Iterator[str]:
    """Every message that was asked for is sent, refused or dropped, and never forgotten."""
    sent = {taken.reference for taken in world.vendors.outbox}
    bodies = [body for topic, body in world.bus.published if topic == "notification-requested"]
    for event in map(decode, bodies):
        claim = claims.get(world.store, event.id)
        if claim is None or claim.state not in DONE or claim.word == "credentials":
            yield f"{event.id} is {claim.state if claim else 'forgotten'}"
        elif claim.state == "accepted" and event.id not in sent and not _was_said(world, event.id):
            yield f"{event.id} was never sent"


def _was_said(world: World, message: str) -> bool:
    """Tell whether its guest got these very words by another message.

    Who looks for a text at its vendor knows it only by its words: the other is taken for it.
    """
    asked, took = world.vendors.asked.get(message), world.vendors.outbox
    return isinstance(asked, Text) and (asked.to, asked.body) in {(m.to, m.body) for m in took}


class _Register:
    """What was known of each guest when each message was claimed."""

    def __init__(self, world: World) -> None:
        self._world = world
        self._contacts: dict[str, Contact] = {}
        self._blocked: set[tuple[str, str]] = set()
        self._counted: defaultdict[str, dict[str, datetime]] = defaultdict(dict)

    def change(self, contact: Contact) -> None:
        """Learn of a contact; whoever is no longer blocked wrote START."""
        old = self._contacts.get(contact.member)
        lifted = (old.suppressed if old else {}).keys() - contact.suppressed.keys()
        self._blocked -= {(contact.member, channel) for channel in lifted}
        self._contacts[contact.member] = contact

    def claim(self, claim: Claim, *, new: bool) -> Iterator[str]:
        """Learn of a claim; say what is wrong with a new one."""
        counted = self._counted[claim.member]
        if new and claim.state == "claimed" and claim.member:
            yield from self._wrong(claim)
            counted |= {claim.message: claim.at} if claim.purpose == "marketing" else {}
        if claim.state == "dropped":
            counted.pop(claim.message, None)
        if claim.word in BLOCKING:
            self._blocked.add((claim.member, claim.channel))

    def _wrong(self, claim: Claim) -> Iterator[str]:
        contact = self._contacts.get(claim.member)
        blocked = (claim.member, claim.channel) in self._blocked
        if blocked or not contact or not may_reach(contact, claim.channel, claim.purpose):
            yield f"{claim.message} was claimed against the guest's will"
        sending = self._world.shop.programs.at(claim.at).program.sending
        since = claim.at - timedelta(days=sending.cap_days)
        before = sum(at > since for at in self._counted[claim.member].values())
        if claim.purpose == "marketing" and before >= sending.marketing_cap:
            yield f"{claim.message} was claimed beyond the cap"


def claims_by_consent(world: World, _: World) -> Iterator[str]:
    """A message is claimed only within the cap and while its guest agrees and is not blocked."""
    register = _Register(world)
    for commit in world.commits:
        written = [write for write in commit.writes if write.body]
        for write in written:
            if write.key.collection == contacts.collection:
                register.change(msgspec.json.decode(write.body, type=Contact))
        for write in written:
            if write.key.collection == claims.collection:
                claim = msgspec.json.decode(write.body, type=Claim)
                yield from register.claim(claim, new=write.kind == "create")
