"""What Square's orders and refunds say, in our words. Pure: nothing is asked here."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from decimal import Decimal
from typing import NamedTuple

from loyalty.connectors.spec import Config
from loyalty.connectors.square_json import (
    CatalogObject,
    LineItem,
    Order,
    Payment,
    PaymentRefund,
    Return,
)
from loyalty.domain.transaction import Channel, Line, LineKind, Refund, RefundLine, Sale, Void

# Where an order came from, by `order.source.name`: the first row that fits. A delivery
# fulfillment comes before all of them, one to pick up or ship after all (then: online).
CHANNELS: tuple[tuple[Channel, re.Pattern[str]], ...] = (
    ("delivery", re.compile("doordash|uber ?eats|grubhub|deliveroo|just eat|wolt|postmates")),
    ("in_store", re.compile(r"point of sale|\bpos\b|square for |register|terminal|kiosk|appoint")),
    ("app", re.compile("app")),
    ("online", re.compile(r"online|checkout|e-?commerce|\bweb|weebly")),
)
_KINDS: Mapping[str, LineKind] = {"GIFT_CARD": "gift_card"}
_WAITING = frozenset({"APPROVED", "PENDING"})
_DEAD = frozenset({"CANCELED", "FAILED"})


class Article(NamedTuple):
    """What the catalog knows of a line."""

    sku: str = ""
    category: str = ""


def moment(text: str) -> datetime:
    """Read an instant with 0 to 9 digits after the point; what is finer than µs is cut off."""
    instant = datetime.fromisoformat(text)
    if instant.tzinfo is None:
        raise ValueError("a time without a zone")
    return instant.astimezone(UTC)


def is_settled(order: Order, payments: Iterable[Payment]) -> bool:
    """Tell whether all of the order is paid for: no tender waits and no money is due.

    An order that is still OPEN may be paid, as when it waits to be picked up.
    """
    states = {payment.id: payment.status for payment in payments}
    if order.state == "DRAFT" or _WAITING & set(states.values()):
        return False
    if order.state == "COMPLETED":
        return True
    paid = [each for each in order.tenders if states.get(each.payment_id) not in _DEAD]
    return _due(order, sum(each.amount_money.amount for each in paid)) <= 0


def _due(order: Order, paid: int) -> int:
    if order.net_amount_due_money:
        return order.net_amount_due_money.amount
    total = order.net_amounts.total_money if order.net_amounts else order.total_money
    return total.amount - paid


def sale(config: Config, order: Order, articles: Mapping[str, Article], staff: str) -> Sale:
    """Turn an order into a sale. The receipt is the order: several payments are still one sale."""
    inclusive = frozenset(tax.uid for tax in order.taxes if tax.type == "INCLUSIVE")
    lines = tuple(
        _line(item, place, inclusive, articles) for place, item in enumerate(order.line_items, 1)
    )
    return Sale(
        source=config.connector,
        account=config.account,
        receipt=order.id,
        revision=order.version,
        store=order.location_id,
        channel=_channel(order),
        occurred_at=moment(order.closed_at or order.created_at),
        currency=order.total_money.currency,
        lines=lines,
        total=order.total_money.amount,
        tip=order.total_tip_money.amount,
        tax=order.total_tax_money.amount - sum(line.included_tax for line in lines),
        staff=staff,
    )


def void(config: Config, order: Order) -> Void:
    """Turn a canceled order into a void."""
    return Void(
        source=config.connector,
        account=config.account,
        receipt=order.id,
        occurred_at=moment(order.closed_at or order.updated_at or order.created_at),
        store=order.location_id,
    )


def refunds(config: Config, refund: PaymentRefund, receipt: str, own: Order | None) -> list[Refund]:
    """Turn a refund of a sale into facts, with the lines that its own order names.

    A return of several payments, and an exchange, is told once for its order as a whole, however
    many refunds it made: each of them names the same lines.
    """
    if own and (own.line_items or len(own.refunds) > 1) and (back := taken_back(config, own)):
        return back
    returned = own.returns if own else []
    return [
        Refund(
            source=config.connector,
            account=config.account,
            receipt=receipt,
            id=refund.id,
            amount=refund.amount_money.amount,
            currency=refund.amount_money.currency,
            occurred_at=moment(refund.created_at),
            store=refund.location_id,
            lines=_returned_lines(one for one in returned if one.source_order_id in ("", receipt)),
        )
    ]


def taken_back(config: Config, order: Order) -> list[Refund]:
    """List what an order takes back of earlier sales, under the order's own id and theirs.

    Like for like, nothing is refunded, and yet the lines are no longer the guest's.
    """
    return [
        Refund(
            source=config.connector,
            account=config.account,
            receipt=back.source_order_id,
            id=f"{order.id}:{back.source_order_id}",
            amount=back.return_amounts.total_money.amount,
            currency=order.total_money.currency,
            occurred_at=moment(order.created_at),
            store=order.location_id,
            lines=_returned_lines([back]),
        )
        for back in order.returns
        if back.source_order_id and back.return_amounts.total_money.amount > 0
    ]


def articles(objects: Mapping[str, CatalogObject]) -> dict[str, Article]:
    """Give each variation of the catalog its sku and its item's category, in small letters."""
    return {
        id_: Article(found.item_variation_data.sku, _category(objects, found))
        for id_, found in objects.items()
        if found.item_variation_data
    }


def _category(objects: Mapping[str, CatalogObject], variation: CatalogObject) -> str:
    item = objects.get(
        variation.item_variation_data.item_id if variation.item_variation_data else ""
    )
    category = objects.get(item.item_data.category if item and item.item_data else "")
    return category.category_data.name.lower() if category and category.category_data else ""


def _line(
    item: LineItem, place: int, inclusive: frozenset[str], catalog: Mapping[str, Article]
) -> Line:
    article = catalog.get(item.catalog_object_id, Article())
    return Line(
        id=item.uid or str(place),
        amount=item.gross_sales_money.amount,
        name=item.name,
        sku=article.sku,
        category=article.category,
        kind=_KINDS.get(item.item_type, "item"),
        quantity=_thousandths(item.quantity),
        discount=item.total_discount_money.amount,
        included_tax=_included_tax(item, inclusive),
    )


def _included_tax(item: LineItem, inclusive: frozenset[str]) -> int:
    """Find the tax inside the line's gross sales.

    In the US, Canada and Japan Square has already taken inclusive tax off gross sales. It then
    shows in the line's total, on top, like additive tax.
    """
    tax = sum(each.applied_money.amount for each in item.applied_taxes if each.tax_uid in inclusive)
    goods = item.gross_sales_money.amount - item.total_discount_money.amount
    on_top = item.total_money.amount - goods - item.total_service_charge_money.amount
    additive = item.total_tax_money.amount - tax
    return max(0, tax - max(0, on_top - additive))


def _channel(order: Order) -> Channel:
    ways = {fulfillment.type for fulfillment in order.fulfillments}
    if "DELIVERY" in ways:
        return "delivery"
    name = order.source.name.lower()
    by_name = (channel for channel, names in CHANNELS if names.search(name))
    return next(by_name, "online" if ways else "in_store")


def _returned_lines(returns: Iterable[Return]) -> tuple[RefundLine, ...]:
    """List the lines given back; none if any part is only a sum of money, which names no line."""
    lines = [line for one in returns for line in one.return_line_items]
    if not all(line.source_line_item_uid for line in lines):
        return ()
    return tuple(
        RefundLine(line=line.source_line_item_uid, quantity=_thousandths(line.quantity))
        for line in lines
    )


def _thousandths(quantity: str) -> int:
    return int(Decimal(quantity) * 1000)
