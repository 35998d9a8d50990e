"""The Saturday of the art cafe: the receipts that matter by hand, and a seeded crowd."""

from __future__ import annotations

import random

from infra.demo.scenario.day import Bulk, Day, Item, Shop, person

SEED = 20261121
DEAR = 1500  # what the crowd does not buy

MENU = {
    "espresso": Item("Espresso", "ESP", "coffee", 240),
    "filter": Item("Filter coffee", "FIL", "coffee", 320),
    "cappuccino": Item("Cappuccino", "CAP", "coffee", 360),
    "flat_white": Item("Flat white", "FLW", "coffee", 380),
    "tea": Item("Pot of tea", "TEA", "tea", 310),
    "juice": Item("Apple juice", "JUI", "drinks", 410),
    "cookie": Item("Cookie", "COO", "bakery", 70),
    "croissant": Item("Croissant", "CRO", "bakery", 265),
    "cake": Item("Apple cake", "CAK", "bakery", 420),
    "cheesecake": Item("Cheesecake", "CHE", "bakery", 460),
    "quiche": Item("Quiche", "QUI", "kitchen", 790),
    "soup": Item("Soup of the day", "SOU", "kitchen", 650),
    "brunch": Item("Brunch plate", "BRU", "kitchen", 1240),
    "print_small": Item("Art print A5", "PRI-A5", "prints", 1200),
    "print_large": Item("Art print A3", "PRI-A3", "prints", 2800),
    "catalog": Item("Exhibition catalogue", "CAT", "shop", 1800),
    "bottle_deposit": Item("Bottle deposit", "DEP", "deposit", 25),
    "mug_deposit": Item("Mug deposit", "MUG", "mugs", 200, "deposit"),
    "gift_card": Item("Gift card", "GIFT", "gift", 2500, "gift_card"),
    "courier": Item("Courier", "COU", "fees", 350, "delivery"),
    "donation": Item("For the art school", "DON", "fees", 200, "donation"),
}

SHOP = Shop("art-cafe", "Europe/Berlin", "EUR", ("atelier",), MENU)

MEMBERS = [
    person("anna", "Anna Weber", "en", phone="+491713920001", birthday="1990-03-14"),
    person("bernd", "Bernd Vogel", "de", phone="+491713920002", reached_by=("sms", "email")),
    person("clara", "Clara Lindqvist", "en", phone="+491713920003", reached_by=("email",)),
    person("dieter", "Dieter Holm", "de", phone="+491713920004", birthday="1958-11-21"),
    person("emil", "Emil Sand", "en", phone="+491713920005"),
    person("frida", "Frida Baum", "de", phone="+491713920006", reached_by=("email",)),
    person("gustav", "Gustav Reh", "en", phone="+491713920007", reached_by=()),
    person("hanna", "Hanna Maria Kling", "en", phone="+491713920008", birthday="2001-07-02"),
    person("ivo", "Ivo Kranz", "de", phone="+491713920009"),
    person("jana", "Jana Roth", "de", phone="+491713920010"),
    person("karl", "Karl Otte", "en", phone="+491713920011"),
    person("moritz", "Moritz Lang", "de", phone="+491713920012"),
    person("lena", "Lena Fuchs", "de", reached_by=("sms", "email")),
    person("nora", "Nora Abel", "en", phone="+491713920014"),
    person("otto", "Otto Wirth", "de", phone="+491713920015"),
    person("paula", "Paula Stein", "en", phone="+491713920016", reached_by=("sms", "email")),
]

EARLY = [member["key"] for member in MEMBERS if member["key"] not in {"hanna", "ivo"}]
STRANGERS = ("+491713920091", "+491713920092", "+491713920093")


def day() -> Day:
    """All that happens."""
    saturday = Day(SHOP, MEMBERS)
    for minute, member in enumerate(EARLY):
        saturday.join(member, f"07:{minute + 10}")
    carried(saturday)
    quiet_hour(saturday)
    gold(saturday)
    refunded(saturday)
    corrected(saturday)
    taxed(saturday)
    unreachable(saturday)
    joined_late(saturday)
    waiting(saturday)
    lifted(saturday)
    nobody(saturday)
    crowd = Bulk(
        saturday,
        random.Random(SEED),  # noqa: S311 -- the same crowd every time is the point
        members=("lena", "nora", "otto", "paula"),
        strangers=STRANGERS,
        generic_only=("lena",),
        channels=("in_store", "in_store", "in_store", "app", "online", "delivery"),
        items=tuple(key for key, item in MENU.items() if item.kind == "item" and item.price < DEAR),
    )
    crowd.fill(88, "N")
    saturday.clock("sun 09:00")
    return saturday


