"""The Saturday of the momo house: the receipts that matter by hand, and a seeded crowd."""

from __future__ import annotations

import random

from infra.demo.scenario.day import Bulk, Day, Item, Shop, person

SEED = 20261122
DEAR = 60000  # what the crowd does not buy

MENU = {
    "buff": Item("Steamed buff momo", "MOMO-BUFF", "momo", 18000),
    "chicken": Item("Steamed chicken momo", "MOMO-CHICKEN", "momo", 22000),
    "veg": Item("Steamed veg momo", "MOMO-VEG", "momo", 16000),
    "jhol": Item("Jhol momo", "MOMO-JHOL", "momo", 24000),
    "thukpa": Item("Thukpa", "THUKPA", "kitchen", 26000),
    "chowmein": Item("Chow mein", "CHOWMEIN", "kitchen", 21000),
    "sekuwa": Item("Sekuwa", "SEKUWA", "kitchen", 35000),
    "set": Item("Thakali set", "SET", "kitchen", 55000),
    "feast": Item("Feast for a table", "FEAST", "kitchen", 310000),
    "chiya": Item("Chiya", "CHIYA", "drinks", 5000),
    "lassi": Item("Lassi", "LASSI", "drinks", 12000),
    "coke": Item("Coke", "COKE", "drinks", 8000),
    "gift_card": Item("Gift card", "GIFT", "gift", 100000, "gift_card"),
    "service": Item("Service charge", "SERVICE", "fees", 10000, "service"),
    "courier": Item("Courier", "COURIER", "fees", 15000, "delivery"),
}

SHOP = Shop("momo-house", "Asia/Kathmandu", "NPR", ("thamel", "patan", "boudha"), MENU)

MEMBERS = [
    person("asha", "Asha Gurung", "en", phone="+9779841000001", birthday="1994-04-14"),
    person("bikash", "Bikash Rai", "ne", phone="+9779841000002"),
    person("chandra", "Chandra Thapa", "en", phone="+9779841000003", reached_by=("sms", "email")),
    person("deepa", "Deepa Shrestha", "ne", phone="+9779841000004", birthday="1988-11-21"),
    person("elina", "Elina Lama", "en", phone="+9779841000005", reached_by=("email",)),
    person("farhan", "Farhan Ansari", "en", phone="+9779841000006"),
    person("gita", "Gita Maharjan", "ne", phone="+9779841000007", reached_by=("email",)),
    person("hari", "Hari Bista", "ne", phone="+9779841000008", reached_by=()),
    person("indra", "Indra Bahadur Magar", "ne", phone="+9779841000009"),
    person("jyoti", "Jyoti Karki", "en", phone="+9779841000010", birthday="1999-01-31"),
    person("kiran", "Kiran Joshi", "en", phone="+9779841000011"),
    person("laxmi", "Laxmi Tamang", "ne", phone="+9779841000012", reached_by=("sms", "email")),
    person("maya", "Maya Sherpa", "en", reached_by=("sms", "email")),
    person("nabin", "Nabin Pradhan", "ne", phone="+9779841000014"),
    person("ojas", "Ojas Basnet", "en", phone="+9779841000015"),
]

EARLY = [member["key"] for member in MEMBERS if member["key"] not in {"indra", "jyoti"}]
STRANGERS = ("+9779841000091", "+9779841000092", "+9779841000093")


def day() -> Day:
    """All that happens."""
    saturday = Day(SHOP, MEMBERS)
    for minute, member in enumerate(EARLY):
        saturday.join(member, f"07:{minute + 10}")
    lunch(saturday)
    capped(saturday)
    after_midnight(saturday)
    pending(saturday)
    himal(saturday)
    waiting(saturday)
    taxed(saturday)
    unreachable(saturday)
    joined_late(saturday)
    corrected(saturday)
    nobody(saturday)
    crowd = Bulk(
        saturday,
        random.Random(SEED),  # noqa: S311 -- the same crowd every time is the point
        members=("laxmi", "maya", "nabin", "ojas"),
        strangers=STRANGERS,
        generic_only=("maya",),
        channels=("in_store", "in_store", "in_store", "app", "online", "delivery"),
        items=tuple(key for key, item in MENU.items() if item.kind == "item" and item.price < DEAR),
        unit=100,
    )
    crowd.fill(94, "N")
    saturday.clock("sun 09:00")
    return saturday


