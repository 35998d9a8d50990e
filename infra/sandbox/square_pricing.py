"""Prices an order as Square does: discounts, service charges, taxes, and every total.

Discounts come first (percentages before amounts, one line's before the whole order's), then
service charges of the subtotal phase, then taxes on both, then charges of the total phase; gift
cards are touched by none of them. A percentage is taken off by rounding what remains, halves to
the even unit. In the US, Canada and Japan an inclusive tax is left out of gross sales.
"""

from collections.abc import Iterable
from decimal import Decimal

from infra.sandbox.square_shapes import Json, even, money, shared_out

NET_OF_TAX = frozenset({"US", "CA", "JP"})
HUNDRED = Decimal(100)
AFTER_TAX = "TOTAL_PHASE"
APPLIED = {
    "tax": "applied_taxes",
    "discount": "applied_discounts",
    "service_charge": "applied_service_charges",
}
NET = {
    "total_money": "total_money",
    "tax_money": "total_tax_money",
    "discount_money": "total_discount_money",
    "tip_money": "total_tip_money",
    "service_charge_money": "total_service_charge_money",
}


class Pricing:
    """One order being priced; `order` is changed in place."""

    def __init__(self, order: Json, currency: str, country: str) -> None:
        self.order = order
        self.currency = currency
        self.net_of_tax = country in NET_OF_TAX
        self.lines: list[Json] = order.get("line_items", [])
        self.goods = [line for line in self.lines if line["item_type"] != "GIFT_CARD"]

    def price(self) -> None:
        """Fill every computed field in."""
        self._open_lines()
        for discount in sorted(self.order.get("discounts", []), key=_discount_turn):
            self._discount(discount)
        charges = self.order.get("service_charges", [])
        for charge in (c for c in charges if c["calculation_phase"] != AFTER_TAX):
            self._charge(charge, sum(self._due(line) for line in self.goods))
        for tax in self.order.get("taxes", []):
            self._tax(tax, [c for c in charges if c.get("taxable")])
        self._close_lines()
        for charge in (c for c in charges if c["calculation_phase"] == AFTER_TAX):
            self._charge(charge, sum(_amount(line, "total_money") for line in self.lines))
        self._totals(charges)

    def _money(self, amount: int) -> Json:
        return money(amount, self.currency)

    def _open_lines(self) -> None:
        for line in self.lines:
            each = _amount(line, "base_price_money")
            extras = sum(_amount(extra, "base_price_money") for extra in line.get("modifiers", []))
            count = Decimal(line["quantity"])
            line["variation_total_price_money"] = self._money(even(each * count))
            line["gross_sales_money"] = self._money(even((each + extras) * count))
            for total in ("tax", "discount", "service_charge"):
                line[f"total_{total}_money"] = self._money(0)

    def _due(self, line: Json) -> int:
        return _amount(line, "gross_sales_money") - _amount(line, "total_discount_money")

    def _touched(self, adjustment: Json, kind: str) -> list[Json]:
        """Find the lines an adjustment is for, and let each refer to it."""
        name = f"{kind}_uid"
        if adjustment["scope"] == "ORDER":
            for line in self.goods:
                applied = line.setdefault(APPLIED[kind], [])
                if all(entry[name] != adjustment["uid"] for entry in applied):
                    applied.append({name: adjustment["uid"]})
        return [line for line in self.goods if _applied(line, kind, adjustment["uid"])]

    def _apply(self, lines: list[Json], parts: list[int], kind: str, uid: str) -> None:
        total = f"total_{kind}_money"
        for line, part in zip(lines, parts, strict=True):
            entry = _applied(line, kind, uid)
            if entry is not None:
                entry.setdefault("uid", f"{uid}-{line['uid']}")
                entry["applied_money"] = self._money(part)
            line[total] = self._money(_amount(line, total) + part)

    def _discount(self, discount: Json) -> None:
        lines = self._touched(discount, "discount")
        dues = [self._due(line) for line in lines]
        if "percentage" in discount:
            kept = 1 - Decimal(discount["percentage"]) / HUNDRED
            parts = [due - even(due * kept) for due in dues]
        else:
            parts = shared_out(min(_amount(discount, "amount_money"), sum(dues)), dues)
        self._apply(lines, parts, "discount", discount["uid"])
        discount["applied_money"] = self._money(sum(parts))

    def _charge(self, charge: Json, base: int) -> None:
        if "percentage" in charge:
            amount = even(base * Decimal(charge["percentage"]) / HUNDRED)
        else:
            amount = _amount(charge, "amount_money")
        charge["applied_money"] = charge["total_money"] = self._money(amount)
        charge["total_tax_money"] = self._money(0)
        if charge["treatment_type"] == "APPORTIONED_TREATMENT":
            lines = self._touched(charge, "service_charge")
            parts = shared_out(amount, [self._due(line) for line in lines])
            self._apply(lines, parts, "service_charge", charge["uid"])

    def _tax(self, tax: Json, charges: list[Json]) -> None:
        lines = self._touched(tax, "tax")
        charged = [_amount(line, "total_service_charge_money") for line in lines]
        bases = [self._due(line) + extra for line, extra in zip(lines, charged, strict=True)]
        parts = [
            self._share(tax, base, self._inclusive_rate(line))
            for line, base in zip(lines, bases, strict=True)
        ]
        self._apply(lines, parts, "tax", tax["uid"])
        kind = "inclusive" if tax["type"] == "INCLUSIVE" else "additive"
        for line, part in zip(lines, parts, strict=True):
            line[kind] = line.get(kind, 0) + part
        on_charges = [self._tax_on(charge, tax) for charge in charges if tax["scope"] == "ORDER"]
        tax["applied_money"] = self._money(sum(parts) + sum(on_charges))

    def _inclusive_rate(self, line: Json | None) -> Decimal:
        """Add the inclusive taxes up that a line (or, for None, a service charge) carries."""
        taxes = [tax for tax in self.order["taxes"] if tax["type"] == "INCLUSIVE"]
        if line is None:
            return sum((_rate(tax) for tax in taxes if tax["scope"] == "ORDER"), Decimal(0))
        mine = [t for t in taxes if t["scope"] == "ORDER" or _applied(line, "tax", t["uid"])]
        return sum((_rate(tax) for tax in mine), Decimal(0))

    def _share(self, tax: Json, base: int, inclusive_rate: Decimal) -> int:
        whole = HUNDRED + inclusive_rate if tax["type"] == "INCLUSIVE" else HUNDRED
        return even(base * _rate(tax) / whole)

    def _tax_on(self, charge: Json, tax: Json) -> int:
        if charge["treatment_type"] == "APPORTIONED_TREATMENT":
            return 0
        part = self._share(tax, _amount(charge, "applied_money"), self._inclusive_rate(None))
        charge["total_tax_money"] = self._money(_amount(charge, "total_tax_money") + part)
        if tax["type"] != "INCLUSIVE":
            charge["total_money"] = self._money(_amount(charge, "total_money") + part)
        return part

    def _close_lines(self) -> None:
        for line in self.lines:
            extra = line.pop("additive", 0) + _amount(line, "total_service_charge_money")
            line["total_money"] = self._money(self._due(line) + extra)
            included = line.pop("inclusive", 0)
            if self.net_of_tax:
                gross = _amount(line, "gross_sales_money") - included
                line["gross_sales_money"] = self._money(gross)

    def _totals(self, charges: list[Json]) -> None:
        order = self.order
        alone = [c for c in charges if c["treatment_type"] != "APPORTIONED_TREATMENT"]
        tax = _sum(self.lines, "total_tax_money") + _sum(alone, "total_tax_money")
        tips = _sum(order.get("tenders", []), "tip_money")
        total = _sum(self.lines, "total_money") + _sum(alone, "total_money") + tips
        order["total_tax_money"] = self._money(tax)
        order["total_discount_money"] = self._money(_sum(self.lines, "total_discount_money"))
        order["total_tip_money"] = self._money(tips)
        order["total_service_charge_money"] = self._money(_sum(charges, "applied_money"))
        order["total_money"] = self._money(total)
        order["net_amounts"] = {name: order[total] for name, total in NET.items()}


def _amount(thing: Json, name: str) -> int:
    return int(thing.get(name, {}).get("amount", 0))


def _sum(things: Iterable[Json], name: str) -> int:
    return sum(_amount(thing, name) for thing in things)


def _rate(tax: Json) -> Decimal:
    return Decimal(tax["percentage"])


def _applied(line: Json, kind: str, uid: str) -> Json | None:
    entries = line.get(APPLIED[kind], [])
    return next((entry for entry in entries if entry[f"{kind}_uid"] == uid), None)


def _discount_turn(discount: Json) -> tuple[bool, bool]:
    return "percentage" not in discount, discount["scope"] == "ORDER"
