"""The tills of the demo: a day's events, posted as signed webhooks of Square and our own form."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from datetime import datetime
from decimal import Decimal
from functools import partial
from typing import Any

import requests

from infra.sandbox.server import Sandbox
from infra.vendors import GENERIC_SECRET

SOURCES = {
    "in_store": "Point of Sale",
    "app": "Our App",
    "online": "Square Online",
    "delivery": "Square Online",
}
Json = dict[str, Any]
HTTP_TIMEOUT = 30
TRIES = 60
PAUSE = 0.5
"""Seconds between two tries to be heard."""
SERVER_ERROR = 500


def insistently(post: Callable[[], Sequence[requests.Response]]) -> Sequence[requests.Response]:
    """Post until the system has the time to answer: a till does not give up a sale."""
    for _ in range(TRIES):
        with suppress(requests.RequestException):
            answers = post()
            if all(answer.status_code < SERVER_ERROR for answer in answers):
                return answers
        time.sleep(PAUSE)
    raise RuntimeError("nobody answers")


class Tills:
    """Posts what happens at the tills to the function at `ingest`.

    `posted` counts answered calls, `refused` those that got a 401.
    """

    def __init__(
        self, sandbox: Sandbox, ingest: str, scenario: Json, tills: Mapping[str, Any]
    ) -> None:
        self._sandbox = sandbox
        self._ingest = ingest
        self._people = {member["key"]: member for member in scenario["members"]}
        self._events: list[Json] = scenario["events"]
        self._tills = tills
        self._menu: dict[str, str] = {}
        self._orders: dict[str, tuple[str, list[str]]] = {}
        self._customers: dict[str, str] = {}
        self._refunds: dict[str, Json] = {}
        self.receipts: dict[str, str] = {}
        """Which receipt of the scenario a receipt of the system is."""
        self.posted = 0
        self.refused = 0
        for place in self._places():
            sandbox.square.add_location(place, place, scenario["currency"], "IE", "UTC")
        self._verbs: dict[tuple[str, str], Callable[[Json], None]] = {
            ("square", "sale"): self._square_sale,
            ("square", "edit"): self._square_edit,
            ("square", "refund"): self._square_refund,
            ("square", "void"): self._square_void,
            ("square", "forged"): self._square_forged,
            ("generic", "sale"): self._generic_sale,
            ("generic", "edit"): self._generic_sale,
            ("generic", "refund"): self._generic_refund,
            ("generic", "void"): self._generic_void,
            ("generic", "forged"): self._generic_forged,
        }

    def play(self, event: Json) -> None:
        """Post one event, the way its till would."""
        if event["do"] == "duplicate":
            event = self._events[event["of"]]
        self._verbs[event["via"], event["do"]](event)

    # -- Square: the shop rings up at the sandbox, and Square calls us -----------------------

    def _square_sale(self, event: Json) -> None:
        for payment in self.ring_up(event)[1]:
            self._count(partial(self._sandbox.square.announce, payment))

    def _square_edit(self, event: Json) -> None:
        order, payments = self._orders[event["receipt"]]
        self._sandbox.square.edit(order, self._order_lines(event))
        payment = self._sandbox.square.payments[payments[0]]
        self._count(partial(self._sandbox.square.post, "payment.updated", payment))

    def _square_refund(self, event: Json) -> None:
        _, payments = self._orders[event["receipt"]]
        lines = {part["line"]: part["quantity"] for part in event["lines"]}
        given = {"lines": lines} if lines else {"amount": event["amount"]}
        if event["refund"] not in self._refunds:
            refund = self._sandbox.square.refund(payments[0], **given)
            self._refunds[event["refund"]] = self._sandbox.square.settle_refund(refund["id"])
        refund = self._refunds[event["refund"]]
        self._count(partial(self._sandbox.square.post, "refund.updated", refund))

    def _square_void(self, event: Json) -> None:
        for payment in self._orders[event["receipt"]][1]:
            canceled = self._sandbox.square.cancel_payment(payment)
            self._count(partial(self._sandbox.square.post, "payment.updated", canceled))

    def _square_forged(self, event: Json) -> None:
        payment = self._sandbox.square.payments[self.ring_up(event)[1][0]]
        forge = partial(self._sandbox.square.post, "payment.updated", payment, forged=True)
        self._count(forge)

    def ring_up(self, event: Json) -> tuple[str, list[str]]:
        """Ring a sale up at Square, which calls us later; return its order and payments."""
        name = event["receipt"]
        if name not in self._orders:
            sold = self._sandbox.square.ring_up(
                self._order(event), self._payments(event), self._customer(event["guest"])
            )
            self._orders[name] = (sold.order_id, list(sold.payment_ids))
            self.receipts[f"square:{sold.order_id}"] = name
            if event["channel"] == "delivery":
                sent = {"uid": "f1", "type": "DELIVERY", "state": "COMPLETED"}
                self._sandbox.square.orders[sold.order_id]["fulfillments"] = [sent]
        return self._orders[name]

    def _order(self, event: Json) -> Json:
        return {
            "location_id": self._location(event["store"], "square"),
            "source": {"name": SOURCES[event["channel"]]},
            "created_at": event["occurred_at"],
            "closed_at": event["occurred_at"],
            **self._order_lines(event),
        }

    def _order_lines(self, event: Json) -> Json:
        """Write lines with what their discounts and included taxes need on the order."""
        found: Json = {"line_items": [], "discounts": [], "taxes": []}
        for line in event["lines"]:
            item = self._item(line, event["currency"])
            if line.get("discount"):
                self._discount(found, item, line, event["currency"])
            if line.get("included_tax"):
                self._tax(found, item, line)
            found["line_items"].append(item)
        if event["tax"]:
            found["taxes"].append(_on_top(event))
        return found

    def _item(self, line: Json, currency: str) -> Json:
        price = int(line["amount"] / Decimal(line["quantity"]))
        item = {
            "uid": line["id"],
            "name": line["name"],
            "quantity": line["quantity"],
            "base_price_money": {"amount": price, "currency": currency},
        }
        if line["kind"] == "gift_card":
            return {**item, "item_type": "GIFT_CARD"}
        return {**item, "catalog_object_id": self._article(line, price, currency)}

    def _article(self, line: Json, price: int, currency: str) -> str:
        if line["sku"] not in self._menu:
            about = {"sku": line["sku"], "category": line["category"], "currency": currency}
            self._menu[line["sku"]] = self._sandbox.square.menu.add(line["name"], price, **about)
        return self._menu[line["sku"]]

    def _discount(self, order: Json, item: Json, line: Json, currency: str) -> None:
        uid = f"d{line['id']}"
        amount = {"amount": line["discount"], "currency": currency}
        order["discounts"].append(
            {"uid": uid, "name": "Off", "amount_money": amount, "scope": "LINE_ITEM"}
        )
        item["applied_discounts"] = [{"uid": f"a{uid}", "discount_uid": uid}]

    def _tax(self, order: Json, item: Json, line: Json) -> None:
        uid, tax = f"t{line['id']}", line["included_tax"]
        net = line["amount"] - line["discount"] - tax
        rate = str(Decimal(100) * tax / net)
        order["taxes"].append(
            {
                "uid": uid,
                "name": "VAT",
                "type": "INCLUSIVE",
                "percentage": rate,
                "scope": "LINE_ITEM",
            }
        )
        item["applied_taxes"] = [{"uid": f"a{uid}", "tax_uid": uid}]

    def _payments(self, event: Json) -> list[Json]:
        """Pay with each tender; the tip is on the first."""
        paid = [dict(self._tender(amount, event["currency"])) for amount in event["tenders"]]
        if "gift_card_tender" in event:
            paid[event["gift_card_tender"]]["source_type"] = "SQUARE_GIFT_CARD"
        if event["tip"]:
            paid[0]["tip_money"] = {"amount": event["tip"], "currency": event["currency"]}
            paid[0]["amount_money"]["amount"] -= event["tip"]
        return paid

    def _tender(self, amount: int, currency: str) -> Json:
        return {"amount_money": {"amount": amount, "currency": currency}}

    def _customer(self, guest: Any) -> Json | None:
        if guest is None:
            return None
        about = self._guest(guest)
        name = about.get("phone") or about["email"]
        if name not in self._customers:
            fields = {"phone_number": about.get("phone"), "email_address": about.get("email")}
            given = {key: value for key, value in fields.items() if value}
            self._customers[name] = self._sandbox.square.add_customer(given)
        return {"id": self._customers[name]}

    # -- any till that can post JSON ----------------------------------------------------------

    def _generic_sale(self, event: Json) -> None:
        self._post(self._generic_body(event))

    def _generic_forged(self, event: Json) -> None:
        self._post(self._generic_body(event), secret=b"somebody else's secret of 32 byte")

    def _generic_body(self, event: Json) -> Json:
        self.receipts[f"generic:{event['receipt']}"] = event["receipt"]
        plain = ("receipt", "revision", "channel", "occurred_at", "currency", "total", "tip")
        data = {name: event[name] for name in (*plain, "discount", "reward_discount", "lines")}
        data["store"] = self._location(event["store"], "generic")
        data["tax"] = event["tax_included"] or event["tax"]
        data["tax_included"] = bool(event["tax_included"])
        if event["guest"] is not None:
            data["guest"] = self._guest(event["guest"])
        return {"type": "sale.completed", "timestamp": event["at"], "data": data}

    def _generic_refund(self, event: Json) -> None:
        names = ("refund", "receipt", "amount", "lines", "occurred_at", "currency")
        data = {name: event[name] for name in names}
        self._post({"type": "sale.refunded", "timestamp": event["at"], "data": data})

    def _generic_void(self, event: Json) -> None:
        data = {"receipt": event["receipt"], "occurred_at": event["occurred_at"]}
        self._post({"type": "sale.voided", "timestamp": event["at"], "data": data})

    def _post(self, body: Json, secret: bytes | None = None) -> None:
        raw = json.dumps(body, ensure_ascii=False).encode()
        stamp = str(int(datetime.fromisoformat(body["timestamp"]).timestamp()))
        key = secret or base64.b64decode(GENERIC_SECRET.removeprefix("whsec_"))
        name = f"evt_{hashlib.sha256(raw).hexdigest()[:26]}"
        signed = hmac.digest(key, f"{name}.{stamp}.".encode() + raw, "sha256")
        headers = {
            "Content-Type": "application/json",
            "webhook-id": name,
            "webhook-timestamp": stamp,
            "webhook-signature": f"v1,{base64.b64encode(signed).decode()}",
        }
        address = f"{self._ingest}/generic"
        self._count(lambda: [requests.post(address, raw, headers=headers, timeout=HTTP_TIMEOUT)])

    # -- both -------------------------------------------------------------------------------

    def _guest(self, guest: Any) -> Json:
        found = self._people[guest] if isinstance(guest, str) else guest
        return {name: found[name] for name in ("phone", "email") if found.get(name)}

    def _location(self, store: str, connector: str) -> str:
        names: list[list[str]] = [till.split(":") for till in self._tills[store]["tills"]]
        return next(location for kind, location in names if kind == connector)

    def _places(self) -> list[str]:
        tills = (till for store in self._tills.values() for till in store["tills"])
        return [till.removeprefix("square:") for till in tills if till.startswith("square:")]

    def _count(self, post: Callable[[], Sequence[requests.Response]]) -> None:
        """Post until the system has the time to answer, and count what it answered."""
        for answer in insistently(post):
            self.posted += 1
            self.refused += answer.status_code == 401  # noqa: PLR2004 - unauthorized
            if answer.status_code not in (200, 202, 401):
                raise RuntimeError(f"the system answered {answer.status_code}: {answer.text}")


def _on_top(event: Json) -> Json:
    """Write the tax that is added to the prices of the whole order."""
    goods = sum(line["amount"] - line.get("discount", 0) for line in event["lines"])
    rate = str(Decimal(100) * event["tax"] / goods)
    return {"uid": "tax", "name": "VAT", "type": "ADDITIVE", "percentage": rate, "scope": "ORDER"}
