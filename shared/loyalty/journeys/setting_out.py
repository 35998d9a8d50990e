"""A guest sets out on a journey: once for each occasion, whichever of their names it came under.

A visit is counted for all who share an account, so the nth of them leads one of them, once.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime, timedelta
from functools import partial
from typing import NamedTuple

import msgspec

from loyalty.delivery import Outcome, Shop, first_then_look
from loyalty.domain import journeys as way
from loyalty.domain.account import Account
from loyalty.domain.automations import Came, Expiring, Reaction, Yearly
from loyalty.domain.journeys import Mark, Still
from loyalty.domain.program import Version
from loyalty.domain.yearly import APART
from loyalty.guests import homes
from loyalty.journeys import leading
from loyalty.journeys.journey_records import Journey
from loyalty.ports import Unit
from loyalty.records import contacts
from loyalty.records import journeys as kept

_replace = msgspec.structs.replace


class Beginning(NamedTuple):
    """That an automation begins for a guest; `key` tells this occasion from others.

    `zone` is where it came about, for guests of whom no store is known. `visit` is the last one (in
    minutes) of an absence, and `tier` the one that ends: who came since, or is in another by now,
    has no reason any more; nor who took the `reward` that came into reach at `since`.
    """

    automation: str
    key: str
    member: str
    zone: str
    values: Mapping[str, str] = {}
    words: Mapping[str, str] = {}
    reward: str = ""
    visit: int | None = None
    tier: str | None = None
    since: datetime | None = None


def begin(beginning: Beginning, cause: str, version: Version, shop: Shop) -> Outcome:
    """Begin a journey, if it is for this guest; told again, return the same outcome."""
    reaction = version.program.automations[beginning.automation]
    if any(step.at_time for step in reaction.steps.values()):
        beginning = beginning._replace(zone=zone(beginning.member, shop) or beginning.zone)
    work = partial(_begin, beginning=beginning, cause=cause, version=version, shop=shop)
    return first_then_look(lambda _: shop.store.atomically("ledger", work))


def zone(member: str, shop: Shop) -> str:
    """Tell by which clock a guest lives: that of the store where they joined; "" if unknown."""
    contact = contacts.get(shop.store, member)
    return contact.zone if contact else ""


def _begin(unit: Unit, beginning: Beginning, cause: str, version: Version, shop: Shop) -> Outcome:
    home = homes.find(unit, beginning.member)
    if home is None or home.closed:
        return ()  # erased meanwhile
    now, reaction = shop.clock.now(), version.program.automations[beginning.automation]
    people = homes.names(unit, home)
    whose = homes.everybody(home.account) if isinstance(reaction, Came) else people
    if found := list(_several(unit, beginning.automation, whose, [beginning.key])):
        return next((each.begun for each in found if each.cause == cause), ())
    if not way.fits(reaction.when, home.account, now):
        return ()
    if isinstance(reaction, Yearly) and _was_lately(unit, beginning, people, reaction, shop):
        return ()
    mark = _mark(beginning, reaction, home.account)
    journey = Journey(
        id=_name(beginning.automation, home.person, beginning.key),
        automation=beginning.automation, member=home.person, account=home.account.id,
        version=version.hash, cause=cause, at=now, zone=beginning.zone, mark=mark,
        values=dict(beginning.values), words=dict(beginning.words),
    )  # fmt: skip
    if why := _over(beginning, Still(stops=reaction.stops, mark=mark), home.account, shop):
        kept.create(unit, journey.id, leading.stopped(journey, why))
        return ()
    return leading.created(unit, journey, home, reaction, shop) or ()


def _mark(beginning: Beginning, reaction: Reaction, account: Account) -> Mark:
    """Take down what the reason rests on, of what is told by when it was told."""
    told = account.occasions.get(beginning.automation, "")
    lapse = datetime.fromisoformat(told) if told and isinstance(reaction, Expiring) else None
    mark = _replace(way.mark(account, beginning.reward, lapse), since=beginning.since)
    if beginning.tier is None:
        return mark
    return _replace(mark, tier=beginning.tier, until=datetime.fromisoformat(beginning.key))


def _name(automation: str, person: str, key: str) -> str:
    return f"journey:{automation}:{person}:{key}"


def _several(
    unit: Unit, automation: str, people: Sequence[str], keys: Sequence[str]
) -> Iterator[Journey]:
    names = [_name(automation, person, key) for person in people for key in keys]
    return (journey for journey in kept.several(unit, names) if journey)


def _over(beginning: Beginning, still: Still, account: Account, shop: Shop) -> str:
    """Say why the reason was gone already before the journey could begin; "" if it was not."""
    newest = way.mark(account).visit
    if beginning.visit is not None and newest > beginning.visit:
        return "visit"  # who came since is not away any more, whether it counts or not
    return way.gone(still, account, shop.programs.current().program, shop.clock.now())


def _was_lately(
    unit: Unit, beginning: Beginning, people: Sequence[str], reaction: Yearly, shop: Shop
) -> bool:
    """Tell whether a day of the year was one lately: told of later, changed, or under a name."""
    year, first = int(beginning.key), _day(shop.clock.now(), reaction) - APART
    near = _several(unit, beginning.automation, people, [str(year - 1), str(year + 1)])
    return any(_day(each.at, _then(each, reaction, shop)) > first for each in near)


def _then(journey: Journey, reaction: Yearly, shop: Shop) -> Yearly:
    """Find what an automation was when a journey began."""
    found = shop.programs.named(journey.version).automations.get(journey.automation)
    return found if isinstance(found, Yearly) else reaction


def _day(begun: datetime, reaction: Yearly) -> datetime:
    """Tell about which day a journey is: it began that much before."""
    return begun + timedelta(days=reaction.days_before)
