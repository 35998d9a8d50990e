"""Which automations an event begins: what happened is told apart here, and nothing is read."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from loyalty.domain import automations as on
from loyalty.domain.program import Program
from loyalty.events import Event, MemberChanged, MilestoneReached, OccasionCame, PointsPosted
from loyalty.journeys.setting_out import Beginning

_WAIT: dict[type[Event], tuple[type[on.Automation], ...]] = {
    MemberChanged: (on.Joined, on.Registered),
    MilestoneReached: (on.Reached,),
    PointsPosted: (on.Came, on.TierChange, on.Affordable, on.Active),
}
"""Which automations an event can begin; of most acts nothing else is looked at."""


def of(event: Event, program: Program) -> Iterator[Beginning]:
    """List what an event begins, by the program that holds."""
    if isinstance(event, OccasionCame) and (known := program.automations.get(event.automation)):
        yield Beginning(
            event.automation, event.key, event.member, program.zone, event.values, event.words,
            **_since(known, event),
        )  # fmt: skip
    waiting = _WAIT.get(type(event), ())
    for name, reaction in program.automations.items():
        if type(reaction) not in waiting:
            continue
        match event:
            case MemberChanged():
                yield from _changed(name, reaction, event, program)
            case MilestoneReached():
                yield from _reached(name, reaction, event, program)
            case PointsPosted():
                yield from _posted(name, reaction, event, program)


def _since(reaction: on.Automation, event: OccasionCame) -> dict[str, Any]:
    """Tell what an occasion rests on: a guest may come, or move tiers, before it is heard."""
    match reaction:
        case on.Dormant():
            return {"visit": int(event.key)}
        case on.TierEnding():
            return {"tier": event.words["tier"].removeprefix("tier:")}
    return {}


def _changed(
    name: str, reaction: on.Automation, event: MemberChanged, program: Program
) -> Iterator[Beginning]:
    joined = isinstance(reaction, on.Joined) and event.what == "joined"
    if joined or (isinstance(reaction, on.Registered) and event.what == "registered"):
        yield Beginning(name, event.what, event.member, program.zone)


def _reached(
    name: str, reaction: on.Automation, event: MilestoneReached, program: Program
) -> Iterator[Beginning]:
    if isinstance(reaction, on.Reached) and reaction.milestone in (None, event.milestone):
        words = {"milestone": f"milestone:{event.milestone}"}
        yield Beginning(name, event.entry, event.member, program.zone, {}, words)


def _posted(
    name: str, reaction: on.Automation, event: PointsPosted, program: Program
) -> Iterator[Beginning]:
    zone = program.zone_of(event.store)
    match reaction:
        case on.Came() if number := _visit(reaction, event):
            store = program.stores[event.store].title if event.store in program.stores else ""
            values = {"visits": str(number), "store": store}
            yield Beginning(name, str(number), event.member, zone, values)
        case on.TierChange() if event.tier_after != event.tier_before:
            words = {"tier": f"tier:{event.tier_after}"} if event.tier_after else {}
            yield Beginning(name, event.entry, event.member, zone, {}, words)
        case on.Affordable() if reaction.reward in event.enough_for:
            words = {"reward": f"reward:{reaction.reward}"}
            yield Beginning(
                name, event.entry, event.member, zone, {}, words, reaction.reward, since=event.at
            )
        case on.Active(activity=activity, score_at_most=most) if activity == event.activity:
            judged = most is None or (event.score is not None and event.score <= most)
            if judged:
                score = {"score": str(event.score)} if event.score is not None else {}
                yield Beginning(name, event.entry, event.member, zone, score)


def _visit(reaction: on.Came, event: PointsPosted) -> int:
    """Tell which of the visits that an automation waits for an act brought; 0: none."""
    for number in range(event.before.visits + 1, event.after.visits + 1):
        again = reaction.every_nth is not None and number % reaction.every_nth == 0
        if number == reaction.nth or again:
            return number
    return 0
