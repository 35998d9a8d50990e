"""The shop's side of Square: what a cashier does, kept as the objects Square would show."""

from collections.abc import Mapping, Sequence
from copy import deepcopy
from dataclasses import dataclass
from typing import Any

from infra.sandbox.premises import Premises
from infra.sandbox.square_menu import Menu
from infra.sandbox.square_payments import DEAD, complete, tender
from infra.sandbox.square_pricing import Pricing
from infra.sandbox.square_shapes import Json, money, stamp

ORDER_FIELDS = frozenset(
    {
        "location_id",
        "reference_id",
        "source",
        "customer_id",
        "line_items",
        "taxes",
        "discounts",
        "service_charges",
        "fulfillments",
        "ticket_name",
        "metadata",
        "state",
        "version",
        "created_at",
        "updated_at",
        "closed_at",
        "pricing_options",
    }
)
SET_BY_HAND = frozenset({"state", "created_at", "updated_at", "closed_at"})
DEFAULTS: dict[str, Json] = {
    "line_items": {},
    "taxes": {"type": "ADDITIVE", "scope": "ORDER"},
    "discounts": {"scope": "ORDER"},
    "service_charges": {
        "calculation_phase": "SUBTOTAL_PHASE",
        "treatment_type": "LINE_ITEM_TREATMENT",
        "taxable": False,
        "type": "CUSTOM",
    },
}


@dataclass(frozen=True)
class Sale:
    """The ids of what was rung up."""

    order_id: str
    payment_ids: tuple[str, ...]
    customer_id: str | None


