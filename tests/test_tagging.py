"""Tags are put on guests and taken off: told by whom and when, and forgotten with the guest."""

from __future__ import annotations

from pathlib import Path

import pytest
from infra.simulator.store import MemoryStore
from tests.rig import Rig

from loyalty.audit import audit
from loyalty.domain import tags as tags_of
from loyalty.errors import Problem
from loyalty.guests import erasing, merging, parting, tagging
from loyalty.guests.merging import Wish
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


def merge(rig):
    merging.merge(Wish("M1", rig.anni, rig.anna, "key:owner", "the same person"), rig.shop)


def part(rig, member=None):
    parting.unmerge(member or rig.anni, "key:owner", rig.shop)


def tags(rig):
    return rig.account(rig.anna).tags, rig.account(rig.anni).tags


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
    for number in range(tags_of.MOST):
        give(rig, f"tag_{number}")
    with pytest.raises(Problem) as refused:
        give(rig, "one_more")
    assert (refused.value.status, refused.value.code) == (409, "too_many_tags")
    assert give(rig, "tag_0") == rig.account(rig.anna).tags


def test_a_merge_takes_tags_along_and_they_go_back_when_the_two_part(rig):
    give(rig, "vegan", rig.anni)
    give(rig, "staff")
    merge(rig)
    assert rig.account(rig.anna).tags == ("staff", "vegan")
    assert give(rig, "late", rig.anni) == ("late", "staff", "vegan"), "they are one person"
    part(rig)
    assert rig.account(rig.anni).tags == ("vegan",)
    assert rig.account(rig.anna).tags == ("late", "staff")


def test_a_tag_that_both_had_stays_with_both(rig):
    for each in (rig.anna, rig.anni):
        give(rig, "vegan", each)
    merge(rig)
    part(rig)
    assert tags(rig) == (("vegan",), ("vegan",))


def test_what_was_taken_off_while_they_were_one_comes_back_with_neither(rig):
    for each in (rig.anna, rig.anni):
        give(rig, "vegan", each)
    merge(rig)
    tagging.take(rig.anni, "vegan", "key:crm", rig.shop)
    part(rig)
    assert tags(rig) == ((), ())


def test_what_was_taken_off_and_given_anew_stays_where_it_was_given(rig):
    give(rig, "vegan", rig.anni)
    merge(rig)
    tagging.take(rig.anna, "vegan", "key:crm", rig.shop)
    give(rig, "vegan")
    part(rig)
    assert tags(rig) == (("vegan",), ())


def test_who_is_still_there_keeps_what_they_brought_too(rig):
    ben = rig.join(phone="+4915112345673")
    for each in (rig.anni, ben):
        give(rig, "vegan", each)
    merge(rig)
    merging.merge(Wish("M2", ben, rig.anna, "key:owner", shared=True), rig.shop)
    part(rig)
    assert tags(rig) == (("vegan",), ("vegan",)), "Ben brought it as well"
    part(rig, ben)
    assert tags(rig) == ((), ("vegan",))
    assert rig.account(ben).tags == ("vegan",)


def test_tags_find_their_way_back_through_two_merges(rig):
    ben = rig.join(phone="+4915112345673")
    for each in (rig.anna, rig.anni, ben):
        give(rig, "of_" + {rig.anna: "anna", rig.anni: "anni", ben: "ben"}[each], each)
    give(rig, "lost", rig.anni)
    merge(rig)
    merging.merge(Wish("M2", rig.anna, ben, "key:owner"), rig.shop)
    assert rig.account(ben).tags == ("lost", "of_anna", "of_anni", "of_ben")
    tagging.take(ben, "lost", "key:crm", rig.shop)
    part(rig, rig.anna)
    assert (rig.account(ben).tags, rig.account(rig.anna).tags) == (
        ("of_ben",),
        ("of_anna", "of_anni"),
    )
    part(rig)
    assert tags(rig) == (("of_anna",), ("of_anni",))


def test_they_can_be_merged_again_the_other_way_round(rig):
    give(rig, "vegan", rig.anni)
    merge(rig)
    part(rig)
    merging.merge(Wish("M2", rig.anna, rig.anni, "key:owner"), rig.shop)
    give(rig, "late")
    part(rig, rig.anna)
    assert tags(rig) == ((), ("late", "vegan"))


def test_a_guest_erased_while_two_were_one_leaves_no_tag_behind(rig):
    give(rig, "vegan", rig.anni)
    merge(rig)
    erasing.erase(rig.anni, rig.shop)
    assert tags(rig) == ((), ())
    assert b"vegan" not in b"".join(doc for _, doc in rig.dump()["accounts"]), (
        "nor whose it had been"
    )


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
