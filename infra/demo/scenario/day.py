"""One Saturday at a shop, written down: who joins, what the tills tell, and in which order."""

from __future__ import annotations

import json
import random
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

Event = dict[str, Any]
Spec = str | tuple[str, str] | dict[str, Any]
"""A line: a menu item, (item, quantity), or a dict with `item` and what differs."""

SATURDAY = datetime(2026, 11, 21, tzinfo=UTC).date()
DAYS = {"fri": -1, "sat": 0, "sun": 1}
DELIVERED_AFTER = timedelta(seconds=20)
CLOSE_TOGETHER = timedelta(minutes=75)
SQUARE_KINDS = {"item", "gift_card"}
FATES = {
    "nothing": 76,
    "refund a piece": 6,
    "refund some": 5,
    "refund": 2,
    "void": 3,
    "duplicate": 4,
    "edit": 4,
}
"""What happens to a receipt of the crowd later that day, and how often in a hundred."""


@dataclass(frozen=True)
class Item:
    """What is on the menu; the price in minor units."""

    name: str
    sku: str
    category: str
    price: int
    kind: str = "item"


@dataclass(frozen=True)
class Shop:
    """What a day needs to know of a shop; the first store is where a sale is unless it says."""

    program: str
    zone: str
    currency: str
    stores: tuple[str, ...]
    menu: dict[str, Item]


@dataclass
class Day:
    """The events of one Saturday; `document` puts them into delivery order."""

    shop: Shop
    members: list[dict[str, Any]]
    events: list[Event] = field(default_factory=list)

    def when(self, local: str) -> datetime:
        """The instant of "09:12", "fri 16:20" or "sun 02:30", local time of the shop."""
        name, _, clock = local.rpartition(" ")
        date = SATURDAY + timedelta(days=DAYS[name or "sat"])
        hour, minute = clock.split(":")
        zone = ZoneInfo(self.shop.zone)
        stamp = datetime(date.year, date.month, date.day, int(hour), int(minute), tzinfo=zone)
        return stamp.astimezone(UTC)

    def join(self, member: str, local: str) -> Event:
        """The member joins."""
        return self._add(self.when(local), {"do": "join", "member": member})

    def sale(self, receipt: str, local: str, guest: Any, lines: list[Spec], **more: Any) -> Event:
        """A sale at this local time; `late` says when the till told of it."""
        at = self.when(more.pop("late", local)) + DELIVERED_AFTER
        fields = {
            "do": "sale",
            "via": "generic",
            "receipt": receipt,
            "revision": 1,
            "store": self.shop.stores[0],
            "channel": "in_store",
            "occurred_at": iso(self.when(local)),
            "currency": self.shop.currency,
            **dict.fromkeys(("tip", "tax", "tax_included", "discount", "reward_discount"), 0),
            **more,
            "guest": guest,
        }
        return self._add(at, priced(fields, self.lines(lines), more.get("tenders")))

    def edit(self, sale: Event, local: str, lines: list[Spec], **more: Any) -> Event:
        """The same receipt, as a later revision says."""
        fields = {**sale, "do": "edit", "revision": sale["revision"] + 1, **more}
        return self._add(
            self.when(local) + DELIVERED_AFTER,
            priced(fields, self.lines(lines), more.get("tenders")),
        )

    def refund(self, sale: Event, local: str, amount: int, **lines: str) -> Event:
        """Money back at this local time, for `l1="2"` two pieces of line 1, and so on."""
        before = sum(e["do"] == "refund" and e["receipt"] == sale["receipt"] for e in self.events)
        at = self.when(local)
        fields = {
            "do": "refund",
            "via": sale["via"],
            "refund": f"{sale['receipt']}-R{before + 1}",
            "receipt": sale["receipt"],
            "store": sale["store"],
            "currency": sale["currency"],
            "amount": amount,
            "lines": [{"line": key[1:], "quantity": back} for key, back in lines.items()],
            "occurred_at": iso(at),
        }
        return self._add(at + DELIVERED_AFTER, fields)

    def void(self, sale: Event, local: str) -> Event:
        """The receipt never was."""
        at = self.when(local)
        same = {key: sale[key] for key in ("via", "receipt", "store")}
        return self._add(at + DELIVERED_AFTER, {"do": "void", **same, "occurred_at": iso(at)})

    def again(self, event: Event, local: str) -> Event:
        """The till delivers the very same message once more."""
        return self._add(self.when(local) + DELIVERED_AFTER, {"do": "duplicate", "of": event})

    def forged(self, sale: Event, local: str, **more: Any) -> Event:
        """Somebody who is no till of ours tells of a sale."""
        return self._add(self.when(local) + DELIVERED_AFTER, {**sale, "do": "forged", **more})

    def clock(self, local: str) -> Event:
        """Nothing happens, and it is this time."""
        return self._add(self.when(local), {"do": "clock"})

    def lines(self, specs: list[Spec]) -> list[dict[str, Any]]:
        """The lines of a receipt, numbered from 1."""
        return [self._line(number, spec) for number, spec in enumerate(specs, 1)]

    def document(self) -> dict[str, Any]:
        """The scenario: members, and the events in delivery order."""
        events = sorted(self.events, key=lambda event: str(event["at"]))
        place = {id(event): index for index, event in enumerate(events)}
        told = [
            {**event, "of": place[id(event["of"])]} if event["do"] == "duplicate" else event
            for event in events
        ]
        return {"program": self.shop.program, "members": self.members, "events": told}

    def _add(self, at: datetime, fields: Event) -> Event:
        event = {**fields, "at": iso(at)}
        event = {"at": event.pop("at"), "do": event.pop("do"), **event}
        self.events.append(event)
        return event

    def _line(self, number: int, spec: Spec) -> dict[str, Any]:
        if isinstance(spec, str):
            spec = (spec, "1")
        if isinstance(spec, tuple):
            spec = {"item": spec[0], "quantity": spec[1]}
        item = self.shop.menu[spec["item"]]
        quantity = spec.get("quantity", "1")
        line = {
            "id": str(number),
            "name": item.name,
            "sku": item.sku,
            "category": item.category,
            "kind": item.kind,
            "quantity": quantity,
            "amount": spec.get("amount", int(item.price * Decimal(quantity))),
            "discount": spec.get("discount", 0),
        }
        if "included_tax" in spec:
            line["included_tax"] = spec["included_tax"]
        return line