class Till:
    """Orders, payments, refunds and customers, all in Square's own form and keyed by id."""

    def __init__(self, premises: Premises) -> None:
        self._premises = premises
        self.orders: dict[str, Json] = {}
        self.payments: dict[str, Json] = {}
        self.refunds: dict[str, Json] = {}
        self.customers: dict[str, Json] = {}
        self.menu = Menu(premises.ids)
        self.locations: dict[str, Json] = {}
        self.add_location("LCAFE01", "Art Cafe", "EUR", "IE", "Europe/Dublin")
        self.add_location("LMOMO01", "Momo House", "USD", "US", "America/New_York")

    def add_location(self, key: str, name: str, currency: str, country: str, zone: str) -> None:
        """Open a place of business."""
        self.locations[key] = {
            "id": key,
            "name": name,
            "business_name": name,
            "currency": currency,
            "country": country,
            "timezone": zone,
            "status": "ACTIVE",
            "type": "PHYSICAL",
            "merchant_id": self._premises.secrets.square_merchant_id,
            "language_code": "en-US",
            "created_at": "2026-01-05T08:00:00.000Z",
        }

    def ring_up(
        self,
        order: Mapping[str, Any],
        payments: Sequence[Mapping[str, Any]] | None = None,
        customer: Mapping[str, Any] | None = None,
    ) -> Sale:
        """Take an order as CreateOrder writes one, price it, and take payments for it.

        `payments` are parts of Square's Payment: `amount_money` (what is still due, if left out),
        `tip_money`, `source_type` (CARD), `status` (COMPLETED); None is one card payment of
        everything, an empty list leaves the order open. `customer` is a new one's fields, or
        `{"id": ...}` of a known one.
        """
        with self._premises.lock:
            key = self._open(order)
            guest = self._guest(customer)
            if guest:
                self.orders[key]["customer_id"] = guest
            paid = [self._pay(key, given, guest) for given in (payments or ())]
            if payments is None:
                paid = [self._pay(key, {}, guest)]
            self._close(key)
            self.orders[key] |= {k: v for k, v in order.items() if k in SET_BY_HAND}
            if order.get("version", 1) is None:
                del self.orders[key]["version"]
            return Sale(key, tuple(paid), guest)

    def edit(self, order_id: str, changes: Mapping[str, Any]) -> Json:
        """Change an order's own fields: it is priced again and its version goes up."""
        with self._premises.lock:
            self.orders[order_id] |= self._filled(changes, self.orders[order_id])
            self._revise(order_id)
            return deepcopy(self.orders[order_id])

    def update_payment(self, payment_id: str, changes: Mapping[str, Any]) -> Json:
        """Change a payment's own fields, and the order it belongs to with it."""
        with self._premises.lock:
            payment = self.payments[payment_id]
            payment |= deepcopy(dict(changes))
            self._complete(payment)
            self._revise(payment["order_id"])
            return deepcopy(payment)

    def complete_payment(self, payment_id: str) -> Json:
        """Capture an approved payment."""
        return self.update_payment(payment_id, {"status": "COMPLETED"})

    def cancel_payment(self, payment_id: str) -> Json:
        """Void a payment; an order without another payment is canceled with it."""
        with self._premises.lock:
            self.update_payment(payment_id, {"status": "CANCELED"})
            payment = self.payments[payment_id]
            order = self.orders[payment["order_id"]]
            if not order["tenders"]:
                order |= {"state": "CANCELED", "closed_at": payment["updated_at"]}
            return deepcopy(payment)

    def tip(self, payment_id: str, amount: int) -> Json:
        """Add the tip a guest wrote on the slip afterwards."""
        currency = self.payments[payment_id]["amount_money"]["currency"]
        return self.update_payment(payment_id, {"tip_money": money(amount, currency)})

    def add_customer(self, fields: Mapping[str, Any]) -> str:
        """Open a customer profile and give its id."""
        with self._premises.lock:
            now, key = self._now(), self._premises.ids.code(26)
            about = {"id": key, "created_at": now, "updated_at": now, "version": 0}
            self.customers[key] = {**about, "creation_source": "THIRD_PARTY", **deepcopy(fields)}
            return key

    def _now(self) -> str:
        return stamp(self._premises.clock())

    def _guest(self, customer: Mapping[str, Any] | None) -> str | None:
        if customer is None:
            return None
        return str(customer["id"]) if "id" in customer else self.add_customer(customer)

    def _open(self, given: Mapping[str, Any]) -> str:
        unknown = given.keys() - ORDER_FIELDS
        if unknown:
            raise ValueError(f"not fields of an order: {', '.join(sorted(unknown))}")
        now, key = self._now(), self._premises.ids.code(26)
        order: Json = {
            "id": key,
            "location_id": "LCAFE01",
            "source": {"name": "Point of Sale"},
            "created_at": now,
            "updated_at": now,
            "state": "OPEN",
            "version": 1,
            "tenders": [],
        }
        self.orders[key] = order | self._filled(given, order)
        self._price(key)
        return key

    def _filled(self, given: Mapping[str, Any], order: Json) -> Json:
        """Copy what was given, with the ids and defaults Square would have put in."""
        said = deepcopy({k: v for k, v in given.items() if v is not None})
        place = self.locations[str(said.get("location_id", order["location_id"]))]
        for line in said.get("line_items", []):
            self._fill_line(line, place)
        for kind, defaults in DEFAULTS.items():
            for entry in said.get(kind, []):
                entry |= {"uid": self._premises.ids.code(22), **defaults, **entry}
        for charge in said.get("service_charges", []):
            if charge["calculation_phase"].startswith("APPORTIONED"):
                charge |= {"treatment_type": "APPORTIONED_TREATMENT", "scope": "ORDER"}
        for discount in said.get("discounts", []):
            kind = "FIXED_PERCENTAGE" if "percentage" in discount else "FIXED_AMOUNT"
            discount.setdefault("type", kind)
        return {"location_id": place["id"], **said}

    def _fill_line(self, line: Json, place: Json) -> None:
        variation = str(line.get("catalog_object_id"))
        if variation in self.menu.objects:
            line |= {**self.menu.of_line(variation), **line}
        line.setdefault("item_type", "ITEM")
        if line["base_price_money"]["currency"] != place["currency"]:
            raise ValueError(f"{place['name']} takes {place['currency']} only")

    def _price(self, key: str) -> None:
        order = self.orders[key]
        place = self.locations[order["location_id"]]
        Pricing(order, place["currency"], place["country"]).price()
        paid = sum(part["amount_money"]["amount"] for part in order["tenders"])
        due = order["total_money"]["amount"] - paid
        order["net_amount_due_money"] = money(due, place["currency"])

    def _pay(self, key: str, given: Mapping[str, Any], guest: str | None) -> str:
        order, now, payment_id = self.orders[key], self._now(), self._premises.ids.code(24)
        payment: Json = {
            "id": payment_id,
            "created_at": now,
            "updated_at": now,
            "amount_money": dict(order["net_amount_due_money"]),
            "status": "COMPLETED",
            "source_type": "CARD",
            "location_id": order["location_id"],
            "order_id": key,
            "application_details": {"square_product": "SQUARE_POS"},
            **({"customer_id": guest} if guest else {}),
            **deepcopy(dict(given)),
        }
        self.payments[payment_id] = payment
        self._complete(payment)
        self._settle(key)
        return payment_id

    def _complete(self, payment: Json) -> None:
        complete(payment, self._now(), self._premises.ids.code(40))

    def _settle(self, key: str) -> None:
        """Bring an order's tenders and totals in line with its payments."""
        order = self.orders[key]
        mine = [p for p in self.payments.values() if p["order_id"] == key]
        order["tenders"] = [tender(p) for p in mine if p["status"] not in DEAD]
        self._price(key)

    def _close(self, key: str) -> None:
        """Complete an order whose payments are all in and cover it."""
        order = self.orders[key]
        mine = [p for p in self.payments.values() if p["order_id"] == key]
        done = all(p["status"] == "COMPLETED" for p in mine if p["status"] not in DEAD)
        covered = order["net_amount_due_money"]["amount"] <= 0
        if order["state"] == "OPEN" and order["tenders"] and done and covered:
            now = self._now()
            order |= {"state": "COMPLETED", "closed_at": now, "updated_at": now}

    def _revise(self, key: str) -> None:
        order = self.orders[key]
        if "version" in order:
            order["version"] += 1
        order["updated_at"] = self._now()
        self._settle(key)
        self._close(key)
