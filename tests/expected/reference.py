"""WORKED"""

from __future__ import annotations

import json
from collections import defaultdict
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from fractions import Fraction
from math import floor
from pathlib import Path
from zoneinfo import ZoneInfo

HERE = Path(__file__).parent
SCENARIOS = HERE.parent.parent / "infra" / "demo" / "scenario"


# --- 1. From receipt to eligible amount, 2. What is kept after refunds ---------------------------


def spread(whole, weights):
    """`whole` in proportion to the weights: floors first, what is left to the largest fractions."""
    everything = sum(weights)
    if everything == 0:
        return [0 for _ in weights]
    exact = [Fraction(whole * weight, everything) for weight in weights]
    shares = [floor(share) for share in exact]
    by_fraction = sorted(range(len(weights)), key=lambda i: (shares[i] - exact[i], i))
    for i in by_fraction[: whole - sum(shares)]:
        shares[i] += 1
    return shares


def eligible_lines(sale, excluded):
    """What each line of a sale may earn on, in minor units."""
    lines = sale["lines"]
    starts = [
        max(0, line["amount"] - line["discount"]) if line["kind"] == "item" else 0 for line in lines
    ]
    off = [spread(sale[name], starts) for name in ("discount", "reward_discount", "tax_included")]
    eligible = []
    for i, line in enumerate(lines):
        amount = starts[i] - sum(shares[i] for shares in off) - line.get("included_tax", 0)
        eligible.append(0 if line["category"] in excluded else max(0, amount))
    return eligible


@dataclass
class KeptLine:
    """What is left of a line: the amount that earns and the whole pieces."""

    sku: str
    category: str
    amount: int
    pieces: int


def kept_lines(sale, refunds, voided, excluded):
    """What is left of each line after all refunds, whatever their order."""
    amounts, pieces = [], []
    for line, eligible in zip(sale["lines"], eligible_lines(sale, excluded), strict=True):
        quantity = Fraction(line["quantity"])
        back = sum(
            Fraction(part["quantity"])
            for refund in refunds
            for part in refund["lines"]
            if part["line"] == line["id"]
        )
        left = max(Fraction(0), quantity - back)
        amounts.append(floor(eligible * left / quantity))
        pieces.append(floor(left))
    named = sum(refund["amount"] for refund in refunds if refund["lines"])
    free = sum(refund["amount"] for refund in refunds if not refund["lines"])
    paid = sale["total"] - sale["tip"] - named
    if voided or (free > 0 and free >= paid):
        amounts = [0 for _ in amounts]
        pieces = [0 for _ in pieces]
    elif free > 0:
        amounts = spread(floor(Fraction(sum(amounts) * (paid - free), paid)), amounts)
    return [
        KeptLine(line["sku"], line["category"], amount, whole)
        for line, amount, whole in zip(sale["lines"], amounts, pieces, strict=True)
    ]


# --- What the books hold ----------------------------------------------------------------------


@dataclass
class Receipt:
    """A receipt as its newest revision says, and what was booked for it."""

    id: str
    sale: dict
    refunds: list
    voided: bool = False
    member: Member | None = None
    state: str = "unclaimed"
    tier: str | None = None  # the member's, when the receipt was first judged
    booked: int = 0

    @property
    def time(self):
        return instant(self.sale["occurred_at"])


@dataclass
class Lot:
    """Points of one receipt (or one award), and when they can be spent from."""

    receipt: str | None
    points: int
    earned: datetime
    spendable: datetime
    told: bool  # nothing to tell any more when they become spendable


@dataclass
class Member:
    """A guest who joined."""

    key: str
    name: str
    phone: str | None
    email: str | None
    language: str
    consents: dict
    tier: str | None = None
    worth: int = 0  # all purchases together: the lifetime points
    visits: int = 0
    spend: int = 0
    lots: list = field(default_factory=list)
    receipts: list = field(default_factory=list)
    reached: list = field(default_factory=list)

    def points(self, now):
        return sum(lot.points for lot in self.lots if lot.spendable <= now)

    def pending(self, now):
        return sum(lot.points for lot in self.lots if lot.spendable > now)

    def channel(self):
        """The first of SMS and e-mail with consent and an address."""
        for channel, to in (("sms", self.phone), ("email", self.email)):
            if to and "service" in self.consents.get(channel, ()):
                return channel, to
        return None


