"""What guests do besides buying, and the points they get for it: once for each act."""

from __future__ import annotations

import msgspec

from loyalty import bookkeeping, homes, timekeeping
from loyalty.delivery import Outcome, Shop, first_then_look
from loyalty.domain import calendar
from loyalty.domain.entry import Entry
from loyalty.domain.program import Activity
from loyalty.errors import Problem
from loyalty.ports import Unit
from loyalty.records import entries


class Counted(msgspec.Struct, frozen=True, kw_only=True):
    """What an activity brought. `first` is false if it had counted before."""

    points: int
    reason: str
    first: bool


def count(member: str, name: str, told: str, by: str, shop: Shop) -> Counted:
    """Count an activity that was told of by an id of the teller's. Raises Problem 404 or 422."""
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
        return (found, (), False) if found else _count(unit, member, name, act, by, shop)

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
    unit: Unit, member: str, name: str, act: str, by: str, shop: Shop
) -> tuple[Entry, Outcome, bool]:
    version = shop.programs.current()
    record = homes.find(unit, member)
    if record is None:
        raise Problem(404, "not_found", "There is no such member.")
    book, activity = (
        bookkeeping.opened_from(record, version, shop),
        version.program.activities[name],
    )
    title = version.program.words(activity.title, version.program.languages[0])
    entry = book.award(act, activity.award, title, name, by, kind="activity")
    outcome = bookkeeping.write(unit, book, act, bookkeeping.posted(book))
    timekeeping.promise(unit, act, outcome, book.now)
    return entry, outcome, True
