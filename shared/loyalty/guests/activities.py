"""What guests do besides buying, and the points they get for it: once for each act."""

from __future__ import annotations

from typing import NamedTuple

import msgspec

from loyalty import bookkeeping, timekeeping
from loyalty.delivery import Outcome, Shop, first_then_look
from loyalty.domain import calendar
from loyalty.domain.entry import Entry
from loyalty.domain.program import Activity
from loyalty.errors import Problem
from loyalty.events import Event, PointsPosted
from loyalty.guests import homes
from loyalty.ports import Unit
from loyalty.records import entries


class Counted(msgspec.Struct, frozen=True, kw_only=True):
    """What an activity brought. `first` is false if it had counted before."""

    points: int
    reason: str
    first: bool


class Done(NamedTuple):
    """What a guest did, told by an id of the teller's; a survey or a review with its score."""

    activity: str
    id: str
    score: int | None = None


def count(member: str, done: Done, by: str, shop: Shop) -> Counted:
    """Count what a guest did. Raises Problem 404 or 422."""
    name, told = done.activity, done.id
    activity = shop.programs.current().program.activities.get(name)
    if activity is None:
        raise Problem(422, "unknown_activity", "The program has no such activity.")
    act = _act(activity, f"activity:{member}:{name}", told, shop)
    home = homes.find(shop.store, member)
    people = homes.names(shop.store, home) if home else ()
    before = [_act(activity, f"activity:{each}:{name}", told, shop) for each in people]

    def work(unit: Unit) -> tuple[Entry, Outcome, bool]:
        known = (entries.get(unit, each) for each in dict.fromkeys((act, *before)))
        found = next((each.entry for each in known if each and each.entry), None)
        return (found, (), False) if found else _count(unit, member, done, act, by, shop)

    entry, outcome, first = first_then_look(lambda _: shop.store.atomically("ledger", work))
    timekeeping.keep(act, outcome, shop)
    return Counted(points=entry.points, reason=entry.reason, first=first)


def _act(activity: Activity, name: str, told: str, shop: Shop) -> str:
    """Name the act: what counts once has one name, whoever tells of it."""
    if activity.once == "ever":
        return name
    zone = shop.programs.current().program.zone
    day = calendar.local(shop.clock.now(), zone).date().isoformat()
    return f"{name}:{day}" if activity.once == "day" else f"{name}:{told}"


def _count(
    unit: Unit, member: str, done: Done, act: str, by: str, shop: Shop
) -> tuple[Entry, Outcome, bool]:
    version = shop.programs.current()
    record = homes.living(unit, member)
    if record is None:
        raise Problem(404, "not_found", "There is no such member.")
    book = bookkeeping.opened_from(record, version, shop)
    activity = version.program.activities[done.activity]
    title = version.program.words(activity.title, version.program.languages[0])
    entry = book.award(act, activity.award, title, done.activity, by, kind="activity")
    told = [_judged(each, act, done) for each in bookkeeping.posted(book)]
    outcome = bookkeeping.write(unit, book, act, told)
    timekeeping.promise(unit, act, outcome, book.now)
    return entry, outcome, True


def _judged(event: Event, act: str, done: Done) -> Event:
    """Say with an act what was done, and how it was judged."""
    if not isinstance(event, PointsPosted) or event.entry != act:
        return event
    return msgspec.structs.replace(event, activity=done.activity, score=done.score)