def instant(text):
    return datetime.fromisoformat(text)


HOUR = timedelta(hours=1)


class Shop:
    """The books of a shop: acts in the order of delivery. The rules are the shops' own, below."""

    zone: ZoneInfo
    excluded: frozenset = frozenset()
    ceiling: int
    receipts_per_hour: int
    pending_time: dict
    sitting: timedelta
    visit_minimum: int
    visit_channels: frozenset
    tells_releases = False

    def __init__(self, scenario):
        self.people = {
            person["key"]: Member(
                person["key"],
                person["name"],
                person["phone"],
                person["email"],
                person["language"],
                person["consents"],
            )
            for person in scenario["members"]
        }
        self.events = scenario["events"]
        self.joined = []
        self.receipts = {}
        self.refunds = defaultdict(list)
        self.messages = defaultdict(list)
        self.alerts = []
        self.ignored = {"forged": 0, "duplicates": 0, "older_revisions": 0}
        self.now = None

    # The shops say these.

    def worth(self, receipts):
        """What all receipts of a member are worth together."""
        raise NotImplementedError

    def turn(self, store):
        """The hour at which the store's business day begins."""
        raise NotImplementedError

    def level(self, spend):
        """The tier this much spending reaches."""
        raise NotImplementedError

    def milestones(self, before, after):
        """The milestones an act crosses: (name, line, award, reward) each."""
        raise NotImplementedError

    def phrase(self, member, name, values):
        """A text of the shop in the member's language."""
        raise NotImplementedError

    def watch(self, receipt, tier, more_visits, first):
        """Alerts of an act on this receipt of a member who had this tier before."""
        raise NotImplementedError

    # What happens.

    def run(self):
        for event in self.events:
            at = instant(event["at"])
            self.release(at)
            self.now = at
            getattr(self, f"on_{event['do']}")(event)
        return self

    def on_clock(self, event):
        """Only the time passes."""

    def on_forged(self, _event):
        self.ignored["forged"] += 1

    def on_duplicate(self, _event):
        self.ignored["duplicates"] += 1

    def on_join(self, event):
        member = self.people[event["member"]]
        self.joined.append(member)
        theirs = [
            receipt
            for receipt in self.receipts.values()
            if receipt.state == "unclaimed" and self.guest(receipt.sale["guest"]) is member
        ]
        for receipt in sorted(theirs, key=lambda receipt: (receipt.time, receipt.id)):
            self.judge(receipt, member)

    def on_sale(self, event):
        known = self.receipts.get(event["receipt"])
        if known is None:
            receipt = Receipt(event["receipt"], event, self.refunds[event["receipt"]])
            self.receipts[receipt.id] = receipt
            member = self.guest(event["guest"])
            if member is not None:
                self.judge(receipt, member)
        elif event["revision"] > known.sale["revision"]:
            known.sale = event
            self.act(known, "edit")
        else:
            self.ignored["older_revisions"] += 1

    on_edit = on_sale

    def on_refund(self, event):
        self.refunds[event["receipt"]].append(event)
        if event["receipt"] in self.receipts:
            self.act(self.receipts[event["receipt"]], "refund")

    def on_void(self, event):
        receipt = self.receipts[event["receipt"]]
        receipt.voided = True
        self.act(receipt, "void")

    def guest(self, guest):
        """The member this is, if they have joined."""
        for member in self.joined:
            if guest == member.key or (
                isinstance(guest, dict) and member.phone and guest["phone"] == member.phone
            ):
                return member
        return None

    # --- 6. Which receipts wait ---

    def judge(self, receipt, member):
        """A receipt of somebody we know, for the first time."""
        receipt.member = member
        member.receipts.append(receipt)
        near = [
            other for other in member.receipts if receipt.time - HOUR < other.time <= receipt.time
        ]
        if receipt.sale["total"] > self.ceiling or len(near) > self.receipts_per_hour:
            receipt.state = "review"
            return
        receipt.state = "posted"
        receipt.tier = member.tier
        self.act(receipt, "sale")

    # --- 3 to 5: an act on a receipt ---

    def act(self, receipt, kind):
        """Book what the receipt gained or lost, and everything this sets off."""
        if receipt.state != "posted":
            return
        member = receipt.member
        posted = [other for other in member.receipts if other.state == "posted"]
        before = (member.worth, member.visits, member.spend)
        tier = member.tier

        member.worth = self.worth(posted)
        member.visits = self.count_visits(posted)
        member.spend = sum(self.kept(other) for other in posted)
        points = member.worth - before[0]
        receipt.booked += points
        self.move(member, receipt, points)

        member.tier = self.lifted(tier, member.spend)
        reached = self.grant(member, before)
        self.tell(member, kind, points, member.tier != tier, reached)
        self.watch(receipt, tier, member.visits > before[1], kind == "sale")

    def lines(self, receipt):
        return kept_lines(receipt.sale, receipt.refunds, receipt.voided, self.excluded)

    def kept(self, receipt):
        return sum(line.amount for line in self.lines(receipt))

    def local(self, receipt):
        return receipt.time.astimezone(self.zone)

    def business_day(self, receipt) -> date:
        turn = timedelta(hours=self.turn(receipt.sale["store"]))
        return (self.local(receipt).replace(tzinfo=None) - turn).date()

    def count_visits(self, posted):
        """Per business day and store the fewest sittings; the earliest receipt starts one."""
        times = defaultdict(list)
        for receipt in posted:
            kept = self.kept(receipt)
            if receipt.sale["channel"] in self.visit_channels and kept >= self.visit_minimum:
                times[receipt.sale["store"], self.business_day(receipt)].append(receipt.time)
        visits = 0
        for sitting in times.values():
            end = None
            for time in sorted(sitting):
                if end is None or time >= end:
                    visits += 1
                    end = time + self.sitting
        return visits

    def move(self, member, receipt, points):
        """Into the receipt's lot; or out of it, then spendable lots, then pending ones."""
        own = [lot for lot in member.lots if lot.receipt == receipt.id]
        if points > 0 and own:
            own[0].points += points
        elif points > 0:
            wait = self.pending_time.get(receipt.sale["channel"], timedelta(0))
            spendable = receipt.time + wait
            member.lots.append(
                Lot(receipt.id, points, receipt.time, spendable, spendable <= self.now)
            )
        elif points < 0:
            rest = [lot for lot in member.lots if lot.receipt != receipt.id]
            now = [lot for lot in rest if lot.spendable <= self.now]
            later = [lot for lot in rest if lot.spendable > self.now]
            # Lots lapse in the order they were earned: the same number of months later for all.
            now.sort(key=lambda lot: lot.earned)
            later.sort(key=lambda lot: lot.spendable)
            missing = -points
            for lot in own + now + later:
                part = min(lot.points, missing)
                lot.points -= part
                missing -= part
            if missing:
                raise AssertionError("nothing is spent here, so nothing can be missing")

    def lifted(self, tier, spend):
        """The higher of the tier they have and the one they reach."""
        order = [None, *self.tier_order]
        return max(tier, self.level(spend), key=order.index)

    def grant(self, member, before):
        reached = []
        for name, line, award, reward in self.milestones(
            before, (member.worth, member.visits, member.spend)
        ):
            if (name, line) in member.reached:
                continue
            member.reached.append((name, line))
            reached.append((name, award, reward))
            if award:
                member.lots.append(Lot(None, award, self.now, self.now, told=True))
        return reached

    # --- 7. What the guest is told ---

    def tell(self, member, kind, points, lifted, reached):
        name = {"sale": "earned", "edit": "corrected"}.get(kind, "taken_back")
        texts = []
        if kind == "edit":
            says = points != 0
        else:
            says = points > 0 if kind == "sale" else points < 0
        if says:
            texts.append(self.phrase(member, name, self.values(member, abs(points), self.now)))
        if lifted:
            texts.append(self.phrase(member, "tier", {"tier": self.titles[member.tier]}))
        for milestone, award, reward in reached:
            values = {"milestone": self.titles[milestone], "gift": self.gift(award, reward)}
            texts.append(self.phrase(member, "milestone", values))
        self.send(member, texts)

    def values(self, member, points, now):
        return {
            "name": member.name.split()[0],
            "points": points,
            "balance": member.points(now),
            "pending": member.pending(now),
        }

    def gift(self, award, reward):
        """The built-in phrases, by language."""
        if award:
            return {
                "en": f"+{award} points",
                "de": f"+{award} Punkte",
                "ne": f"+{award} अंक",
            }
        title = self.titles[reward]
        code = {"en": "code", "de": "Code", "ne": "कोड"}
        return {language: f"{title[language]}, {code[language]} ****-****" for language in title}

    def send(self, member, texts):
        reach = member.channel()
        if texts and reach:
            channel, to = reach
            self.messages[to].append({"channel": channel, "to": to, "text": " ".join(texts)})

    def release(self, until):
        """Points that became spendable since: one message for each member and instant."""
        due = sorted(
            (lot.spendable, self.joined.index(member))
            for member in self.joined
            for lot in member.lots
            if not lot.told and lot.spendable <= until
        )
        for at, place in sorted(set(due)):
            member = self.joined[place]
            lots = [lot for lot in member.lots if not lot.told and lot.spendable == at]
            points = sum(lot.points for lot in lots)
            for lot in lots:
                lot.told = True
            if points and self.tells_releases:
                text = self.phrase(member, "released", self.values(member, points, at))
                self.send(member, [text])

    # --- What to expect ---

    def expected(self):
        members = {
            member.key: {
                "points": member.points(self.now),
                "pending": member.pending(self.now),
                "tier": member.tier,
                "visits": member.visits,
                "lifetime_points": member.worth,
                "debt": 0,
            }
            for member in self.people.values()
        }
        receipts = {
            receipt.id: {
                "member": receipt.member.key if receipt.member else None,
                "kept_eligible": self.kept(receipt),
                "booked": receipt.booked,
                "state": "voided" if receipt.voided else receipt.state,
            }
            for receipt in sorted(self.receipts.values(), key=lambda receipt: receipt.id)
        }
        states = [receipt["state"] for receipt in receipts.values()]
        totals = {
            "points": sum(member["points"] for member in members.values()),
            "pending": sum(member["pending"] for member in members.values()),
            "receipts": len(receipts),
            **{name: states.count(name) for name in ("posted", "unclaimed", "review", "voided")},
            **self.ignored,
            "messages": sum(len(texts) for texts in self.messages.values()),
        }
        return {
            "members": members,
            "receipts": receipts,
            "totals": totals,
            "messages": dict(self.messages),
            "alerts": self.alerts,
        }