def lunch(day: Day) -> None:
    """Asha: jhol momo and lunch in Patan, and the edges of the lunch."""
    patan = {"store": "patan"}
    day.sale("M01", "11:30", "asha", [("jhol", "2"), "buff", "lassi"], via="square", **patan)
    day.sale("M02", "14:00", "asha", ["jhol", "chiya"], **patan)
    day.sale("M03", "15:30", "asha", [("chicken", "2")], via="square")
    day.sale("M04", "18:00", "asha", ["chiya", "coke"], store="boudha")
    day.sale("M05", "19:10", "asha", [("jhol", "2"), "thukpa"], channel="app", discount=7000)


def capped(day: Day) -> None:
    """Bikash: more than a receipt may earn, more than a day may earn, and money back."""
    first = day.sale("M10", "10:00", "bikash", [("buff", "12"), ("sekuwa", "6")], via="square")
    second = day.sale("M11", "11:20", "bikash", [("chicken", "10"), "lassi"])
    day.sale("M12", "12:30", "bikash", ["thukpa"], via="square")
    again = day.refund(first, "13:00", 144000, l1="8")
    day.again(again, "13:01")
    day.refund(second, "13:30", 232000)
    day.sale("M13", "17:00", "bikash", [("jhol", "3")], via="square", store="patan")


def after_midnight(day: Day) -> None:
    """Chandra: the night belongs to Saturday, in Boudha until five."""
    day.sale("M20", "20:40", "chandra", [("buff", "8"), ("sekuwa", "5")], via="square")
    day.sale("M21", "sun 02:30", "chandra", [("chicken", "10")], via="square", tip=20000)
    day.sale("M22", "sun 04:30", "chandra", [("veg", "5")], store="boudha")
    day.sale("M23", "sun 05:10", "chandra", [("veg", "2")], store="boudha")


def pending(day: Day) -> None:
    """Deepa: points that cannot be spent yet."""
    day.sale("M30", "08:00", "deepa", ["set", "courier"], channel="delivery")
    day.sale("M31", "12:15", "deepa", ["thukpa", "buff"], channel="online")
    day.sale("M32", "12:15", "deepa", ["chowmein"], channel="online", store="boudha")
    day.sale("M33", "13:05", "deepa", ["veg", "coke"], channel="online", late="16:30")
    part = day.sale("M35", "17:00", "deepa", [("buff", "3")], channel="online", via="square")
    day.refund(part, "17:40", 18000, l1="1")
    all_back = day.sale("M36", "18:00", "deepa", ["sekuwa"], channel="online")
    day.refund(all_back, "18:20", 35000)
    day.sale("M34", "20:50", "deepa", ["set"], channel="online", via="square")
    day.sale("M37", "19:00", "deepa", ["jhol", "courier"], channel="delivery", store="patan")


def himal(day: Day) -> None:
    """Elina: himal by one table, and what that is worth at lunch in Patan."""
    patan = {"store": "patan"}
    table = day.sale("M40", "09:30", "elina", ["feast", ("sekuwa", "6")], via="square", **patan)
    day.sale("M41", "13:59", "elina", ["jhol", "thukpa"], **patan)
    day.edit(table, "14:20", ["feast", ("sekuwa", "2")])
    day.sale("M42", "16:00", "elina", [("feast", "4")], via="square", tenders=[700000, 540000])
    day.sale("M43", "sun 04:10", "elina", ["set"])


def waiting(day: Day) -> None:
    """Farhan: seven receipts in 48 minutes, and a wedding."""
    for number in range(7):
        day.sale(f"M5{number}", f"12:{number * 8:02d}", "farhan", ["chiya", "veg"])
    day.sale("M58", "15:00", "farhan", [("feast", "17")], store="patan")
    day.sale("M59", "19:00", "farhan", ["thukpa", "chicken"], via="square")


