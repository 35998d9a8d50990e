"""What tills, shops and automations post: verified, put in our words, published, acknowledged.

It decides nothing about points and keeps nothing but what it publishes.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Any, NamedTuple

import msgspec

from loyalty import connectors, identity, phones
from loyalty.connectors.spec import Guest, Heard, Hint, Incoming
from loyalty.counter import claiming
from loyalty.delivery import Shop, outgoing, publish, put_aside
from loyalty.domain.program import Program
from loyalty.domain.transaction import Claim, Refund, Sale, Transaction
from loyalty.errors import Problem, Rejected, VendorRefused
from loyalty.events import TransactionRecorded, encode

EARLIEST = datetime(2001, 1, 1, tzinfo=UTC)
BUDGET = 4.0
"""Seconds to ask the vendor for what a webhook only hinted at, before it gives up on us."""
_replace = msgspec.structs.replace


class Accepted(NamedTuple):
    """What became of a webhook call: how many facts go on, how many were put aside."""

    recorded: int
    quarantined: int


def receive(name: str, account: str, incoming: Incoming, body: Any, shop: Shop) -> Accepted:
    """Take a verified webhook; returns once every fact in it is durable."""
    config = shop.vendors.config(name, account, "read_sale")
    heard = connectors.load(name).webhooks["read_sale"].read(config, incoming, body)
    facts = [fact for each in heard for fact in _facts(name, account, each, shop)]
    _check(facts, name, account, shop)
    return record(name, account, facts, identity.digest(incoming.body), shop)


def record(
    name: str, account: str, heard: Sequence[Heard], digest: str, shop: Shop, *, judged: bool = True
) -> Accepted:
    """Publish facts in our words: from a webhook, a catch-up pull or a file.

    What its sender got wrong is put aside too, unless they were told of it: then it is `judged`.
    """
    program = shop.programs.current().program
    good: list[TransactionRecorded] = []
    aside = 0
    for each in heard:
        event = _event(name, account, each, digest, program, shop)
        rejected = _rejection(event.transaction, program)
        rejected = rejected or (None if judged else _mistake(event, program))
        if rejected:
            put_aside(shop, rejected, encode(event))
            aside += 1
        else:
            good.append(_at_our_store(event, program))
    publish(shop.bus, outgoing(good))
    shop.log.note(store=_stores(good), recorded=len(good), quarantined=aside)
    return Accepted(len(good), aside)


def _stores(events: Sequence[TransactionRecorded]) -> str:
    """Name the stores of the program that these facts are from; nearly always it is one."""
    facts = (event.transaction for event in events)
    return ",".join(sorted({f.store for f in facts if not isinstance(f, Claim)} - {""}))


def look_again(event: TransactionRecorded, shop: Shop) -> TransactionRecorded:
    """Take a fact that was put aside for its store, now that the program may know it.

    Raises Rejected if the program in force still does not.
    """
    program = shop.programs.current().program
    rejected = _rejection(event.transaction, program)
    if rejected:
        raise rejected
    return _at_our_store(event, program)


def _facts(name: str, account: str, heard: Any, shop: Shop) -> list[Heard]:
    if isinstance(heard, Hint):
        return _fetched(name, account, heard, shop)
    return [heard] if isinstance(heard, Heard) else []


def _fetched(name: str, account: str, hint: Hint, shop: Shop) -> list[Heard]:
    try:
        fetched: list[Heard] = shop.vendors.run(name, "fetch_sale", hint, account, BUDGET)
    except VendorRefused as refusal:
        if refusal.word == "credentials":
            told = {"code": "channel-paused", "connector": name}
            shop.log("ERROR", "channel refused our credentials", **told)
        raise
    return fetched


def _event(
    name: str, account: str, heard: Heard, digest: str, program: Program, shop: Shop
) -> TransactionRecorded:
    fact = _replace(heard.transaction, source=name, account=account)
    if isinstance(fact, Sale):
        staff = shop.pepper.hash("staff", fact.staff) if fact.staff else ""
        guest = _identities(name, heard.guest, program, shop)
        guest = guest or (claiming.hashed(fact.receipt_id, shop.pepper),)
        fact = _replace(fact, guest=guest, staff=staff)
    return TransactionRecorded(
        id=event_id(fact), at=shop.clock.now(), subject=fact.receipt_id, transaction=fact,
        digest=digest,
    )  # fmt: skip


def event_id(fact: Transaction) -> str:
    """Name a fact: the same for every delivery of it."""
    if isinstance(fact, Sale):
        return f"sale:{fact.receipt_id}:{fact.revision}"
    if isinstance(fact, Refund):
        return f"refund:{fact.receipt_id}:{fact.id}"
    if isinstance(fact, Claim):
        return f"claim:{fact.receipt_id}:{fact.member}"
    return f"void:{fact.receipt_id}"


def _identities(name: str, guest: Guest, program: Program, shop: Shop) -> tuple[str, ...]:
    """Turn who the till says it was into keyed hashes; what cannot be read is left out."""
    prefix = connectors.load(name).identity
    found = []
    if guest.member:
        found.append(shop.pepper.hash("member", guest.member))
    if guest.card:
        found.append(shop.pepper.hash("card", identity.written(guest.card)))
    if guest.phone and (number := _quietly(phones.e164, guest.phone, program.country)):
        found.append(shop.pepper.hash("phone", number))
    if guest.email and (address := _quietly(identity.email, guest.email)):
        found.append(shop.pepper.hash("email", address))
    if guest.customer and prefix:
        found.append(shop.pepper.hash(prefix, guest.customer))
    return tuple(dict.fromkeys(found))


def _quietly(read: Any, *args: str) -> str:
    """Read an address from a till; a mistyped one makes the guest unknown, not the sale wrong."""
    try:
        return str(read(*args))
    except Problem:
        return ""


def _rejection(fact: Transaction, program: Program) -> Rejected | None:
    """Say why a fact can never be booked as it is. It is kept, and can be replayed once mended."""
    if not isinstance(fact, Sale):
        return None
    store = program.store_of(fact.till, fact.store)
    if store is None:
        return Rejected("unknown-store", "no store of the program has this till")
    if fact.currency != program.currency_of(store):
        return Rejected("currency-mismatch", "the store has another currency")
    return None


def _at_our_store(event: TransactionRecorded, program: Program) -> TransactionRecorded:
    fact = event.transaction
    if isinstance(fact, Claim):
        return event
    store = program.store_of(fact.till, fact.store) or ""
    return _replace(event, transaction=_replace(fact, store=store))


def _check(heard: Sequence[Heard], name: str, account: str, shop: Shop) -> None:
    """Refuse what the sender got wrong and can mend. Raises Problem 422."""
    program, now = shop.programs.current().program, shop.clock.now()
    till = f"{name}.{account}" if account else name
    for each in heard:
        if found := problem_of(each.transaction, till, program, now):
            raise found


def _mistake(event: TransactionRecorded, program: Program) -> Rejected | None:
    """Say what a till that was asked got wrong; there is nobody to answer."""
    fact = event.transaction
    till = f"{fact.source}.{fact.account}" if fact.account else fact.source
    found = problem_of(fact, till, program, event.at)
    return Rejected(found.code.replace("_", "-"), found.title) if found else None


def problem_of(fact: Transaction, till: str, program: Program, now: datetime) -> Problem | None:
    """Say what the sender got wrong about a fact and can mend, if anything."""
    if fact.occurred_at > now + timedelta(days=1):
        return Problem(422, "future_date", "The receipt is from the future.")
    if fact.occurred_at < EARLIEST:
        return Problem(422, "invalid_date", "The receipt is older than any till.")
    store = program.store_of(till, fact.store) if isinstance(fact, Sale) else None
    if isinstance(fact, Sale) and store and fact.currency != program.currency_of(store):
        return Problem(422, "currency_mismatch", "The store has another currency.")
    return None
