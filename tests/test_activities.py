"""What guests do besides buying earns once: for ever, once a day, or each time it is told."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pytest
from infra.simulator.store import MemoryStore
from tests.rig import Rig

from loyalty.errors import Problem
from loyalty.guests import activities
from loyalty.guests.activities import Done

TEXT = Path("tests/programs/rewards.yaml").read_text("utf-8")


@pytest.fixture
def rig():
    rig = Rig(Path(), TEXT, store=MemoryStore())
    rig.member = rig.join(phone="+4915112345671")
    return rig


def did(rig, name, told="1"):
    counted = activities.count(rig.member, Done(name, told), "key:survey", rig.shop)
    return counted.points, counted.first


def test_an_activity_counts_once_for_each_id_that_tells_of_it(rig):
    assert [did(rig, "survey"), did(rig, "survey"), did(rig, "survey", "2")] == [
        (3, True), (3, False), (3, True),
    ]  # fmt: skip
    assert rig.points(rig.member) == 6


def test_what_counts_once_a_day_counts_again_on_the_next(rig):
    assert [did(rig, "review"), did(rig, "review", "2")] == [(5, True), (5, False)]
    rig.clock.advance(timedelta(hours=12))  # it is midnight in Berlin
    assert did(rig, "review", "3") == (5, True)


def test_what_counts_once_ever_never_counts_again(rig):
    did(rig, "follow")
    rig.clock.advance(timedelta(days=400))
    assert did(rig, "follow", "2") == (2, False)


def test_points_of_activities_are_no_progress_and_name_who_told(rig):
    did(rig, "survey")
    (entry,) = rig.history(rig.member)
    assert (entry.kind, entry.reason, entry.cause) == ("activity", "a survey", "key:survey")
    assert rig.account(rig.member).totals.points == 0


@pytest.mark.parametrize(("name", "status"), [("dance", 422), ("survey", 404)])
def test_what_there_is_not_counts_nothing(rig, name, status):
    with pytest.raises(Problem) as refused:
        activities.count("m_nobody", Done(name, "1"), "", rig.shop)
    assert refused.value.status == status
