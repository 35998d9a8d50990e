"""A sweep that is killed, late or doubled skips nobody, and tells nobody twice."""

from __future__ import annotations

from collections import Counter
from datetime import UTC, datetime, timedelta

import pytest
from infra.sandbox import Sandbox
from tests.proof.crashing import Chapter, World
from tests.proof.test_crash import Crashed, at, compared, joins, tells
from tests.rig import NOON, sale

from loyalty.events import tick

SITA, HARI = "+4915112345671", "+4915112345673"
DAY = timedelta(days=1)


def noon(month, day, year=2027):
    return datetime(year, month, day, 11, 0, tzinfo=UTC)


def buys(receipt, amount, when, phone=SITA):
    return at(when, tells(sale(receipt, amount, at=when), phone=phone))


STORY = [
    Chapter("one joins: a welcome", joins("Sita Rai", phone=SITA, birthday="01-10")),
    Chapter("another joins who never comes", joins("Hari", phone=HARI, birthday="01-10")),
    Chapter("a coffee is within reach", buys("A", 2_500, NOON + timedelta(hours=2))),
    Chapter("waits of the welcome end", at(NOON + 3 * DAY)),
    Chapter("she is reminded of her coffee", at(NOON + 8 * DAY)),
    Chapter("two birthdays", at(noon(1, 7))),
    Chapter("she stays away", at(noon(1, 21))),
    Chapter("so long that she gets points", at(noon(1, 29))),
    Chapter("points are about to lapse", at(noon(10, 23))),
    Chapter("and lapse", at(noon(11, 22))),
]  # fmt: skip
LATER = 8 * DAY
"""What follows from the minute of a chapter is as much later as the minute itself."""
TOLD = {
    "Welcome": 2, "Come by": 1, "Good to see": 1, "is yours": 1, "Happy birthday": 2,
    "days without": 1, "+10 for you": 1, "lapse after": 1,
}  # fmt: skip
"""How often each kind of text leaves in all, by hand."""


def counted(outbox):
    return {kind: sum(kind in message.text for message in outbox) for kind in TOLD}


@pytest.fixture
def world(tmp_path):
    with Sandbox(clock=lambda: world.now) as sandbox:
        world = World(tmp_path, sandbox, "journeys")
        yield world
        world.http.close()


def test_a_sweep_killed_at_any_boundary_is_ended_by_the_next(world, capsys):
    found, told, begun = [], Counter(), world.mark()
    for chapter in STORY:
        started = world.now
        world.live(chapter)
        expected, boundaries, ended = world.seen(), list(world.fuse.crossed), world.mark()
        told.update(counted(world.sandbox.outbox))
        for place, boundary in enumerate(boundaries):
            for side in ("before", "after"):
                world.back(begun)
                world.fuse.blows = (place, side)
                world.live(chapter)
                verdict = compared(world.seen(), expected, (started, ended[1] + LATER))
                found.append(Crashed(chapter.name, boundary, side, *verdict))
        world.back(ended)
        begun = ended
    assert dict(told) == TOLD
    verdicts = Counter(crash.verdict for crash in found)
    with capsys.disabled():
        print(f"\n{len(found)} crashes of timers: {dict(verdicts)}", end="")
    assert [crash for crash in found if crash.verdict not in ("same", "later")] == []


def through_a_year(world, sweep, step):
    """Live all of it, swept at each step of time; what each kind of text came to."""
    end = noon(11, 25)
    waiting = list(STORY[:3])
    while world.now < end:
        if waiting:
            waiting.pop(0).tell(world)
            world.rig.run()
        elif world.now + step < end:
            world.rig.clock.advance(step)
        else:
            world.rig.clock.set(end)
        sweep(world.rig)
    assert not world.rig.bus.dead
    assert not world.recount()
    return counted(world.sandbox.outbox)


def twice(rig):
    rig.bus.publish("sweep-requested", [tick(), tick()])
    rig.run()


def test_a_scheduler_that_fires_twice_tells_nobody_twice(world):
    assert through_a_year(world, twice, DAY / 4) == TOLD


def test_a_scheduler_that_is_down_for_three_days_again_and_again_skips_nobody(world):
    down = through_a_year(world, lambda rig: rig.sweep(), 3 * DAY)
    assert down == TOLD
