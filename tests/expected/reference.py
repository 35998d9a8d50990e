"""What the two demo scenarios must come to: our sums, done again by somebody else.

Nothing of `loyalty` is used here: the rules are those of `docs/semantics.md` and the two programs
of `infra/programs`, written down once more as plain constants and functions, one class a shop.
Integers and fractions only. `python tests/expected/reference.py` writes the two JSON files.

Worked by hand (money in units; "sum" is the member's carried sum, "x" is times). The same numbers
stand as literals in `tests/demo/test_reference.py`.

THE ART CAFE: 1 point per EUR 1.00, carried; 5 per print; 3 per app order of 5.00 or more.

Anna, a regular day.
 1. A01 09:12  3.80 + 0.70 = 4.50. Sum 4.50, worth 4: books 4. First visit of all: +10.
    "+4 points. Balance 14."
 2. A02 09:40  3.10 + 0.70 = 3.80. Alone 3 points, but the sum is 8.30, worth 8: books 8 - 4 = 4.
    28 minutes after A01: the same sitting, no visit. Balance 18.
 3. A03 10:42  3.10. Sum 11.40, worth 11: books 3. Exactly 90 minutes after A01: the next sitting,
    visit 2, a coffee on the house. Balance 21. (The till tells it twice: nothing.)
 4. A04 12:05  2.40 + 2.65 + bottle deposit 0.25 = 5.30, 1.00 off the receipt. Shares in cents:
    100 x 240/530 = 45.28, 100 x 265/530 = 50.00, 100 x 25/530 = 4.72; floors 45 + 50 + 4 = 99; the
    cent left goes to the largest fraction, .72, the deposit. Left 1.95 + 2.15 + 0.20, and the
    deposit is an excluded category: 4.10 counts. Sum 15.50, worth 15: books 4. (Sitting of 10:42.)
 5. A05 13:20  gift card 25.00 + filter 3.20 = 28.20. Selling a gift card earns nothing: 3.20.
    Sum 18.70, worth 18: books 3. Visit 3.
 6. A06 14:10  12.40 + 4.20 = 16.60, tip 2.00, paid 10.00 by gift card and 8.60 in cash. The tip
    earns nothing, how it was paid does not matter: 16.60. Sum 35.30, worth 35: books 17.
 7. A07 18:05  app, 4.10 + 0.70 = 4.80: below 5.00, no bonus. Sum 40.10: books 40 - 35 = 5. Kept
    in all 40.10, at least 40.00: Silver. Visit 4.
 8. A08 19:45  app, 4.10 + 4.20 = 8.30. Sum 48.40, worth 48: 8, and the bonus 3: books 11.
    20:10 the cake comes back: 4.10 kept, sum 44.20, worth 44: -4; below 5.00 the bonus is gone:
    -3. "7 points went back". Net 11 - 7 = 4. Lifetime 44, balance 54.

Bernd, around the quiet hour (15:00 to 17:00, in the store, x2).
 9. A10 14:59  12.40, still x1. Sum 12.40: books 12.
10. A11 15:00  7.90 + 1.40 = 9.30, the start belongs to it: 18.60. Sum 31.00: books 31 - 12 = 19.
    A15 16:15  3.10, but online: x1. Sum 34.10: books 3, pending until Sunday 16:15.
11. A12 16:58  print 12.00 + 3.60 = 15.60 x2 = 31.20. Sum 65.30: 65 - 34 = 31. The print: 5 x2 = 10.
    Books 41. Lifetime 34 -> 75 crosses 60: a voucher. Kept 40.40: Silver. Visit 2: a coffee.
12. A13 17:00  4.20: the end does not belong to it, x1. Sum 69.50: books 69 - 65 = 4.
13. A14 17:20  18.00 + 3.80, 2.00 tax inside: 200 x 1800/2180 = 165.14, 200 x 380/2180 = 34.86;
    floors 165 + 34, the cent left to .86: 35. 16.35 + 3.45 = 19.80. Sum 89.30: books 20.

Clara, gold by noon.
14. A20 10:00  three prints, 84.00: 84 + 3 x 5 = 99. Silver at once, but only for the next one.
    A big sale: "EUR 84.00".
15. A21 11:45  7.90, judged as silver. Sum 91.90: books 7. Kept 91.90: Gold. Visit 2.
16. A22 12:10  7.90 x 3/2 = 11.85. Sum 103.75: books 103 - 91 = 12. The sitting of 11:45:
    no alert.
17. A23 15:30  6.50, quiet hour 2 and gold 3/2: the best of them, 2: 13.00. Sum 116.75: books 13.
    Visit 3 of a gold guest: alert. Lifetime 118 -> 131 crosses 120.
18. A24 17:30  app, a print of 12.00 x 3/2 = 18.00. Sum 134.75: 134 - 116 = 18. Print 5 x 3/2 = 7.5
    and bonus 3 x 3/2 = 4.5 are added before they are floored: 12. Books 30 (one by one: 29).
    17:55 the print comes back: sum 116.75, all 30 go back. Net 0. Visits 4 -> 3.
19. A21 again, edited at 18:20: 7.90 + 6.50 = 14.40. First judged as silver, so 6.50 x1: sum 123.25,
    books 123 - 116 = 7 more, 14 in all (as gold it would be 14 more).

Dieter, who gives back.
20. A30 09:30  21.90 and a tip of 2.00: books 21. Money back: 5.00: floor(2190 x 1690/2190) = 16.90,
    worth 16: -5. 5.00 more: 11.90, worth 11: -5. 11.90 more: all that was paid: 0: -11. Net 0.
    The award of the first visit stays, and is not granted again with A31.
21. A31 12:00  three cakes 12.60 - 0.50 = 12.10: books 12. One back: floor(1210 x 2/3) = 8.06: -4.
    Another one: floor(1210 x 1/3) = 4.03: -4. Net 4.
22. A32 13:30  2.40 + 2.65 = 5.05. Sum 9.08: books 5. All back: sum 4.03: -5. A33: 3.60, sum 7.63:
    books 3. A34: 4.60, sum 12.23: books 5; 10.00 back on it is more than all: -5.

Emil, out of order.
23. A40: the refund of the espresso comes at 10:05, the sale of 8.90 only at 10:30: books
    6.50, worth 6, in one act: "+6 points".
24. A41 11:00  3.10, sum 9.60: books 3; edited to 7.30, sum 13.80: 4 more. A42 tells revision 3
    first: 4.30, sum 18.10: books 5; revision 2 comes after it and changes nothing.
25. A43  0.70, sum 18.80: books 0, nothing to say. A44  0.70, sum 19.50: books 1. A43 comes back:
    sum 18.80, worth 18: -1 for A43, which never had any: taken from other points. Net -1.
26. A45, bought at 15:10, told at 18:20: its time counts: 3.80 x2 = 7.60. Sum 26.40: books 8.

Frida, taxes and vouchers.
27. A50 09:55  3.80 (tax inside 0.61) + 18.00 (1.18) = 3.19 + 16.82 = 20.01. After A54
    (online, 4.60, pending until Sunday 08:15) the sum is 24.61: books 24 - 4 = 20.
28. A51  4.20, 7.90, 0.70 = 12.80; off the receipt 1.00, with points 2.00, tax inside 0.70, each on
    its own: 33 62 5; 66 123 11; 23 43 4. 2.98 + 5.62 + 0.50 = 9.10. With A53 (6.50: sum 31.11) the
    sum is 40.21: books 40 - 31 = 9. Silver.

Others.
29. Hanna joins at 19:00. A60 (09:50) 15.50: 15. A61 (13:10) 10.60: sum 26.10: 11. A62 (15:05):
    one of two cheesecakes left, 4.60 x2: sum 35.30: 9. In this order, though A61 was told first.
30. Ivo's sittings: 20:10; 23:40 with 00:50; 02:30 with 03:50: 3 visits of one business day
    (midnight would make it 4). Gustav's at 03:30 and 04:10: 40 minutes, but two days: 2 visits.
31. Jana: eight receipts of 3.10 from 11:00 to 11:35: six are allowed, the last two wait. Six are
    18.60: 3 points each. A79 over 500.00 waits. A78 16:00: 4.60 x2: sum 27.80: books 9.
32. Karl's A80: 108.00 + 5 x 5 + 3 = 136 with one order, past 60 and 120, from no tier to Gold: one
    message. Two large prints back: 56.00: -56 and -10. He stays gold.
33. Moritz: A85 62 points cross 60; 10.00 back: 52; A86 lifts him to 64: not granted again.

THE MOMO HOUSE: 1 point per NPR 100, 2 per plate; the bonuses add up; 60 a receipt, 90 a day.

34. Asha M01 11:30 Patan: two jhol 480, buff 180, lassi 120. Jhol 1 + 1 + 1/2 = 2.5, others 1.5.
    480 x 2.5 + 180 x 1.5 + 120 x 1.5 = 1650: 16.5. Plates 2 x 2 x 2.5 + 2 x 1.5 = 13. 29.5: 29.
    M02 14:00, the lunch is over: (240 x 2 + 50)/100 = 5.3, plate 2 x 2 = 4. 9.3: books 9. Visit 2:
    +15: "+9 points, 53 to spend".
35. Bikash M10 10:00: 12 buff 2160 + 6 sekuwa 2100 = 4260: 42.6 + 24 = 66.6: 66, at most 60.
36. M11 11:20: 10 chicken 2200 + lassi 120 = 2320 as pahad: 23.2 + 20: 43. The day 60 + 43 = 103,
    at most 90: books 30. Visit 2: +15. Kept 6580: Himal. M12 12:30: 260 x 1.25 = 3.25: 3, the
    day is full: books 0 and says nothing; the staff hear of visit 3.
37. M10, eight buff back at 13:00: 720 + 2100 = 2820: 28.2 + 8 = 36. The day 36 + 43 + 3 = 82: -8.
    M11, all 2320 back at 13:30: 0. The day 36 + 0 + 3 = 39: -43. Net M10 52, M11 -13, M12 0.
38. Chandra M20 20:40: 1440 + 1750 = 3190: 31.9 + 16 = 47. M21 Sunday 02:30: 22 + 20 = 42, still
    Saturday: 89. M22 Boudha 04:30, where the day turns at 05:00: 800 x 1.25 + 10 x 1.25 = 22.5: 22,
    but Saturday has 1 left: books 1. M23 05:10 is Sunday: 320 x 1.25 = 4, plates 4 x 1.25 = 5: 9.
39. Deepa M31 and M32, both online at 12:15: 4.4 + 2 = 6 and 2, spendable at 14:15 in one message
    of 8. M35 17:00: 540: 5.4 + 6 = 11; a plate back: 3.6 + 4 = 7: -4; 7 released at 19:00.
40. Elina M41 13:59, himal, lunch: jhol 1 + 1 + 1/2 + 1/4 = 2.75, thukpa 1.75. 240 x 2.75 and
    260 x 1.75 are 1115: 11.15. Plate 2 x 2.75 = 5.5. 16.65: 16.
    M40, edited: 38 for 52, and she stays himal.
41. Kiran M92: two and a half plates 450: 4.5 + 2 x 2 = 8. One back: 270 are left: 2.7 + 2 = 4.
    M90 is Friday's: no lunch. Jhol 480 + 210: 6.9 + 4 = 10.
42. Gita M60 Patan 11:00: 260 + 160, 50 off, service charge and tax on top earn nothing: 370 x 1.5 =
    5.55, plate 2 x 1.5 = 3: 8.
43. Farhan: seven receipts from 12:00 to 12:48, five are allowed: 4 points each. 52700 waits.
"""

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
        self.acts = []  # what each act on a receipt booked: (receipt, kind, points)
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
        self.acts.append((receipt.id, kind, points))
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
        says = {"sale": points > 0, "edit": points != 0}.get(kind, points < 0)
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
