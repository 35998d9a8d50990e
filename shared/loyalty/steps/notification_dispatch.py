"""One message to one person: claimed, then sent outside any unit, then settled."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

import msgspec

from loyalty import capping, forwarding, timekeeping, wording
from loyalty.campaigns import running
from loyalty.connectors.spec import Mail, Sent, StaffNote, Text, Verb
from loyalty.delivery import Outcome, Shop, outgoing
from loyalty.domain import journeys, keywords, messages
from loyalty.domain.messages import Decision
from loyalty.domain.program import Message, Program
from loyalty.errors import AlreadyExists, InDoubt, TryAgain, VendorRefused
from loyalty.events import Event, NotificationRequested
from loyalty.guests import homes, visiting
from loyalty.guests.homes import Home
from loyalty.journeys import celebrating
from loyalty.ports import Unit
from loyalty.records import (
    Claim,
    Contact,
    claims,
    contacts,
    deliveries,
)

HEARS = NotificationRequested
LEASE = timedelta(seconds=30)
"""How long whoever claimed a message has to send it, before another run may look it up."""
DOUBT = timedelta(minutes=10)
"""How long a vendor that cannot be asked has to tell us by itself that it sent a message."""
VERBS: dict[str, Verb] = {"sms": "send_sms", "email": "send_email", "staff": "alert_staff"}
LOOK_UP: dict[str, Verb] = {"sms": "find_sms"}
BLOCKING = ("opted-out", "bad-address")
"""Refusals after which the vendor must not be asked again for this guest."""
_replace = msgspec.structs.replace


def handle(event: Event, shop: Shop) -> Outcome:
    """Send a message once: whoever claims it sends it, and whoever finds a claim looks it up."""
    assert isinstance(event, NotificationRequested)  # noqa: S101 - `deliver` saw to it
    program = shop.programs.named(event.version)
    try:
        claim = _claim(event, program, shop)
    except AlreadyExists:
        claim = _found(event, program, shop)
    if claim and claim.state == "claimed":
        _send(event, claim, program, shop)
    return ()


# -- claiming -----------------------------------------------------------------------------


def _claim(event: NotificationRequested, program: Program, shop: Shop) -> Claim | None:
    """Claim a message in one unit with the consent, the cap and the block that allow it."""
    if event.audience == "staff":
        return _claim_for_staff(event, program, shop)
    if event.audience == "visitor":
        return visiting.claim(event, program, shop)
    whom = forwarding.addressee(event, shop)
    decision, claim = shop.store.atomically(
        "people", lambda unit: _decide(unit, event, whom, program, shop.clock.now())
    )
    if decision.act == "wait" and decision.until:
        _come_back(event, decision.until, shop)
    return claim


def _claim_for_staff(event: NotificationRequested, program: Program, shop: Shop) -> Claim | None:
    names = program.connectors.get("staff", ())
    if not names:
        return None
    claim = Claim(
        message=event.id, channel="staff", connector=names[0], state="claimed", at=shop.clock.now()
    )
    shop.store.atomically("people", lambda unit: claims.create(unit, event.id, claim))
    return claim


def _decide(
    unit: Unit, event: NotificationRequested, whom: str, program: Program, now: datetime
) -> tuple[Decision, Claim | None]:
    contact = contacts.get(unit, whom)
    message = _message(event, program)
    decision = _decision(contact, message, program, now, event.useful_until)
    if decision.act == "wait":
        return decision, None
    vendors = program.connectors.get(decision.channel, ("",))  # type: ignore[call-overload]  # "" is none
    state = "claimed" if decision.act == "send" else "dropped"
    claim = Claim(
        message=event.id,
        channel=decision.channel,
        connector=vendors[0],
        state=state,
        at=now,
        member=whom,
        word=decision.why,
        purpose=message.purpose,
    )
    claims.create(unit, event.id, claim)
    if contact:  # also when it is dropped: who starts again meanwhile is asked anew
        counted = capping.counted(contact, message, program, now) if state == "claimed" else contact
        contacts.put(unit, whom, _replace(counted, seq=contact.seq + 1))
    return decision, claim


def _decision(
    contact: Contact | None, message: Message, program: Program, now: datetime, until: datetime
) -> Decision:
    if contact is None:
        return Decision("drop", why="nobody")
    since = messages.cap_window(program, now)
    guest = messages.Recipient(
        allowed=lambda channel, purpose: may_reach(contact, channel, purpose),
        zone=contact.zone or program.zone,
        marketing_sent=sum(at > since for at in contact.sent),
    )
    return messages.decide(program, message, guest, now, until)


def _message(event: NotificationRequested, program: Program) -> Message:
    """Find the message, with the channels of whoever asks for it."""
    message = keywords.message(program, event.says[0].message)
    return _replace(message, channels=event.channels) if event.channels else message


def may_reach(contact: Contact, channel: str, purpose: str) -> bool:
    """Tell whether a guest agreed to this, has an address there, and nothing blocks it."""
    consent = contact.consents.get(f"{channel}:{purpose}")
    address = contact.phone if channel == "sms" else contact.email
    return bool(consent and consent.given and address and channel not in contact.suppressed)


def _come_back(event: NotificationRequested, at: datetime, shop: Shop) -> None:
    """Have the same request published again at an instant (the timer's key makes it one)."""
    again = outgoing([event])
    shop.store.atomically(
        "ledger", lambda unit: timekeeping.publish_at(unit, event.id, again, at, event.seq)
    )


# -- finding a claim ----------------------------------------------------------------------


def _found(event: NotificationRequested, program: Program, shop: Shop) -> Claim | None:
    """Look at a claim that was there: done, surely not sent, or in doubt."""
    claim = claims.get(shop.store, event.id)
    if claim is None or claim.state not in ("claimed", "waiting"):
        return None
    if claim.state == "waiting":
        return _resume(event, claim, program, shop)
    if told := deliveries.get(shop.store, event.id):
        return _settle(claim, shop, "accepted", provider_id=told.provider_id)
    patience = claim.at + (DOUBT if claim.channel == "email" else LEASE)
    if shop.clock.now() < patience:
        _come_back(event, patience, shop)
        return None
    if claim.channel in LOOK_UP:
        return _look_up(event, claim, program, shop)
    return _resume(event, claim, program, shop)


def _look_up(
    event: NotificationRequested, claim: Claim, program: Program, shop: Shop
) -> Claim | None:
    """Ask the vendor whether the message of a broken run was sent; if not, send it."""
    asked = _argument(event, claim, program, shop)
    if asked is None:
        return _drop(claim, shop, "nobody")
    sent = _ask(shop, claim.connector, LOOK_UP[claim.channel], asked)
    if sent is None:
        return _resume(event, claim, program, shop)
    return _settle(claim, shop, "accepted", provider_id=sent.id)


def _resume(
    event: NotificationRequested, claim: Claim, program: Program, shop: Shop
) -> Claim | None:
    """Take over what was surely not sent, if it may still leave, also to whom its guest is now."""
    ours = claim
    if event.audience == "guest":
        ours = _replace(claim, member=forwarding.addressee(event, shop))
        contact, now = contacts.get(shop.store, ours.member), shop.clock.now()
        contact = capping.uncounted(contact, claim) if contact else None
        decision = _decision(contact, _message(event, program), program, now, event.useful_until)
        if decision.act == "wait" and decision.until:
            _come_back(event, decision.until, shop)
            return None
        if decision.act == "drop":
            return _drop(ours, shop, decision.why)
        if claim.state == "waiting" and decision.channel != claim.channel:  # no vendor was asked
            vendors = program.connectors.get(decision.channel, ("",))  # type: ignore[call-overload]  # "" is none
            ours = _replace(ours, channel=decision.channel, connector=vendors[0])
    return _take_over(claim, ours, shop)


def _take_over(was: Claim, ours: Claim, shop: Shop) -> Claim | None:
    """Make the claim ours, unless another delivery did so first; it counts in the cap as of now."""
    ours = _replace(ours, state="claimed", at=shop.clock.now())

    def work(unit: Unit) -> Claim | None:
        found, contact = claims.get(unit, was.message), contacts.get(unit, ours.member)
        if found != was:
            return None
        claims.put(unit, was.message, ours)
        if contact and ours.purpose == "marketing":
            sent = (*capping.uncounted(contact, was).sent, ours.at)
            contacts.put(unit, ours.member, _replace(contact, sent=sent))  # as many as before
        return ours

    return shop.store.atomically("people", work)


# -- sending ------------------------------------------------------------------------------


def _send(event: NotificationRequested, claim: Claim, program: Program, shop: Shop) -> None:
    """Read relevance and address, call the vendor outside any unit, settle."""
    home = homes.find(shop.store, claim.member) if event.audience == "guest" else None
    why = _irrelevant(event, home, shop) if event.audience == "guest" else ""
    if why == running.PAUSED:
        _settle(claim, shop, "waiting")
        _await_the_owner(event, shop)
        return
    asked = None if why else _argument(event, claim, program, shop)
    why = why or (shop.silence.why(asked.to) if isinstance(asked, Text | Mail) else "")
    if asked is None or why:
        _drop(claim, shop, why or "nobody")
        return
    vendors = program.connectors.get(claim.channel, ())  # type: ignore[call-overload]  # a known channel
    for following in (*vendors[vendors.index(claim.connector) + 1 :], None):
        word = _refusal(claim, asked, shop)
        if word != "refused" or following is None:
            break
        claim = _settle(_replace(claim, connector=following), shop, "claimed")
    if word:
        _fail(claim, word, shop)


def _await_the_owner(event: NotificationRequested, shop: Shop) -> None:
    """Wait until a campaign is resumed, which asks for its messages again, or until it is over.

    Whoever resumed it right now found no timer yet: so this looks once more.
    """
    campaign = event.still.campaign if event.still else ""
    record = running.find(shop.store, campaign)
    _come_back(event, min(record.ends_at if record else event.at, event.useful_until), shop)
    if running.halted(shop.store, campaign, shop.clock.now()) != running.PAUSED:
        _come_back(event, shop.clock.now(), shop)


def _irrelevant(event: NotificationRequested, home: Home | None, shop: Shop) -> str:
    """Say why a guest need not be told any more: they are gone, or the reason is, as of now."""
    if home is None or home.person != home.member:
        return "nobody"
    if event.still is None:
        return ""
    now, program = shop.clock.now(), shop.programs.current().program
    halt = running.halted(shop.store, event.still.campaign, now)
    return halt or journeys.gone(event.still, home.account, program, now)


def _refusal(claim: Claim, asked: Any, shop: Shop) -> str:
    """Call one vendor. Returns the word with which it surely refused, or "" if it is settled."""
    try:
        sent = _ask(shop, claim.connector, VERBS[claim.channel], asked)
    except VendorRefused as refusal:
        return _refused(claim, refusal, shop)
    except InDoubt as doubt:
        raise TryAgain(f"{claim.connector} may have sent it") from doubt
    except TryAgain:
        _settle(claim, shop, "waiting")
        raise
    _settle(claim, shop, "accepted", provider_id=sent.id if sent else "")
    return ""


def _refused(claim: Claim, refusal: VendorRefused, shop: Shop) -> str:
    if refusal.word == "credentials":
        _settle(claim, shop, "waiting", word=refusal.word)
        told = {"code": "channel-paused", "connector": claim.connector}
        shop.log("ERROR", "channel refused our credentials", **told)
        raise TryAgain(f"{claim.connector} refused our credentials")
    return refusal.word


def _ask(shop: Shop, connector: str, verb: Verb, asked: Any) -> Sent | None:
    answer: Sent | None = shop.vendors.run(connector, verb, asked)
    return answer


def _fail(claim: Claim, word: str, shop: Shop) -> None:
    """Settle a refusal; an address that cannot or must not be reached is blocked with it."""
    failed = _replace(claim, state="failed", provider_id="", word=word)

    def work(unit: Unit) -> None:
        if word in BLOCKING:
            _suppress_in(unit, claim.member, claim.channel, word)
        claims.put(unit, claim.message, failed)

    shop.store.atomically("people", work)


def suppress(shop: Shop, member: str, channel: str, why: str) -> None:
    """Never use this channel for this member again, until they say START."""
    shop.store.atomically("people", lambda unit: _suppress_in(unit, member, channel, why))


def _suppress_in(unit: Unit, member: str, channel: str, why: str) -> None:
    contact = contacts.get(unit, member)
    if contact and channel not in contact.suppressed:
        blocked = {**contact.suppressed, channel: why}
        contacts.put(unit, member, _replace(contact, suppressed=blocked, seq=contact.seq + 1))


def _drop(claim: Claim, shop: Shop, why: str) -> Claim:
    dropped = _settle(claim, shop, "dropped", word=why)
    _give_back(claim, shop)
    return dropped


def _give_back(claim: Claim, shop: Shop) -> None:
    """Give a marketing message that was not sent back to the member's cap."""

    def work(unit: Unit) -> None:
        contact = contacts.get(unit, claim.member)
        given = capping.uncounted(contact, claim) if contact else None
        if given and given is not contact:
            contacts.put(unit, claim.member, _replace(given, seq=given.seq + 1))

    if claim.purpose == "marketing":
        shop.store.atomically("people", work)


def _settle(
    claim: Claim, shop: Shop, state: str, *, provider_id: str = "", word: str = ""
) -> Claim:
    settled = _replace(claim, state=state, provider_id=provider_id, word=word)
    shop.store.atomically("people", lambda unit: claims.put(unit, claim.message, settled))
    return settled


# -- what is said -------------------------------------------------------------------------


def _argument(
    event: NotificationRequested, claim: Claim, program: Program, shop: Shop
) -> Text | Mail | StaffNote | None:
    if event.audience == "staff":
        return StaffNote(text=wording.alert(program, event.says[0]), reference=event.id)
    if event.audience == "visitor":
        return visiting.message(event, claim, program, shop)
    contact = contacts.get(shop.store, claim.member)
    if contact is None or not may_reach(contact, claim.channel, claim.purpose):
        return None
    says = tuple(celebrating.dated(said, claim.member, program, shop) for said in event.says)
    return _ARGUMENTS[claim.channel](_replace(event, says=says), claim, contact, program, shop)


def _text(
    event: NotificationRequested, claim: Claim, contact: Contact, program: Program, shop: Shop
) -> Text:
    body = wording.text(program, event.says, contact, shop.pepper)
    return Text(to=contact.phone, body=body, reference=event.id, since=claim.at)


def _mail(
    event: NotificationRequested, claim: Claim, contact: Contact, program: Program, shop: Shop
) -> Mail:
    message = _message(event, program)
    return Mail(
        to=contact.email,
        name=contact.name,
        subject=wording.subject(program, event.says[0], contact, shop.pepper),
        body=wording.text(program, event.says, contact, shop.pepper),
        reference=event.id,
        template=message.email_template,
        values=wording.values(program, event.says[0], contact, shop.pepper),
        marketing=claim.purpose == "marketing",
    )


_ARGUMENTS: dict[str, Callable[..., Text | Mail]] = {"sms": _text, "email": _mail}
