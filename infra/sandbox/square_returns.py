"""Refunds at the till: each has an order of its own that says what came back."""

from collections.abc import Mapping
from copy import deepcopy
from decimal import Decimal
from typing import Any

from infra.sandbox.square_pricing import NET
from infra.sandbox.square_shapes import Json, even, money
from infra.sandbox.square_till import Till

LINE_FIELDS = ("name", "catalog_object_id", "catalog_version", "variation_name", "item_type")
TENDER_REFUND = {"COMPLETED": "APPROVED"}
ORDER_STATE = {"PENDING": "OPEN", "COMPLETED": "COMPLETED"}


class Returns(Till):
    """A till that can also give money back."""

    def refund(
        self,
        payment_id: str | None,
        *,
        amount: int | None = None,
        lines: Mapping[str, str] | None = None,
        reason: str = "Returned goods",
    ) -> Json:
        """Start a refund, PENDING, with its return order.

        `lines` maps the uid of an order line to the quantity that comes back; `amount` is a
        refund of so much without lines (all that is left of the payment, when neither is given).
        Without a payment it is an unlinked refund of `amount`.
        """
        with self._premises.lock:
            payment = self.payments[payment_id] if payment_id else None
            source = self.orders[payment["order_id"]] if payment else None
            back = [self._line_back(source, uid, n) for uid, n in (lines or {}).items() if source]
            total = sum(line["total_money"]["amount"] for line in back)
            due = self._worth(payment, total if lines else amount)
            refund = self._refund(payment, due, reason)
            custom = _custom(due, self._currency(payment))
            self._return_order(refund, source, back or [custom])
            return deepcopy(refund)

    def settle_refund(self, refund_id: str, status: str = "COMPLETED") -> Json:
        """End a pending refund: COMPLETED, REJECTED or FAILED."""
        with self._premises.lock:
            refund = self.refunds[refund_id]
            refund |= {"status": status, "updated_at": self._now()}
            order = self.orders[refund["order_id"]]
            state = ORDER_STATE.get(status, "CANCELED")
            order |= {"state": state, "updated_at": self._now(), "closed_at": self._now()}
            order["refunds"][0]["status"] = TENDER_REFUND.get(status, status)
            if "payment_id" in refund and status == "COMPLETED":
                self._give_back(self.payments[refund["payment_id"]], refund)
            return deepcopy(refund)

    def _currency(self, payment: Json | None) -> str:
        return str(payment["amount_money"]["currency"]) if payment else "EUR"

    def _worth(self, payment: Json | None, asked: int | None) -> int:
        """Check that this much can still be given back."""
        if payment is None:
            return asked or 0
        of_it = [r for r in self.refunds.values() if r.get("payment_id") == payment["id"]]
        pledged = sum(
            r["amount_money"]["amount"] for r in of_it if r["status"] in ("PENDING", "COMPLETED")
        )
        left = int(payment["total_money"]["amount"]) - pledged
        if asked is not None and asked > left:
            raise ValueError(f"only {left} of payment {payment['id']} is left to refund")
        return left if asked is None else asked

    def _refund(self, payment: Json | None, amount: int, reason: str) -> Json:
        now, location = self._now(), payment["location_id"] if payment else "LCAFE01"
        linked = {"payment_id": payment["id"]} if payment else {}
        key = f"{payment['id']}_{self._premises.ids.code(22)}" if payment else None
        refund: Json = {
            "id": key or self._premises.ids.code(26),
            "status": "PENDING",
            "location_id": location,
            "unlinked": payment is None,
            "destination_type": payment["source_type"] if payment else "CARD",
            "amount_money": money(amount, self._currency(payment)),
            "order_id": self._premises.ids.code(26),
            "reason": reason,
            "created_at": now,
            "updated_at": now,
            **linked,
        }
        self.refunds[refund["id"]] = refund
        if payment:
            payment["refund_ids"] = [*payment.get("refund_ids", []), refund["id"]]
            payment |= {"updated_at": now, "version_token": self._premises.ids.code(40)}
        return refund

    def _give_back(self, payment: Json, refund: Json) -> None:
        back = payment.get("refunded_money", {"amount": 0})["amount"]
        total = back + refund["amount_money"]["amount"]
        payment["refunded_money"] = money(total, self._currency(payment))
        payment |= {"updated_at": self._now(), "version_token": self._premises.ids.code(40)}

    def _line_back(self, source: Json, uid: str, quantity: str) -> Json:
        """Describe a returned line; parts returned one after another add up to the whole line."""
        line = next(line for line in source["line_items"] if line["uid"] == uid)
        before, whole = self._returned(source["id"], uid), Decimal(line["quantity"])
        after = before + Decimal(quantity)
        if after > whole:
            raise ValueError(f"only {whole - before} of line {uid} is left to return")

        def part(name: str) -> Json:
            total = line[name]["amount"]
            amount = even(total * after / whole) - even(total * before / whole)
            return money(amount, line[name]["currency"])

        return {
            "uid": self._premises.ids.code(22),
            "source_line_item_uid": uid,
            "quantity": quantity,
            **{name: line[name] for name in LINE_FIELDS if name in line},
            "base_price_money": line["base_price_money"],
            "variation_total_price_money": part("variation_total_price_money"),
            "gross_return_money": part("gross_sales_money"),
            "total_tax_money": part("total_tax_money"),
            "total_discount_money": part("total_discount_money"),
            "total_service_charge_money": part("total_service_charge_money"),
            "total_money": part("total_money"),
        }

    def _returned(self, order_id: str, uid: str) -> Decimal:
        """Add up how much of a line has come back so far, rejected refunds left out."""
        quantities = (
            Decimal(line["quantity"])
            for order in self.orders.values()
            if order["state"] != "CANCELED"
            for back in order.get("returns", [])
            if back.get("source_order_id") == order_id
            for line in back["return_line_items"]
            if line.get("source_line_item_uid") == uid
        )
        return sum(quantities, Decimal(0))

    def _return_order(self, refund: Json, source: Json | None, back: list[Json]) -> None:
        currency = refund["amount_money"]["currency"]
        amounts = {
            "total_money": refund["amount_money"],
            "tax_money": money(_sum(back, "total_tax_money"), currency),
            "discount_money": money(_sum(back, "total_discount_money"), currency),
            "tip_money": money(0, currency),
            "service_charge_money": money(_sum(back, "total_service_charge_money"), currency),
        }
        linked = {"source_order_id": source["id"]} if source else {}
        whole = {"uid": self._premises.ids.code(22), **linked, "return_line_items": back}
        self.orders[refund["order_id"]] = {
            "id": refund["order_id"],
            "location_id": refund["location_id"],
            "created_at": refund["created_at"],
            "updated_at": refund["updated_at"],
            "state": "OPEN",
            **{total: money(0, currency) for total in NET.values()},
            "returns": [{**whole, "return_amounts": amounts}],
            "return_amounts": amounts,
            "net_amounts": {k: money(-v["amount"], currency) for k, v in amounts.items()},
            "refunds": [self._tender_refund(refund, source)],
            "tenders": [],
        }

    def _tender_refund(self, refund: Json, source: Json | None) -> Json:
        """Give the short form of a refund that stands in its return order."""
        linked = {"tender_id": refund["payment_id"]} if "payment_id" in refund else {}
        return {
            "id": refund["id"],
            "location_id": refund["location_id"],
            **({"transaction_id": source["id"]} if source else {}),
            **linked,
            "created_at": refund["created_at"],
            "reason": refund["reason"],
            "amount_money": refund["amount_money"],
            "status": "PENDING",
        }


def _custom(amount: int, currency: str) -> Json:
    """Describe money that came back without goods."""
    whole, none = money(amount, currency), money(0, currency)
    said: dict[str, Any] = dict.fromkeys(
        ("base_price_money", "variation_total_price_money", "gross_return_money", "total_money"),
        whole,
    )
    nothing = ("total_tax_money", "total_discount_money", "total_service_charge_money")
    return {
        "uid": "custom",
        "quantity": "1",
        "item_type": "CUSTOM_AMOUNT",
        **said,
        **dict.fromkeys(nothing, none),
    }


def _sum(lines: list[Json], name: str) -> int:
    return sum(line[name]["amount"] for line in lines)