def carried(day: Day) -> None:
    """Anna: what is left over counts on the next receipt; deposits and gift cards do not."""
    day.sale("A01", "09:12", "anna", ["flat_white", "cookie"], via="square")
    day.sale("A02", "09:40", "anna", ["tea", "cookie"])
    third = day.sale("A03", "10:42", "anna", ["tea"], via="square")
    day.again(third, "10:44")
    day.sale("A04", "12:05", "anna", ["espresso", "croissant", "bottle_deposit"], discount=100)
    day.sale("A05", "13:20", "anna", ["gift_card", "filter"], via="square")
    day.sale(
        "A06", "14:10", "anna", ["brunch", "cake"],
        tip=200, tenders=[1000, 860], gift_card_tender=0,
    )  # fmt: skip
    day.sale("A07", "18:05", "anna", ["juice", "cookie"], channel="app")
    last = day.sale("A08", "19:45", "anna", ["juice", "cake"], channel="app")
    day.refund(last, "20:10", 420, l2="1")


def quiet_hour(day: Day) -> None:
    """Bernd: around the edges of the quiet hour."""
    day.sale("A10", "14:59", "bernd", ["brunch"], via="square")
    day.sale("A11", "15:00", "bernd", ["quiche", ("cookie", "2")])
    day.sale("A12", "16:58", "bernd", ["print_small", "cappuccino"], via="square")
    day.sale("A13", "17:00", "bernd", ["cake"])
    day.sale("A14", "17:20", "bernd", ["catalog", "flat_white"], tax_included=200)
    day.sale("A15", "16:15", "bernd", ["tea"], channel="online")


def gold(day: Day) -> None:
    """Clara: buys three prints and is gold by noon."""
    day.sale("A20", "10:00", "clara", [("print_large", "3")], via="square")
    second = day.sale("A21", "11:45", "clara", ["quiche"])
    day.sale("A22", "12:10", "clara", ["quiche"])
    day.sale("A23", "15:30", "clara", ["soup"], via="square")
    app = day.sale("A24", "17:30", "clara", ["print_small"], channel="app")
    day.refund(app, "17:55", 1200, l1="1")
    edited = day.edit(second, "18:20", ["quiche", "soup"])
    day.again(edited, "18:21")
    day.sale("A26", "20:30", "clara", ["cappuccino", "cookie"])


def refunded(day: Day) -> None:
    """Dieter: gives back by amount, by line, whole and more than that."""
    lines = ["brunch", "cake", "cheesecake", "cookie"]
    whole = day.sale("A30", "09:30", "dieter", [*lines], via="square", tip=200)
    day.refund(whole, "10:15", 500)
    day.refund(whole, "10:40", 500)
    day.refund(whole, "11:05", 1190)
    cakes = day.sale("A31", "12:00", "dieter", [{"item": "cake", "quantity": "3", "discount": 50}])
    first = day.refund(cakes, "12:40", 403, l1="1")
    day.again(first, "12:42")
    day.refund(cakes, "13:05", 403, l1="1")
    breakfast = day.sale("A32", "13:30", "dieter", ["espresso", "croissant"], via="square")
    day.refund(breakfast, "14:00", 505)
    day.sale("A33", "14:05", "dieter", ["cappuccino"])
    cheesecake = day.sale("A34", "17:10", "dieter", ["cheesecake"])
    day.refund(cheesecake, "17:25", 1000)


def corrected(day: Day) -> None:
    """Emil: nothing of his comes in order."""
    early = day.sale("A40", "10:00", "emil", ["soup", "espresso"], late="10:30")
    day.refund(early, "10:05", 240, l2="1")
    tea = day.sale("A41", "11:00", "emil", ["tea"], via="square")
    day.edit(tea, "11:10", ["tea", "cake"])
    day.again(tea, "11:12")
    newest = day.sale("A42", "12:20", "emil", ["cappuccino", "cookie"], revision=3)
    older = {**newest, "revision": 1}
    day.edit(older, "12:25", ["cappuccino"])
    cookie = day.sale("A43", "13:10", "emil", ["cookie"])
    day.sale("A44", "13:15", "emil", ["cookie"])
    day.refund(cookie, "13:20", 70)
    day.sale("A45", "15:10", "emil", ["flat_white"], late="18:20", via="square")
    cake = day.sale("A46", "18:40", "emil", ["cake"], via="square")
    day.void(cake, "18:55")


