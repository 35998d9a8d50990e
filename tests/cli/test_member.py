"""`loyalty member show` as people see it."""

from __future__ import annotations

from datetime import timedelta

import pytest
from tests.rig import NOON, sale

from loyalty.connectors.spec import Guest
from loyalty.guests import erasing, merging
from loyalty.guests.merging import Wish


@pytest.mark.parametrize("who", ["+4915112345678", "0151 12345678", "Sita@Example.org", "m_"])
def test_a_member_is_found_by_id_phone_or_e_mail(loyalty, who):
    said = loyalty("member", "show", loyalty.member if who == "m_" else who)
    assert f"Member {loyalty.member} Sita Rai, +4915112345678, sita@example.org" in said


def test_points_lots_and_last_entries_are_shown(loyalty):
    said = loyalty("member", "show", loyalty.member)
    for part in (
        "as of 22 Nov 2026 12:00 points 3 pending 0 debt 0 tier none visits 1 lifetime points 3",
        "3 now 22 Nov 2027 00:00",
        "Last entries (3 of 3)",
        "sale 0 held for review: above the ceiling of EUR 500.00 generic:R2",
        "refund -1 refund: EUR 37.00: 1 point per 10 euros generic:R1",
        "sale +4 EUR 47.00: 1 point per 10 euros generic:R1",
    ):
        assert part in said


def test_any_moment_before_can_be_shown(changing):
    with changing.rig() as rig:
        rig.clock.advance(timedelta(hours=5))
        rig.tell(sale("R9", 10_000, at=rig.clock.now()), Guest(phone="+4915112345678"))
        rig.run()
    assert "points 13 pending 0" in changing("member", "show", changing.member)
    earlier = changing("member", "show", changing.member, "--at", "2026-11-21 16:59")
    assert "as of 21 Nov 2026 16:59 points 3 pending 0" in earlier
    assert "R9" not in earlier
    nothing = changing("member", "show", changing.member, "--at", "2026-11-21 11:59")
    assert "points 0" in nothing
    assert "Last entries (0 of 0)" in nothing


def test_points_that_have_lapsed_are_not_shown(loyalty):
    said = loyalty("member", "show", loyalty.member, at=NOON + timedelta(days=500))
    assert "points 0 pending 0" in said
    assert "Lots" not in said


def test_a_moment_may_name_its_own_zone(loyalty):
    said = loyalty("member", "show", loyalty.member, "--at", "2026-11-22T00:00:00+05:45")
    assert "as of 21 Nov 2026 19:15" in said


def test_what_is_no_moment_is_refused(loyalty):
    said = loyalty("member", "show", loyalty.member, "--at", "yesterday", code=2)
    assert "`yesterday` is no time: write it as in `2026-11-21 18:00`." in said


@pytest.mark.parametrize("who", ["m_404", "+4915112345000", "no@example.org", "a@b"])
def test_whoever_is_no_member_is_told(loyalty, who):
    said = loyalty("member", "show", who, code=1)
    assert f"There is no member {who}: give an id, a phone or an e-mail." in said


def test_without_the_pepper_it_says_what_is_missing(changing):
    (changing.folder / "pepper").unlink()
    said = changing("member", "show", "+4915112345678", code=1)
    assert "the server makes it when it first starts (`make run`)" in said


def test_who_was_erased_is_told_so_and_in_no_household(changing):
    with changing.rig() as rig:
        other = rig.join("Ben", "+4915112345679")
        merging.merge(Wish("S1", other, changing.member, "key:x", shared=True), rig.shop)
        rig.run()
    assert f"shared with {other}" in changing("member", "show", changing.member)
    with changing.rig() as rig:
        erasing.erase(other, rig.shop)
        rig.run()
    assert "shared with" not in changing("member", "show", changing.member)
    assert "erased 21 Nov 2026" in changing("member", "show", other)
