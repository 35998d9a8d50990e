"""What a year must come to: plain loops over guests, receipts and days, by `docs/semantics.md`.

Nothing of `loyalty` is used here. Each guest is lived through alone; whatever comes next is found
by looking at everything that the guest has, each time anew. Dates are found by walking from day
to day, times of the day from quarter to quarter, with nothing but `zoneinfo`.
"""

from __future__ import annotations

import hashlib
from collections import Counter, defaultdict
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from functools import cache
from itertools import pairwise
from statistics import median
from typing import Any
from zoneinfo import ZoneInfo

from tests.year.plan import (
    BERLIN,
    DOWN,
    END,
    MINUTE,
    NEW_PROGRAM,
    START,
    UP,
    ZONES,
    Fact,
    Guest,
    Plan,
)
from tests.year.seen import Seen, Sums

DAY, HOUR, QUARTER = timedelta(days=1), timedelta(hours=1), timedelta(minutes=15)
COFFEE = 40
REMINDED = ("coffee", "taken")
WEDNESDAY = 2
LEVELS = (("", 0), ("silver", 15_000), ("gold", 60_000))
NEVER = datetime(2999, 1, 1, tzinfo=UTC)
TITLES = {"main": "Main Street", "patan": "Patan", "harbor": "Harbor", "market": "Market"}
SPRING = [datetime(2026, 6, 10, 10, tzinfo=BERLIN), datetime(2026, 6, 22, 18, tzinfo=BERLIN)]
WINTER = [datetime(2026, 12, 1, 20, tzinfo=BERLIN), datetime(2026, 12, 21, 18, tzinfo=BERLIN)]
WINTER_ENDS = datetime(2026, 12, 24, 18, tzinfo=BERLIN)


# -- the calendar -------------------------------------------------------------------------------


def swept(at: datetime) -> datetime:
    """Tell when a sweep finds what is due: at the next minute, or when one is asked for again."""
    whole = at.astimezone(UTC).replace(second=0, microsecond=0)
    whole += MINUTE * (whole < at)
    return UP if DOWN <= whole < UP else whole


@cache
def begins(day: date, zone: ZoneInfo) -> datetime:
    return datetime.combine(day, time(), zone).astimezone(UTC)


