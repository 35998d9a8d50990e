"""What a member agrees to and how they read, as they change it themselves; with proof."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime
from typing import NamedTuple

import msgspec

from loyalty import timekeeping
from loyalty.delivery import Shop, outgoing
from loyalty.events import MemberChanged
from loyalty.guests import members
from loyalty.ports import Unit
from loyalty.records import Consent, Contact, contacts

_replace = msgspec.structs.replace


class How(NamedTuple):
    """Where somebody agreed, and to which version of the program's words."""

    source: str
    text: str


def agree(member: str, wanted: Mapping[str, bool], how: How, language: str, shop: Shop) -> None:
    """Keep what a member wants of `sms:service` and the like; what stays the same stays."""
    now = shop.clock.now()

    def work(unit: Unit) -> None:
        contact = contacts.get(unit, member)
        if contact is None:
            return
        changed = _changed(contact, wanted, how, now)
        for name, consent in changed.items():
            members.prove(unit, member, name, consent)
        contacts.put(unit, member, _replace(
            contact, consents={**contact.consents, **changed},
            language=language or contact.language, seq=contact.seq + 1, changed_at=now,
        ))  # fmt: skip

    event = MemberChanged(
        id=f"consent:{member}:{now.isoformat()}", at=now, subject=member, member=member,
        what="consent",
    )  # fmt: skip
    announced(event, lambda: shop.store.atomically("people", work), shop)


def _changed(
    contact: Contact, wanted: Mapping[str, bool], how: How, now: datetime
) -> dict[str, Consent]:
    old = {name: bool(known and known.given) for name in wanted
           for known in [contact.consents.get(name)]}  # fmt: skip
    return {
        name: Consent(given=given, at=now, source=how.source, text=how.text if given else "")
        for name, given in wanted.items()
        if given != old[name]
    }


def announced(event: MemberChanged, work: Callable[[], None], shop: Shop) -> None:
    """Change people and tell of it. The promise comes first, as no unit spans both databases.

    Whoever is cut off in between has told of a change that is not there: it makes nobody err.
    """
    outcome, now = outgoing([event]), shop.clock.now()
    shop.store.atomically("ledger", lambda u: timekeeping.promise(u, event.id, outcome, now))
    work()
    timekeeping.keep(event.id, outcome, shop)
