"""Joining, finding and changing members: people first, then the ledger, then the promise kept."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

import msgspec

from loyalty import identity, timekeeping
from loyalty.delivery import Outcome, Shop, outgoing
from loyalty.domain.account import Account
from loyalty.errors import AlreadyExists, Problem
from loyalty.events import Event, MemberChanged, claimed
from loyalty.guests import homes
from loyalty.ports import Store, Unit
from loyalty.records import (
    Consent,
    ConsentProof,
    Contact,
    Identity,
    Profile,
    account_record,
    accounts,
    consents,
    contacts,
    entries,
    identities,
    profiles,
    suppressions,
)

VENDORS = ("square",)
"""The vendors that have customer ids of their own, by their prefix in our identities."""
_replace = msgspec.structs.replace


class Joining(msgspec.Struct, frozen=True, kw_only=True):
    """What a new member told us, normalized. `consents` maps `sms:service` to yes or no."""

    name: str
    phone: str = ""
    email: str = ""
    birthday: str = ""
    language: str = ""
    store: str = ""
    consents: Mapping[str, bool] = {}
    consent_text: str = ""
    source: str = "api"
    customer: str = ""
    """Who they are to a vendor, as in `square:ABC`."""


def enroll(joining: Joining, key: str, shop: Shop) -> tuple[str, bool]:
    """Make a member, or find the one who has this phone or e-mail; `(member id, is new)`.

    `key` is the caller's idempotency key: the same key is the same member, whenever it comes.
    """
    hashes = _hashes(joining, shop)
    leading = [*hashes, *_customer(joining.customer, shop)]
    known = _owner(leading, shop)
    if known:
        _stop_late(known, joining, hashes, shop)
        return known, False
    member = _free(named(key or hashes[0]), shop)
    now = shop.clock.now()
    _refuse_another(member, joining, shop)
    _write_person(member, joining, hashes, now, shop)
    owner, outcome = shop.store.atomically("ledger", lambda u: _open(u, member, leading, now, shop))
    if owner != member:
        _forget_person(member, shop)
        return owner, False
    _agree_late(member, joining, hashes, shop)
    timekeeping.keep(f"joined:{member}", outcome, shop)
    return member, True


def named(key: str) -> str:
    """Name the member that a key made, or would make."""
    return f"m_{identity.id_from(key)}"


def _free(member: str, shop: Shop) -> str:
    """Name a new member otherwise than one who was erased: nothing may lead back to that one."""
    found = accounts.get(shop.store, member)
    while found and found.closed:
        member = f"m_{identity.id_from(f'after {member}')}"
        found = accounts.get(shop.store, member)
    return member


def _refuse_another(member: str, joining: Joining, shop: Shop) -> None:
    """Refuse a key that already stands for somebody else. Raises Problem 409."""
    known = contacts.get(shop.store, member)
    if known and (known.phone, known.email) != (joining.phone, joining.email):
        raise Problem(409, "idempotency_key_reused", "This key was used for another member.")


def find(
    shop: Shop, *, phone: str = "", email: str = "", card: str = "", customer: str = ""
) -> str | None:
    """Find a member by a normalized phone or e-mail, their card's code, or a vendor's customer id.

    Raises Problem 422 for a vendor that has none.
    """
    given = (("phone", phone), ("email", email), ("card", card))
    hashes = [shop.pepper.hash(kind, value) for kind, value in given if value]
    return _owner([*hashes, *_customer(customer, shop)], shop) or None


def _customer(text: str, shop: Shop) -> list[str]:
    """Hash a vendor's customer id, if one is told."""
    vendor, _, name = text.partition(":")
    if text and (vendor not in VENDORS or not name):
        told = f"customer is VENDOR:ID, of {', '.join(VENDORS)}."
        raise Problem(422, "unknown_vendor", told)
    return [shop.pepper.hash(vendor, name)] if text else []


def card(member: str, shop: Shop) -> str:
    """Make the code on a member's card."""
    return shop.pepper.code(f"card:{member}")


def _hashes(joining: Joining, shop: Shop) -> list[str]:
    given = (("phone", joining.phone), ("email", joining.email))
    return [shop.pepper.hash(kind, value) for kind, value in given if value]


def _owner(hashes: list[str], shop: Shop) -> str:
    found = (identities.get(shop.store, name) for name in hashes)
    return next((each.member for each in found if each and each.member), "")


def _open(
    unit: Unit, member: str, hashes: list[str], now: datetime, shop: Shop
) -> tuple[str, Outcome]:
    """Open the account and take the identities; receipts that waited for them are claimed."""
    own = (shop.pepper.hash("member", member), shop.pepper.hash("card", card(member, shop)))
    names = [*hashes, *own]
    found = {name: identities.get(unit, name) or Identity() for name in names}
    owner = next((each.member for each in found.values() if each.member), "")
    if owner and owner != member:
        return owner, ()
    account = accounts.get(unit, member)
    if account and owner:
        return member, ()
    waiting = sorted({receipt for each in found.values() for receipt in each.waiting})
    events = _claims(unit, member, waiting, now)
    if account is None:
        accounts.put(unit, member, account_record(Account(id=member)))
    for name in names:
        identities.put(unit, name, Identity(member=member))
    outcome = outgoing(events)
    timekeeping.promise(unit, f"joined:{member}", outcome, now)
    return member, outcome


def _claims(unit: Unit, member: str, receipts: list[str], now: datetime) -> list[Event]:
    joined = MemberChanged(
        id=f"joined:{member}", at=now, subject=member, member=member, what="joined"
    )
    return [*claims(unit, member, receipts, now), joined]


