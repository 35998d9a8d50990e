"""Who is signed in on the guest's pages: by a code that they typed, or by a link that they got."""

from __future__ import annotations

import secrets
from contextlib import suppress
from datetime import timedelta

import msgspec

from loyalty import identity, timekeeping
from loyalty.delivery import Shop, outgoing
from loyalty.errors import Problem
from loyalty.events import MemberChanged
from loyalty.friends import referring
from loyalty.guests import codes, members
from loyalty.guests.members import Joining
from loyalty.ports import Unit
from loyalty.records import Link, Session, SignIn, links, profiles, sessions

LASTS = timedelta(days=30)
LINK_LASTS = timedelta(minutes=15)
_replace = msgspec.structs.replace


def new_token() -> str:
    """Make a token for a browser or a link: 256 bits that only its holder has."""
    return secrets.token_urlsafe(32)


def member_of(token: str, shop: Shop) -> str:
    """Tell who is signed in with this token; "" if nobody is."""
    found = sessions.get(shop.store, _name(token)) if token else None
    return found.member if found and found.until > shop.clock.now() else ""


def sign_in(token: str, proved: SignIn, shop: Shop) -> str:
    """Let in who proved an address; who is new becomes a member, and whoever told them is noted.

    Returns the session's token. It derives from the browser's, so that two clicks are one session.
    Raises Problem 410 for a code that was used, unless its session still is.
    """
    session = shop.pepper.hash("session", f"{token}:{proved.asked_at.isoformat()}")
    if proved.done and member_of(session, shop):
        return session
    if proved.done:
        raise Problem(410, "code_over", "This code is used.")
    joining = Joining(
        name=proved.name, phone=proved.phone, email=proved.email, birthday=proved.birthday,
        language=proved.language, store=proved.store, consents=proved.consents,
        consent_text=proved.consent_text, source="page",
    )  # fmt: skip
    member, _ = members.enroll(joining, f"page:{codes.named(token)}:{proved.address}", shop)
    _register(member, proved, shop)
    _befriend(member, proved.friend, shop)
    shop.log.note(subject=member)

    def work(unit: Unit) -> None:
        codes.used(unit, codes.named(token))
        _open(unit, session, member, shop)

    shop.store.atomically("people", work)
    return session


def _register(member: str, proved: SignIn, shop: Shop) -> None:
    """Tell once that a registration is complete: the guest proved an address of theirs.

    Told before it is noted: whoever was cut off in between tells the same event again.
    """
    profile = profiles.get(shop.store, member)
    if profile is None or profile.registered_at:
        return
    name = f"registered:{member}"
    event = MemberChanged(
        id=name, at=proved.asked_at, subject=member, member=member, what="registered"
    )
    outcome, now = outgoing([event]), shop.clock.now()
    shop.store.atomically("ledger", lambda u: timekeeping.promise(u, name, outcome, now))
    timekeeping.keep(name, outcome, shop)

    def work(unit: Unit) -> None:
        found = profiles.get(unit, member)
        if found and not found.registered_at:
            profiles.put(unit, member, _replace(found, registered_at=now))

    shop.store.atomically("people", work)


def _befriend(member: str, friend: str, shop: Shop) -> None:
    """Note who told them of us, and make their own code: their card is only to be looked at."""
    if shop.programs.current().program.referral is None:
        return
    with suppress(Problem):  # a code that cannot be used keeps nobody out
        if friend:
            referring.attribute(member, friend, shop)
    referring.code(member, shop)


def link(member: str, shop: Shop) -> str:
    """Make a link's token, which signs this member in once."""
    token = new_token()
    made = Link(member=member, until=shop.clock.now() + LINK_LASTS)
    shop.store.atomically("people", lambda unit: links.create(unit, _name(token), made))
    return token


def trade(token: str, shop: Shop) -> str:
    """Trade a link's token for a session's. Raises Problem 410 if it is used, old or made up."""
    session = new_token()

    def work(unit: Unit) -> bool:
        found = links.get(unit, _name(token))
        if found is None or found.until <= shop.clock.now():
            return False
        links.delete(unit, _name(token))
        _open(unit, session, found.member, shop)
        return True

    if not shop.store.atomically("people", work):
        raise Problem(410, "link_over", "This link is used or too old.")
    return session


def end(token: str, shop: Shop) -> None:
    """Sign out."""
    shop.store.atomically("people", lambda unit: sessions.delete(unit, _name(token)))


def _open(unit: Unit, token: str, member: str, shop: Shop) -> None:
    opened = Session(member=member, until=shop.clock.now() + LASTS)
    sessions.put(unit, _name(token), opened)


def _name(token: str) -> str:
    return identity.digest(f"session:{token}")
