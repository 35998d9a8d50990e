"""Square's objects, as far as we read them. Names are Square's own."""

from __future__ import annotations

from typing import Annotated, Any, TypeVar

import msgspec
from msgspec import Meta

T = TypeVar("T")
Quantity = Annotated[str, Meta(pattern=r"^[0-9]{1,12}(\.[0-9]{1,12})?\Z")]
"""Pieces, or a measure such as `0.5`."""


class Part(msgspec.Struct, frozen=True, kw_only=True):
    """One of Square's objects. Square leaves out what is empty, so everything has a default."""


class Money(Part, frozen=True):
    """Whole minor units."""

    amount: int = 0
    currency: str = ""


class AppliedTax(Part, frozen=True):
    """A tax's share of one line."""

    tax_uid: str = ""
    applied_money: Money = Money()


class LineItem(Part, frozen=True):
    """A line of an order."""

    uid: str = ""
    name: str = ""
    variation_name: str = ""
    quantity: Quantity = "1"
    item_type: str = "ITEM"
    catalog_object_id: str = ""
    applied_taxes: list[AppliedTax] = []
    gross_sales_money: Money = Money()
    total_discount_money: Money = Money()
    total_service_charge_money: Money = Money()
    total_tax_money: Money = Money()
    total_money: Money = Money()


class Tax(Part, frozen=True):
    """A tax of an order: ADDITIVE or INCLUSIVE."""

    uid: str = ""
    type: str = ""


class Tender(Part, frozen=True):
    """A part of the price and how it was paid. `amount_money` includes the tip."""

    payment_id: str = ""
    customer_id: str = ""
    amount_money: Money = Money()


class Named(Part, frozen=True):
    """Something of which only the name, id or type matters."""

    id: str = ""
    name: str = ""
    type: str = ""


class Amounts(Part, frozen=True):
    """Sums of a sale, of a return, or of the one less the other."""

    total_money: Money = Money()


class ReturnLine(Part, frozen=True):
    """A line given back; without `source_line_item_uid` it is only a sum of money."""

    source_line_item_uid: str = ""
    quantity: Quantity = "1"


class Return(Part, frozen=True):
    """What an order takes back of an earlier one."""

    source_order_id: str = ""
    return_line_items: list[ReturnLine] = []
    return_amounts: Amounts = Amounts()


class Order(Part, frozen=True):
    """A sale, a return, or both at once (an exchange)."""

    id: str
    location_id: str
    created_at: str
    updated_at: str = ""
    closed_at: str = ""
    state: str = ""
    version: int = 0
    customer_id: str = ""
    source: Named = Named()
    line_items: list[LineItem] = []
    taxes: list[Tax] = []
    fulfillments: list[Named] = []
    tenders: list[Tender] = []
    returns: list[Return] = []
    refunds: list[Named] = []
    return_amounts: Amounts = Amounts()
    net_amounts: Amounts | None = None
    net_amount_due_money: Money | None = None
    total_money: Money = Money()
    total_tax_money: Money = Money()
    total_tip_money: Money = Money()


class Payment(Part, frozen=True):
    """One tender's payment."""

    id: str
    status: str = ""
    order_id: str = ""
    location_id: str = ""
    customer_id: str = ""
    buyer_email_address: str = ""
    team_member_id: str = ""


class PaymentRefund(Part, frozen=True):
    """Money given back on a payment. `order_id` is the return's own order, not the sale."""

    id: str
    amount_money: Money
    created_at: str
    updated_at: str = ""
    status: str = ""
    payment_id: str = ""
    order_id: str = ""
    location_id: str = ""


class Refusal(Part, frozen=True):
    """One of the errors in an answer that is not 2xx."""

    code: str = ""


class Merchant(Part, frozen=True):
    """Whose account it is."""

    business_name: str = ""
    country: str = ""
    status: str = ""


class Customer(Part, frozen=True):
    """Who Square says the guest is."""

    phone_number: str = ""
    email_address: str = ""


class Item(Part, frozen=True):
    """An article in the catalog. The three places of its category are of different ages."""

    reporting_category: Named = Named()
    categories: list[Named] = []
    category_id: str = ""

    @property
    def category(self) -> str:
        """The id of the category it is counted under."""
        first = self.categories[0].id if self.categories else ""
        return self.reporting_category.id or first or self.category_id


class Variation(Part, frozen=True):
    """What a line of an order points to."""

    item_id: str = ""
    sku: str = ""


class CatalogObject(Part, frozen=True):
    """An ITEM, an ITEM_VARIATION or a CATEGORY."""

    id: str
    item_data: Item | None = None
    item_variation_data: Variation | None = None
    category_data: Named | None = None


def read(body: bytes, field: str, kind: type[T]) -> T:
    """Read one field of an answer. Raises ValueError or LookupError if it is not of this kind."""
    found: T = msgspec.convert(_object(body)[field], kind)
    return found


def read_page(body: bytes, field: str, kind: type[T]) -> tuple[list[T], str]:
    """Read a list, which may be left out, and the cursor of the next page, empty on the last."""
    found = _object(body)
    items = [msgspec.convert(item, kind) for item in found.get(field, [])]
    return items, str(found.get("cursor", ""))


def _object(body: bytes) -> dict[str, Any]:
    found = _without_nulls(msgspec.json.decode(body))
    if not isinstance(found, dict):
        raise TypeError("not an object")
    return found


def _without_nulls(value: Any) -> Any:
    """Drop what is null: to Square it is the same as left out."""
    if isinstance(value, dict):
        return {key: _without_nulls(item) for key, item in value.items() if item is not None}
    return [_without_nulls(item) for item in value] if isinstance(value, list) else value
