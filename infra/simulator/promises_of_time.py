"""What must hold for all that waits: nothing that was due is skipped, nobody hears of it twice."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable, Iterator
from datetime import UTC, date, datetime, timedelta
from typing import NamedTuple

from infra.simulator import programs as shops
from infra.simulator.crowd import OLD
from infra.simulator.programs import START
from infra.simulator.promises_of_unions import touched
from infra.simulator.what_waits import ZONE, Ask
from infra.simulator.world import World
from loyalty.domain import calendar
from loyalty.domain.account import Account
from loyalty.domain.entry import Entry, Receipt
from loyalty.journeys.journey_records import Journey
from loyalty.records import accounts, campaigns, entries, jobs, journeys, profiles, timers

ABSENCE, WARNING = timedelta(days=30), timedelta(days=10)
LONG_AGO = datetime(2000, 1, 1, tzinfo=UTC)
_DAY, _HOURS = timedelta(days=1), timedelta(hours=2)
NOTICE, LEAD, LATE = 10, 2, 7
"""Days: since when a birthday counts, how early it is told of, and how late at most."""
WAITS = {
    ("welcome", "nudge"): 2, ("welcome", "thanks"): 2, ("win_back", "second"): 7,
    ("campaign", "still"): 3, ("campaign", "again"): 2,
}  # fmt: skip
"""So many days at least after its journey began a step says something."""
USED = ("hold", "hold-void", "hold-expire", "capture", "recapture", "restore")


class _Guest(NamedTuple):
    """Somebody who had one account all the time, and all that belongs to them."""

    account: Account
    acts: list[Entry]
    receipts: list[Receipt]
    journeys: list[Journey]

    def visits(self) -> list[datetime]:
        """List when they were here, to the minute, on the days that an account remembers."""
        since = self.account.facts_from
        known = [r for r in self.receipts if r.counts and r.day >= since]
        return [r.sale.occurred_at.replace(second=0, microsecond=0) for r in known if r.sale]

    def told(self, automation: str) -> list[Journey]:
        """List the occasions of an automation."""
        return [each for each in self.journeys if each.automation == automation]


def keeps_what_waits(world: World, _: World) -> Iterator[str]:
    """Whatever is promised to those who wait."""
    if not world.schedule.waits:
        return
    for promise in ALWAYS:
        yield from promise(world)
    if shops.waits(world.schedule.program):  # else some things came before anybody waited for them
        guests = list(_guests(world))
        for of_guests in OF_GUESTS:
            for guest in guests:
                yield from of_guests(world, guest)


def _guests(world: World) -> Iterator[_Guest]:
    apart, acts, receipts = touched(world), defaultdict(list), defaultdict(list)
    for record in entries.each(world.store):
        if record.entry:
            acts[record.entry.members[0]].append(record.entry)
        if record.receipt and record.receipt.member:
            receipts[record.receipt.member].append(record.receipt)
    ways = defaultdict(list)
    for journey in journeys.each(world.store):
        ways[journey.member].append(journey)
    for found in accounts.each(world.store):
        name = found.account.id
        if name not in apart and not name.startswith(OLD):
            yield _Guest(found.account, acts[name], receipts[name], ways[name])


# -- nothing is skipped ----------------------------------------------------------------------


def is_welcomed(_: World, guest: _Guest) -> Iterator[str]:
    """Who joined is welcomed."""
    if len(guest.told("welcome")) != 1:
        yield f"{guest.account.id} was welcomed {len(guest.told('welcome'))} times"


def is_missed(world: World, guest: _Guest) -> Iterator[str]:
    """Who was away for thirty days is missed, once for each absence.

    Who was missed since a visit that went back later is not missed again since the one before it,
    nor since one of which a till told when they had been missed already.
    """
    last = max(guest.visits(), default=None)
    if last is None or world.clock.now() < last + ABSENCE:
        return
    if not any(each.at >= last for each in guest.told("win_back")):
        yield f"{guest.account.id} was here last at {last}, and is not missed"


def is_given_nothing_to_come_back(_: World, guest: _Guest) -> Iterator[str]:
    """Who came back is not given what was to bring them back, nor is any of it begun for them."""
    acts = Counter(entry.receipt for entry in guest.acts)
    came = {r.id: _minute(r.sale.occurred_at) for r in guest.receipts if r.counts and r.sale}
    plain = [e for e in guest.acts if e.receipt in came and acts[e.receipt] == 1]
    for gift in guest.acts:
        if gift.cause.startswith("journey:win_back:"):
            since = int(gift.cause.rpartition(":")[2])
            if any(e.seq < gift.seq for e in plain if came[e.receipt] > since):
                yield f"{gift.id} was given to somebody who came back"
    for way in guest.told("win_back"):
        since = int(_key(way))
        back = [e for e in plain if came[e.receipt] > since and e.at < way.at]
        if back and way.state != "stopped":
            yield f"{way.id} began for somebody who had come back"


def _minute(at: datetime) -> int:
    return int(at.timestamp()) // 60


def is_warned(world: World, guest: _Guest) -> Iterator[str]:
    """Whose points lapse within ten days was told so, unless points came to what they knew of."""
    now, told = world.clock.now(), guest.told("lapsing")
    for lot in guest.account.lots:
        ends = lot.expires_at or now
        soon = now < ends <= now + WARNING - _HOURS
        if soon and not any(each.at + WARNING + _HOURS >= ends for each in told):
            yield f"{lot.points} points of {guest.account.id} lapse at {ends} unsaid"


def hears_of_each_month(world: World, guest: _Guest) -> Iterator[str]:
    """Every month in which something happened is told, with sums that are the ledger's."""
    told = {_key(each): each for each in guest.told("statement")}
    now = calendar.local(world.clock.now(), ZONE).strftime("%Y-%m")
    for month in {_month(entry) for entry in guest.acts if _month(entry) < now}:
        if month not in told:
            yield f"{guest.account.id} never heard of {month}"
    for month, each in told.items():
        if (sums := _sums(guest.acts, month)) != _said(each):
            yield f"{guest.account.id} was told {_said(each)} of {month}, not {sums}"


