"""What the demo's week must come to: told again by somebody who walks from one minute to the next.

Nothing of `loyalty` is used here. The rules are those of `docs/semantics.md` (3, 4 and 12),
`docs/campaigns.md` and `infra/programs/three-harbors.yaml`, written down once more. No timers, no
events, no index: each five minutes everybody is looked at. `python tests/expected/week.py` writes
`three_harbors.json`.

Worked by hand, Hamburg's time unless it says. The same stands in `tests/demo/test_week.py`.

 1. Ines was here on 23 January at 12:00, so Monday 22 February 12:00 is 30 days: told. Two days
    later, at 18:00 on Wednesday, 5 points and a second text would follow; on Wednesday at 12:00
    she comes (12.00: 12 points). Nothing follows.
 2. Jonas, 12:10 that day, stays away: told on Monday 12:10, and on Wednesday 18:00: 12 + 5 points.
 3. Karin, 12:20, came on Tuesday; the till was offline and tells it on Wednesday at 17:00, an hour
    before the second text. Nothing follows.
 4. Lea earned 40 on 25 November in Saint-Denis. Three months: they lapse after 25 February. Two
    days before the midnight that ends it is 24 February 00:00, 03:00 with her: told at 08:00 by
    her clock. On 26 February 00:00 they are gone, told at 08:00 by her clock. 12 + 4 + 4 of her
    purchases stay, and 15 of carnival: 35. Max alike, by mail, at 08:00 in Hamburg.
 5. Bela, Camille and Duarte have their birthday on 23 February: 20 points at midnight, a text at
    08:00, each by the clock of the store where they joined: 07:00, 04:00 and 09:00 in UTC. Elin
    was born on 29 February: on the 28th. Finn's is the 24th, told 12 days before: next year.
 6. Carnival begins on Thursday 09:00 for all who were here by that night: 15 points and a text; at
    07:00 in Horta the text waits for 08:00. Nele comes for the first time that morning: not in it.
    A lot holds out Karin, Sven, Tess and Udo: no points, no text. Piet said STOP on Wednesday:
    points, no text. Rosa says it on Thursday after the text: no second one. The second comes on
    Friday 18:00; in Saint-Denis it is 21:00 by then, and the text waits for Saturday 08:00. Lea
    and Max never agreed to news: points, no text.
"""

from __future__ import annotations

import base64
import hashlib
import json
from collections import defaultdict
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

HERE = Path(__file__).parent
SCENARIO = HERE.parent.parent / "infra" / "demo" / "scenario" / "three_harbors.json"
HAMBURG = ZoneInfo("Europe/Berlin")
ZONES = {
    "hamburg": HAMBURG,
    "reunion": ZoneInfo("Indian/Reunion"),
    "azores": ZoneInfo("Atlantic/Azores"),
}
STEP = timedelta(minutes=5)
DAY = timedelta(days=1)
BEGINS = datetime(2027, 2, 25, 9, tzinfo=HAMBURG)
REMINDS = datetime(2027, 2, 26, 18, tzinfo=HAMBURG)


@dataclass
class Lot:
    """Points, and the first instant at which they are gone."""

    points: int
    gone: datetime
    warned: bool = False


@dataclass
class Text:
    """Something to say, and when it was decided."""

    decided: datetime
    words: str
    news: bool
    visit: datetime | None = None  # it is dropped if the newest visit is another one by then


@dataclass
class Guest:
    """A guest, and what is known of them."""

    key: str
    name: str
    to: str
    channel: str
    zone: ZoneInfo
    birthday: str
    news: bool
    joined: datetime
    stopped: bool = False
    lots: list = field(default_factory=list)
    came: dict = field(default_factory=dict)  # receipt: when
    acts: list = field(default_factory=list)
    waiting: list = field(default_factory=list)
    told: list = field(default_factory=list)
    missed: datetime | None = None  # the visit since which they were told that we miss them
    second: datetime | None = None
    celebrated: bool = False
    arm: str = ""
    ended_by_a_visit: bool = False

    def points(self):
        return sum(lot.points for lot in self.lots)

    def last(self):
        return max(self.came.values(), default=None)


def instant(text):
    return datetime.fromisoformat(text)


def in_words(day):
    """A day as a text says it, in English."""
    return f"{day.day} {day:%B %Y}"


