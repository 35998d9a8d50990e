"""What must hold for campaigns: each guest once, none who is left out, never beyond the budget."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from typing import NamedTuple

import msgspec

from infra.simulator.crowd import OLD
from infra.simulator.promises_of_unions import touched
from infra.simulator.world import World
from loyalty.campaigns.campaign_records import CampaignRecord
from loyalty.domain.campaigns import LAST
from loyalty.domain.entry import Entry
from loyalty.journeys.journey_records import Journey
from loyalty.records import (
    AccountRecord,
    Voucher,
    accounts,
    campaigns,
    entries,
    journeys,
    timers,
    vouchers,
)  # fmt: skip

OVER = ("stopped", "ended")
HALTS = ("paused", "running", "stopped", "ended")


class _Run(NamedTuple):
    """A campaign, the ways of its guests, and what it gave."""

    record: CampaignRecord
    ways: list[Journey]
    given: list[Entry]
    vouchers: list[Voucher]

    def arm(self, name: str) -> list[Journey]:
        """List the guests of an arm."""
        return [each for each in self.ways if each.arm == name]


def keeps_to_its_campaigns(world: World, _: World) -> Iterator[str]:
    """Whatever is promised of campaigns."""
    if not world.schedule.waits:
        return
    for name in world.office.begun:
        if campaigns.get(world.store, name) is None:
            yield f"campaign {name} is lost"
    for run in _runs(world):
        for promise in PROMISES:
            yield from (f"campaign {run.record.id}: {wrong}" for wrong in promise(world, run))


def _runs(world: World) -> Iterator[_Run]:
    ways, acts = list(journeys.each(world.store)), [e.entry for e in entries.each(world.store)]
    given = list(vouchers.each(world.store))
    for record in campaigns.each(world.store):
        own = {each.id: each for each in ways if each.automation == f"campaign:{record.id}"}
        yield _Run(
            record, list(own.values()), [e for e in acts if e and e.cause in own],
            [each for each in given if each.cause in own],
        )  # fmt: skip


def leaves_out_whom_it_drew(world: World, run: _Run) -> Iterator[str]:
    """Whoever is held out is the one the lot fell on, and hears and gets nothing of it."""
    held = {each.id for each in run.arm("held")}
    for each in run.ways:
        if _is_drawn(each.member, run) != (each.id in held):
            yield f"{each.member} is in the wrong arm: {each.arm}"
    for taken in world.vendors.outbox:
        about = taken.reference.split(":")
        if about[2:4] == ["campaign", run.record.id] and _is_drawn(about[4], run):
            yield f"{taken.reference} left, to somebody who is held out"
    for entry in run.given:
        if entry.cause in held:
            yield f"{entry.id} was given to somebody who is held out"


def _is_drawn(member: str, run: _Run) -> bool:
    """Draw by hand."""
    campaign = run.record.campaign
    text = f"{campaign.salt}:{run.record.id}:{member}"
    number = int(hashlib.sha256(text.encode()).hexdigest()[:16], 16)
    return number % 10_000 < 100 * campaign.holdout


def spends_no_more_than_it_has(_: World, run: _Run) -> Iterator[str]:
    """What was given is within the budget, to the last point and coin, and takes no more guests."""
    budget, most = run.record.campaign.budget, run.record.campaign.guests_at_most
    points = sum(entry.points for entry in run.given if entry.kind == "award")
    money = budget.reward_cost * len(run.vouchers)
    if budget.points is not None and points > budget.points:
        yield f"{points} points were given of {budget.points}"
    if budget.money is not None and money > budget.money:
        yield f"{money} was spent of {budget.money}"
    if most is not None and len(run.arm("told")) > most:
        yield f"{len(run.arm('told'))} guests were told of {most}"


def gives_what_it_tells_of(world: World, run: _Run) -> Iterator[str]:
    """Who is told of a gift has it."""
    gifts = [name for name, step in run.record.campaign.steps.items() if step.award or step.reward]
    if not gifts or "rest" in run.record.campaign.steps:
        return
    have = {entry.cause for entry in run.given} | {each.cause for each in run.vouchers}
    for each in {taken.reference for taken in world.vendors.outbox}:
        way_ = each.removeprefix("message:").rpartition(":")[0]
        if way_ in {one.id for one in run.ways} and way_ not in have:
            yield f"{each} tells of a gift that was never given"


def is_as_its_owner_said(world: World, run: _Run) -> Iterator[str]:
    """A campaign is as it was published, and stands or goes on as its owner said last."""
    record, name = run.record, run.record.id
    meant = world.office.published.get(name)
    if meant and record.campaign != meant:
        yield "it is not as it was published"
    told = world.office.halted.get(name)
    if told == "stopped" and record.state != "stopped":
        yield f"it was stopped, and is {record.state}"
    if told == "paused" and record.state not in ("paused", "ended"):
        yield f"it was paused, and is {record.state}"


def stands_still_when_it_is_told_to(world: World, run: _Run) -> Iterator[str]:
    """Nothing is given while a campaign is halted, nor after it, as far as clocks can tell."""
    if world.schedule.has_clocks_set_back():
        return
    given = [(e.id, e.at) for e in run.given] + [(v.id, v.issued_at) for v in run.vouchers]
    marks = [each for each in run.record.notes if each.what in HALTS]
    for name, at in given:
        if any(each.at == at for each in marks):
            continue  # at the very moment: it may have been before
        before = [each.what for each in marks if each.at < at]
        if (before and before[-1] != "running") or at >= run.record.ends_at:
            yield f"{name} was given when it was {before[-1] if before else 'over'}"


def reminds_at_the_end(world: World, run: _Run) -> Iterator[str]:
    """The last chance is told of when there is no more time than that."""
    last, about = run.record.campaign.last_chance, f"message:journey:campaign:{run.record.id}:"
    early = run.record.ends_at - timedelta(days=last.days_before) if last else None
    for taken in world.vendors.outbox:
        mine = taken.reference.startswith(about) and taken.reference.endswith(f":{LAST}")
        if mine and early and taken.at < early:
            yield f"{taken.reference} left too early"


def takes_whom_it_is_for(world: World, run: _Run) -> Iterator[str]:
    """Once it went through all guests, nobody was passed over who was there before it began."""
    record, campaign, now = run.record, run.record.campaign, world.clock.now()
    runs = record.state not in (*OVER, "paused") and record.starts_at <= now < record.ends_at
    if runs and not record.begun:
        yield "its time has come, and it did not go through its guests"
    full = campaign.guests_at_most is not None and record.told >= campaign.guests_at_most
    notes = " ".join(note.what for note in record.notes)
    few, poor = "takes no more" in notes, "too little budget" in notes
    if not record.begun or campaign.segments or full or few or world.schedule.has_clocks_set_back():
        return
    known, apart = {each.member for each in run.ways}, touched(world)
    for member, since in _joined(world).items():
        if since < record.starts_at and not poor and member not in {*known, *apart}:
            yield f"{member} was passed over"
    if record.told != len(run.arm("told")) or record.held != len(run.arm("held")):
        yield f"it counts {record.told} and {record.held} guests"


def _joined(world: World) -> dict[str, datetime]:
    """Tell when each account was there first."""
    found: dict[str, datetime] = {}
    for commit in world.commits:
        for write in commit.writes:
            if write.key.collection == accounts.collection and write.body:
                record = msgspec.json.decode(write.body, type=AccountRecord)
                found.setdefault(record.account.id, commit.at)
    return {name: at for name, at in found.items() if not name.startswith(OLD)}


def goes_on(world: World, run: _Run) -> Iterator[str]:
    """A campaign that is not over has a timer, and one that is over leads nobody on."""
    due = [
        t.due_at
        for t in timers.each(world.store)
        if (t.kind, t.subject) == ("campaign", run.record.id)
    ]
    if run.record.state not in OVER and not due:
        yield f"it is {run.record.state}, and nothing will go on with it"
    if run.record.state not in OVER and run.record.ends_at <= world.clock.now():
        yield f"it is {run.record.state} after its end"


PROMISES: tuple[Callable[[World, _Run], Iterator[str]], ...] = (
    leaves_out_whom_it_drew, spends_no_more_than_it_has, gives_what_it_tells_of,
    is_as_its_owner_said, reminds_at_the_end, stands_still_when_it_is_told_to,
    takes_whom_it_is_for, goes_on,
)  # fmt: skip
