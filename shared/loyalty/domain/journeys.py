"""A guest's way through an automation: the steps that come now, where it waits, why it ends."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from datetime import datetime, timedelta
from typing import NamedTuple

import msgspec

from loyalty.domain import calendar, occasions, tags
from loyalty.domain.account import Account
from loyalty.domain.automations import Guests, Reaction, Reason, Step
from loyalty.domain.program import Program

WITHDRAWN = "withdrawn"
"""Why a journey ends whose automation the program has no longer."""
LATE = timedelta(minutes=61)
"""A wait for a time of day that ends so little after it is over then: a stage is never begun on the
second, and once a year a day has an hour less.
"""


class Mark(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What was so when a journey began: the newest receipt (in minutes), the tier and its end.

    Its `reward`, which came into reach at `since`; points that lapse do so by `lapse`.
    """

    visit: int = 0
    tier: str = ""
    until: datetime | None = None
    reward: str = ""
    since: datetime | None = None
    lapse: datetime | None = None


class Still(msgspec.Struct, frozen=True, kw_only=True):
    """What must not have happened since, for something to be said.

    `campaign` is named as its journeys are, as in `campaign:spring`; it must still be running. An
    `automation` must still be in the program.
    """

    stops: tuple[Reason, ...]
    mark: Mark
    campaign: str = ""
    automation: str = ""


class Walk(NamedTuple):
    """The steps to do now; then nothing until `until` and the step `next`, or the end."""

    steps: tuple[str, ...]
    next: str = ""
    until: datetime | None = None


def mark(account: Account, reward: str = "", lapse: datetime | None = None) -> Mark:
    """Take down what a journey's reason rests on."""
    newest = max((account.came, *(fact.minute for fact in account.facts)))
    standing = account.standing
    return Mark(
        visit=newest, tier=account.tier or "", until=standing.until if standing else None,
        reward=reward, lapse=lapse,
    )  # fmt: skip


def gone(still: Still, account: Account, program: Program, now: datetime) -> str:
    """Say what took a journey's reason away; empty while nothing did.

    Any later receipt is a visit, also one that was told of late, that counts for nothing, waits for
    a person or went back: the guest came. Less than there was is no visit.
    """
    if still.automation and still.automation not in program.automations:
        return WITHDRAWN
    was, today = still.mark, mark(account)
    happened: Mapping[Reason, Callable[[], bool]] = {
        "visit": lambda: today.visit > was.visit,
        "tier-changed": lambda: today.tier != was.tier,
        "tier-kept": lambda: _is_kept(was, account, program),
        "unaffordable": lambda: not _affordable(was.reward, account, program, now),
        "reward-taken": lambda: _was_taken(was, account),
        "nothing-lapses": lambda: not _lapse(account, was.lapse, now),
    }
    return next((stop for stop in still.stops if happened[stop]()), "")


def _was_taken(was: Mark, account: Account) -> bool:
    """Tell whether a reward was paid for since it came into reach; not where that is not known."""
    last = account.taken.get(was.reward)
    return last is not None and was.since is not None and last >= was.since


def _is_kept(was: Mark, account: Account, program: Program) -> bool:
    """Tell whether a tier lasts longer than it did, or will; of older marks no end is known."""
    until = account.standing.until if account.standing else None
    return (was.until or until) != until or occasions.is_kept(account, program)


def _lapse(account: Account, until: datetime | None, now: datetime) -> bool:
    """Tell whether points lapse by an instant; where none is known, they may."""
    ends = [lot.expires_at for lot in account.lots if lot.expires_at]
    return until is None or any(now < at <= until for at in ends)


def _affordable(reward: str, account: Account, program: Program, now: datetime) -> bool:
    known = program.rewards.get(reward)
    return bool(known and known.points is not None and known.points <= account.points(now))


def fits(guests: Guests, account: Account, now: datetime) -> bool:
    """Tell whether a guest is among these guests."""
    visits, points = account.totals.visits, account.points(now)
    return (
        (not guests.tiers or account.tier in guests.tiers)
        and _one_of(guests.segments, account.segments)
        and _one_of(guests.tags, account.tags)
        and _within(visits, guests.visits_at_least, guests.visits_at_most)
        and _within(points, guests.points_at_least, guests.points_at_most)
    )


def _one_of(wanted: tuple[str, ...], had: Iterable[str]) -> bool:
    return not wanted or not set(wanted).isdisjoint(had)


def _within(number: int, least: int | None, most: int | None) -> bool:
    return (least is None or number >= least) and (most is None or number <= most)


def walk(reaction: Reaction, begin: str, account: Account, now: datetime, zone: str) -> Walk:
    """Find what is to be done now, from a step on; "" is the first one.

    After a step that is not there any more (a last chance whose day has passed) comes nothing.
    A step sees the tags that those before it gave and took.
    """
    names = list(reaction.steps)
    done: list[str] = []
    first = 0 if not begin else names.index(begin) if begin in names else len(names)
    for index in range(first, len(names)):
        step = reaction.steps[names[index]]
        if not _meant_for(step, account, now):
            continue
        if step.wait is not None:
            following = names[index + 1] if index + 1 < len(names) else ""
            return (
                Walk(tuple(done), following, waited(step, now, zone)) if following else _ended(done)
            )
        done.append(names[index])
        if change := tags.of_step(step, account):
            account = tags.after(account, *change)
    return _ended(done)


def _ended(done: list[str]) -> Walk:
    return Walk(tuple(done))


def _meant_for(step: Step, account: Account, now: datetime) -> bool:
    wanted = step.when is None or fits(step.when, account, now)
    return wanted and (step.unless is None or not fits(step.unless, account, now))


def waited(step: Step, now: datetime, zone: str) -> datetime:
    """Find when a wait is over: at its time of day, where one is told, but never at once."""
    until = now + timedelta(minutes=step.wait or 0)
    if step.at_time is None:
        return until
    return calendar.end_of(max(until - LATE, now), zone, step.at_time)
