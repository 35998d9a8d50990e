"""Who is meant by what was typed or scanned into one field: a phone, an address, or a code."""

from __future__ import annotations

import re
from typing import NamedTuple

from loyalty import identity, phones
from loyalty.counter import vouching
from loyalty.delivery import Shop
from loyalty.errors import Problem
from loyalty.guests import homes, members
from loyalty.records import entries, identities

LONGEST = 254
_CODE = re.compile(rf"[{identity.LETTERS}]{{8}}")
_MEMBER = re.compile(r"m_[a-z0-9]{1,40}", re.ASCII)


class Found(NamedTuple):
    """A guest, and the hold whose code it was that led to them."""

    member: str
    hold: str = ""


def guest(text: str, shop: Shop) -> Found:
    """Find a guest. Raises Problem 404 if nobody is known by that, also if it can be nobody."""
    plain = identity.clean(text, LONGEST)
    found = _by_code(plain, shop) or _by_address(plain, shop)
    home = homes.find(shop.store, found.member) if found else None
    if found is None or home is None:
        raise Problem(404, "not_found", "Nobody is known by that.")
    return found._replace(member=home.person)


def _by_code(text: str, shop: Shop) -> Found | None:
    """Read it as a code: of a hold, of a voucher, of a card, or as the member's id on it."""
    if _MEMBER.fullmatch(text):
        return Found(text)
    if not _CODE.fullmatch(identity.letters(text)):
        return None
    code = identity.written(text)
    hold = entries.get(shop.store, f"hold:{code}")
    if hold and hold.entry:
        return Found(hold.entry.members[-1], code)
    if voucher := vouching.coded(shop.store, code):
        return Found(voucher.member)
    card = identities.get(shop.store, shop.pepper.hash("card", code))
    return Found(card.member) if card and card.member else None


def _by_address(text: str, shop: Shop) -> Found | None:
    try:
        if "@" in text:
            member = members.find(shop, email=identity.email(text))
        else:
            country = shop.programs.current().program.country
            member = members.find(shop, phone=phones.e164(text, country))
    except Problem:
        return None
    return Found(member) if member else None