# --- The art cafe -----------------------------------------------------------------------------


class ArtCafe(Shop):
    """1 point per euro (carried), 5 per print, 3 per app order; x2 in the quiet hour, gold x1.5."""

    zone = ZoneInfo("Europe/Berlin")
    excluded = frozenset({"deposit"})
    ceiling = 50000
    receipts_per_hour = 6
    pending_time = {"online": timedelta(days=1)}  # noqa: RUF012
    sitting = timedelta(minutes=90)
    visit_minimum = 300
    visit_channels = frozenset({"in_store", "app"})
    tier_order = ("silver", "gold")
    titles = {  # noqa: RUF012
        "silver": {"en": "Silver", "de": "Silber"},
        "gold": {"en": "Gold", "de": "Gold"},
        "coffee": {"en": "a coffee on the house", "de": "ein Kaffee aufs Haus"},
        "print_discount": {"en": "5 euros off a print", "de": "5 Euro Rabatt auf einen Druck"},
        "first_visit": {"en": "Your first visit", "de": "Dein erster Besuch"},
        "second_visit": {"en": "Back so soon", "de": "Schon wieder da"},
        "sixty_points": {"en": "Every 60 points", "de": "Alle 60 Punkte"},
    }
    texts = {  # noqa: RUF012
        "earned": {
            "en": "Hi {name}, +{points} points. Balance {balance}.",
            "de": "Hallo {name}, +{points} Punkte. Stand {balance}.",
        },
        "taken_back": {
            "en": "Hi {name}, {points} points went back with your refund. Balance {balance}.",
            "de": "Hallo {name}, {points} Punkte gingen mit der Erstattung zurück. "
            "Stand {balance}.",
        },
        "corrected": {
            "en": "Hi {name}, your receipt was corrected. Balance {balance}.",
            "de": "Hallo {name}, dein Beleg wurde korrigiert. Stand {balance}.",
        },
        "tier": {"en": "You are {tier} now.", "de": "Du bist jetzt {tier}."},
        "milestone": {"en": "{milestone}! {gift}", "de": "{milestone}! {gift}"},
    }

    def factor(self, receipt):
        """Best of: the quiet hour doubles, gold is half as much again."""
        at = self.local(receipt)
        factors = [Fraction(1)]
        if receipt.sale["channel"] == "in_store" and at.isoweekday() == 6 and 15 <= at.hour < 17:
            factors.append(Fraction(2))
        if receipt.tier == "gold":
            factors.append(Fraction(3, 2))
        return max(factors)

    def extras(self, receipt):
        """Prints and the app's bonus: not carried, floored once a receipt."""
        lines = self.lines(receipt)
        kept = sum(line.amount for line in lines)
        points = Fraction(5 * sum(line.pieces for line in lines if line.category == "prints"))
        if receipt.sale["channel"] == "app" and kept >= 500:
            points += 3
        return floor(points * self.factor(receipt))

    def worth(self, receipts):
        carried = sum(self.kept(receipt) * self.factor(receipt) for receipt in receipts)
        return floor(carried / 100) + sum(self.extras(receipt) for receipt in receipts)

    def turn(self, _store):
        return 4

    def level(self, spend):
        if spend >= 9000:
            return "gold"
        return "silver" if spend >= 4000 else None

    def milestones(self, before, after):
        crossed = []
        if before[1] < 1 <= after[1]:
            crossed.append(("first_visit", 1, 10, None))
        if before[1] < 2 <= after[1]:
            crossed.append(("second_visit", 2, 0, "coffee"))
        crossed += [
            ("sixty_points", line, 0, "print_discount")
            for line in range(60, after[0] + 1, 60)
            if before[0] < line
        ]
        return crossed

    def phrase(self, member, name, values):
        words = {
            key: value[member.language] if isinstance(value, dict) else value
            for key, value in values.items()
        }
        return self.texts[name][member.language].format(**words)

    def watch(self, receipt, tier, more_visits, first):
        store = "Atelier, Lindenstrasse 4"
        total = receipt.sale["total"]
        if more_visits and tier == "gold":
            self.alerts.append(f"A Gold guest is at {store}: visit {receipt.member.visits}.")
        if first and total >= 8000:
            self.alerts.append(f"Big sale at {store}: EUR {total // 100}.{total % 100:02d}.")