@cache
def clock(at: datetime, zone: ZoneInfo, shows: str) -> datetime:
    """Walk on until a clock on the wall shows a time of day."""
    at = at.replace(minute=at.minute // 15 * 15, second=0, microsecond=0)
    while True:
        at += QUARTER
        if at.astimezone(zone).strftime("%H:%M") == shows:
            return at


def first_of_next(month: str) -> datetime:
    """Walk to the first day after a month."""
    day = date.fromisoformat(f"{month}-28")
    while f"{day:%Y-%m}" == month:
        day += DAY
    return begins(day, BERLIN)


def month_of(at: datetime) -> str:
    return f"{at.astimezone(BERLIN):%Y-%m}"


@cache
def lapses(start: datetime) -> datetime:
    """Find the end of the month, half a year later."""
    day = start.astimezone(BERLIN).date().replace(day=1)
    for _ in range(7):
        day = (day + 31 * DAY).replace(day=1)
    return begins(day, BERLIN)


def days_before(at: datetime, days: int) -> datetime:
    """Find the beginning of a day so many days earlier."""
    return begins(at.astimezone(BERLIN).date() - days * DAY, BERLIN)


def business_day(at: datetime, zone: ZoneInfo) -> str:
    there = at.astimezone(zone)
    return (there.date() - DAY * (there.hour < 4)).isoformat()


def in_words(day: str) -> str:
    """Write a day as guests read it, in English."""
    return f"{int(day[8:])} {date.fromisoformat(day):%B %Y}"


def is_quiet(at: datetime, zone: ZoneInfo) -> bool:
    there = at.astimezone(zone)
    return there.hour >= 21 or there.hour < 8


# -- a guest ------------------------------------------------------------------------------------


@dataclass
class Lot:
    """Points that came together."""

    month: str
    ready: datetime | None
    ends: datetime
    points: int

    @property
    def order(self) -> tuple[Any, ...]:
        return (self.ends, self.month, self.ready or START - 999 * DAY)


@dataclass
class Receipt:
    """A receipt, as much of it as is kept."""

    name: str
    at: datetime
    day: str
    store: str
    channel: str
    total: int
    back: int = 0
    gone: bool = False
    booked: int = 0

    @property
    def kept(self) -> int:
        return 0 if self.gone else max(0, self.total - self.back)

    @property
    def minute(self) -> int:
        return int(self.at.timestamp()) // 60


@dataclass
class Last:
    """The last visit, in minutes; where no receipt tells it any more, not before `since`."""

    minute: int
    since: int


@dataclass
class Way:
    """A guest on the way through an automation; `seen` is the newest receipt when it began.

    By then, so many rewards were `taken`.
    """

    name: str
    seen: int
    stops: tuple[str, ...] = ()
    tier: str = ""
    taken: int = 0


@dataclass
class Waits:
    """Something that goes on at an instant."""

    due: datetime
    what: Any
    way: Way | None = None


@dataclass
class Book:
    """All that counts up over all guests."""

    acts: Counter[str] = field(default_factory=Counter)
    ways: Counter[tuple[str, str]] = field(default_factory=Counter)
    texts: Counter[tuple[str, str]] = field(default_factory=Counter)
    alerts: Counter[str] = field(default_factory=Counter)


class Life:
    """One guest's year."""

    def __init__(self, guest: Guest, facts: list[Fact], held: set[str], book: Book) -> None:
        self.guest, self.facts, self.held_out, self.book = guest, facts, held, book
        self.phone = guest.phone
        self.now = START
        self.lots: list[Lot] = []
        self.debt = 0
        self.receipts: dict[str, Receipt] = {}
        self.holds: dict[str, tuple[datetime, list[Lot]]] = {}
        self.over: set[str] = set()
        self.tier, self.until = 0, NEVER
        self.waits: list[Waits] = []
        self.after: list[Any] = []
        self.here = self.gone = self.merged = self.stopped = False
        self.acts: list[tuple[datetime, str, int]] = []
        self.of_visits: list[str] = []
        self.granted: set[int] = set()
        self.begun: set[tuple[str, Any]] = set()
        self.missed = 0
        self.unusual_told = 0
        self.unusual: tuple[int, datetime] = (0, NEVER)
        self.lapse_told = self.end_told = START
        self.months: dict[str, bool] = {}
        self.taken = 0
        self.newest_day = ""
        self.sums: Counter[str] = Counter()
        self.segment = False

    # -- time -------------------------------------------------------------------------------

    def live(self) -> None:
        """Go from one thing to the next, whichever comes first."""
        facts = list(self.facts)
        while True:
            soonest = self._soonest()
            if facts and facts[0].at <= min(soonest, END):
                fact = facts.pop(0)
                self.now = fact.at
                self._happens(fact)
            elif soonest <= END:
                self.now = soonest
                self._comes()
            else:
                return
            while self.after:
                self.after.pop(0)()

    def _soonest(self) -> datetime:
        found = [wait.due for wait in self.waits]
        found += [at for at, _ in self._dues()]
        return max(swept(min(found, default=NEVER)), swept(self.now))

    def _comes(self) -> None:
        """Do what is due: timers in the order in which they were due."""
        due = [(at, act) for at, act in self._dues() if at <= self.now]
        if due:
            self.waits.append(Waits(min(at for at, _ in due), self._settle_and_tell))
        while found := [wait for wait in self.waits if wait.due <= self.now]:
            wait = min(found, key=lambda each: each.due)
            self.waits.remove(wait)
            wait.what()

    def _dues(self) -> list[tuple[datetime, str]]:
        """List everything that time brings to an account, and when."""
        if not self.here:
            return []
        found = [(lot.ready or lot.ends, "lot") for lot in self.lots]
        found += [(until, "hold") for until, _ in self.holds.values()]
        found += [(self.until, "tier")]
        found += [
            (first_of_next(month), "month") for month, told in self.months.items() if not told
        ]
        found += [
            (days_before(lot.ends, 14), "lapse") for lot in self.lots if lot.ends > self.lapse_told
        ]
        if self.until > self.end_told and self._drops():
            found.append((days_before(self.until, 20), "dropping"))
        last = self.last_visit()
        if last and last.since > self.missed:
            found.append((self._missed_at(last), "win_back"))
        if last and (at := self._unusual_at(last)):
            found.append((at, "unusual"))
        return found

    def _missed_at(self, last: Last) -> datetime:
        """A guest is missed after 45 days; from the second program on after 40, armed at night."""
        seen = datetime.fromtimestamp(last.minute * 60, UTC)
        night = datetime(2026, 11, 16, 2, 0, tzinfo=UTC)
        sooner, later = self._heard_by(seen + 40 * DAY), self._heard_by(seen + 45 * DAY)
        if self.now >= NEW_PROGRAM + 2 * MINUTE:
            return max(sooner, min(night, later))
        if later > night:
            return max(sooner, night)
        return later

    def _heard_by(self, at: datetime) -> datetime:
        """Wait for the market's file, which comes by noon of the next day, and a day more."""
        since = (date.fromisoformat(self.newest_day) - 40 * DAY).isoformat()
        known = (each.store for each in self.receipts.values() if each.day >= since)
        if "market" not in known:
            return at
        return clock(begins(at.astimezone(BERLIN).date() + 2 * DAY, BERLIN), BERLIN, "12:00")

    def _unusual_at(self, last: Last) -> datetime | None:
        if self.unusual_told >= last.since:
            return None
        visit, measured = self.unusual
        if visit != last.minute:
            measured = datetime.fromtimestamp(last.minute * 60, UTC) + 21 * DAY
        return self._heard_by(measured)

    def last_visit(self) -> Last | None:
        """Find the newest receipt that counts, of the forty days before the newest one.

        If there is none, the guest came in the last month with one: at its end at the latest.
        """
        counted = [each for each in self.receipts.values() if each.kept]
        if not counted:
            return None
        since = (date.fromisoformat(self.newest_day) - 40 * DAY).isoformat()
        if known := [each.minute for each in counted if each.day >= since]:
            return Last(max(known), max(known))
        month = max(each.day[:7] for each in counted)
        first, next_ = begins(date.fromisoformat(f"{month}-01"), BERLIN), first_of_next(month)
        return Last(int(next_.timestamp()) // 60 - 1, int(first.timestamp()) // 60)

    def newest(self) -> int:
        return max((each.minute for each in self.receipts.values()), default=0)

    # -- points -----------------------------------------------------------------------------

    def balance(self, at: datetime) -> int:
        """Add up what can be spent, less what is owed."""
        lots = self.lots + [
            lot for until, held in self.holds.values() if until <= at for lot in held
        ]
        free = [each for each in lots if (each.ready or at) <= at < each.ends]
        return sum(each.points for each in free) - self.debt

    def settle(self) -> None:
        """Write down what time did."""
        for name, (until, lots) in sorted(self.holds.items(), key=lambda each: each[1][0]):
            if until <= self.now:
                self._act("hold-expire", lambda n=name, own=lots: self._back(n, own), until)
        for at in sorted({lot.ready for lot in self.lots if lot.ready and lot.ready <= self.now}):
            self._act("release", lambda at=at: self._release(at), at)
        for at in sorted({lot.ends for lot in self.lots if lot.ends <= self.now}):
            self._act("expire", lambda at=at: self._expire(at), at)
        if self.until <= self.now:
            self._act("tier", lambda: 0, self.now)

    def _act(self, kind: str, work: Any, at: datetime | None = None) -> None:
        """Do one act on the account; see afterwards what it brought."""
        at = at or self.now
        had, was = self.balance(at - timedelta(microseconds=1) if at < self.now else at), self.tier
        if kind in ("release", "hold-expire"):
            had = self.balance_before(at)
        points = work() or 0
        self.book.acts[kind] += 1
        self.acts.append((at, kind, points))
        self.unusual = (0, NEVER)  # the rhythm may be another one: it is measured again
        self.months.setdefault(month_of(at), False)
        self._review()
        if self.tier != was:
            self.after.append(lambda: self._begin("moved_tier", object(), ["tier"]))
        if had < COFFEE <= self.balance(at):
            self.after.append(
                lambda: self._begin(
                    "remind", object(), [7 * DAY, "ready"], stops=("coffee", "taken")
                )
            )

    def balance_before(self, at: datetime) -> int:
        return self.balance(at - timedelta(microseconds=1))

    def _release(self, at: datetime) -> int:
        for lot in [each for each in self.lots if each.ready == at]:
            self.lots.remove(lot)
            self._put(lot.month, None, lot.ends, lot.points)
        return 0

    def _expire(self, at: datetime) -> int:
        gone = [lot for lot in self.lots if lot.ends == at]
        self.lots = [lot for lot in self.lots if lot.ends != at]
        points = sum(lot.points for lot in gone)
        self.sums["expired"] += points
        return -points

    def _put(self, month: str, ready: datetime | None, ends: datetime, points: int) -> None:
        for lot in self.lots:
            if (lot.month, lot.ready, lot.ends) == (month, ready, ends):
                lot.points += points
                return
        self.lots.append(Lot(month, ready, ends, points))

    def _gain(self, points: int, month: str, start: datetime) -> int:
        """Give points; a debt is paid off first."""
        paid = min(self.debt, points)
        self.debt -= paid
        if points > paid:
            self._put(month, start if start > self.now else None, lapses(start), points - paid)
        return points

    def _lose(self, points: int, month: str = "", start: datetime | None = None) -> int:
        """Take points back: those of the receipt, those that can be spent, those that wait."""
        own = (month, start if start and start > self.now else None, start and lapses(start))

        def order(lot: Lot) -> tuple[Any, ...]:
            return ((lot.month, lot.ready, lot.ends) != own, lot.ready or self.now, *lot.order)

        left = self._take(points, sorted(self.lots, key=order))
        self.debt += left
        return -points

    def _take(self, points: int, lots: list[Lot]) -> int:
        for lot in lots:
            part = min(points, lot.points)
            lot.points -= part
            points -= part
        self.lots = [lot for lot in self.lots if lot.points]
        return points

    def _give(self, kind: str, points: int) -> None:
        """Give points that no purchase earned."""

        def work() -> int:
            self.sums["earned"] += points
            return self._gain(points, month_of(self.now), self.now)

        self._act(kind, work)

    def _back(self, name: str, lots: list[Lot]) -> int:
        """Give back what was set aside."""
        del self.holds[name]
        back = 0
        for lot in lots:
            if lot.ends <= self.now:
                self.sums["expired"] += lot.points
                continue
            paid = min(self.debt, lot.points)
            self.debt -= paid
            back += lot.points
            if lot.points > paid:
                self._put(lot.month, None, lot.ends, lot.points - paid)
        return back

    # -- tiers --------------------------------------------------------------------------------

    def _qualifies(self, at: datetime) -> int:
        """Count the levels that this calendar year's receipts reach, up to this month."""
        month = month_of(at)
        days = (
            each for each in self.receipts.values() if f"{month[:4]}-01" <= each.day[:7] <= month
        )
        kept = sum(each.kept for each in days)
        return sum(kept >= line for _, line in LEVELS) - 1

    def _review(self) -> None:
        """Up at once; down by one when the window and its grace are over."""
        earned, over = self._qualifies(self.now), self.until <= self.now
        if over:
            earned = max(earned, self._qualifies_of_year_before(self.now))
        if earned > self.tier or (over and earned >= self.tier):
            self.tier = max(earned, self.tier)
        elif over:
            self.tier -= 1
        else:
            return
        year = self.now.astimezone(BERLIN).year
        self.until = begins(date(year + 1, 1, 31), BERLIN) if self.tier else NEVER

    def _qualifies_of_year_before(self, at: datetime) -> int:
        year = at.astimezone(BERLIN).year
        return self._qualifies(datetime(year - 1, 12, 31, 12, tzinfo=BERLIN))

    def _drops(self) -> bool:
        """Look whether a tier that ends is lost by then."""
        if self.until == NEVER:
            return False
        years = self._qualifies(self.until), self._qualifies_of_year_before(self.until)
        return max(years) < self.tier

    # -- what comes by time -------------------------------------------------------------------

    def _settle_and_tell(self) -> None:
        self.settle()
        due = {what for at, what in self._dues() if at <= self.now}
        for what in ("win_back", "unusual", "lapse", "dropping"):
            if what in due:
                getattr(self, f"_{what}")()
        month = next(
            (m for m, told in self.months.items() if not told and first_of_next(m) <= self.now), ""
        )
        if month:
            self._month(month)

    def _win_back(self) -> None:
        last = self.last_visit()
        assert last
        self.missed, seen = last.minute, datetime.fromtimestamp(last.minute * 60, UTC)
        fresh = NEW_PROGRAM + 2 * MINUTE
        if seen + 40 * DAY < fresh <= self.now:
            return  # away for long already when that was long for the first time
        self.missed = int(self.now.timestamp()) // 60  # only a visit from now on begins another
        days = (self.now - seen).days
        steps = [f"miss {days}", 7 * DAY, 10, "gift 10", 14 * DAY, "farewell"]
        self.after.append(lambda: self._away("win_back", last.minute, steps))

    def _unusual(self) -> None:
        last = self.last_visit()
        assert last
        seen = datetime.fromtimestamp(last.minute * 60, UTC)
        usual = (
            self._usual()
        )  # by what counts now: a visit may have gone back since it was measured
        away = max(21 * DAY, usual * 3) if usual is not None else None
        if away is None:
            self.unusual_told = last.minute
            return
        if self._heard_by(seen + away) > self.now:
            self.unusual = (last.minute, seen + away)
            return
        self.unusual_told = int(self.now.timestamp()) // 60
        text = f"unusual {(self.now - seen).days}"
        self.after.append(lambda: self._away("unusual", last.minute, [text]))

    def _away(self, name: str, last: int, steps: list[Any]) -> None:
        """Begin what is for those who are away, unless they came since, counted or not."""
        self._begin(name, last, steps, stops=("visit",), since=last)

    def _usual(self) -> timedelta | None:
        first: dict[str, datetime] = {}
        for each in self.receipts.values():
            if each.kept:
                first[each.day] = min(first.get(each.day, each.at), each.at)
        gaps = [(b - a).total_seconds() for a, b in pairwise(sorted(first.values()))]
        return timedelta(seconds=int(median(gaps))) if len(first) >= 3 else None

    def _lapse(self) -> None:
        """Tell of all points that lapse within a fortnight, as one."""
        soon = [
            lot
            for lot in self.lots
            if lot.ends > self.lapse_told and days_before(lot.ends, 14) <= self.now
        ]
        first = min(lot.ends for lot in soon)
        self.lapse_told = max(lot.ends for lot in soon)
        day = (first.astimezone(BERLIN).date() - DAY).isoformat()
        text = f"lapse {sum(lot.points for lot in soon)} {in_words(day)}"
        self.after.append(lambda: self._begin("lapsing", first, [text]))

    def _dropping(self) -> None:
        self.end_told = self.until
        day = (self.until.astimezone(BERLIN).date() - DAY).isoformat()
        self.after.append(
            lambda: self._begin("dropping", day, [f"drop {in_words(day)}"], stops=("tier",))
        )

    def _month(self, month: str) -> None:
        self.months[month] = True
        first, last = begins(date.fromisoformat(f"{month}-01"), BERLIN), first_of_next(month)
        opening = sum(points for at, _, points in self.acts if at < first)
        within = [(kind, points) for at, kind, points in self.acts if first <= at < last]
        used = -sum(
            p for kind, p in within if kind in ("hold", "capture", "hold-void", "hold-expire")
        )
        expired = -sum(points for kind, points in within if kind == "expire")
        earned = sum(points for _, points in within) + used + expired
        closing = opening + earned - used - expired
        text = f"statement {month} {opening} {earned} {used} {expired} {closing}"
        self.after.append(lambda: self._to_gold(month, text))

    def _to_gold(self, month: str, text: str) -> None:
        if LEVELS[self.tier][0] == "gold":
            self._begin("statement", month, [text])

    # -- ways through automations -------------------------------------------------------------

    def _begin(
        self,
        name: str,
        key: Any,
        steps: list[Any],
        zone: ZoneInfo = BERLIN,
        stops: tuple[str, ...] = (),
        since: int | None = None,
    ) -> None:
        """Begin once for each occasion."""
        if self.gone or self.merged or (name, key) in self.begun:
            return
        self.begun.add((name, key))
        way = Way(name, self.newest(), stops, str(self.tier), self.taken)
        if since is not None and way.seen > since:
            self.book.ways[name, "visit"] += 1
            return
        self._walk(way, steps, zone)

    def _walk(self, way: Way, steps: list[Any], zone: ZoneInfo) -> None:
        """Do the steps up to the next wait, in one act."""
        self.settle()
        for place, step in enumerate(steps):
            if isinstance(step, datetime | timedelta | tuple):
                self._wait(way, step, steps[place + 1 :], zone)
                return
            if isinstance(step, int):
                self._give("award", step)
            else:
                text = step if isinstance(step, str) else step()
                self.after.append(lambda text=text: self._say(text, way))
        self.book.ways[way.name, "done"] += 1

    def _wait(self, way: Way, step: Any, rest: list[Any], zone: ZoneInfo) -> None:
        due = step if isinstance(step, datetime) else self._waited(step, zone)
        self.waits.append(Waits(due, lambda: self._go_on(way, rest, zone), way))

    def _waited(self, step: timedelta | tuple[timedelta, str], zone: ZoneInfo) -> datetime:
        if isinstance(step, timedelta):
            return self.now + step
        until = self.now + step[0]
        return clock(max(until - timedelta(minutes=61), self.now), zone, step[1])

    def _go_on(self, way: Way, steps: list[Any], zone: ZoneInfo) -> None:
        if self.gone or self.merged:
            self.book.ways[way.name, "nobody"] += 1
        elif why := self._why_not(way):
            self.book.ways[way.name, why] += 1
        else:
            self._walk(way, steps, zone)

    def _why_not(self, way: Way) -> str:
        reasons = {
            "visit": ("visit", self.newest() > way.seen),
            "coffee": ("unaffordable", self.balance(self.now) < COFFEE),
            "taken": ("reward-taken", self.taken > way.taken),
            "tier": ("tier-changed", str(self.tier) != way.tier),
        }
        return next((reasons[stop][0] for stop in way.stops if reasons[stop][1]), "")

    def _say(self, text: str, way: Way, useful: datetime | None = None) -> None:
        """Tell a guest something, if it is not night."""
        useful = useful or self.now + DAY
        if self.stopped or self.merged or self.gone or self.now >= useful:
            return
        zone = ZONES[self.guest.store]
        if is_quiet(self.now, zone):
            morning = clock(self.now - timedelta(microseconds=1), zone, "08:00")
            self.waits.append(
                Waits(morning, lambda: self.after.append(lambda: self._say(text, way, useful)))
            )
            return
        if not self._why_not(way):
            self.book.texts[self.phone, text] += 1

    # -- what happens -------------------------------------------------------------------------

    def _happens(self, fact: Fact) -> None:
        getattr(self, f"_on_{fact.what.replace('-', '_')}")(fact)

    def _on_join(self, _: Fact) -> None:
        self.here = True
        thanks = lambda: "thanks" if self.visits() else "nudge"  # noqa: E731 - asked when it is time
        zone = ZONES[self.guest.store]
        self._begin("welcome", "", ["hello", (2 * DAY, "10:00"), thanks], zone)
        if self.guest.pages:
            self.book.texts[self.phone, "is your code"] += 1
            self._begin("proved", "", [7])
        for at, years in self._jubilees():
            self.waits.append(Waits(at, lambda y=years: self._jubilee(y)))
        for at, day in self._birthdays():
            self.waits.append(Waits(at, lambda d=day: self._birthday(d)))
        self.waits.append(Waits(SPRING[0].astimezone(UTC), self._spring))
        self.waits.append(Waits(WINTER[0].astimezone(UTC), self._winter))
        self.waits.append(Waits(datetime(2026, 6, 10, 0, 0, tzinfo=UTC), self._placed))

    def _jubilees(self) -> list[tuple[datetime, int]]:
        """Walk from day to day until it is a year."""
        zone = ZONES[self.guest.store]
        joined = self.guest.joined.astimezone(zone).date()
        day = joined + DAY
        while (day.month, day.day) != (joined.month, joined.day):
            day += DAY
        return [(begins(day - 3 * DAY, zone), 1)]

    def _jubilee(self, years: int) -> None:
        self.after.append(lambda: self._begin("jubilee", years, [15]))

    def _birthdays(self) -> list[tuple[datetime, date]]:
        """Walk through all days and look at which of them a birthday is told of."""
        zone, birthday, told_on = ZONES[self.guest.store], self.guest.birthday, self.guest.joined
        edits = [fact for fact in self.facts if fact.what == "birthday"]
        moments = [(self.guest.joined, "")]
        if edits:
            moments.append((edits[0].at, edits[0].name))
        day = self.guest.joined.astimezone(zone).date()
        while begins(day, zone) <= END:
            day += DAY
            moments.append((begins(day, zone), ""))
        found: list[tuple[datetime, date]] = []
        told = date.min
        for at, edited in sorted(moments):
            if edited:
                birthday, told_on = edited, at
            now = swept(at)
            today = now.astimezone(zone).date()
            for near in (today + n * DAY for n in range(-7, 4)):
                far = told == date.min or near > told + 330 * DAY
                noticed = near >= told_on.astimezone(zone).date() + 30 * DAY
                if birthday and is_it(near, birthday) and far and noticed:
                    told = near
                    found.append((at, near))
        return found

    def _birthday(self, day: date) -> None:
        steps = [f"wish {in_words(day.isoformat())}"]
        self.after.append(lambda: self._begin("birthday_week", day.year, steps))

    def _placed(self) -> None:
        """Count the visits of thirty days, the night before the campaign."""
        since = (self.now.astimezone(BERLIN).date() - 30 * DAY).isoformat()
        self.segment = self.visits(since) >= 4

    def _spring(self) -> None:
        if self.gone or self.merged or not self.segment:
            return
        if "spring" in self.held_out:
            self.book.ways["campaign:spring", "held"] += 1
            return
        steps = [12, "spring 12", SPRING[1].astimezone(UTC), "spring_ends"]
        self.after.append(lambda: self._begin("campaign:spring", "", steps))

    def _winter(self) -> None:
        steps = ["winter", 7 * DAY, 6, "winter_gift 6", WINTER[1].astimezone(UTC), "winter_ends"]
        self.after.append(lambda: self._begin("campaign:winter", "", steps, stops=("visit",)))

    # -- receipts -----------------------------------------------------------------------------

    def visits(self, after: str = "") -> int:
        """Count sittings: an hour from its first receipt on, in each store and on each day."""
        days: dict[tuple[str, str], list[int]] = defaultdict(list)
        for each in self.receipts.values():
            if each.kept and each.day > after:
                days[each.day, each.store].append(each.minute)
        count = 0
        for minutes in days.values():
            over = 0
            for minute in sorted(minutes):
                if minute >= over:
                    count, over = count + 1, minute + 60
        return count

    def _on_sale(self, fact: Fact) -> None:
        if fact.name in self.receipts or self.gone:
            return
        day = business_day(fact.occurred_at, ZONES[fact.store])
        receipt = Receipt(fact.name, fact.occurred_at, day, fact.store, fact.channel, fact.amount)
        self.newest_day = max(self.newest_day, day)
        self._book("sale", receipt, lambda: self.receipts.setdefault(fact.name, receipt))

    def _on_edit(self, fact: Fact) -> None:
        self._change("edit", fact, lambda receipt: setattr(receipt, "total", fact.amount))

    def _on_refund(self, fact: Fact) -> None:
        self._change("refund", fact, lambda receipt: setattr(receipt, "back", fact.amount))

    def _on_void(self, fact: Fact) -> None:
        self._change("void", fact, lambda receipt: setattr(receipt, "gone", True))

    def _change(self, kind: str, fact: Fact, change: Any) -> None:
        if fact.name in self.receipts:
            receipt = self.receipts[fact.name]
            self._book(kind, receipt, lambda: change(receipt))

    def _book(self, kind: str, receipt: Receipt, change: Any) -> None:
        """Book the difference between what a receipt is worth and what was booked for it."""
        self.settle()
        before = self.visits()
        start = receipt.at + (2 * DAY if receipt.channel == "online" else 0 * DAY)

        def work() -> int:
            change()
            gain = receipt.kept // 100 - receipt.booked
            receipt.booked += gain
            self.sums["earned"] += gain
            if gain >= 0:
                return self._gain(gain, receipt.day[:7], start)
            return self._lose(-gain, receipt.day[:7], start)

        self._act(kind, work)
        self._came(before, self.visits(), receipt)

    def _came(self, before: int, after: int, receipt: Receipt) -> None:
        for number in range(before + 1, after + 1):
            if number % 20 == 0 and number not in self.granted:
                self.granted.add(number)
                self.after.append(lambda: (self.settle(), self._give("award", 5)))
                self.book.alerts["ten"] += 1
                self.book.ways["party", "done"] += 1
            if number == 5:
                text = f"ask 5 {TITLES[receipt.store]}"
                steps = [(HOUR, "12:00"), text]
                self.after.append(lambda s=steps: self._begin("fifth", "", s, ZONES[receipt.store]))
            if number % 40 == 0:
                self.after.append(lambda n=number: self._begin("fortieth", n, [8]))

    # -- everything else ----------------------------------------------------------------------

    def _on_hold(self, fact: Fact) -> None:
        """Set a coffee aside, if there are points enough: what lapses first goes first."""
        if self.gone or self.balance(self.now) < COFFEE:
            return
        self.settle()

        def work() -> int:
            free = sorted((lot for lot in self.lots if not lot.ready), key=lambda lot: lot.order)
            held, left = [], COFFEE
            for lot in free:
                part = min(left, lot.points)
                left -= part
                if part:
                    held.append(Lot(lot.month, None, lot.ends, part))
            self._take(COFFEE, free)
            self.holds[fact.name] = (self.now + QUARTER, held)
            return -COFFEE

        self._act("hold", work)

    def _on_take(self, fact: Fact) -> None:
        if fact.name in self.holds:
            self.settle()

            def work() -> int:
                del self.holds[fact.name]
                self.sums["spent"] += COFFEE
                self.taken += 1
                return 0

            self._act("capture", work)

    def _on_give_up(self, fact: Fact) -> None:
        if fact.name in self.holds:
            self.settle()
            self._act("hold-void", lambda: self._back(fact.name, self.holds[fact.name][1]))

    def _on_survey(self, fact: Fact) -> None:
        self.settle()
        self._give("activity", 3)
        if fact.amount <= 2:
            self.book.alerts["unhappy"] += 1
            self.book.ways["bad_feedback", "done"] += 1

    def _on_survey_cut(self, fact: Fact) -> None:
        self._on_survey(fact)  # it is told by the sweep, minutes later, and no less

    def _on_birthday(self, _: Fact) -> None:
        """It was looked at when all birthdays were."""

    def _on_stop(self, _: Fact) -> None:
        self.stopped = True

    def _on_erase(self, _: Fact) -> None:
        self.settle()
        self._act("erase", lambda: 0)
        self.gone = True

    def _on_merge(self, _: Fact) -> None:
        self.merged = True
        self._on_joined_by(_)

    def _on_joined_by(self, _: Fact) -> None:
        self.settle()
        self._act("merge", lambda: 0)

    def _on_move(self, fact: Fact) -> None:
        self.book.texts[fact.other, "is your code"] += 1
        self.book.texts[self.phone, "another address"] += 1
        self.waits.append(Waits(self.now + 2 * MINUTE, lambda: setattr(self, "phone", fact.other)))

    def _on_referral(self, fact: Fact) -> None:
        self.settle()
        self._give("referral", fact.amount)


def is_it(day: date, month_day: str) -> bool:
    """Look whether a day is somebody's; the last of February stands in for the 29th."""
    if month_day == "02-29" and f"{day:%m-%d}" == "02-28":
        return f"{day + DAY:%m-%d}" != "02-29"
    return f"{day:%m-%d}" == month_day


# -- all guests ---------------------------------------------------------------------------------


def reckoned(plan: Plan, members: dict[int, str], only: int | None = None) -> Seen:
    """Reckon a year, or that of one guest. `members` are ids, by which lots are drawn."""
    book, sums, own = Book(), {}, _told(plan)
    for guest in plan.guests if only is None else [plan.guests[only]]:
        life = Life(guest, own[guest.number], _held(members[guest.number]), book)
        life.live()
        book.ways.update((wait.way.name, "waiting") for wait in life.waits if wait.way)
        sums[guest.number] = _sums(life)
    return Seen(book.acts, book.ways, book.texts, book.alerts, sums, _nights())


def _told(plan: Plan) -> dict[int, list[Fact]]:
    """List for each guest what happens to them, and what others do that concerns them."""
    own: dict[int, list[Fact]] = defaultdict(list)
    for fact in plan.facts:
        own[fact.guest].append(fact)
        if fact.what == "merge":
            own[fact.guest - 1].append(fact._replace(what="joined-by"))
    for number, facts in _friends(plan, own):
        own[number] += facts
    for facts in own.values():
        facts.sort(key=lambda fact: fact.at)
    return own


def _held(member: str) -> set[str]:
    """Draw whether a guest is held out of the campaign of spring: twenty of a hundred."""
    drawn = int.from_bytes(hashlib.sha256(f":spring:{member}".encode()).digest()[:8], "big")
    return {"spring"} if drawn % 10_000 < 2000 else set()


def _friends(plan: Plan, own: dict[int, list[Fact]]) -> list[tuple[int, list[Fact]]]:
    """Find when who was brought by a friend had kept five euros for a week."""
    found = []
    for guest in plan.guests:
        teller = guest.friend_of
        if teller is None or plan.guests[teller].joined > guest.joined:
            continue
        paid = _kept_for_a_week(own[guest.number])
        if paid:
            found.append((guest.number, [Fact(paid, "referral", guest.number, amount=10)]))
            found.append((teller, [Fact(paid, "referral", teller, amount=30)]))
    return found


def _kept_for_a_week(facts: list[Fact]) -> datetime | None:
    kept: dict[str, int] = {}
    since: datetime | None = None
    for fact in facts:
        if since and fact.at > since + 7 * DAY:
            break
        if fact.what == "sale":
            kept.setdefault(fact.name, fact.amount)
        elif fact.what in ("edit", "refund", "void") and fact.name in kept:
            left = {"edit": fact.amount, "refund": max(0, kept[fact.name] - fact.amount), "void": 0}
            kept[fact.name] = left[fact.what]
        enough = sum(kept.values()) >= 500
        since = (since or fact.at) if enough else None
    paid = swept(since + 7 * DAY) if since else None
    return paid if paid and paid <= END else None


def _sums(life: Life) -> Sums:
    life.now = END
    waiting = [lot.points for lot in life.lots if lot.ready and lot.ready > END]
    return Sums(
        earned=life.sums["earned"], spent=life.sums["spent"], expired=life.sums["expired"],
        balance=life.balance(END), pending=sum(waiting), owed=life.debt, visits=life.visits(),
        tier=LEVELS[life.tier][0],
    )  # fmt: skip


def _nights() -> Counter[str]:
    """Walk from night to night; of those without a scheduler the last is made up for."""
    times = {"segments": time(2), "arm": time(3), "waiting": time(3, 30), "files": time(5, 5),
             "retention": time(3, 30)}  # fmt: skip
    found: Counter[str] = Counter()
    for name, at in times.items():
        day, runs = date(2026, 3, 1), set()
        while (due := datetime.combine(day, at, BERLIN).astimezone(UTC)) <= END:
            if name != "segments" or day.weekday() == WEDNESDAY:
                runs.add(swept(due))
            day += DAY
        found[name] = len(runs)
    return found
