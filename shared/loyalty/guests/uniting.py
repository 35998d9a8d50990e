"""Two members found to be one person: the stricter consent of both holds from then on.

Nothing else is taken over: names, addresses and consents to more stay with the member who gave
them, so that the two can part again. What that one is told of is told to the person.
"""

from __future__ import annotations

from datetime import datetime

import msgspec

from loyalty.delivery import Shop
from loyalty.guests import homes, members
from loyalty.ports import Unit
from loyalty.records import Consent, Contact, contacts, links, sessions, timers

OPTED_OUT = "opted-out"
SOURCE = "merge"
_replace = msgspec.structs.replace


def finish(member: str, shop: Shop) -> None:
    """See to the person whose member was merged, and strike the timer out."""
    home, promised = homes.find(shop.store, member), timers.get(shop.store, f"merge:{member}")
    if promised is None:
        return
    if home and home.person != member:
        unite(member, home.person, shop)
    shop.store.atomically("ledger", lambda unit: timers.delete(unit, f"merge:{member}"))


def unite(member: str, person: str, shop: Shop) -> None:
    """Write onto a person what another member of theirs refused; sign that one out."""
    out = [key for kind in (sessions, links) for key in kind.keys(shop.store, "member", member)]
    now = shop.clock.now()

    def work(unit: Unit) -> None:
        mine, other = contacts.get(unit, person), contacts.get(unit, member)
        if mine and other:
            _write(unit, mine, other, now)
        for key in out:
            unit.delete(key)

    shop.store.atomically("people", work)


def _write(unit: Unit, mine: Contact, other: Contact, now: datetime) -> None:
    """Write both, also the one that stays as it is: a STOP of theirs must not go past this."""
    merged = stricter(mine, other, now)
    for name, consent in merged.consents.items():
        if consent != mine.consents.get(name):
            members.prove(unit, mine.member, name, consent)
    contacts.put(unit, mine.member, _replace(merged, seq=mine.seq + 1, changed_at=now))
    contacts.put(unit, other.member, _replace(other, seq=other.seq + 1))


def stricter(mine: Contact, other: Contact, now: datetime) -> Contact:
    """Reach a person as both of their members allow."""
    refused = {name for name, each in other.consents.items() if not each.given}
    consents = {
        name: Consent(given=False, at=now, source=SOURCE)
        if each.given and name in refused else each
        for name, each in mine.consents.items()
    }  # fmt: skip
    stopped = {c: why for c, why in other.suppressed.items() if why == OPTED_OUT}
    sent = tuple(sorted({*mine.sent, *other.sent}))
    return _replace(mine, consents=consents, suppressed={**stopped, **mine.suppressed}, sent=sent)
