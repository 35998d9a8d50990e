"""Sales keyed in by hand while the till is down, and receipts that are put on a guest's account.

What is keyed in is older than anything the till itself tells of the same receipt: it counts until
the till does, and never beside it.
"""

from __future__ import annotations

import re
from datetime import datetime
from typing import NamedTuple

from loyalty.connectors.generic_body import MOST
from loyalty.connectors.spec import Guest, Heard
from loyalty.delivery import Shop, outgoing, publish
from loyalty.domain.entry import Receipt
from loyalty.domain.program import Program
from loyalty.domain.transaction import BY_HAND, Line, Sale, Void
from loyalty.errors import Problem
from loyalty.events import claimed
from loyalty.records import entries
from loyalty.steps import transaction_ingest

SOURCE = "generic"
_NUMBER = re.compile(r"[A-Za-z0-9_.:-]{1,128}", re.ASCII)


class Till(NamedTuple):
    """A till of a store that any program may speak for: its account, and its name there."""

    account: str
    location: str

    @property
    def name(self) -> str:
        """What its receipts' ids begin with."""
        return f"{SOURCE}.{self.account}" if self.account else SOURCE


class KeyedIn(NamedTuple):
    """A sale as somebody typed it: `once` makes it one, however often it is sent."""

    once: str
    member: str
    store: str
    amount: int
    number: str
    by: str


def till_of(program: Program, store: str) -> Till | None:
    """Find the till of a store through which sales can be keyed in."""
    for name in program.stores[store].tills if store in program.stores else ():
        till, _, location = name.partition(":")
        source, _, account = till.partition(".")
        if source == SOURCE:
            return Till(account, location)
    return None


def key_in(sale: KeyedIn, shop: Shop) -> str:
    """Tell of a sale; return its receipt's id. Raises Problem 409 or 422 if it cannot be."""
    program = shop.programs.current().program
    till = till_of(program, sale.store)
    if till is None:
        told = "This store has no generic till in the program, so no sale can be keyed in here."
        raise Problem(409, "no_generic_till", told)
    if not 0 < sale.amount <= MOST:
        raise Problem(422, "amount_sign", "No till takes such an amount.")
    fact = _sale(sale, till, program, shop.clock.now())
    _refuse_another(fact, shop)
    heard = Heard(transaction=fact, guest=Guest(member=sale.member))
    transaction_ingest.record(SOURCE, till.account, [heard], "", shop)
    return fact.receipt_id


def _sale(sale: KeyedIn, till: Till, program: Program, now: datetime) -> Sale:
    return Sale(
        source=SOURCE, account=till.account, receipt=_number(sale.number) or f"by-hand:{sale.once}",
        revision=BY_HAND, store=till.location, channel="in_store", occurred_at=now,
        currency=program.currency_of(sale.store), total=sale.amount, staff=sale.by,
        lines=(Line(id=sale.once, amount=sale.amount),),
    )  # fmt: skip


def _number(text: str) -> str:
    """Read a receipt's number. Raises Problem 422 for what no till can have told."""
    plain = "".join(text.split())
    if plain and not _NUMBER.fullmatch(plain):
        raise Problem(422, "invalid_id", "A receipt's number has letters, digits, - . : and _.")
    return plain


def _refuse_another(fact: Sale, shop: Shop) -> None:
    """Refuse a receipt that is known already, unless it is this very sale sent twice."""
    known = entries.get(shop.store, f"sale:{fact.receipt_id}")
    sale = known.receipt.sale if known and known.receipt else None
    if sale and sale.lines != fact.lines:
        told = "There is a receipt with this number already: attach it, or leave the number out."
        raise Problem(409, "receipt_used", told)


def take_back(receipt: str, store: str, shop: Shop) -> None:
    """Void a sale that was keyed in. Raises Problem 409 if the till has told of it since."""
    program, now = shop.programs.current().program, shop.clock.now()
    till, known = till_of(program, store), entries.get(shop.store, f"sale:{receipt}")
    sale = known.receipt.sale if known and known.receipt else None
    if till is None or (sale and sale.revision != BY_HAND):
        raise Problem(409, "receipt_used", "The till has told of this receipt: void it there.")
    number = receipt.removeprefix(f"{till.name}:")
    void = Void(
        source=SOURCE, account=till.account, receipt=number, occurred_at=now, store=till.location,
        newest=BY_HAND,
    )  # fmt: skip
    transaction_ingest.record(SOURCE, till.account, [Heard(transaction=void)], "", shop)


def attach(number: str, member: str, store: str, shop: Shop) -> str:
    """Put a receipt of this store that is nobody's yet on a guest's account; return its id.

    Raises Problem 404 if the store has no such receipt, 409 if it is somebody else's.
    """
    receipt = known(number, store, shop)
    if receipt.member not in ("", member):
        raise Problem(409, "receipt_used", "The receipt belongs to another guest.")
    if not receipt.member:
        publish(shop.bus, outgoing([claimed(receipt.id, member, shop.clock.now())]))
    return receipt.id


def known(number: str, store: str, shop: Shop) -> Receipt:
    """Find a receipt that a till of this store told of, by its number. Raises Problem 404."""
    for receipt in _told(number, store, shop):
        if receipt.sale and receipt.sale.store == store:
            return receipt
    raise Problem(404, "not_found", "This store has no such receipt.")


def receipt_id(number: str, store: str, shop: Shop) -> str:
    """Name a receipt of this store by its number, also before its till has told of it; "" for none.

    Raises Problem 404 if it is of another store.
    """
    if not _number(number):
        return ""
    known = _told(number, store, shop)
    here = [receipt for receipt in known if receipt.sale is None or receipt.sale.store == store]
    if known and not here:
        raise Problem(404, "not_found", "This store has no such receipt.")
    return here[0].id if here else next(iter(_ids(number, store, shop)), "")


def _ids(number: str, store: str, shop: Shop) -> list[str]:
    """List the ids that a receipt of this number may have, one for each till of the store."""
    known = shop.programs.current().program.stores.get(store)
    tills = dict.fromkeys(name.partition(":")[0] for name in (known.tills if known else ()))
    return [f"{till}:{_number(number)}" for till in tills]


def _told(number: str, store: str, shop: Shop) -> list[Receipt]:
    found = (entries.get(shop.store, f"sale:{name}") for name in _ids(number, store, shop))
    return [record.receipt for record in found if record and record.receipt]