def priced(fields: Event, lines: list[dict[str, Any]], tenders: list[int] | None) -> Event:
    """The sale with its lines, its total and what it was paid with."""
    goods = sum(line["amount"] - line["discount"] for line in lines)
    off = fields["discount"] + fields["reward_discount"]
    total = goods - off + fields["tax"] + fields["tip"]
    paid = tenders or [total]
    if sum(paid) != total:
        raise ValueError(f"{fields['receipt']}: {paid} does not pay {total}")
    if fields["via"] == "square":
        whole = off + fields["tax_included"]
        if whole or {line["kind"] for line in lines} - SQUARE_KINDS:
            raise ValueError(f"{fields['receipt']}: not what a Square order says")
    return {**fields, "total": total, "lines": lines, "tenders": paid}


def iso(at: datetime) -> str:
    """UTC, to the second."""
    return at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def person(key: str, name: str, language: str, *, phone: str = "", **more: Any) -> dict[str, Any]:
    """A member as they fill in the form; `reached_by` names the channels they said yes to."""
    reached_by = more.get("reached_by", ("sms",))
    return {
        "key": key,
        "name": name,
        "phone": phone or None,
        "email": more.get("email", f"{key}@example.com"),
        "language": language,
        "birthday": more.get("birthday"),
        "consents": {channel: ["service"] for channel in reached_by},
    }


