"""A week of three harbors: birthdays by three clocks, guests away, a lapse, a campaign."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any
from zoneinfo import ZoneInfo

from infra.demo.scenario.day import Day, Event, Item, Shop, iso, person

MENU = {
    "coffee": Item("Coffee", "COF", "coffee", 400),
    "lunch": Item("Fish of the day", "FIS", "kitchen", 1200),
    "feast": Item("Sunday plate", "SUN", "kitchen", 4000),
}
SHOP = Shop("three-harbors", "Europe/Berlin", "EUR", ("hamburg", "reunion", "azores"), MENU)
ZONES = {"hamburg": "Europe/Berlin", "reunion": "Indian/Reunion", "azores": "Atlantic/Azores"}
FROM = datetime(2027, 2, 21, 23, 0, tzinfo=UTC)
"""Monday, midnight in Hamburg."""
BOTH = ("service", "marketing")


def guest(number: int, name: str, store: str = "hamburg", **more: Any) -> dict[str, Any]:
    """A member who joined at a store, and said yes to `purposes`."""
    purposes, channel = list(more.pop("purposes", BOTH)), more.pop("by", "sms")
    key = name.split(maxsplit=1)[0].lower()
    told = person(key, name, "en", phone=f"+4917139210{number:02d}", **more)
    return {**told, "store": store, "consents": {channel: purposes}}


MEMBERS = [
    guest(1, "Ines Brandt"),
    guest(2, "Jonas Adler"),
    guest(3, "Karin Holst"),
    guest(4, "Lea Payet", "reunion", purposes=("service",)),
    guest(5, "Max Thomsen", purposes=("service",), by="email"),
    guest(6, "Bela Hansen", birthday="1984-02-23"),
    guest(7, "Camille Hoarau", "reunion", birthday="1991-02-23"),
    guest(8, "Duarte Silveira", "azores", birthday="1979-02-23"),
    guest(9, "Elin Storm", birthday="1996-02-29"),
    guest(10, "Finn Petersen", birthday="1999-02-24"),
    guest(11, "Oda Krohn"),
    guest(12, "Piet Jansen"),
    guest(13, "Quinn Avila", "azores"),
    guest(14, "Rosa Hoarau", "reunion"),
    guest(15, "Sven Lund"),
    guest(16, "Tess Garcia", "azores"),
    guest(17, "Udo Behrens"),
    guest(18, "Vera Grondin", "reunion"),
    guest(19, "Nele Voss"),
]
LATE = {"finn": "2027-02-12 11:00", "nele": "2027-02-25 08:30"}
LATELY = ("oda", "piet", "quinn", "rosa", "sven", "tess", "udo", "vera")


@dataclass
class Week(Day):
    """Like a day, but each local time is a date and a time of day, by the clock of a store."""

    def when(self, local: str) -> datetime:
        """The instant of "2027-02-24 12:00 reunion"; Hamburg's clock, if no store is named."""
        day, clock, store = f"{local} hamburg".split()[:3]
        there = datetime.fromisoformat(f"{day} {clock}").replace(tzinfo=ZoneInfo(ZONES[store]))
        return there.astimezone(UTC)

    def visit(self, number: str, local: str, key: str, item: str = "coffee", **more: Any) -> Event:
        """A guest of this store comes and buys something; at the generic till."""
        store = next(member["store"] for member in self.members if member["key"] == key)
        if "late" in more:
            more["late"] = f"{more['late']} {store}"
        return self.sale(number, f"{local} {store}", key, [item], store=store, **more)

    def text(self, local: str, member: str, words: str) -> Event:
        """A guest texts us."""
        return self._add(self.when(local), {"do": "text", "member": member, "text": words})

    def document(self) -> dict[str, Any]:
        """The scenario, and from when on it is watched by the clock."""
        return {**super().document(), "from": iso(FROM)}


def week() -> Week:
    """All that happens, and the months before it."""
    found = Week(SHOP, MEMBERS)
    for member in MEMBERS:
        found.join(member["key"], LATE.get(member["key"], "2026-11-25 08:10"))
    before(found)
    found.visit("W01", "2027-02-24 12:00", "ines", "lunch")
    found.visit("W02", "2027-02-23 13:00", "karin", late="2027-02-24 17:00")
    found.text("2027-02-24 15:00", "piet", "STOP")
    found.visit("W03", "2027-02-25 08:45", "nele")
    found.visit("W04", "2027-02-26 11:30", "oda", via="square")
    found.text("2027-02-25 15:00", "rosa", "STOP")
    found.visit("W05", "2027-02-26 09:10", "lea")
    found.clock("2027-03-01 12:00")
    return found


def before(week: Week) -> None:
    """The months before: who goes away, who comes regularly, who came lately."""
    for number, key in enumerate(("ines", "jonas", "karin")):
        week.visit(f"B1{number}", f"2027-01-23 12:{number}0", key, "lunch")
    regular = (("2026-11-25 13:00", "feast"), ("2026-12-15 12:30", "lunch"),
               ("2027-01-10 09:00", "coffee"), ("2027-02-05 18:00", "coffee"))  # fmt: skip
    for number, (local, item) in enumerate(regular):
        week.visit(f"B2{number}", local, "lea", item)
        week.visit(f"B3{number}", f"{local[:-1]}5", "max", item, via="square")
    for number, key in enumerate(LATELY):
        week.visit(f"B4{number}", f"2027-02-{12 + number % 4} 1{number}:15", key)