SUMS = {"opening", "earned", "used", "expired", "closing"}


def _sums(acts: list[Entry], month: str) -> dict[str, int]:
    """Add a month up by hand: what was there before it, what came and went, what was left."""
    opening = sum(entry.points for entry in acts if _month(entry) < month)
    within = [entry for entry in acts if _month(entry) == month]
    used = -sum(entry.points for entry in within if entry.kind in USED)
    expired = -sum(entry.points for entry in within if entry.kind == "expire")
    closing = opening + sum(entry.points for entry in within)
    return {"opening": opening, "earned": closing - opening + used + expired, "used": used,
            "expired": expired, "closing": closing}  # fmt: skip


def _said(journey: Journey) -> dict[str, int]:
    return {name: int(told) for name, told in journey.values.items() if name in SUMS}


def _month(entry: Entry) -> str:
    """Tell of which month an act is: what time did, of the one in which it happened."""
    at = entry.occurred_at if entry.kind in ("release", "expire", "hold-expire") else entry.at
    return calendar.local(at, ZONE).strftime("%Y-%m")


def is_congratulated(world: World, guest: _Guest) -> Iterator[str]:
    """Whose birthday came while somebody looked was told so, each year once."""
    profile = profiles.get(world.store, guest.account.id)
    years = [_key(each) for each in guest.told("birthday")]
    if profile is None or profile.birthday_at or not profile.birthday:
        return
    first = calendar.local(profile.joined_at, ZONE).date() + NOTICE * _DAY
    looked = {
        calendar.local(at, ZONE).date() for at in world.rested if at > profile.joined_at + _DAY
    }
    days = {_day(profile.birthday, today.year + more) for today in looked for more in (0, 1)}
    for day in sorted(day for day in days if day >= first):
        span = (day - LEAD * _DAY, day + LATE * _DAY)
        if str(day.year) not in years and any(span[0] <= today <= span[1] for today in looked):
            yield f"{guest.account.id} has a birthday on {day}, and nobody said so"


def _day(month_day: str, year: int) -> date:
    try:
        return date.fromisoformat(f"{year}-{month_day}")
    except ValueError:
        return date(year, 2, 28)


def is_armed(world: World, guest: _Guest) -> Iterator[str]:
    """Whatever time will bring to an account has a timer that is not too late.

    Of who was missed already, only a visit since then begins another absence.
    """
    account, found = guest.account, [t for t in timers.each(world.store) if t.kind == "account"]
    due = min((each.due_at for each in found if each.subject == account.id), default=None)
    comes = [lot.available_at or lot.expires_at for lot in account.lots]
    comes += [account.standing.until if account.standing else None]
    comes += [held.until for held in account.holds]
    missed = max((each.at for each in guest.told("win_back")), default=LONG_AGO)
    last = max(guest.visits(), default=LONG_AGO)
    comes += [last + ABSENCE] if last > missed and last + ABSENCE > world.clock.now() else []
    first = min((at for at in comes if at), default=None)
    if first and (due is None or due > first):
        yield f"{account.id} has something due at {first}, and a timer at {due}"


# -- nobody twice, nothing for ever ----------------------------------------------------------


