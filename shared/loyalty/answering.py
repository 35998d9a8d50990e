"""Guests who write: BALANCE, REWARDS, REDEEM and JOIN are answered, each text once."""

from __future__ import annotations

from datetime import timedelta

from loyalty import phones
from loyalty.connectors.spec import Reply
from loyalty.counter import quoting, redeeming
from loyalty.counter.quoting import Choice, Given, Takeable
from loyalty.counter.redeeming import Asking
from loyalty.counter.taking import Taking
from loyalty.delivery import Shop, outgoing, publish
from loyalty.domain import calendar, keywords
from loyalty.domain.keywords import Word
from loyalty.errors import Problem
from loyalty.events import NotificationRequested, Said
from loyalty.guests import homes, members
from loyalty.guests.members import Joining
from loyalty.records import Contact, contacts

USEFUL = timedelta(hours=12)
"""An answer that could not leave for so long is dropped."""


def answer(reply: Reply, member: str | None, shop: Shop) -> None:
    """Answer a guest's text, if it is one of our words; a stranger may only join."""
    word = keywords.read(reply.text) if reply.channel == "sms" else None
    if word is None:
        return
    joined = _join(reply, shop) if word.asked == "join" else None
    if joined:
        _ask_to_tell(Said(message="answer:joined"), reply, joined, shop)
    elif member and word.asked != "join":
        _ask_to_tell(_said(word, reply, member, shop), reply, member, shop)


def _join(reply: Reply, shop: Shop) -> str | None:
    """Make a member of who texted JOIN: that is their consent to service texts."""
    try:
        number = phones.e164(reply.address, shop.programs.current().program.country)
    except Problem:
        return None
    joining = Joining(
        name="", phone=number, consents={"sms:service": True}, source="sms", consent_text="JOIN"
    )
    return members.enroll(joining, f"sms:{reply.id}", shop)[0]


def _ask_to_tell(said: Said, reply: Reply, member: str, shop: Shop) -> None:
    now = shop.clock.now()
    request = NotificationRequested(
        id=f"reply:{reply.channel}:{reply.id}", at=now, subject=member, says=(said,),
        version=shop.programs.current().hash, member=member, account=member,
        useful_until=now + USEFUL,
    )  # fmt: skip
    publish(shop.bus, outgoing([request]))


def _said(word: Word, reply: Reply, member: str, shop: Shop) -> Said:
    if word.asked == "redeem" and (before := _redeemed_before(reply, shop)):
        return before
    record, contact = homes.find(shop.store, member), contacts.get(shop.store, member)
    language = _language(contact, shop)
    found = quoting.takeable(record.account, "", language, shop) if record else None
    if found is None:
        return Said(message="answer:joined")
    values = {"points": str(found.points), "list": _listed(found, language)}
    if word.asked == "balance":
        return Said(message="answer:balance", values=values)
    choices = _choices(found)
    if not choices:
        return Said(message="answer:nothing", values=values)
    place = word.number or (1 if len(choices) == 1 else 0)
    if word.asked == "redeem" and 1 <= place <= len(choices):
        return _redeemed(choices[place - 1], reply, member, shop) or _said(
            Word("rewards"), reply, member, shop
        )
    return Said(message="answer:rewards", values=values)


def _language(contact: Contact | None, shop: Shop) -> str:
    languages = shop.programs.current().program.languages
    return contact.language if contact and contact.language in languages else languages[0]


def _choices(found: Takeable) -> list[Choice | Given]:
    return [*found.vouchers, *(choice for choice in found.rewards if not choice.missing)]


def _listed(found: Takeable, language: str) -> str:
    choices = _choices(found)
    if choices:
        told = (
            f"{number} {each.title}" + (f" ({each.points})" if isinstance(each, Choice) else "")
            for number, each in enumerate(choices, 1)
        )
        return ", ".join(told) + "."
    nearest = min(found.rewards, key=lambda each: each.missing, default=None)
    return keywords.upcoming(nearest.missing, nearest.title, language) if nearest else ""


def _redeemed(chosen: Choice | Given, reply: Reply, member: str, shop: Shop) -> Said | None:
    """Set it aside under a code that this text alone gives; None if it is gone meanwhile."""
    nonce = _nonce(reply)
    voucher = chosen.voucher if isinstance(chosen, Given) else ""
    asking = Asking(
        shop.pepper.code(nonce), member, chosen.reward, voucher=voucher, online=True, by="guest"
    )
    try:
        taken = redeeming.hold(asking, shop)
    except Problem:
        return None
    return _told(taken, nonce, shop)


def _redeemed_before(reply: Reply, shop: Shop) -> Said | None:
    """Find what this very text set aside already: it is only told again."""
    try:
        taken = redeeming.look(shop.pepper.code(_nonce(reply)), shop)
    except Problem:
        return None
    return _told(taken, _nonce(reply), shop)


def _nonce(reply: Reply) -> str:
    return f"text:{reply.channel}:{reply.id}"


def _told(taken: Taking, nonce: str, shop: Shop) -> Said:
    zone = shop.programs.current().program.zone
    until = f"{calendar.local(taken.until, zone):%H:%M}"
    words = {"reward": f"reward:{taken.reward}"}
    return Said(message="answer:redeem", values={"nonce": nonce, "until": until}, words=words)
