"""A crash before and after every boundary of a shop's life changes nothing that can be seen."""

from __future__ import annotations

import re
from collections import Counter
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from typing import Any, NamedTuple

import msgspec
import pytest
from infra.sandbox import Sandbox
from infra.simulator.boundaries import Boundary
from tests.proof.crashing import Chapter, World
from tests.rig import NOON, refund, sale, void

from loyalty.connectors.spec import Guest, Reply
from loyalty.counter import reviewing
from loyalty.errors import Problem
from loyalty.steps import message_feedback

SITA, MAYA, HARI = "+4915112345671", "maya@example.com", "+4915112345673"
HOUR = timedelta(hours=1)
# A chapter lasts half an hour: the first begins at noon (11:00 UTC), the next at 12:30, and so on.
EVENING = datetime(2026, 11, 21, 17, 0, tzinfo=UTC)
NIGHT = datetime(2026, 11, 21, 20, 30, tzinfo=UTC)
MORNING = datetime(2026, 11, 22, 7, 0, tzinfo=UTC)
YEAR_LATER = datetime(2027, 12, 25, 11, 0, tzinfo=UTC)


def tells(fact, **guest):
    return lambda world: world.rig.tell(fact, Guest(**guest))


def joins(name, **more):
    return lambda world: world.rig.join(name, **more)


def at(instant, then=lambda _: None):
    """Let it be as late as this, then go on."""

    def tell(world):
        if world.now < instant:
            world.rig.clock.set(instant)
        then(world)

    return tell


def approves(receipt):
    def decide(world):
        with suppress(Problem):  # who asks again is told that it was decided on
            reviewing.decide(receipt, "approved", "ada", world.rig.shop)

    return decide


def writes_stop(world):
    world.sandbox.twilio.inbound(SITA, "STOP")
    reply = Reply(id="SM1", channel="sms", address=SITA, text="STOP", keyword="stop")
    message_feedback._hear(reply, world.rig.shop)


ONLINE = sale("D", 1500, channel="online", at=EVENING)
STORY = [
    Chapter("a stranger buys", tells(sale("A", 1000), phone=SITA)),
    Chapter("and gives something back", tells(refund("a1", "A", 300))),
    Chapter("she joins", joins("Sita Rai", phone=SITA)),
    Chapter("she comes again: a voucher", tells(sale("B", 2000, at=NOON + HOUR), phone=SITA)),
    Chapter("an edit", tells(sale("B", 2600, at=NOON + HOUR, revision=1))),
    Chapter("a part comes back", tells(refund("b1", "B", 600))),
    Chapter("a refund before its sale", tells(refund("c1", "C", 400))),
    Chapter("the sale after it", tells(sale("C", 1900, at=NOON + 3 * HOUR), phone=SITA)),
    Chapter("a void", tells(void("A"))),
    Chapter("another: the milestone is withdrawn", tells(void("B"))),
    Chapter("an order that waits ten minutes", at(EVENING, tells(ONLINE, phone=SITA))),
    Chapter("a receipt above the ceiling", tells(sale("E", 60000), phone=SITA)),
    Chapter("a person approves it", approves("generic:E")),
    Chapter("at night nothing leaves", at(NIGHT, tells(sale("F", 700, at=NIGHT), phone=SITA))),
    Chapter("in the morning it does", at(MORNING, tells(refund("f1", "F", 100)))),
    Chapter("another joins by mail", joins("Maya", email=MAYA)),
    Chapter("a big sale: tier, mail, staff", tells(sale("G", 9500, at=MORNING), email=MAYA)),
    Chapter("she says stop", writes_stop),
    Chapter("and hears no more", tells(sale("H", 1200, at=MORNING + HOUR), phone=SITA)),
    Chapter("a third joins whom no text may reach", joins("Hari", phone=HARI)),
    Chapter("is tried once", tells(sale("I", 1100, at=MORNING + HOUR), phone=HARI)),
    Chapter("and never again", tells(sale("J", 1300, at=MORNING + 2 * HOUR), phone=HARI)),
    Chapter("a year later points lapse and tiers end", at(YEAR_LATER)),
]  # fmt: skip


class Crashed(NamedTuple):
    """A crash at a boundary, and how the world differed from the one without it in the end."""

    chapter: str
    boundary: Boundary
    side: str
    verdict: str
    difference: Any = None


