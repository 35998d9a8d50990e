"""Tags are put on guests and taken off: told by whom and when, and forgotten with the guest."""

from __future__ import annotations

from pathlib import Path

import pytest
from infra.simulator.store import MemoryStore
from tests.rig import Rig

from loyalty import erasing, merging, tagging
from loyalty.audit import audit
from loyalty.errors import Problem
from loyalty.merging import Wish
from loyalty.records import accounts, entries

PROGRAM = Path("tests/programs/rewards.yaml").read_text("utf-8")
ANNA, ANNI = "+4915112345671", "+4915112345672"


@pytest.fixture
def rig():
    rig = Rig(Path(), PROGRAM, store=MemoryStore())
    rig.anna, rig.anni = rig.join(phone=ANNA), rig.join(phone=ANNI)
    yield rig
    rig.run()
    assert audit(entries.each(rig.store), accounts.each(rig.store)).findings == ()


def give(rig, tag, member=None, by="key:crm"):
    return tagging.give(member or rig.anna, tag, by, rig.shop)


def test_who_gave_and_who_took_a_tag_and_when_stands_in_the_history(rig):
    give(rig, "vegan")
    tagging.take(rig.anna, "vegan", "staff:maya", rig.shop)
    now = rig.clock.now()
    told = [(entry.kind, entry.reason, entry.by, entry.at) for entry in rig.history(rig.anna)]
    assert told == [
        ("tag", "tag vegan given", "key:crm", now),
        ("tag", "tag vegan taken", "staff:maya", now),
    ]
    assert rig.account(rig.anna).tags == ()


def test_a_tag_that_is_there_is_not_given_again_and_one_that_is_not_is_not_taken(rig):
    assert give(rig, "vegan") == give(rig, "vegan") == ("vegan",)
    tagging.take(rig.anna, "staff", "key:crm", rig.shop)
    assert len(rig.history(rig.anna)) == 1


def test_a_tag_can_be_given_anew_after_it_was_taken(rig):
    give(rig, "vegan")
    tagging.take(rig.anna, "vegan", "key:crm", rig.shop)
    assert give(rig, "vegan") == ("vegan",)
    assert len(rig.history(rig.anna)) == 3


@pytest.mark.parametrize("tag", ["", "Vegan", "1st", "a b", "x" * 41, "vegan\n", "größe"])
def test_what_is_not_written_like_a_tag_is_refused(rig, tag):
    with pytest.raises(Problem) as refused:
        give(rig, tag)
    assert (refused.value.status, refused.value.code) == (422, "invalid_tag")


def test_a_guest_has_fifty_tags_at_most(rig):
    for number in range(tagging.MOST):
        give(rig, f"tag_{number}")
    with pytest.raises(Problem) as refused:
        give(rig, "one_more")
    assert (refused.value.status, refused.value.code) == (409, "too_many_tags")
    assert give(rig, "tag_0") == rig.account(rig.anna).tags


def test_a_merge_takes_tags_along_and_the_moved_account_is_in_no_segment(rig):
    give(rig, "vegan", rig.anni)
    give(rig, "staff")
    merging.merge(Wish("M1", rig.anni, rig.anna, "key:owner", "the same person"), rig.shop)
    assert rig.account(rig.anna).tags == ("staff", "vegan")
    assert give(rig, "late", rig.anni) == ("late", "staff", "vegan"), "they are one person"
    merging.unmerge(rig.anni, "key:owner", rig.shop)
    assert rig.account(rig.anni).tags == ("vegan",)
    assert rig.account(rig.anna).tags == ("late", "staff", "vegan")


def test_erasing_forgets_tags_and_segments(rig):
    give(rig, "vegan")
    erasing.erase(rig.anna, rig.shop)
    account = rig.account(rig.anna)
    assert (account.tags, account.segments, account.stage, account.rfm) == ((), (), "", "")
    with pytest.raises(Problem) as refused:
        give(rig, "vegan")
    assert refused.value.status == 404


def test_whoever_is_tagged_is_told_nothing(rig):
    give(rig, "vegan")
    rig.run()
    assert not [topic for topic, _ in rig.bus.published if topic == "notification-requested"]