def months_later(day, months):
    """The same day, or the last of a month that is too short."""
    month = day.month - 1 + months
    year, month = day.year + month // 12, month % 12 + 1
    for number in (day.day, 30, 29, 28):
        try:
            return date(year, month, number)
        except ValueError:
            continue
    raise AssertionError


def lapses(start):
    """The midnight in Hamburg that ends the day three months later."""
    day = months_later(start.astimezone(HAMBURG).date(), 3) + DAY
    return datetime(day.year, day.month, day.day, tzinfo=HAMBURG)


def is_held(key):
    """Draw as `docs/campaigns.md` says; a member's id is a hash of the key they joined with."""
    caller = hashlib.sha256(b"local").hexdigest()[:16]
    joining = hashlib.sha256(f"api:{caller}:join-{key}".encode()).digest()[:15]
    member = "m_" + base64.b32encode(joining).decode().lower()
    drawn = hashlib.sha256(f"confetti 720:carnival:{member}".encode()).digest()[:8]
    return int.from_bytes(drawn, "big") % 10000 < 30 * 100


class Week:
    """Walks through the time, five minutes a step."""

    def __init__(self, scenario):
        self.people = {each["key"]: each for each in scenario["members"]}
        self.events = [(instant(each["at"]), each) for each in scenario["events"]]
        self.guests = {}
        self.by_night = set()  # who had been here by the night
        self.receipts = {}

    def run(self):
        now, end = self.events[0][0], self.events[-1][0]
        left = list(self.events)
        while now <= end:
            self.look(now)
            while left and left[0][0] < now + STEP:
                at, event = left.pop(0)
                getattr(self, f"on_{event['do']}")(at, event)
                self.speak(at)
            now += STEP
        return self

    def look(self, now):
        """What the time alone brings."""
        if now.astimezone(HAMBURG).strftime("%H:%M") == "02:00":
            self.by_night = {guest.key for guest in self.guests.values() if guest.came}
        for guest in self.guests.values():
            self.lapsing(guest, now)
            self.birthday(guest, now)
            self.away(guest, now)
            self.carnival(guest, now)
        self.speak(now)

    # --- What happens ---

    def on_join(self, at, event):
        told = self.people[event["member"]]
        [(channel, purposes)] = told["consents"].items()
        to = told["phone"] if channel == "sms" else told["email"]
        self.guests[told["key"]] = Guest(
            told["key"], told["name"].split()[0], to, channel, ZONES[told["store"]],
            (told["birthday"] or "")[5:], "marketing" in purposes, at,
        )  # fmt: skip

    def on_sale(self, at, event):
        guest, then = self.guests[event["guest"]], instant(event["occurred_at"])
        points = event["total"] // 100
        guest.came[event["receipt"]] = then
        self.give(guest, "sale", points, then)
        words = f"{guest.name}, +{points} points. Balance {guest.points()}."
        guest.waiting.append(Text(at, words, news=False))
        self.receipts[event["receipt"]] = {
            "member": guest.key,
            "kept_eligible": event["total"],
            "booked": points,
            "state": "posted",
        }

    def on_text(self, _at, event):
        guest = self.guests[event["member"]]
        assert event["text"] == "STOP"
        guest.stopped = True

    def on_clock(self, _at, _event):
        """Only the time passes."""

    # --- What the time brings ---

    def give(self, guest, kind, points, start):
        guest.lots.append(Lot(points, lapses(start)))
        guest.acts.append((kind, points))

    def lapsing(self, guest, now):
        near = [lot for lot in guest.lots if not lot.warned and now >= lot.gone - 2 * DAY]
        if near:
            last = min(lot.gone for lot in near).astimezone(HAMBURG).date() - DAY
            points = sum(lot.points for lot in near)
            guest.waiting.append(
                Text(
                    now, f"{guest.name}, {points} points lapse after {in_words(last)}.", news=False
                )
            )
        for lot in near:
            lot.warned = True
        gone = [lot for lot in guest.lots if now >= lot.gone]
        if gone:
            points = sum(lot.points for lot in gone)
            guest.lots = [lot for lot in guest.lots if now < lot.gone]
            guest.acts.append(("expire", -points))
            words = f"{guest.name}, {points} points lapsed. Balance {guest.points()}."
            guest.waiting.append(Text(now, words, news=False))

    def birthday(self, guest, now):
        today = now.astimezone(guest.zone).date()
        leap = guest.birthday == "02-29"
        mine = guest.birthday and f"{today:%m-%d}" == ("02-28" if leap else guest.birthday)
        noticed = today >= guest.joined.astimezone(guest.zone).date() + 14 * DAY
        if mine and noticed and not guest.celebrated:
            guest.celebrated = True
            self.give(guest, "award", 20, now)
            words = f"Happy birthday, {guest.name}! 20 points are on your card."
            guest.waiting.append(Text(now, words, news=False))

    def away(self, guest, now):
        last = guest.last()
        if last and guest.missed != last and now >= last + 30 * DAY:
            guest.missed, days = last, (now - last).days
            words = f"{guest.name}, it has been {days} days. Your cup is here."
            guest.waiting.append(Text(now, words, news=True, visit=last))
            later = (now + 2 * DAY).astimezone(HAMBURG)
            evening = later.replace(hour=18, minute=0, second=0)
            guest.second = evening if evening >= later else evening + DAY
        if guest.second and now >= guest.second:
            guest.second = None
            if last != guest.missed:
                guest.ended_by_a_visit = True
                return
            self.give(guest, "award", 5, now)
            words = f"{guest.name}, 5 points are on your card, and wait for you."
            guest.waiting.append(Text(now, words, news=True, visit=last))

    def carnival(self, guest, now):
        if now == BEGINS and guest.key in self.by_night:
            guest.arm = "held" if is_held(guest.key) else "told"
            if guest.arm == "told":
                self.give(guest, "award", 15, now)
                words = f"{guest.name}, it is carnival: 15 points are on your card."
                guest.waiting.append(Text(now, words, news=True))
        if now == REMINDS and guest.arm == "told":
            words = f"{guest.name}, carnival ends on Saturday at six."
            guest.waiting.append(Text(now, words, news=True))

    # --- What is said ---

    def speak(self, now):
        """Everything that waits and may be said by now, to those who want to hear it."""
        for guest in self.guests.values():
            for text in list(guest.waiting):
                self.say(guest, text, now)

    def say(self, guest, text, now):
        there = now.astimezone(guest.zone)
        if guest.stopped or (text.news and not guest.news):
            guest.waiting.remove(text)
        elif 8 <= there.hour < 21:
            guest.waiting.remove(text)
            if text.visit is None or text.visit == guest.last():
                told = {"channel": guest.channel, "to": guest.to, "text": text.words}
                guest.told.append({**told, "at": f"{there:%a %Y-%m-%d %H:%M}"})

    # --- What to expect ---

    def expected(self):
        told = {guest.to: guest.told for guest in self.guests.values() if guest.told}
        messages = {
            to: [{k: t[k] for k in t if k != "at"} for t in texts] for to, texts in told.items()
        }
        members = {guest.key: self.account(guest) for guest in self.guests.values()}
        return {
            "members": members,
            "receipts": dict(sorted(self.receipts.items())),
            "acts": {guest.key: self.acts(guest) for guest in self.guests.values()},
            "campaign": {
                arm: sorted(g.key for g in self.guests.values() if g.arm == arm)
                for arm in ("told", "held")
            },
            "ended_by_a_visit": sorted(
                guest.key for guest in self.guests.values() if guest.ended_by_a_visit
            ),
            "totals": {
                "points": sum(member["points"] for member in members.values()),
                "entries": sum(len(guest.acts) for guest in self.guests.values()),
                "messages": sum(map(len, messages.values())),
            },
            "messages": messages,
            "times": {to: [text["at"] for text in texts] for to, texts in told.items()},
            "alerts": [],
        }

    def account(self, guest):
        return {
            "points": guest.points(),
            "pending": 0,
            "tier": None,
            "visits": len(guest.came),
            "lifetime_points": sum(points for kind, points in guest.acts if kind == "sale"),
            "debt": 0,
        }

    def acts(self, guest):
        found = defaultdict(list)
        for kind, points in guest.acts:
            found[kind].append(points)
        return dict(sorted(found.items()))


def scenario():
    return json.loads(SCENARIO.read_text(encoding="utf-8"))


def calculate():
    """What to expect at the end of the week."""
    return Week(scenario()).run().expected()


def text(expected):
    return json.dumps(expected, ensure_ascii=False, indent=1) + "\n"


if __name__ == "__main__":
    (HERE / "three_harbors.json").write_text(text(calculate()), encoding="utf-8")
