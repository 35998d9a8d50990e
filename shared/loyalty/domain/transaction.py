"""What a till tells: a sale, its refunds, a void, and who a receipt belongs to."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import Literal

import msgspec

from loyalty.domain.money import spread

LineKind = Literal["item", "gift_card", "tip", "service", "delivery", "deposit", "donation"]
Channel = Literal["in_store", "app", "online", "delivery"]
BY_HAND = -1
"""The revision of a sale that was keyed in: tills begin with 0."""


class Fact(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What every fact about a receipt has. `account` is "" for a vendor's first account."""

    source: str
    receipt: str
    account: str = ""

    @property
    def till(self) -> str:
        """The connector and account this came through, as in `square` or `square.second`."""
        return f"{self.source}.{self.account}" if self.account else self.source

    @property
    def receipt_id(self) -> str:
        """The receipt's own id across all tills."""
        return f"{self.till}:{self.receipt}"


class Line(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """One line of a receipt. Amounts are minor units, `quantity` thousandths of a piece.

    `amount` is price times quantity before any discount. `included_tax` is the tax inside the
    amount; tax that comes on top of it is not here.
    """

    id: str
    amount: int
    name: str = ""
    sku: str = ""
    category: str = ""
    kind: LineKind = "item"
    quantity: int = 1000
    discount: int = 0
    included_tax: int = 0


class Sale(Fact, frozen=True, kw_only=True, omit_defaults=True, tag_field="kind", tag="sale"):
    """A receipt as its newest revision says.

    `discount`, `reward_discount` (paid with points) and `included_tax` are the parts that the
    till gave for the whole receipt and not yet per line. `total` is what was paid, tax and tip
    included. `guest` holds keyed hashes, the surest first; empty for an anonymous guest.
    """

    revision: int
    store: str
    channel: Channel
    occurred_at: datetime
    currency: str
    lines: tuple[Line, ...]
    total: int
    tip: int = 0
    tax: int = 0
    discount: int = 0
    reward_discount: int = 0
    included_tax: int = 0
    guest: tuple[str, ...] = ()
    staff: str = ""


class RefundLine(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """A line given back: so many thousandths of a piece of the sale's line."""

    line: str
    quantity: int


class Refund(Fact, frozen=True, kw_only=True, omit_defaults=True, tag_field="kind", tag="refund"):
    """Money given back on a receipt: for the lines named, or (none named) for the whole of it."""

    id: str
    amount: int
    occurred_at: datetime
    currency: str = ""
    store: str = ""
    lines: tuple[RefundLine, ...] = ()


class Void(Fact, frozen=True, kw_only=True, omit_defaults=True, tag_field="kind", tag="void"):
    """The whole receipt never was: cancelled at the till.

    With `newest`, only if the till has told of no revision after that one.
    """

    occurred_at: datetime
    store: str = ""
    newest: int | None = None


class Claim(Fact, frozen=True, kw_only=True, omit_defaults=True, tag_field="kind", tag="claim"):
    """A receipt of a guest we did not know belongs to this member."""

    member: str
    occurred_at: datetime


Transaction = Sale | Refund | Void | Claim


def eligible(sale: Sale, excluded_categories: frozenset[str] = frozenset()) -> list[int]:
    """What of each line earns, in minor units: goods after every discount, without tax.

    Tips, service, delivery, deposits, donations and gift-card sales earn nothing. What the till
    took off the whole receipt is shared over its goods by largest remainder.
    """
    goods = [
        max(0, line.amount - line.discount) if line.kind == "item" else 0 for line in sale.lines
    ]
    left = goods
    for whole in (sale.discount, sale.reward_discount, sale.included_tax):
        left = [max(0, rest - part) for rest, part in zip(left, spread(whole, goods), strict=True)]
    return [
        0 if line.category in excluded_categories else max(0, rest - line.included_tax)
        for line, rest in zip(sale.lines, left, strict=True)
    ]


def kept(sale: Sale, amounts: list[int], refunds: Iterable[Refund]) -> list[int]:
    """What is left of each line's eligible amount after all refunds, in any order.

    Lines given back count by quantity. Money given back without lines takes its share of what
    was paid (tip apart) from every line; once nothing paid is left, nothing earns.
    """
    back = list(refunds)
    rest = [
        _kept_line(line, amount, back) for line, amount in zip(sale.lines, amounts, strict=True)
    ]
    paid = sale.total - sale.tip - sum(refund.amount for refund in back if refund.lines)
    free = sum(refund.amount for refund in back if not refund.lines)
    if not free:
        return rest
    if free >= paid:
        return [0] * len(rest)
    return spread(sum(rest) * (paid - free) // paid, rest)


def kept_quantity(line: Line, refunds: Iterable[Refund]) -> int:
    """Thousandths of a piece of this line that the guest kept."""
    back = sum(part.quantity for r in refunds for part in r.lines if part.line == line.id)
    return max(0, line.quantity - back)


def _kept_line(line: Line, amount: int, refunds: list[Refund]) -> int:
    if line.quantity <= 0:
        return amount
    return amount * kept_quantity(line, refunds) // line.quantity