def claims(unit: Unit, member: str, receipts: list[str], now: datetime) -> list[Event]:
    """Give a member the receipts that waited for an identity of theirs."""
    records = [entries.get(unit, f"sale:{receipt}") for receipt in receipts]
    sales = [r.receipt.sale for r in records if r and r.receipt and r.receipt.sale]
    told = sorted(sales, key=lambda sale: (sale.occurred_at, sale.receipt_id))
    return [claimed(sale.receipt_id, member, now) for sale in told]


def _write_person(
    member: str, joining: Joining, hashes: list[str], now: datetime, shop: Shop
) -> None:
    """Write profile, contact and consent proofs; an address that said stop before stays blocked."""
    blocked = _blocked(shop.store, joining, hashes)
    zone = shop.programs.current().program.zone_of(joining.store) if joining.store else ""

    def work(unit: Unit) -> None:
        if contacts.get(unit, member) is not None:
            return
        given = {
            name: Consent(given=yes, at=now, source=joining.source, text=joining.consent_text)
            for name, yes in joining.consents.items()
        }
        contact = Contact(
            member=member, name=joining.name, phone=joining.phone, email=joining.email,
            language=joining.language, consents=given, suppressed=blocked, zone=zone, seq=1,
            changed_at=now,
        )  # fmt: skip
        profile = Profile(
            member=member,
            joined_at=now,
            birthday=joining.birthday,
            joined_by=joining.source,
            store=joining.store,
        )
        contacts.create(unit, member, contact)
        profiles.create(unit, member, profile)
        for name, yes in given.items():
            prove(unit, member, name, yes)

    try:
        shop.store.atomically("people", work)
    except AlreadyExists:
        return


def _agree_late(member: str, joining: Joining, hashes: list[str], shop: Shop) -> None:
    """Honor a STOP or START that came while the member was being written, and found nobody."""

    def work(unit: Unit) -> bool:
        contact, blocked = contacts.get(unit, member), _blocked(unit, joining, hashes)
        others = contact.suppressed.items() if contact else ()
        changed = {**{c: why for c, why in others if why != "opted-out"}, **blocked}
        if contact is None or changed == contact.suppressed:
            return False
        contacts.put(unit, member, _replace(contact, suppressed=changed, seq=contact.seq + 1))
        return True

    if shop.store.atomically("people", work):  # whoever they were merged with saw it as it was
        for name in homes.known_as(shop.store, member):
            _stop_late(name, joining, hashes, shop)


def _stop_late(member: str, joining: Joining, hashes: list[str], shop: Shop) -> None:
    """Honor a STOP that a joining which broke off did not come to see: whoever joins again does."""
    blocked = _blocked(shop.store, joining, hashes)

    def work(unit: Unit) -> None:
        contact = contacts.get(unit, member)
        if contact and not blocked.keys() <= contact.suppressed.keys():
            both = {**blocked, **contact.suppressed}
            contacts.put(unit, member, _replace(contact, suppressed=both, seq=contact.seq + 1))

    if blocked:
        shop.store.atomically("people", work)


def _blocked(source: Unit | Store, joining: Joining, hashes: list[str]) -> dict[str, str]:
    channels = [c for c, value in (("sms", joining.phone), ("email", joining.email)) if value]
    found = {c: suppressions.get(source, f"{h}:{c}") for c, h in zip(channels, hashes, strict=True)}
    return {channel: each.why for channel, each in found.items() if each}


def prove(unit: Unit, member: str, name: str, consent: Consent) -> None:
    """Keep proof of a yes or no to `sms:service` and the like."""
    channel, _, purpose = name.partition(":")
    proof = ConsentProof(
        member=member, channel=channel, purpose=purpose, given=consent.given, at=consent.at,
        source=consent.source, text=consent.text,
    )  # fmt: skip
    consents.put(unit, f"{member}:{name}:{consent.at.isoformat()}", proof)


def withdraw_consent(
    unit: Unit, contact: Contact, channel: str, now: datetime, source: str
) -> Contact:
    """Take back every consent on a channel, with proof."""
    changed = dict(contact.consents)
    for name, old in contact.consents.items():
        if name.startswith(f"{channel}:") and old.given:
            changed[name] = Consent(given=False, at=now, source=source)
            prove(unit, contact.member, name, changed[name])
    return _replace(contact, consents=changed)


def _forget_person(member: str, shop: Shop) -> None:
    def work(unit: Unit) -> None:
        contacts.delete(unit, member)
        profiles.delete(unit, member)

    shop.store.atomically("people", work)


def view(member: str, shop: Shop) -> dict[str, Any] | None:
    """Show a member as the API does, with balances as of now."""
    home = homes.find(shop.store, member)
    contact = contacts.get(shop.store, home.person) if home else None
    if home is None or contact is None:
        return None
    account, now = home.account, shop.clock.now()
    return {
        "id": home.person,
        "name": contact.name,
        "phone": contact.phone,
        "email": contact.email,
        "language": contact.language,
        "consents": _holding(contact),
        "points": account.points(now),
        "pending_points": account.pending(now),
        "tier": account.tier,
        "visits": account.totals.visits,
        "lifetime_points": account.totals.points,
        "debt": account.debt,
        "tags": account.tags,
        "segments": account.segments,
        "stage": account.stage,
    }


def _holding(contact: Contact) -> dict[str, tuple[str, ...]]:
    """List by channel what was agreed to and holds: nothing where they said stop."""
    found: dict[str, tuple[str, ...]] = {}
    for name, consent in contact.consents.items():
        channel, _, purpose = name.partition(":")
        holds = consent.given and contact.suppressed.get(channel) != "opted-out"
        found[channel] = (*found.get(channel, ()), *([purpose] if holds else []))
    return found
