"""Small parts for domain tests: programs, receipts and accounts as plain values."""

from __future__ import annotations

from datetime import UTC, datetime

import msgspec
from hypothesis import settings

from loyalty.domain.account import Account
from loyalty.domain.entry import Receipt
from loyalty.domain.ledger import Passbook
from loyalty.domain.program import Earning, Expiry, Program, Spend, Store
from loyalty.domain.transaction import Line, Refund, RefundLine, Sale

few = settings(max_examples=40, deadline=None, database=None)
NOON = datetime(2026, 11, 21, 11, 0, tzinfo=UTC)  # noon in Berlin, a Saturday
PER_EURO = Spend(title={"en": "1 point per euro"}, points=1, per=100)
PER_TEN = Spend(title={"en": "1 point per 10 euros"}, points=1, per=1000)


def program(**more):
    rules = more.pop("rules", {"spend": PER_EURO})
    earning = Earning(rules=rules, **more.pop("earning", {}))
    base = {
        "engine": 1, "title": "Cafe", "currency": "EUR", "zone": "Europe/Berlin", "country": "DE",
        "languages": ("en",), "earning": earning,
        "stores": {
            "main": Store(title="Main Street"),
            "far": Store(title="Patan", zone="Asia/Kathmandu"),
        },
    }  # fmt: skip
    return Program(**{**base, **more})


def yearly(**more):
    return program(expiry=Expiry(months=12), **more)


def line(name, amount, **more):
    return Line(id=name, amount=amount, **more)


def sale(amount=1000, **more):
    """One coffee for 10 euros at noon in the main store, unless told otherwise."""
    lines = more.pop("lines", (line("1", amount),))
    base = {
        "source": "generic", "receipt": "r1", "revision": 0, "store": "main",
        "channel": "in_store", "occurred_at": NOON, "currency": "EUR", "lines": tuple(lines),
        "total": sum(each.amount - each.discount for each in lines),
    }  # fmt: skip
    return Sale(**{**base, **more})


def refund(name, amount, lines=None, receipt="r1"):
    parts = tuple(RefundLine(line=k, quantity=q) for k, q in (lines or {}).items())
    return Refund(
        source="generic", receipt=receipt, id=name, amount=amount, occurred_at=NOON, lines=parts
    )


def receipt_of(sold, **more):
    """A receipt just before it is booked for the first time."""
    return Receipt(id=sold.receipt_id, state="posted", sale=sold, member="m", version="v1", **more)


def booked(sold, rules=None, account=None, now=NOON):
    """Book a sale; return the receipt and the open passbook."""
    rules = rules or program()
    book = Passbook(account or Account(id="m"), rules, now)
    receipt = book.book(receipt_of(sold), "sale", f"sale:{sold.receipt_id}", rules, now)
    return receipt, book


def give_back(book, receipt, *refunds):
    """Book refunds, one after the other."""
    for each in refunds:
        known = {**receipt.refunds, each.id: each}
        posted = (*receipt.posted, each.id)
        changed = msgspec.structs.replace(receipt, refunds=known, posted=posted)
        receipt = book.book(changed, "refund", f"refund:{each.id}", book.program, book.now)
    return receipt
