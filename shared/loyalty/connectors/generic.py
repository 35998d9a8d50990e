"""Any till that can post JSON: our own form, signed the Standard Webhooks way.

`sale.completed`, `sale.refunded`, `sale.voided` and `test.ping`; the fields are in
`generic_body`. A sale that changes is sent again with a higher `revision`.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

from loyalty.connectors import signing
from loyalty.connectors.card_data import card_numbers
from loyalty.connectors.generic_body import (
    MOST,
    Line,
    RefundData,
    ReturnedLine,
    SaleCompleted,
    SaleData,
    SaleRefunded,
    SaleVoided,
    VoidData,
    convert,
    in_time,
    problem,
    thousandths,
)
from loyalty.connectors.spec import Config, Connector, Guest, Heard, Incoming, Setting, Webhook
from loyalty.domain import transaction
from loyalty.domain.transaction import Refund, RefundLine, Sale, Void

Mistakes = Iterator[tuple[str, str]]


def verify(config: Config, incoming: Incoming) -> bool:
    """Accept what is signed with the secret, or with the one before it, in the last minutes."""
    secrets = config.secrets("webhook_secret")
    return signing.standard_webhooks(secrets, incoming.headers, incoming.body, incoming.now)


def read_sale(config: Config, _: Incoming, body: Any) -> list[Heard]:
    """Read a webhook's body."""
    return facts(config, body)


def facts(config: Config, body: Any) -> list[Heard]:
    """Read one body, of a webhook or made from a file's rows.

    Raises Problem 400 for a wrong form, 422 for a wrong sign or a card number.
    """
    _refuse([(path, "card_data") for path in card_numbers(body)], status=422)
    match convert(body):
        case SaleCompleted(data=sale):
            _refuse(list(_mistakes_of_sale(sale)))
            _refuse(list(_wrong_signs(sale)), status=422)
            return [Heard(transaction=_sale(config, sale), guest=_guest(sale))]
        case SaleRefunded(data=refund):
            _refuse(list(_bad_time(refund.occurred_at)))
            _refuse(list(_not_above_zero("amount", refund.amount)), status=422)
            return [Heard(transaction=_refund(config, refund))]
        case SaleVoided(data=void):
            _refuse(list(_bad_time(void.occurred_at)))
            return [Heard(transaction=_void(config, void))]
    return []


def _refuse(mistakes: list[tuple[str, str]], status: int = 400) -> None:
    if mistakes:
        raise problem(mistakes, status)


def _mistakes_of_sale(sale: SaleData) -> Mistakes:
    yield from _bad_time(sale.occurred_at)
    ids = [_line_id(line, place) for place, line in enumerate(sale.lines, 1)]
    for index, name in enumerate(ids):
        if name in ids[:index]:  # a refund could not tell which of the two it means
            yield f"$.data.lines[{index}].id", "duplicate_line"
    if sum(abs(line.amount) + abs(line.discount) for line in sale.lines) > MOST:
        yield "$.data.lines", "out_of_range"
    if sale.total + abs(sale.discount) + abs(sale.reward_discount) > MOST:
        yield "$.data.total", "out_of_range"
    if sale.tip + sale.tax > sale.total > 0:
        yield "$.data.total", "invalid_sum"
    for index, line in enumerate(sale.lines):
        if not sale.tax and line.included_tax > max(line.amount, 0):
            yield f"$.data.lines[{index}].included_tax", "invalid_sum"


def _wrong_signs(sale: SaleData) -> Mistakes:
    yield from _not_above_zero("total", sale.total)
    whole = ("tip", "tax", "discount", "reward_discount")
    parts = ("amount", "discount", "included_tax")
    fields = [(f"$.data.{name}", getattr(sale, name)) for name in whole]
    for index, line in enumerate(sale.lines):
        fields += [(f"$.data.lines[{index}].{name}", getattr(line, name)) for name in parts]
    yield from ((path, "amount_sign") for path, amount in fields if amount < 0)


def _not_above_zero(field: str, amount: int) -> Mistakes:
    if amount <= 0:
        yield f"$.data.{field}", "amount_sign"


def _bad_time(moment: datetime) -> Mistakes:
    if not in_time(moment):
        yield "$.data.occurred_at", "invalid_date"


def _sale(config: Config, sale: SaleData) -> Sale:
    return Sale(
        source=config.connector,
        account=config.account,
        receipt=sale.receipt,
        revision=sale.revision,
        store=sale.store,
        channel=sale.channel,
        occurred_at=sale.occurred_at.astimezone(UTC),
        currency=sale.currency,
        lines=tuple(
            _line(sale, line, place) for place, line in enumerate(sale.lines or _whole(sale), 1)
        ),
        total=sale.total,
        tip=sale.tip,
        tax=0 if sale.tax_included else sale.tax,
        included_tax=sale.tax if sale.tax_included else 0,
        discount=sale.discount,
        reward_discount=sale.reward_discount,
        staff=sale.staff,
    )


def _whole(sale: SaleData) -> tuple[Line, ...]:
    """Make the one line of a receipt that names none: what was paid for, before discounts."""
    tax = 0 if sale.tax_included else sale.tax
    return (Line(amount=sale.total - sale.tip - tax + sale.discount + sale.reward_discount),)


def _line(sale: SaleData, line: Line, place: int) -> transaction.Line:
    return transaction.Line(
        id=_line_id(line, place),
        amount=line.amount,
        name=line.name,
        sku=line.sku,
        category=line.category,
        kind=line.kind,
        quantity=thousandths(line.quantity),
        discount=line.discount,
        included_tax=0 if sale.tax else line.included_tax,  # never counted twice
    )


def _line_id(line: Line, place: int) -> str:
    return line.id or str(place)


def _guest(sale: SaleData) -> Guest:
    guest = sale.guest
    return Guest(
        phone=guest.phone,
        email=guest.email,
        customer=guest.customer,
        member=guest.member,
        card=guest.card,
    )


def _refund(config: Config, refund: RefundData) -> Refund:
    return Refund(
        source=config.connector,
        account=config.account,
        receipt=refund.receipt,
        id=refund.refund,
        amount=refund.amount,
        occurred_at=refund.occurred_at.astimezone(UTC),
        currency=refund.currency or "",
        store=refund.store or "",
        lines=tuple(map(_returned, refund.lines)),
    )


def _returned(line: ReturnedLine) -> RefundLine:
    return RefundLine(line=line.line, quantity=thousandths(line.quantity))


def _void(config: Config, void: VoidData) -> Void:
    return Void(
        source=config.connector,
        account=config.account,
        receipt=void.receipt,
        occurred_at=void.occurred_at.astimezone(UTC),
        store=void.store or "",
    )


CONNECTOR = Connector(
    name="generic",
    title="Any till",
    docs="https://www.standardwebhooks.com",
    settings=(
        Setting(
            "webhook_secret",
            "whsec_ and the base64 of 24 to 64 random bytes; the till signs with it.",
            secret=True,
        ),
    ),
    webhooks={"read_sale": Webhook(verify, read_sale)},
)
