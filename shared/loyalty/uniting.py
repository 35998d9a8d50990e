"""Two members found to be one person: how they are reached from then on.

The stricter consent holds, whichever of the two gave it. What the first left out is taken from
the other, whose own record stays for the day on which they part again.
"""

from __future__ import annotations

from datetime import datetime

import msgspec

from loyalty import members
from loyalty.delivery import Shop
from loyalty.ports import Unit
from loyalty.records import Consent, Contact, Profile, contacts, links, profiles, sessions

OPTED_OUT = "opted-out"
SOURCE = "merge"
_replace = msgspec.structs.replace


def unite(member: str, person: str, shop: Shop) -> None:
    """Write onto a person what another member of theirs agreed to and told; sign that one out."""
    out = [key for kind in (sessions, links) for key in kind.keys(shop.store, "member", member)]
    now = shop.clock.now()

    def work(unit: Unit) -> None:
        mine, other = contacts.get(unit, person), contacts.get(unit, member)
        told, before = profiles.get(unit, person), profiles.get(unit, member)
        if mine and other:
            _write(unit, mine, other, now)
        if told and before:
            profiles.put(unit, person, _profile(told, before))
        for key in out:
            unit.delete(key)

    shop.store.atomically("people", work)


def _write(unit: Unit, mine: Contact, other: Contact, now: datetime) -> None:
    merged = stricter(mine, other, now)
    if merged == mine:
        return
    for name, consent in merged.consents.items():
        if consent.source == SOURCE and consent != mine.consents.get(name):
            members.prove(unit, mine.member, name, consent)
    contacts.put(unit, mine.member, _replace(merged, seq=mine.seq + 1, changed_at=now))


def stricter(mine: Contact, other: Contact, now: datetime) -> Contact:
    """Reach a person as both of their members allow, at the addresses of either."""
    refused = {name for name, each in other.consents.items() if not each.given}
    own = {
        name: Consent(given=False, at=now, source=SOURCE)
        if each.given and name in refused else each
        for name, each in mine.consents.items()
    }  # fmt: skip
    taken = {channel for channel, here, there in (
        ("sms", mine.phone, other.phone), ("email", mine.email, other.email),
    ) if there and not here}  # fmt: skip
    theirs = {n: each for n, each in other.consents.items() if n.split(":")[0] in taken}
    stopped = {channel: why for channel, why in other.suppressed.items()
               if why == OPTED_OUT or channel in taken}  # fmt: skip
    return _replace(
        mine, name=mine.name or other.name, phone=mine.phone or other.phone,
        email=mine.email or other.email, language=mine.language or other.language,
        zone=mine.zone or other.zone, consents={**theirs, **own},
        suppressed={**stopped, **mine.suppressed}, sent=tuple(sorted({*mine.sent, *other.sent})),
    )  # fmt: skip


def _profile(mine: Profile, other: Profile) -> Profile:
    first = min((mine, other), key=lambda each: each.joined_at)
    return _replace(
        mine, joined_at=first.joined_at, joined_by=first.joined_by, store=first.store,
        birthday=mine.birthday or other.birthday,
        registered_at=mine.registered_at or other.registered_at,
    )  # fmt: skip