@dataclass
class Bulk:
    """The rest of the day: a seeded crowd, in which nobody comes so often that it looks odd."""

    day: Day
    rng: random.Random
    members: tuple[str, ...]
    strangers: tuple[str, ...]
    generic_only: tuple[str, ...]
    channels: tuple[str, ...]
    items: tuple[str, ...]
    unit: int = 1
    taken: list[tuple[str, datetime]] = field(default_factory=list)

    def fill(self, count: int, prefix: str) -> None:
        """So many receipts more, each with what may happen to a receipt."""
        for number in range(1, count + 1):
            self._happen(self._sale(f"{prefix}{number:03d}"))

    def _odds(self, share: float) -> bool:
        return self.rng.random() < share

    def _sale(self, receipt: str) -> Event:
        local = f"{self.rng.randrange(8, 22):02d}:{self.rng.randrange(60):02d}"
        guest = self._guest(self.day.when(local))
        store = self.rng.choice(self.day.shop.stores)
        square = store != "boudha" and guest not in self.generic_only and self._odds(0.5)
        more: dict[str, Any] = {
            "via": "square" if square else "generic",
            "store": store,
            "channel": self.rng.choice(self.channels),
            "tip": self.rng.choice((0, 0, 0, 50, 100, 200)) * self.unit,
        }
        lines = self._order(square=square)
        goods = sum(line["amount"] for line in self.day.lines(lines))
        if not square and self._odds(0.2):
            more["discount"] = goods * self.rng.randrange(5, 15) // 100
        if not square and self._odds(0.25):
            more["tax_included"] = goods * 7 // 107
        if self._odds(0.06):
            hour = min(22, int(local[:2]) + self.rng.randrange(2, 6))
            more["late"] = f"{hour}:{local[3:]}"
        return self.day.sale(receipt, local, guest, lines, **more)

    def _guest(self, at: datetime) -> Any:
        if self._odds(0.34):
            return None
        if self._odds(0.12):
            return {"phone": self.rng.choice(self.strangers)}
        free = [key for key in self.members if self._alone(key, at)]
        if not free:
            return None
        guest = self.rng.choice(free)
        self.taken.append((guest, at))
        return guest

    def _alone(self, key: str, at: datetime) -> bool:
        near = [1 for guest, then in self.taken if guest == key and abs(then - at) < CLOSE_TOGETHER]
        return len(near) <= 1

    def _order(self, *, square: bool) -> list[Spec]:
        lines: list[Spec] = []
        for name in self.rng.sample(self.items, self.rng.randrange(1, 4)):
            pieces = self.rng.choice((1, 1, 1, 2, 2, 3))
            line: dict[str, Any] = {"item": name, "quantity": str(pieces)}
            amount = self.day.shop.menu[name].price * pieces
            if self._odds(0.15):
                line["discount"] = amount // 10
            if square and self._odds(0.25):
                line["included_tax"] = (amount - line.get("discount", 0)) * 7 // 107
            lines.append(line)
        return lines

    def _happen(self, sale: Event) -> None:
        told = datetime.fromisoformat(sale["at"]).astimezone(ZoneInfo(self.day.shop.zone))
        after = told + timedelta(minutes=self.rng.randrange(4, 50))
        what = self.rng.choices(tuple(FATES), weights=tuple(FATES.values()))[0]
        if after.date() != told.date():
            return
        local = after.strftime("%H:%M")
        first = sale["lines"][0]
        match what:
            case "refund a piece":
                paid = (first["amount"] - first["discount"]) // int(first["quantity"])
                self.day.refund(sale, local, paid, l1="1")
            case "refund some":
                amount = self.rng.randrange(self.unit, sale["total"] - sale["tip"])
                self.day.refund(sale, local, amount)
            case "refund":
                self.day.refund(sale, local, sale["total"])
            case "void":
                self.day.void(sale, local)
            case "duplicate":
                self.day.again(sale, local)
            case "edit":
                items = self.rng.sample(self.items, 2)
                lines: list[Spec] = [(item, str(self.rng.choice((1, 2)))) for item in items]
                self.day.edit(sale, local, lines, discount=0, tax_included=0)


def write(document: dict[str, Any], to: Path) -> None:
    """The scenario as JSON, one member and one event a line."""
    plain = {name: value for name, value in document.items() if isinstance(value, str)}
    parts = ["{\n" + ",\n".join(f'"{name}": {json.dumps(plain[name])}' for name in plain)]
    for name in ("members", "events"):
        rows = ",\n".join(json.dumps(row, ensure_ascii=False) for row in document[name])
        parts.append(f'"{name}": [\n{rows}\n]')
    to.write_text(",\n".join(parts) + "\n}\n", encoding="utf-8")
