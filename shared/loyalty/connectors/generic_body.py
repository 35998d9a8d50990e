"""The JSON that any till can send us, and how a mistake in it is answered.

Types are strict: amounts are whole minor units, never `"10"`, `10.0` or `true`. Fields we do not
know are ignored. A mistake is told by its place and a code, never by what was sent.
"""

from __future__ import annotations

import re
from datetime import datetime
from decimal import Decimal
from typing import Annotated, Any

import msgspec
from msgspec import Meta

from loyalty.domain.transaction import Channel, LineKind
from loyalty.errors import Problem

MOST = 2**53 - 1  # beyond it JavaScript, and so many a till, no longer counts exactly
_FIRST_YEAR, _END_YEAR = 2000, 2100

# `\Z`, since `$` would let a line break pass at the end.
_OF_AN_ID = "at most 128 letters, digits, _, ., : and -"
Id = Annotated[str, Meta(pattern=r"^[A-Za-z0-9_.:-]{1,128}\Z", description=_OF_AN_ID)]
MaybeId = Annotated[str, Meta(pattern=r"^[A-Za-z0-9_.:-]{0,128}\Z", description=_OF_AN_ID)]
_NO_CONTROLS = r"^[^\x00-\x1f\x7f-\x9f]*\Z"
Text = Annotated[str, Meta(max_length=200, pattern=_NO_CONTROLS)]
Phone = Annotated[str, Meta(max_length=32, pattern=_NO_CONTROLS)]
Email = Annotated[str, Meta(max_length=254, pattern=_NO_CONTROLS)]
Location = Annotated[str, Meta(max_length=128, pattern=r"^[^\x00-\x1f\x7f-\x9f]+\Z")]
Currency = Annotated[str, Meta(pattern=r"^[A-Z]{3}\Z")]
Amount = Annotated[int, Meta(ge=-MOST, le=MOST)]
"""Minor units. Below zero is read, to be refused in words of its own."""
Moment = Annotated[datetime, Meta(tz=True)]
Quantity = (
    Annotated[int, Meta(ge=1, le=10**9)]
    | Annotated[str, Meta(pattern=r"^(?=.*[1-9])[0-9]{1,9}(\.[0-9]{1,3})?\Z")]
)
"""Pieces: a whole number, or a decimal text with at most three places."""


class Line(msgspec.Struct, frozen=True, kw_only=True):
    """One line of a sale. `amount` is price times quantity before any discount."""

    amount: Amount
    id: MaybeId = ""
    """Its position, from 1, if left out."""
    name: Text = ""
    sku: Text = ""
    category: Text = ""
    kind: LineKind = "item"
    quantity: Quantity = 1
    discount: Amount = 0
    included_tax: Amount = 0
    """The tax inside the amount, where the till knows it per line; not read beside `tax`."""


class GuestData(msgspec.Struct, frozen=True, kw_only=True):
    """Who the guest is, by whatever the till knows."""

    phone: Phone = ""
    email: Email = ""
    customer: MaybeId = ""
    member: MaybeId = ""
    card: MaybeId = ""


class SaleData(msgspec.Struct, frozen=True, kw_only=True):
    """A receipt as it is now. Without lines the whole of it counts as one line of goods."""

    receipt: Id
    store: Location
    occurred_at: Moment
    currency: Currency
    total: Amount
    revision: Annotated[int, Meta(ge=0, le=MOST)] = 0
    channel: Channel = "in_store"
    tip: Amount = 0
    tax: Amount = 0
    tax_included: bool = False
    """Whether the lines' amounts hold the tax, or it comes on top of them."""
    discount: Amount = 0
    """Taken off the receipt as a whole."""
    reward_discount: Amount = 0
    """Of the same kind, but paid with points."""
    lines: Annotated[tuple[Line, ...], Meta(max_length=500)] = ()
    guest: GuestData = GuestData()
    staff: Text = ""


class ReturnedLine(msgspec.Struct, frozen=True, kw_only=True):
    """So many pieces of one of the sale's lines."""

    line: Id
    quantity: Quantity = 1


