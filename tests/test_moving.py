"""A new address that was proved: whoever breaks off half-way loses nothing."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pytest
from infra.simulator.store import MemoryStore
from tests.rig import Rig, sale

from loyalty.connectors.spec import Guest
from loyalty.delivery import Shop
from loyalty.errors import Problem
from loyalty.guests import codes, erasing, members, merging, moving
from loyalty.records import SignIn, contacts, sign_ins, timers

OLD, NEW = "+4915112345671", "+4915112345672"
PROGRAM = Path("tests/programs/rewards.yaml").read_text("utf-8")


class CutOff(Exception):  # noqa: N818 - what happens
    """The machine goes away."""


class Cut:
    """A store that commits so many units and then is gone."""

    def __init__(self, store, commits):
        self.store, self.left = store, commits

    def atomically(self, database, work):
        if self.left == 0:
            raise CutOff
        self.left -= 1
        return self.store.atomically(database, work)

    def __getattr__(self, name):
        return getattr(self.store, name)


@pytest.fixture
def rig():
    rig = Rig(Path(), PROGRAM, store=MemoryStore())
    rig.member = rig.join(phone=OLD)
    rig.tell(sale("R1", 2000), Guest(phone=NEW))
    rig.run()
    return rig


def proved(rig):
    wish = SignIn(asked_at=rig.clock.now(), phone=NEW, language="en", member=rig.member)
    codes.ask("t", codes.wanted(wish, rig.shop), "127.0.0.1", rig.shop)
    return sign_ins.get(rig.store, codes.named("t"))


@pytest.mark.parametrize("commits", range(6))
def test_cut_off_anywhere_the_move_is_finished_and_what_waited_is_theirs(rig, commits):
    wish = proved(rig)
    cut = Shop(**rig.shop._asdict() | {"store": Cut(rig.store, commits)})
    try:
        moving.move("t", wish, cut)
    except CutOff:
        if commits % 2 or commits == 0:  # the guest tries again, or waits for the sweep
            moving.move("t", sign_ins.get(rig.store, codes.named("t")), rig.shop)
    rig.clock.advance(timedelta(minutes=5))
    rig.sweep()
    assert members.find(rig.shop, phone=NEW) == rig.member
    assert members.find(rig.shop, phone=OLD) is None
    assert contacts.get(rig.store, rig.member).phone == NEW
    assert rig.points(rig.member) == 20
    assert timers.get(rig.store, f"move:{codes.named('t')}") is None


def test_the_old_address_is_told_for_a_day(rig):
    moving.move("t", proved(rig), rig.shop)
    told = [b for t, b in rig.bus.published if t == "notification-requested" and b'"moved:' in b]
    assert len(told) == 1
    assert b'"useful_until":"2026-11-22T11:00:00Z"' in told[0]


def test_who_is_erased_right_after_leaves_no_old_address(rig):
    moving.move("t", proved(rig), rig.shop)
    erasing.erase(rig.member, rig.shop)
    assert OLD not in str(rig.dump())


def test_who_is_being_erased_is_given_no_address(rig):
    wish = proved(rig)
    erasing.mark(rig.member, rig.shop)
    with pytest.raises(Problem, match="address_taken"):
        moving.move("t", wish, rig.shop)
    assert members.find(rig.shop, phone=NEW) is None


def test_a_code_typed_after_a_merge_changes_nothing(rig):
    wish, other = proved(rig), rig.join(phone="+4915112345673")
    merging.merge(merging.Wish("M1", rig.member, other, "key:x"), rig.shop)
    with pytest.raises(Problem, match="code_over"):
        moving.move("t", wish, rig.shop)