def taxed(day: Day) -> None:
    """Gita: service charge, tax on top and inside, discounts."""
    day.sale(
        "M60", "11:00", "gita", ["thukpa", "veg", "service"],
        store="patan", discount=5000, tax=4810, tip=3000, tenders=[30000, 24810],
    )  # fmt: skip
    day.sale(
        "M61", "12:40", "gita",
        [{"item": "jhol", "included_tax": 2761}, {"item": "lassi", "included_tax": 1381}],
        via="square", store="patan",
    )  # fmt: skip
    day.sale(
        "M62", "14:10", "gita", ["chowmein", "buff", "coke"],
        discount=4700, reward_discount=10000, tax_included=3704,
    )  # fmt: skip
    day.sale("M63", "17:30", "gita", ["gift_card", "lassi"], via="square")
    day.sale("M64", "18:10", "gita", ["set", "set"], gift_card_tender=0, tenders=[100000, 10000])


def unreachable(day: Day) -> None:
    """Hari said yes to nothing."""
    day.sale("M70", "09:10", "hari", [("buff", "2"), "chiya"], via="square")
    day.sale("M71", "13:10", "hari", [("set", "4"), ("jhol", "2")], store="patan")


def joined_late(day: Day) -> None:
    """Indra joins in the evening, Jyoti in the quiet hours."""
    guest = {"phone": "+9779841000009"}
    day.sale("M81", "14:30", guest, [("set", "3"), ("chicken", "2")])
    day.sale("M80", "10:30", guest, [("buff", "2"), "thukpa"], via="square")
    part = day.sale("M82", "16:05", "indra", ["sekuwa", "lassi"], store="boudha")
    day.refund(part, "16:30", 12000)
    gone = day.sale("M83", "17:10", "indra", ["set"], via="square")
    day.void(gone, "17:15")
    day.join("indra", "18:30")
    day.sale("M84", "19:20", "indra", [("veg", "2")], via="square")
    day.sale("M85", "20:15", "jyoti", ["chowmein", "jhol"], via="square")
    day.sale("M86", "20:30", {"phone": "+9779841000010"}, ["thukpa"], channel="online")
    day.join("jyoti", "21:50")
    day.sale("M87", "22:10", "jyoti", ["buff", "coke"], store="boudha")


def corrected(day: Day) -> None:
    """Kiran: edits, voids, half plates, and what comes in the wrong order."""
    day.sale("M90", "fri 12:00", "kiran", ["jhol", "chowmein"], store="patan", late="08:30")
    early = day.sale("M91", "09:40", "kiran", [("chicken", "3"), "coke"], late="10:20")
    day.refund(early, "09:55", 22000, l1="1")
    half = day.sale("M92", "12:20", "kiran", [("buff", "2.5")])
    day.refund(half, "12:45", 18000, l1="1")
    bill = day.sale("M93", "15:10", "kiran", ["set"], via="square")
    newer = day.edit(bill, "15:20", ["set", ("jhol", "2")])
    day.again(newer, "15:21")
    day.edit(newer, "15:30", [("jhol", "2")])
    newest = day.sale("M94", "16:30", "kiran", ["thukpa"], revision=5)
    day.edit({**newest, "revision": 2}, "16:35", ["thukpa", "sekuwa"])
    wrong = day.sale("M95", "18:15", "kiran", [("chicken", "4")], via="square")
    day.void(wrong, "18:25")
    over = day.sale("M96", "20:00", "kiran", ["veg", "lassi"])
    day.refund(over, "20:10", 50000)


def nobody(day: Day) -> None:
    """Sales without a guest, and sales that never were."""
    plain = day.sale("M97", "09:15", None, ["buff", "chiya"])
    day.sale("M98", "11:10", {"phone": STRANGERS[0]}, [("jhol", "3")], via="square")
    day.forged(plain, "12:05", receipt="F01", guest="asha", via="square")
    day.forged(plain, "15:45", receipt="F02", guest="bikash", store="patan")
    day.forged(plain, "18:35", revision=4, guest="maya")
