"""Who is erased is gone: no byte of them is left in the store, and the ledger still adds up."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pytest
from infra.security.leaks import leaks
from infra.simulator.store import MemoryStore
from tests.rig import Rig, opened, refund, sale

from loyalty import timekeeping
from loyalty.audit import audit
from loyalty.connectors.spec import Guest
from loyalty.counter import adjusting, redeeming
from loyalty.counter.redeeming import Asking
from loyalty.errors import Problem
from loyalty.guests import (
    activities,
    changes,
    codes,
    erasing,
    homes,
    members,
    merging,
    sessions,
    tagging,
)
from loyalty.guests.activities import Done
from loyalty.guests.merging import Wish
from loyalty.records import SignIn, accounts, contacts, entries, merges, timers
from loyalty.segments import placing

HOUSEHOLD = "household: {people: 2}\n"
PHONE, EMAIL, NAME = "+4915799988877", "kanaria@vogel.example", "Kanaria Vogelsang"
PROGRAM = Path("tests/programs/rewards.yaml").read_text("utf-8")


def known(rig: Rig) -> str:
    """Let a guest leave a trace wherever guests do."""
    member = rig.join(NAME, PHONE, email=EMAIL, birthday="03-31")
    rig.tell(sale("R1", 5000), Guest(phone=PHONE))
    rig.run()
    sessions.link(member, rig.shop)
    told = SignIn(asked_at=rig.clock.now(), phone=PHONE, name=NAME, language="en")
    wish, token = codes.wanted(told, rig.shop), "a browser"
    for each in (token, "a browser that never types the code"):
        codes.ask(each, wish, "127.0.0.1", rig.shop)
    code = codes.digits(codes.named(token), wish, rig.shop.pepper)
    proved = codes.prove(token, code, rig.shop)
    sessions.sign_in(token, proved, rig.shop)
    return member


def test_after_erasure_nothing_of_a_guest_is_in_the_store(tmp_path):
    with opened(tmp_path, PROGRAM) as rig:
        member = known(rig)
        there = str(rig.dump())
        erasing.erase(member, rig.shop)
        assert members.find(rig.shop, phone=PHONE) is None
        assert members.find(rig.shop, card=members.card(member, rig.shop)) is None
        found = audit(entries.each(rig.store), accounts.each(rig.store))
        assert (found.findings, found.accounts) == ((), 1)
    sinks = {path.name: path.read_bytes() for path in tmp_path.iterdir()}
    assert all(value in there for value in (PHONE, EMAIL, NAME))
    assert leaks(sinks, [PHONE, EMAIL, NAME]) == []


def test_nothing_is_left_of_why_and_how_somebody_was_merged(tmp_path):
    with opened(tmp_path, PROGRAM) as rig:
        person, other = known(rig), rig.join(phone="+4915799988878")
        card = members.card(other, rig.shop)
        why = f"{NAME} had two cards, the second one of {EMAIL}"
        merging.merge(Wish("M1", other, person, "owner", why), rig.shop)
        assert merges.get(rig.store, other).leading
        erasing.erase(person, rig.shop)
        assert members.find(rig.shop, card=card) is None
        assert merges.get(rig.store, other).leading == ()
        assert leaks({"all": str(rig.dump()).encode()}, [NAME]) == []


def test_nothing_is_left_of_why_others_share_the_points_of_whom_is_erased(tmp_path):
    with opened(tmp_path, PROGRAM + HOUSEHOLD) as rig:
        person, other = known(rig), rig.join(phone="+4915799988878")
        merging.merge(Wish("S1", other, person, "owner", f"{NAME} asked", shared=True), rig.shop)
        erasing.erase(person, rig.shop)
        assert leaks({"all": str(rig.dump()).encode()}, [NAME]) == []


def test_an_erasure_that_broke_off_is_finished_by_the_sweep(tmp_path):
    with opened(tmp_path, PROGRAM) as rig:
        member = known(rig)
        erasing.mark(member, rig.shop)
        assert contacts.get(rig.store, member)
        rig.clock.advance(timekeeping.LATER)
        rig.sweep()
        assert contacts.get(rig.store, member) is None
        assert timers.get(rig.store, f"erase:{member}") is None
        assert accounts.get(rig.store, member).closed == "erased"


def test_who_was_erased_can_join_anew_as_somebody_else(tmp_path):
    with opened(tmp_path, PROGRAM) as rig:
        member = known(rig)
        erasing.erase(member, rig.shop)
        erasing.erase(member, rig.shop)
        rig.clock.advance(timedelta(days=1))
        again = members.enroll(members.Joining(name="New", phone=PHONE), "another", rig.shop)
        assert again[1]
        assert again[0] != member
        assert rig.points(again[0]) == 0


@pytest.mark.parametrize("kind", ["phone", "email"])
def test_an_old_receipt_stays_with_the_books_and_leads_to_nobody(tmp_path, kind):
    with opened(tmp_path, PROGRAM) as rig:
        member = known(rig)
        erasing.erase(member, rig.shop)
        given = {"phone": PHONE} if kind == "phone" else {"email": EMAIL}
        rig.tell(sale("R2", 700), Guest(**given))
        rig.run()
        assert rig.receipt("R1").member == member
        assert rig.receipt("R2").state == "unclaimed"


# -- who knew them ------------------------------------------------------------------------------


@pytest.fixture
def home():
    """Anna and Ben, who share an account."""
    rig = Rig(Path(), PROGRAM + HOUSEHOLD, store=MemoryStore())
    rig.anna, rig.ben = rig.join("Anna", "+4915112345671"), rig.join("Ben", "+4915112345672")
    merging.merge(Wish("S1", rig.ben, rig.anna, "key:x", shared=True), rig.shop)
    rig.run()
    rig.clock.advance(timedelta(hours=1))
    yield rig
    rig.run()
    assert audit(entries.each(rig.store), accounts.each(rig.store)).findings == ()


@pytest.mark.parametrize("who", ["anna", "ben"])
def test_who_is_erased_is_listed_in_no_household(home, who):
    gone, stays = getattr(home, who), ({home.anna, home.ben} - {getattr(home, who)}).pop()
    erasing.erase(gone, home.shop)
    account = homes.find(home.store, stays).account
    assert homes.here(home.store, account) == (stays,)


def test_who_is_erased_leaves_room_for_another(home):
    erasing.erase(home.ben, home.shop)
    third = home.join("Chetan", "+4915112345673")
    merging.merge(Wish("S2", third, home.anna, "key:x", shared=True), home.shop)
    account = homes.find(home.store, third).account
    assert homes.here(home.store, account) == (home.anna, third)


def test_a_household_keeps_its_points_when_one_of_them_is_erased(home):
    home.tell(sale("R1", 5000, at=home.clock.now()), Guest(phone="+4915112345672"))
    home.run()
    erasing.erase(home.ben, home.shop)
    assert home.points(home.anna) == 50
    home.tell(refund("F1", "R1", 5000, at=home.clock.now()))
    home.run()
    assert home.points(home.anna) == 0


def test_an_id_of_somebody_erased_takes_nothing_of_the_household(home):
    home.tell(sale("R1", 5000, at=home.clock.now()), Guest(phone="+4915112345671"))
    home.run()
    erasing.erase(home.ben, home.shop)
    with pytest.raises(Problem, match="404"):
        redeeming.hold(Asking(id="H", member=home.ben, reward="coffee"), home.shop)


def test_who_shared_an_account_with_somebody_erased_stays_a_guest(home):
    erasing.erase(home.anna, home.shop)
    assert tagging.give(home.ben, "friend", "owner", home.shop) == ("friend",)
    adjusting.adjust(home.ben, 7, "a present", "A1", "owner", home.shop)
    assert home.points(home.anna) == 7  # the account is called so still
    assert homes.living(home.store, home.anna) is None
    record = accounts.get(home.store, home.anna)
    assert record is not None
    assert placing.living([record], home.store) == {home.anna}


@pytest.mark.parametrize("who", ["anna", "ben"])
def test_nothing_is_given_to_an_id_of_somebody_erased(home, who):
    gone = getattr(home, who)
    home.tell(sale("R1", 5000, at=home.clock.now()), Guest(phone="+4915112345671"))
    home.run()
    erasing.erase(gone, home.shop)
    with pytest.raises(Problem, match="404"):
        adjusting.adjust(gone, 7, "a present", "A1", "owner", home.shop)
    with pytest.raises(Problem, match="404"):
        activities.count(gone, Done("survey", "S1"), "key:x", home.shop)
    with pytest.raises(Problem, match="404"):
        tagging.give(gone, "friend", "owner", home.shop)


def test_an_erasure_is_one_act_however_often_it_is_asked_for(home):
    for _ in range(2):
        erasing.erase(home.ben, home.shop)
    told = [entry for entry in home.history(home.ben) if entry.kind == "erase"]
    assert [(entry.id, entry.points, entry.reason) for entry in told] == [
        (f"erase:{home.ben}", 0, "erased")
    ]


def test_changes_tell_of_an_erasure(home):
    since = home.clock.now()
    home.clock.advance(timedelta(minutes=1))
    erasing.erase(home.ben, home.shop)
    home.clock.advance(timedelta(minutes=5))
    assert changes.since(since, 100, home.shop).members == [home.ben, home.anna]
    erased = [homes.erased(home.store, name) for name in (home.ben, home.anna)]
    assert erased == [True, False]
