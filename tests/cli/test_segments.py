"""`loyalty segments` as people read it, and what `member show` tells of a guest's place."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pytest
from tests.cli.conftest import PHONE, CommandLine
from tests.rig import NOON, opened, sale

from loyalty.connectors.spec import Guest
from loyalty.events import SweepRequested, encode
from loyalty.guests import tagging

PROGRAM = Path("tests/programs/segments.yaml").read_text("utf-8")
NIGHT = encode(SweepRequested(id="night", at=NOON, subject="segments", job="segments"))


@pytest.fixture(scope="module")
def placed(tmp_path_factory):
    """A folder after a night: Sita bought something, and is a friend of the house."""
    folder = tmp_path_factory.mktemp("placed") / "data"
    folder.mkdir()
    (folder / "pepper").write_text("p1:a pepper for tests only")
    with opened(folder, PROGRAM) as rig:
        member = rig.join("Sita Rai", phone=PHONE)
        rig.tell(sale("R1", 4700), Guest(phone=PHONE))
        tagging.give(member, "friend", "key:owner", rig.shop)
        rig.run()
        rig.clock.advance(timedelta(hours=15))
        rig.bus.publish("sweep-requested", [NIGHT])
        rig.run()
        rig.tell(sale("R2", 1000, at=rig.clock.now()), Guest(phone=PHONE))
        rig.run()
    return CommandLine(folder, member)


def test_segments_are_listed_with_how_many_guests_are_in_each(placed):
    said = placed("segments", "list")
    assert "As of 22 Nov 2026 03:00." in said
    assert "friends Friends of the house 1 " in said
    assert "germans Who reads German 0 " in said


def test_a_segment_is_shown_as_it_is_written_with_its_guests(placed):
    said = placed("segments", "show", "friends")
    assert "Friends of the house (friends)" in said
    assert "tags [friend] guests 1" in said
    assert f"Guests (1 of 1) member stage class points visits last visit {'─' * 3}" in said
    assert f"{placed.member} new loyal 67 2 0 days ago" in said
    assert "last_visit {at_least: 30, at_most: 90}" in placed("segments", "show", "sleeping")
    assert "favorite {categories: [coffee], stores: [far]}" in placed(
        "segments", "show", "far_away"
    )


def test_a_segment_that_is_not_there_is_told_with_the_one_that_was_meant(placed):
    said = placed("segments", "show", "freinds", code=1)
    assert "The program has no segment freinds (did you mean `friends`?)." in said


def test_before_the_first_night_nobody_was_placed(loyalty):
    assert (
        "Nobody was placed yet: that happens each night, or now by `loyalty schedules"
        in loyalty("segments", "list")
    )
    assert "guests 0" in loyalty("segments", "show", "friends")


def test_where_there_are_no_segments_it_says_where_they_go(tmp_path):
    with opened(tmp_path, Path("tests/programs/plain.yaml").read_text("utf-8")):
        pass
    said = CommandLine(tmp_path)("segments", "list")
    assert said.startswith("The program has no segments: add some under `segments:`")


def test_a_members_place_is_shown_of_now_and_of_no_moment_before(placed):
    said = placed("member", "show", placed.member)
    assert "stage new class loyal (333) segments friends tags friend" in said
    assert "tag friend given" in said
    earlier = placed("member", "show", placed.member, "--at", "2026-11-22 02:00")
    assert "stage" not in earlier


def test_a_receipt_tells_in_which_segments_it_was_judged(placed):
    assert "without a tier, in friends" in placed("explain", "R2")
    assert "in friends" not in placed("explain", "R1")
