"""Plays schedules: what each breaks, the smallest that still breaks it, and its story in lines."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import NamedTuple, TypeVar

import msgspec

from infra.simulator.planted import Bug, planted
from infra.simulator.promises import broken
from infra.simulator.promises_of_messages import watch
from infra.simulator.promises_of_the_counter import owners
from infra.simulator.recording import Delivered
from infra.simulator.schedule import Schedule, Tell, made, plain
from infra.simulator.world import World
from loyalty.events import peek

T = TypeVar("T")


class Played(NamedTuple):
    """A run, and every promise it broke."""

    world: World
    wrong: list[str]


def play(schedule: Schedule) -> Played:
    """Live through a schedule, and through the same without trouble, and compare."""
    world = World(schedule, watch)
    try:
        world.live()
        expected = World(plain(schedule, owners(world)), watch)
        expected.book()
        return Played(world, broken(world, expected))
    except Exception as error:  # noqa: BLE001 - whatever ends a shop is a promise broken
        return Played(world, [f"{type(error).__name__}: {error}"])


def is_broken(schedule: Schedule) -> bool:
    """Tell whether a schedule breaks a promise."""
    return bool(play(schedule).wrong)


def shrunk(schedule: Schedule, fails: Callable[[Schedule], bool] = is_broken) -> Schedule:
    """Leave out faults, events and copies while the schedule still breaks a promise."""
    while smaller := next((each for each in _smaller(schedule) if fails(each)), None):
        schedule = smaller
    return schedule


def _smaller(schedule: Schedule) -> Iterator[Schedule]:
    if schedule.copies > 1:
        yield schedule._replace(copies=1)
    for faults in _shorter(schedule.faults):
        yield schedule._replace(faults=faults)
    for events in _shorter(schedule.events):
        yield schedule._replace(events=events)


def _shorter(whole: tuple[T, ...]) -> Iterator[tuple[T, ...]]:
    """Leave out one half, then each quarter, and so on to each single one."""
    size = (len(whole) + 1) // 2
    while size:
        for start in range(0, len(whole), size):
            yield whole[:start] + whole[start + size :]
        size //= 2


def first_broken(seeds: range) -> int | None:
    """Find the first seed whose schedule breaks a promise."""
    return next((seed for seed in seeds if is_broken(made(seed))), None)


def caught(bug: Bug, seeds: range) -> int | None:
    """Find the first seed that breaks a promise with a bug, and none without it."""
    while seeds:
        with planted(bug):
            seed = first_broken(seeds)
        if seed is None or not is_broken(made(seed)):
            return seed
        seeds = range(seed + 1, seeds.stop)
    return None


def story(played: Played) -> Iterator[str]:
    """Tell a run in lines."""
    for fault in played.world.schedule.faults:
        yield f"trouble: {fault.what} at {fault.where} {fault.place}"
    for at, depth, what in played.world.story:
        if line := _told(what):
            yield f"{at:%Y-%m-%d %H:%M:%S} {'  ' * depth}{line}"
    for taken in played.world.vendors.outbox:
        yield f"{taken.at:%Y-%m-%d %H:%M:%S} {taken.channel} took {taken.reference}"
    for wrong in played.wrong or ["every promise was kept"]:
        yield f"=> {wrong}"


def _told(what: object) -> str:
    if isinstance(what, Delivered):
        event = peek(what.body)["id"]
        return f"{what.subscription} hears {event} {what.fault}" if event != "tick" else ""
    if isinstance(what, Tell):
        fact = msgspec.to_builtins(what.fact)
        about = (fact.get(key) for key in ("kind", "receipt", "revision", "id", "amount", "total"))
        return f"told: {' '.join(str(each) for each in about if each is not None)}"
    return str(what)