def taxed(day: Day) -> None:
    """Frida: taxes, vouchers, couriers."""
    day.sale(
        "A50", "09:55", "frida",
        [{"item": "flat_white", "included_tax": 61}, {"item": "catalog", "included_tax": 118}],
        via="square", tenders=[1000, 1180],
    )  # fmt: skip
    day.sale(
        "A51", "11:30", "frida", ["cake", "quiche", "cookie"],
        discount=100, reward_discount=200, tax_included=70,
    )  # fmt: skip
    day.sale("A52", "13:00", "frida", ["catalog", "mug_deposit"], tax=126, tip=100)
    day.sale("A53", "11:20", "frida", ["soup", "courier", "donation"], channel="online")
    day.sale("A54", "08:15", "frida", ["cheesecake"], channel="online")
    pending = day.sale("A55", "16:40", "frida", ["brunch", "soup"], channel="online")
    day.refund(pending, "17:45", 650, l2="1")
    day.sale("A56", "18:30", "frida", ["quiche"], channel="delivery")


def unreachable(day: Day) -> None:
    """Gustav said yes to nothing: he earns, and hears nothing."""
    day.sale("A57", "10:20", "gustav", ["brunch", "juice"], via="square")
    day.sale("A58", "15:45", "gustav", ["catalog", "cake"])
    day.sale("A59", "sun 03:30", "gustav", ["quiche"], via="square")
    day.sale("A89", "sun 04:10", "gustav", ["tea"])


def joined_late(day: Day) -> None:
    """Hanna joins in the evening, Ivo at night: what they bought before becomes theirs."""
    day.sale("A61", "13:10", {"phone": "+491713920008"}, ["soup", "juice"])
    day.sale("A60", "09:50", {"phone": "+491713920008"}, ["brunch", "tea"], late="15:20")
    back = day.sale("A62", "15:05", "hanna", [("cheesecake", "2")], via="square")
    day.refund(back, "15:25", 460, l1="1")
    gone = day.sale("A63", "16:30", "hanna", ["catalog"], via="square")
    day.void(gone, "16:40")
    day.join("hanna", "19:00")
    day.sale("A64", "19:30", "hanna", ["tea", "cake"], via="square")
    day.sale("A65", "20:10", "ivo", ["brunch", "juice"])
    day.join("ivo", "21:40")
    day.sale("A66", "23:40", "ivo", [("juice", "2")], via="square")
    day.sale("A67", "sun 00:50", "ivo", ["soup"])
    day.sale("A68", "sun 02:30", "ivo", ["quiche", "flat_white"], via="square")
    day.sale("A69", "sun 03:50", "ivo", ["espresso", "cookie"])


def waiting(day: Day) -> None:
    """Jana: eight receipts in 35 minutes, and twenty prints at once."""
    for number in range(8):
        day.sale(f"A7{number}", f"11:{number * 5:02d}", "jana", ["espresso", "cookie"])
    many = day.sale("A79", "14:00", "jana", [("print_large", "20")], via="square")
    day.refund(many, "14:30", 2800, l1="1")
    day.sale("A78", "16:00", "jana", ["cheesecake"])


def lifted(day: Day) -> None:
    """Karl is gold with his first order; what Moritz reached stays reached."""
    order = day.sale(
        "A80", "11:15", "karl", [("print_large", "3"), ("print_small", "2")], channel="app"
    )
    day.sale("A81", "13:40", "karl", ["soup"], via="square")
    day.refund(order, "14:20", 5600, l1="2")
    day.sale("A82", "16:20", "karl", ["print_small", "tea"], via="square")
    table = day.sale("A85", "12:30", "moritz", [("brunch", "5")])
    day.refund(table, "12:50", 1000)
    day.sale("A86", "14:40", "moritz", ["brunch"], via="square")
    day.sale("A87", "fri 16:00", "moritz", ["quiche", ("cookie", "3")], late="15:50")


def nobody(day: Day) -> None:
    """Sales without a guest, and sales that never were."""
    plain = day.sale("A90", "09:05", None, ["cappuccino", "croissant"])
    day.sale("A91", "10:10", {"phone": STRANGERS[0]}, [("print_small", "2")], via="square")
    day.sale("A92", "12:15", None, [("gift_card", "2")], via="square")
    sale = day.lines(["catalog"])
    day.forged(plain, "11:50", receipt="F01", guest="anna", via="square")
    day.forged(
        plain, "15:30", receipt="F02", guest="dieter",
        lines=sale, total=1800, tenders=[1800],
    )  # fmt: skip
    day.forged(plain, "16:05", revision=9, guest="karl")