def hears_once(world: World) -> Iterator[str]:
    """Nobody hears twice of one occasion, by whichever name; nor of one day of the year."""
    heard: Counter[tuple[str, str]] = Counter()
    for taken in {(each.reference, each.to): each for each in world.vendors.outbox}.values():
        parts = taken.reference.split(":")
        if parts[:2] == ["message", "journey"] and taken.to != "staff":
            heard[taken.to, ":".join((*parts[2:-3], *parts[-2:]))] += 1
        if "journey:birthday" in taken.reference or "journey:statement" in taken.reference:
            heard[taken.to, taken.body[:10]] += 1
    for (to, what), times in heard.items():
        if times > 1:
            yield f"{to} heard {times} times of {what}"


def waits_for_its_time(world: World) -> Iterator[str]:
    """Every journey that waits has a timer; none is overdue, or paused while its campaign runs."""
    found = [each for each in campaigns.each(world.store) if each.state == "running"]
    runs = {f"campaign:{each.id}" for each in found if each.ends_at > world.clock.now()}
    due = {each.subject: each.due_at for each in timers.each(world.store)}
    for each in journeys.each(world.store):
        if (each.state in ("waiting", "paused")) != (each.due_at is not None):
            yield f"{each.id} is {each.state} and due at {each.due_at}"
        elif each.due_at and due.get(each.id, each.due_at + _DAY) > each.due_at:
            yield f"{each.id} is due at {each.due_at}, and has no timer then"
        elif each.due_at and each.due_at <= world.clock.now():
            yield f"{each.id} was due at {each.due_at}"
        elif each.state == "paused" and each.automation in runs:
            yield f"{each.id} is paused, and its campaign goes on"


def places_everybody(world: World) -> Iterator[str]:
    """After a night's run everybody is in the segments that are theirs."""
    job, last = jobs.get(world.store, "segments"), world.schedule.events[-1:]
    if last != (Ask("segments"),) or not world.shop.programs.current().program.segments:
        return
    if job is None or job.phase != "done":
        yield f"the night's run is {job.phase if job else 'not begun'}"
        return
    today, came = calendar.local(job.at, ZONE).date(), _last_visits(world)
    acts = (record.entry for record in entries.each(world.store) if record.entry)
    acted = {entry.members[0]: entry.at for entry in sorted(acts, key=lambda entry: entry.at)}
    for found in accounts.each(world.store):
        account = found.account
        if found.closed or account.into or account.others or acted.get(account.id, START) >= job.at:
            continue
        meant = ["regulars"] if account.totals.visits >= 1 else []
        last_day = came.get(account.id)
        if last_day and f"{last_day}" < account.facts_from:  # the end of its month stands for it
            last_day = calendar.months_later(last_day.replace(day=1), 1) - _DAY
        meant += ["away"] if last_day and (today - last_day).days >= 14 else []  # noqa: PLR2004
        if sorted(meant) != list(account.segments) and account.id not in touched(world):
            yield f"{account.id} is in {account.segments}, not in {sorted(meant)}"


def _last_visits(world: World) -> dict[str, date]:
    found: dict[str, date] = {}
    for record in entries.each(world.store):
        receipt = record.receipt
        if receipt and receipt.counts and receipt.sale:
            day = calendar.local(receipt.sale.occurred_at, ZONE).date()
            found[receipt.member] = max(day, found.get(receipt.member, day))
    return found


def says_what_it_decided(world: World) -> Iterator[str]:
    """What a stage decided to publish was published."""
    published = {body.decode() for _, body in world.bus.published}
    cut_off = {f"campaign:{each.id}" for each in campaigns.each(world.store) if each.page}
    for each in journeys.each(world.store):
        waits = each.automation in cut_off  # its page is done again when the pause ends
        if not waits and any(one.body not in published for one in (*each.begun, *each.outcome)):
            yield f"what {each.id} led to was never published"


AN_HOUR = timedelta(minutes=61)
"""A time of day that was so little before the end of a wait is its end."""


def takes_its_time(world: World) -> Iterator[str]:
    """Nothing is said before its wait is over."""
    began = {each.id: each.at for each in journeys.each(world.store)}
    for taken in world.vendors.outbox:
        name, _, step = taken.reference.removeprefix("message:").rpartition(":")
        automation = name.removeprefix("journey:").partition(":")[0]
        least = WAITS.get((automation, step))
        if least and taken.at < began[name] + timedelta(days=least) - AN_HOUR:
            yield f"{taken.reference} left before its wait was over"


def _key(journey: Journey) -> str:
    return journey.id.rpartition(":")[2]


ALWAYS: tuple[Callable[[World], Iterator[str]], ...] = (
    hears_once, waits_for_its_time, says_what_it_decided, takes_its_time, places_everybody,
)  # fmt: skip
OF_GUESTS: tuple[Callable[[World, _Guest], Iterator[str]], ...] = (
    is_welcomed, is_missed, is_given_nothing_to_come_back, is_warned, hears_of_each_month,
    is_congratulated, is_armed,
)  # fmt: skip
