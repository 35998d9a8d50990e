"""What waits in a shop: time that passes, nightly jobs, campaigns, and whoever halts them."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterable, Iterator
from datetime import datetime, timedelta
from typing import Any, Literal, NamedTuple, TypeVar

from infra.simulator.at_the_counter import Adjust, Hold
from infra.simulator.together import Merge
from loyalty.domain import calendar
from loyalty.domain.automations import Step
from loyalty.domain.campaigns import Budget, Campaign, LastChance

T = TypeVar("T")
ZONE = "Europe/Berlin"
HOUR, DAY = 60, 1440
POINTS, COINS = 10, 120
"""What a campaign gives one guest, in points; what a reward costs the house."""
Kind = Literal["news", "points", "reward", "fewer", "steps"]
JobName = Literal["segments", "arm", "waiting"]
_LATER = 0.5
"""How often something else happens before somebody goes on with a campaign."""


class Pass(NamedTuple):
    """Time passes minute by minute: the scheduler asks for a sweep whenever something is due."""

    minutes: int


class Back(NamedTuple):
    """The clock is set back."""

    minutes: int


class Ask(NamedTuple):
    """The scheduler asks for a nightly job, or twice."""

    job: JobName
    times: int = 1


class Begin(NamedTuple):
    """The owner publishes a campaign that starts in some minutes, and lasts some.

    `budget` is for how many gifts it has; `most` is how many guests it takes.
    """

    name: str
    kind: Kind
    starts_in: int
    lasts: int
    holdout: int = 0
    budget: int | None = None
    most: int | None = None
    segments: tuple[str, ...] = ()


class Halt(NamedTuple):
    """The owner pauses a campaign, lets it go on, or stops it."""

    name: str
    what: Literal["pause", "resume", "stop"]


class Hush(NamedTuple):
    """The owner stops all messages to guests, or lets them go again."""

    stopped: bool


class Come(NamedTuple):
    """A guest comes, who was not here for a while."""

    guest: int
    receipt: str


class Born(NamedTuple):
    """A guest tells their birthday, or another one."""

    guest: int
    day: str


OfTime = Pass | Back
Waiting = Pass | Back | Ask | Begin | Halt | Hush | Born


def campaign_of(asked: Begin, now: datetime) -> Campaign:
    """Write the campaign that an owner has in mind."""
    start = now + timedelta(minutes=asked.starts_in)
    end = start + timedelta(minutes=asked.lasts)
    steps, more = _STEPS[asked.kind], dict[str, object]()
    if asked.kind == "steps":
        more = {"stop_when": ("visit",)}
    if asked.kind == "steps" and asked.lasts > DAY:
        more["last_chance"] = LastChance(send="last", days_before=1)
    return Campaign(
        starts=_wall(start), ends=_wall(end), steps=steps, holdout=asked.holdout,
        guests_at_most=asked.most, segments=asked.segments, budget=_budget(asked), **more,  # type: ignore[arg-type]
    )  # fmt: skip


_STEPS: dict[Kind, dict[str, Step]] = {
    "news": {"tell": Step(send="opening")},
    "points": {"gift": Step(award=POINTS), "tell": Step(send="gift")},
    "reward": {"gift": Step(reward="coffee"), "tell": Step(send="treat")},
    "fewer": {"gift": Step(award=POINTS), "tell": Step(send="gift")},
    "steps": {
        "tell": Step(send="opening"),
        "rest": Step(wait=2 * DAY, at_time="11:00"),
        "gift": Step(award=POINTS),
        "again": Step(send="still"),
    },
}


def _budget(asked: Begin) -> Budget:
    if asked.budget is None:
        return Budget()
    if asked.kind == "reward":
        return Budget(money=COINS * asked.budget + 1, reward_cost=COINS)
    levels = (50, 0) if asked.kind == "fewer" else ()
    return Budget(points=POINTS * asked.budget + 1, lower_to=levels)


def _wall(at: datetime) -> str:
    return calendar.local(at, ZONE).strftime("%Y-%m-%d %H:%M")


# -- what is made of a seed ----------------------------------------------------------------


def stories(chance: random.Random, guests: int) -> Iterator[list[Waiting | Come]]:
    """Make what is begun and halted, each story in its order."""
    for number in range(chance.choice((1, 1, 2, 3))):
        yield list(_campaign(chance, f"c{number}"))
    yield [Ask(chance.choice(("segments", "segments", "arm", "waiting")), chance.choice((1, 1, 2)))]
    if chance.random() < 0.6:  # noqa: PLR2004 - most do
        yield list(_return(chance, chance.randrange(guests)))
    if chance.random() < 0.25:  # noqa: PLR2004 - few owners make such a mistake
        yield [Hush(stopped=True), Hush(stopped=False)]
    if chance.random() < 0.3:  # noqa: PLR2004 - most tell it when they join, or never
        days = chance.sample(("12-31", "01-15", "02-29"), 2)
        yield [Born(chance.randrange(guests), day) for day in days[: chance.choice((1, 2))]]
    if chance.random() < 0.2:  # noqa: PLR2004 - clocks are right mostly
        yield [Back(chance.choice((1, 3, 10)))]


def sharing(chance: random.Random, guests: int) -> list[Merge | Adjust | Hold]:
    """Let two share an account, and one of them take what is more than one may in a day."""
    one, other = chance.sample(range(max(2, guests)), 2)
    who = chance.choice((one, other))
    held = [Hold("S0", who, "cake"), Hold("S1", who, "pay", 5), Hold("S2", who, "pay", 10)]
    chance.shuffle(held)
    gift = Adjust("S", who, 30, "maya")
    begins: list[Merge | Adjust | Hold] = [gift, Merge("S", one, other, shared=True)]
    chance.shuffle(begins)
    return [*begins, *held]


def _return(chance: random.Random, guest: int) -> Iterator[Waiting | Come]:
    """Let a guest stay away for a month, and come back before or after they were missed."""
    yield from (Pass(chance.choice((0, 12 * HOUR, 13 * HOUR, 20 * HOUR))), Come(guest, "W0"))
    yield Pass(29 * DAY)
    yield from (Pass(chance.choice((DAY - HOUR, DAY + HOUR, 3 * DAY, 8 * DAY))), Come(guest, "W1"))
    yield Pass(chance.choice((DAY, 9 * DAY)))


def _campaign(chance: random.Random, name: str) -> Iterator[Waiting]:
    kind: Kind = chance.choice(("news", "points", "points", "reward", "fewer", "steps", "steps"))
    starts_in, draw = chance.choice((0, 5, 13 * HOUR, 13 * HOUR, DAY)), chance.random()
    yield Begin(
        name, kind, starts_in, lasts=chance.choice((DAY // 2, 2 * DAY, 5 * DAY, 90 * DAY)),
        holdout=chance.choice((0, 0, 30, 60)), budget=chance.choice((None, 0, 1, 1, 2)),
        most=chance.choice((None, None, None, 1, 2)),
        segments=chance.choice(((), (), (), ("regulars",), ("away", "regulars"))),
    )  # fmt: skip
    if draw < 0.5 and chance.random() < 0.7:  # noqa: PLR2004 - in the middle of it, mostly
        yield Pass(starts_in)
    if draw < 0.25:  # noqa: PLR2004 - most are left alone
        rest: list[Waiting] = (
            [Pass(3 * DAY)] if kind == "steps" else []
        )  # so long that guests' next steps meet it
        yield from (Halt(name, "pause"), *rest, Halt(name, "resume"))
    elif draw < 0.35:  # noqa: PLR2004 - as above
        yield Halt(name, "pause")
    elif draw < 0.5:  # noqa: PLR2004 - as above
        yield from (Halt(name, "stop"), *([Halt(name, "resume")] if chance.random() < 0.3 else []))  # noqa: PLR2004


def woven(chance: random.Random, events: list[T], lives: Iterable[list[Any]]) -> list[Any]:
    """Let it happen among other events, with time between them."""
    places: dict[int, list[Any]] = {}
    for life in lives:
        at = chance.randint(0, len(events))
        for act in life:
            if chance.random() < _LATER:
                at = chance.randint(at, len(events))
            places.setdefault(at, []).append(act)
            if chance.random() < _LATER:
                places[at].append(Pass(chance.choice((3, 3 * HOUR, DAY, 3 * DAY))))
    found: list[Any] = []
    for number in range(len(events) + 1):
        found += [*places.get(number, ()), *events[number : number + 1]]
    return found


def lasting(
    chance: random.Random, events: Iterable[T], length: Callable[[T], int]
) -> list[T | Waiting]:
    """Let the scheduler see most of the time that passes; of the rest it sees the end only."""
    most = 60 * DAY
    return [
        Pass(minutes) if 0 < (minutes := length(event)) < most and chance.random() < 0.6 else event  # noqa: PLR2004
        for event in events
    ]


def ending(chance: random.Random) -> tuple[Waiting, ...]:
    """Tell how it ends: some time passes, and in the night all are placed anew."""
    days = chance.choice((0, 1, 12, 40))
    return (Pass(days * DAY + 61), Ask("segments"))