@pytest.fixture(scope="module")
def crashes(tmp_path_factory):
    """Crash at each boundary of each chapter, from the moment at which the chapter began."""
    with Sandbox(clock=lambda: world.now) as sandbox:
        world = World(tmp_path_factory.mktemp("crash"), sandbox)
        sandbox.twilio.refusals[HARI] = 21610
        found, begun = [], world.mark()
        for chapter in STORY:
            started = world.now
            world.live(chapter)
            expected, boundaries, ended = world.seen(), list(world.fuse.crossed), world.mark()
            for place, boundary in enumerate(boundaries):
                for side in ("before", "after"):
                    world.back(begun)
                    world.fuse.blows = (place, side)
                    world.live(chapter)
                    assert world.fuse.blows is None
                    verdict = compared(world.seen(), expected, (started, ended[1]))
                    found.append(Crashed(chapter.name, boundary, side, *verdict))
            world.back(ended)
            begun = ended
        world.http.close()
    return found


def compared(seen, expected, span):
    """Say how two worlds differ: not at all, in the minutes, in a message sent twice, or else."""
    if seen == expected:
        return ("same",)
    forgiving, wanted = loose(seen, span), loose(expected, span)
    if forgiving == wanted:
        return ("later",)
    if once(forgiving) == once(wanted):
        return ("twice",)
    names = [name for name in expected if seen.get(name) != expected[name]]
    return "other", {name: (expected[name], seen.get(name)) for name in names}


INSTANT = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d+)?(?:Z|\+00:00)")


def loose(seen, span):
    """Forget which minute of the chapter it was, and what is a hash of it."""
    started, ended = span

    def when(found):
        instant = datetime.fromisoformat(found[0])
        return "now" if started <= instant <= ended else found[0]

    def told(document):
        text = msgspec.json.encode(document, order="sorted").decode()
        return INSTANT.sub(when, re.sub(r'"digest":"[0-9a-f]+"', "", text))

    documents = {
        name: sorted(told(document) for _, document in found)
        for name, found in seen.items()
        if name != "outbox"
    }
    return {**documents, "outbox": Counter(seen["outbox"])}


def once(seen):
    """Forget how often a message left."""
    assert max(seen["outbox"].values(), default=0) <= 2
    return {**seen, "outbox": set(seen["outbox"])}


# -- the proof ----------------------------------------------------------------------------


def test_the_story_has_every_kind_of_boundary(crashes, capsys):
    kinds = {crash.boundary.what for crash in crashes}
    assert kinds >= {
        "commit to ledger", "commit to people", "publish transaction-recorded",
        "publish points-posted", "publish milestone-reached", "publish notification-requested",
        "publish member-changed", "POST to twilio", "POST to sendgrid", "POST to slack",
    }  # fmt: skip
    verdicts = Counter(crash.verdict for crash in crashes)
    with capsys.disabled():
        print(f"\n{len(crashes) // 2} boundaries, {len(crashes)} crashes: {dict(verdicts)}")


def test_no_crash_leaves_another_world(crashes):
    assert [crash for crash in crashes if crash.verdict == "other"] == []


def test_a_crash_is_healed_at_once_unless_only_a_timer_knows_of_it(crashes):
    """What was told over HTTP or due by time is promised by a timer; a claim has its lease."""
    late = [crash for crash in crashes if crash.verdict == "later"]
    claimed = [crash for crash in late if about_a_claim(crash)]
    promised = [crash for crash in late if not about_a_claim(crash)]
    assert claimed
    assert {crash.boundary.phase for crash in promised} == {"told", "swept"}
    assert {(crash.side, crash.boundary.what.split()[0]) for crash in promised} == {
        ("after", "commit"),
        ("before", "publish"),
    }


def about_a_claim(crash):
    """Whether it was between a message's claim and its settling."""
    return crash.boundary.what.startswith("POST") or crash.boundary.what == "commit to people"


def test_only_a_mail_or_a_staff_note_can_leave_twice_since_its_vendor_cannot_be_asked(crashes):
    twice = {(crash.side, crash.boundary.what) for crash in crashes if crash.verdict == "twice"}
    assert twice == {
        ("after", "POST to sendgrid"),
        ("after", "POST to slack"),
        ("before", "commit to people"),
    }
