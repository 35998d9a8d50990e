"""Everything we know of a member, as a copy for themselves."""

from __future__ import annotations

from typing import Any

import msgspec

from loyalty.delivery import Shop
from loyalty.guests import homes, members
from loyalty.records import consents, contacts, entries, partner_links, profiles, sessions, vouchers


def everything(member: str, shop: Shop) -> dict[str, Any]:
    """Collect what both databases hold of a member, in plain values."""
    home = homes.find(shop.store, member)
    names = [name for name in (homes.names(shop.store, home) if home else ()) if name != member]
    return _of(member, shop) | {"before_a_merge": [_of(name, shop) for name in names]}


def _of(member: str, shop: Shop) -> dict[str, Any]:
    store, own = shop.store, ("member", "==", member)
    acts = (r.entry for r in entries.each(store, ("members", "contains", member)) if r.entry)
    return {
        "member": members.view(member, shop),
        "card": members.card(member, shop),
        "contact": _plain(contacts.get(store, member)),
        "profile": _plain(profiles.get(store, member)),
        "consents": [_plain(each) for each in consents.each(store, own)],
        "vouchers": [_plain(each) for each in vouchers.each(store, own)],
        "partners": [_plain(each) for each in partner_links.each(store, own)],
        "signed_in_until": [each.until for each in sessions.each(store, own)],
        "history": [_plain(each) for each in sorted(acts, key=lambda entry: entry.seq)],
    }


def _plain(value: Any) -> Any:
    return msgspec.to_builtins(value)
