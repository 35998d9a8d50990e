"""Points by a person's word: once for a key, and by two words where much is at stake."""

from __future__ import annotations

from pathlib import Path

import pytest
from infra.simulator.store import MemoryStore
from tests.rig import Rig

from loyalty.audit import audit
from loyalty.counter import adjusting
from loyalty.errors import Problem
from loyalty.records import accounts, entries

PROGRAM = Path("tests/programs/rewards.yaml").read_text("utf-8")
LIMITED = PROGRAM + "redeeming: {approve_above: 100}\n"


@pytest.fixture
def rig():
    rig = Rig(Path(), LIMITED, store=MemoryStore())
    rig.member = rig.join(phone="+4915112345671")
    yield rig
    rig.run()
    assert audit(entries.each(rig.store), accounts.each(rig.store)).findings == ()


def adjust(rig, points, key="A1", by="key:till"):
    return adjusting.adjust(rig.member, points, "an apology", key, by, rig.shop)


def refusal(call):
    with pytest.raises(Problem) as refused:
        call()
    return refused.value.status, refused.value.code


def test_a_key_adjusts_once_for_ever(rig):
    assert adjust(rig, 40) == adjust(rig, 40) == ("done", 40)
    assert rig.points(rig.member) == 40
    assert refusal(lambda: adjust(rig, 41)) == (409, "id_reused")
    entry = rig.history(rig.member)[0]
    assert (entry.id, entry.by, entry.reason) == ("adjust:A1", "key:till", "an apology")


def test_the_guest_is_told_of_it_once(rig):
    adjust(rig, 40)
    adjust(rig, 40)
    assert [topic for topic, _ in rig.bus.published if topic == "points-posted"] == [
        "points-posted"
    ]


def test_what_is_above_the_limit_waits_for_somebody_else(rig):
    assert adjust(rig, 101) == adjust(rig, 101) == ("waiting", 101)
    assert refusal(lambda: adjusting.approve("A1", "key:till", rig.shop)) == (403, "second_person")
    assert adjusting.approve("A1", "staff:ben", rig.shop) == ("done", 101)
    assert adjust(rig, 101) == ("done", 101)
    assert rig.points(rig.member) == 101
    assert rig.history(rig.member)[0].by == "key:till+staff:ben"
    again = lambda: adjusting.approve("A1", "staff:ben", rig.shop)  # noqa: E731 - said once
    assert refusal(again) == (409, "already_decided")


def test_many_small_ones_are_added_up_for_a_guest_and_a_day(rig):
    states = [adjust(rig, 40, f"A{number}").state for number in range(3)]
    assert states == ["done", "done", "waiting"]
    assert adjust(rig, -40, "A9").state == "waiting"
    assert adjust(rig, 40, "A4", by="key:other").state == "done"


def test_what_is_refused_or_withdrawn_stays_so(rig):
    adjust(rig, 500)
    adjust(rig, 501, "A2")
    assert adjusting.turn_down("A1", "staff:ben", rig.shop) == ("refused", 500)
    assert adjusting.turn_down("A2", "key:till", rig.shop) == ("withdrawn", 501)
    assert (adjust(rig, 500).state, adjust(rig, 501, "A2").state) == ("refused", "withdrawn")
    assert adjusting.waiting(rig.shop) == []
    assert rig.points(rig.member) == 0


def test_taking_it_back_gives_its_opposite_once(rig):
    adjust(rig, 40)
    for _ in range(2):
        assert adjusting.take_back("A1", "key:till", rig.shop) == ("done", -40)
    assert rig.points(rig.member) == 0


def test_taking_back_what_was_forgiven_changes_nothing():
    """It was refused as if nobody could adjust so many points."""
    forgiving = PROGRAM.replace("earning:", "earning:\n  debt: forgive", 1)
    rig = Rig(Path(), forgiving, store=MemoryStore())
    member = rig.join(phone="+4915112345672")
    assert adjusting.adjust(member, -40, "a slip", "A2", "key:till", rig.shop) == ("done", 0)
    assert adjusting.take_back("A2", "key:till", rig.shop) == ("done", 0)
    assert rig.points(member) == 0


def test_what_cannot_be_is_refused(rig):
    assert refusal(lambda: adjust(rig, 0)) == (422, "wrong_points")
    assert refusal(lambda: adjust(rig, 10**9)) == (422, "wrong_points")
    assert refusal(lambda: adjusting.adjust("m_404", 1, "x", "A1", "b", rig.shop)) == (
        404, "not_found",
    )  # fmt: skip
    assert refusal(lambda: adjusting.take_back("A404", "b", rig.shop)) == (404, "not_found")
    assert refusal(lambda: adjusting.approve("A404", "b", rig.shop)) == (404, "not_found")