# --- The momo house ---------------------------------------------------------------------------


class MomoHouse(Shop):
    """1 point per 100 rupees, 2 per plate of momo; the bonuses add up; at most 60 and 90."""

    zone = ZoneInfo("Asia/Kathmandu")
    ceiling = 5000000
    receipts_per_hour = 5
    pending_time = {"online": timedelta(hours=2), "delivery": timedelta(days=1)}  # noqa: RUF012
    sitting = timedelta(minutes=60)
    visit_minimum = 20000
    visit_channels = frozenset({"in_store", "app", "online"})
    tier_order = ("pahad", "himal")
    tells_releases = True
    titles = {  # noqa: RUF012
        "pahad": {"en": "Pahad", "ne": "पहाड"},
        "himal": {"en": "Himal", "ne": "हिमाल"},
        "plate": {"en": "a free plate of momo", "ne": "एक प्लेट मम निःशुल्क"},
        "second_visit": {"en": "Every second visit", "ne": "हरेक दोस्रो भेट"},
        "big_eater": {"en": "Big eater", "ne": "ठूलो खवैया"},
    }
    texts = {  # noqa: RUF012
        "earned": {
            "en": "{name}, +{points} points, {balance} to spend, {pending} on the way.",
            "ne": "{name}, +{points} अंक, बाँकी {balance}, आउँदै {pending}.",
        },
        "taken_back": {
            "en": "{name}, refund booked: {points} points back, {balance} to spend.",
            "ne": "{name}, फिर्ता: {points} अंक घट्यो, बाँकी {balance}.",
        },
        "corrected": {
            "en": "{name}, your bill changed: {balance} points to spend.",
            "ne": "{name}, बिल बदलियो: बाँकी {balance} अंक.",
        },
        "released": {
            "en": "{name}, {points} points can be spent now: {balance} in all.",
            "ne": "{name}, {points} अंक अब खर्च गर्न मिल्छ: जम्मा {balance}.",
        },
        "tier": {"en": "Welcome to {tier}!", "ne": "{tier} मा स्वागत छ!"},
        "milestone": {"en": "{milestone}: {gift}", "ne": "{milestone}: {gift}"},
    }
    stores = {  # noqa: RUF012
        "thamel": "Momo House Thamel",
        "patan": "Momo House Patan",
        "boudha": "Momo House Boudha",
    }

    def factor(self, receipt, line):
        """The sum of the bonuses: jhol +1, lunch in Patan +1/2, himal +1/4."""
        at = self.local(receipt)
        factor = Fraction(1)
        if line.sku == "MOMO-JHOL":
            factor += 1
        if receipt.sale["store"] == "patan" and at.isoweekday() == 6 and 11 <= at.hour < 14:
            factor += Fraction(1, 2)
        if receipt.tier == "himal":
            factor += Fraction(1, 4)
        return factor

    def receipt_worth(self, receipt):
        points = Fraction(0)
        for line in self.lines(receipt):
            factor = self.factor(receipt, line)
            points += Fraction(line.amount, 10000) * factor
            if line.category == "momo":
                points += 2 * line.pieces * factor
        return min(60, floor(points))

    def worth(self, receipts):
        days = defaultdict(int)
        for receipt in receipts:
            days[self.business_day(receipt)] += self.receipt_worth(receipt)
        return sum(min(90, points) for points in days.values())

    def turn(self, store):
        return 5 if store == "boudha" else 4

    def level(self, spend):
        if spend >= 500000:
            return "himal"
        return "pahad" if spend >= 200000 else None

    def milestones(self, before, after):
        crossed = [
            ("second_visit", line, 15, None)
            for line in range(2, after[1] + 1, 2)
            if before[1] < line
        ]
        if before[2] < 300000 <= after[2]:
            crossed.append(("big_eater", 300000, 0, "plate"))
        return crossed

    def phrase(self, member, name, values):
        words = {
            key: value[member.language] if isinstance(value, dict) else value
            for key, value in values.items()
        }
        return self.texts[name][member.language].format(**words)

    def watch(self, receipt, tier, more_visits, first):
        store = self.stores[receipt.sale["store"]]
        total = receipt.sale["total"]
        if more_visits and tier == "himal":
            self.alerts.append(f"Himal guest at {store}, visit {receipt.member.visits}.")
        if first and total >= 1000000:
            self.alerts.append(f"Big table at {store}: NPR {total // 100}.{total % 100:02d}.")


SHOPS = {"art_cafe": ArtCafe, "momo_house": MomoHouse}


def scenario(name):
    return json.loads((SCENARIOS / f"{name}.json").read_text(encoding="utf-8"))


def calculate(name):
    """What to expect at the end of this scenario."""
    return SHOPS[name](scenario(name)).run().expected()


def text(expected):
    return json.dumps(expected, ensure_ascii=False, indent=1) + "\n"


if __name__ == "__main__":
    for shop in SHOPS:
        (HERE / f"{shop}.json").write_text(text(calculate(shop)), encoding="utf-8")