class RefundData(msgspec.Struct, frozen=True, kw_only=True):
    """Money given back, above zero; without lines, on the receipt as a whole."""

    refund: Id
    receipt: Id
    amount: Amount
    occurred_at: Moment
    currency: Currency | None = None
    store: Location | None = None
    lines: Annotated[tuple[ReturnedLine, ...], Meta(max_length=500)] = ()


class VoidData(msgspec.Struct, frozen=True, kw_only=True):
    """A receipt that never was."""

    receipt: Id
    occurred_at: Moment
    store: Location | None = None


class Event(msgspec.Struct, frozen=True, kw_only=True, tag_field="type"):
    """What all bodies have. The time is that of the message, not of the sale."""

    timestamp: Moment


class SaleCompleted(Event, frozen=True, kw_only=True, tag="sale.completed"):
    """A sale was paid, or changed after that (then with a higher revision)."""

    data: SaleData


class SaleRefunded(Event, frozen=True, kw_only=True, tag="sale.refunded"):
    """Money went back."""

    data: RefundData


class SaleVoided(Event, frozen=True, kw_only=True, tag="sale.voided"):
    """A sale was cancelled as a whole."""

    data: VoidData


class TestPing(Event, frozen=True, kw_only=True, tag="test.ping"):
    """Somebody tries the line."""


Body = SaleCompleted | SaleRefunded | SaleVoided | TestPing

_PLACE = re.compile(r" - at `(\$[^`]*)`\Z")
_FIELD = re.compile(r"\AObject missing required field `([a-z_]+)`")
# msgspec tells a mistake in English; where that quotes a value, only its beginning is looked at.
_CODES: tuple[tuple[str, str], ...] = (
    ("Object missing required field", "missing"),
    ("Invalid enum value", "invalid_value"),
    ("Invalid value", "unknown_type"),
    ("Invalid RFC3339", "invalid_date"),
    ("Expected `datetime", "invalid_date"),
    ("Expected `str` matching regex '^[^", "invalid_text"),
    ("Expected `str` matching regex '^[A-Z]", "invalid_currency"),
    ("Expected `str` matching regex '^(?", "invalid_quantity"),
    ("Expected `str` matching regex", "invalid_id"),
    ("Expected `str` of length", "too_long"),
    ("Expected `array` of length", "too_many"),
    ("Expected `int` >", "out_of_range"),
    ("Expected `int` <", "out_of_range"),
    ("Expected `int`, got `float`", "invalid_number"),
    ("Expected `int`, got `decimal`", "invalid_number"),
    ("Expected `int | str`, got `float`", "invalid_number"),
    ("Expected `int | str`, got `decimal`", "invalid_number"),
    ("Expected", "invalid_type"),
)


def convert(body: Any) -> Body:
    """Turn parsed JSON into a body. Raises Problem 400 that names the first mistake."""
    if not isinstance(body, dict):
        raise Problem(400, "invalid_body", "The body is not a JSON object.")
    try:
        read: Body = msgspec.convert(body, Body)
    except msgspec.ValidationError as error:  # its text may quote a value
        raise problem([mistake(str(error))]) from None
    return read


def problem(mistakes: list[tuple[str, str]], status: int = 400) -> Problem:
    """Make the answer to mistakes; the first one's code is that of the whole."""
    return Problem(status, mistakes[0][1], "The body cannot be accepted.", tuple(mistakes))


def thousandths(quantity: Quantity) -> int:
    """Count thousandths of a piece."""
    return int(Decimal(quantity) * 1000)


def in_time(moment: datetime) -> bool:
    """Tell whether an instant can be that of a sale."""
    return _FIRST_YEAR <= moment.year < _END_YEAR


def mistake(message: str) -> tuple[str, str]:
    """Tell the place and the code of a mistake from how msgspec tells it, without any value."""
    place, field = _PLACE.search(message), _FIELD.search(message)
    path = f"{place[1] if place else '$'}{f'.{field[1]}' if field else ''}"
    code = next((code for start, code in _CODES if message.startswith(start)), "invalid_body")
    return path, code
