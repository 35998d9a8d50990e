"""Two accounts become one, and part again: nothing is lost, and refunds follow."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pytest
from infra.simulator.store import MemoryStore
from tests.rig import NOON, Rig, refund, sale, void

from loyalty import timekeeping
from loyalty.audit import audit
from loyalty.connectors.spec import Guest
from loyalty.counter import redeeming
from loyalty.counter.redeeming import Asking
from loyalty.errors import Problem
from loyalty.guests import activities, agreeing, erasing, homes, members, merging, parting, uniting
from loyalty.guests.activities import Done
from loyalty.guests.agreeing import How
from loyalty.guests.merging import Wish
from loyalty.records import Consent, Contact, accounts, contacts, entries, timers, vouchers

ANNA, ANNI = "+4915112345671", "+4915112345672"
SHARED = "household: {people: 2, points_per_day: 30}\n"
PROGRAM = Path("tests/programs/rewards.yaml").read_text("utf-8") + SHARED


@pytest.fixture
def rig():
    rig = Rig(Path(), PROGRAM, store=MemoryStore())
    rig.anna, rig.anni = rig.join(phone=ANNA), rig.join(phone=ANNI)
    yield rig
    rig.run()
    assert audit(entries.each(rig.store), accounts.each(rig.store)).findings == ()


def buy(rig, receipt, amount, phone):
    rig.tell(sale(receipt, amount, at=rig.clock.now()), Guest(phone=phone))
    rig.run()


def merge(rig, act="M1", **more):
    merging.merge(Wish(act, rig.anni, rig.anna, "key:owner", "asked at the bar", **more), rig.shop)
    rig.run()


def part(rig):
    parting.unmerge(rig.anni, "key:owner", rig.shop)
    rig.run()


def refusal(call):
    with pytest.raises(Problem) as refused:
        call()
    return refused.value.status, refused.value.code


def test_points_and_progress_of_both_are_in_one_account(rig):
    buy(rig, "R1", 2000, ANNA)
    buy(rig, "R2", 3000, ANNI)
    one, other = rig.account(rig.anna), rig.account(rig.anni)
    merge(rig)
    both = rig.account(rig.anna)
    assert rig.points(rig.anni) == 0
    assert rig.points(rig.anna) == one.points(rig.clock.now()) + other.points(rig.clock.now())
    assert both.totals == one.totals.plus(other.totals)
    assert [lot.expires_at for lot in both.lots] == [lot.expires_at for lot in one.lots]


def test_who_is_merged_twice_is_merged_once(rig):
    buy(rig, "R2", 3000, ANNI)
    merge(rig)
    before = rig.dump()
    merge(rig)
    assert rig.dump() == before
    wrong = Wish("M1", rig.anna, rig.anni, "key:owner")
    assert refusal(lambda: merging.merge(wrong, rig.shop)) == (409, "id_reused")
    assert refusal(lambda: merge(rig, "M2")) == (409, "kept_elsewhere")


def test_a_member_is_not_merged_into_themselves_or_into_nobody(rig):
    same, nobody = Wish("M1", rig.anna, rig.anna, "x"), Wish("M1", rig.anna, "m_nobody", "x")
    assert refusal(lambda: merging.merge(same, rig.shop)) == (422, "same_member")
    assert refusal(lambda: merging.merge(nobody, rig.shop)) == (404, "not_found")


def test_a_refund_follows_to_where_the_points_are(rig):
    buy(rig, "R2", 3000, ANNI)
    merge(rig)
    rig.tell(refund("F1", "R2", 3000, at=rig.clock.now()))
    rig.run()
    assert rig.points(rig.anna) == 0
    assert rig.account(rig.anna).totals.spend == 0
    assert rig.receipt("R2").member == rig.anni


def test_what_led_to_the_one_leads_to_the_other(rig):
    card = members.card(rig.anni, rig.shop)
    merge(rig)
    assert members.find(rig.shop, phone=ANNI) == rig.anna
    assert members.find(rig.shop, card=card) == rig.anna
    assert members.view(rig.anni, rig.shop)["id"] == rig.anna
    buy(rig, "R3", 1000, ANNI)
    assert rig.receipt("R3").member == rig.anna


def test_a_debt_is_paid_by_the_points_it_meets(rig):
    buy(rig, "R1", 3000, ANNA)
    redeeming.hold(Asking(id="H", member=rig.anna, reward="coffee"), rig.shop)
    redeeming.capture(redeeming.Capturing("H"), rig.shop)
    rig.tell(void("R1"))
    rig.run()
    owed = rig.account(rig.anna).debt
    buy(rig, "R2", 9000, ANNI)
    before = rig.points(rig.anni)
    merge(rig)
    assert owed > 0
    assert (rig.account(rig.anna).debt, rig.points(rig.anna)) == (0, before - owed)


def test_a_debt_that_comes_is_paid_by_the_points_that_are_there(rig):
    buy(rig, "R2", 3000, ANNI)
    redeeming.hold(Asking(id="H", member=rig.anni, reward="coffee"), rig.shop)
    redeeming.capture(redeeming.Capturing("H"), rig.shop)
    rig.tell(void("R2"))
    buy(rig, "R1", 9000, ANNA)
    owed, before = rig.account(rig.anni).debt, rig.points(rig.anna)
    merge(rig)
    assert owed > 0
    assert (rig.account(rig.anna).debt, rig.points(rig.anna)) == (0, before - owed)


def test_a_reward_set_aside_is_ended_first(rig):
    buy(rig, "R2", 9000, ANNI)
    redeeming.hold(Asking(id="H", member=rig.anni, reward="coffee"), rig.shop)
    assert refusal(lambda: merge(rig)) == (409, "reward_held")
    redeeming.void("H", "key:till", rig.shop)
    merge(rig)


def test_a_reward_taken_before_is_taken_back_after(rig):
    buy(rig, "R2", 9000, ANNI)
    before = rig.points(rig.anni)
    redeeming.hold(Asking(id="H", member=rig.anni, reward="coffee"), rig.shop)
    redeeming.capture(redeeming.Capturing("H"), rig.shop)
    merge(rig)
    redeeming.take_back("H", "key:till", rig.shop)
    assert rig.points(rig.anna) == before


def test_parted_again_each_has_what_they_had(rig):
    buy(rig, "R1", 2000, ANNA)
    buy(rig, "R2", 3000, ANNI)
    before = [rig.account(each) for each in (rig.anna, rig.anni)]
    merge(rig)
    part(rig)
    part(rig)
    after = [rig.account(each) for each in (rig.anna, rig.anni)]
    for old, new in zip(before, after, strict=True):
        assert (new.lots, new.debt, new.totals, new.tier) == (
            old.lots, old.debt, old.totals, old.tier)  # fmt: skip
    assert members.find(rig.shop, phone=ANNI) == rig.anni
    assert members.view(rig.anni, rig.shop)["id"] == rig.anni


def test_parted_again_nobody_has_what_was_spent_meanwhile(rig):
    buy(rig, "R1", 2000, ANNA)
    buy(rig, "R2", 9000, ANNI)
    merge(rig)
    everything = rig.points(rig.anna)
    redeeming.hold(Asking(id="H", member=rig.anna, reward="coffee"), rig.shop)
    cost = redeeming.capture(redeeming.Capturing("H"), rig.shop).points
    part(rig)
    assert rig.points(rig.anna) + rig.points(rig.anni) == everything - cost


def test_parted_again_a_refund_meanwhile_stays_with_its_receipt(rig):
    buy(rig, "R1", 2000, ANNA)
    buy(rig, "R2", 3000, ANNI)
    merge(rig)
    rig.tell(refund("F1", "R2", 1000, at=rig.clock.now()))
    rig.run()
    part(rig)
    assert (rig.account(rig.anna).totals.spend, rig.account(rig.anni).totals.spend) == (2000, 2000)
    rig.tell(void("R2"))
    rig.run()
    assert rig.account(rig.anni).totals.spend == 0


def test_merged_twice_at_one_instant_nothing_counts_twice(rig):
    buy(rig, "R2", 3000, ANNI)
    merge(rig)
    rig.tell(refund("F1", "R2", 1000, at=rig.clock.now()))
    rig.run()
    part(rig)
    merge(rig, "M2")
    part(rig)
    assert rig.account(rig.anni).totals.spend == 2000


def test_whoever_is_not_merged_is_not_parted(rig):
    assert refusal(lambda: part(rig)) == (409, "not_merged")
    assert refusal(lambda: parting.unmerge("m_nobody", "x", rig.shop)) == (404, "not_found")


def test_what_was_reached_by_one_is_not_granted_again(rig):
    for number in range(9):
        buy(rig, f"R{number}", 1000, ANNI)
        rig.clock.advance(timedelta(days=1))
    buy(rig, "RA", 1000, ANNA)
    before = len(vouchers.find(rig.store, ("member", "==", rig.anna), limit=50))
    merge(rig)
    assert len(vouchers.find(rig.store, ("member", "==", rig.anna), limit=50)) == before


def test_a_merge_that_broke_off_is_finished_by_the_sweep(rig):
    agreeing.agree(rig.anni, {"sms:service": False}, How("page", ""), "", rig.shop)
    wish = Wish("M1", rig.anni, rig.anna, "key:owner")
    rig.shop.store.atomically("ledger", lambda unit: merging._merge(unit, wish, [], rig.shop))
    rig.clock.advance(timekeeping.LATER)
    rig.sweep()
    assert timers.get(rig.store, f"merge:{rig.anni}") is None
    assert not contacts.get(rig.store, rig.anna).consents["sms:service"].given


def test_the_stricter_consent_holds():
    yes, no = Consent(given=True, at=NOON), Consent(given=False, at=NOON)
    mine = Contact(member="a", phone="1", consents={"sms:service": yes, "sms:marketing": yes})
    other = Contact(member="b", phone="2", email="b@x.example", suppressed={"sms": "opted-out"},
                    consents={"sms:marketing": no, "email:service": yes})  # fmt: skip
    both = uniting.stricter(mine, other, NOON)
    assert {name for name, each in both.consents.items() if each.given} == {"sms:service"}
    assert (both.phone, both.email, both.suppressed) == ("1", "", {"sms": "opted-out"})


def test_erasing_a_person_erases_whom_they_were_before(rig):
    merge(rig)
    erasing.erase(rig.anna, rig.shop)
    assert [contacts.get(rig.store, each) for each in (rig.anna, rig.anni)] == [None, None]


# -- sharing ------------------------------------------------------------------------------


def test_people_who_share_an_account_stay_two_people(rig):
    merge(rig, shared=True)
    buy(rig, "R2", 9000, ANNI)
    assert members.find(rig.shop, phone=ANNI) == rig.anni
    assert rig.receipt("R2").member == rig.anni
    seen = [members.view(each, rig.shop)["points"] for each in (rig.anna, rig.anni)]
    assert seen == [rig.points(rig.anna)] * 2
    posted = [body for topic, body in rig.bus.published if topic == "points-posted"]
    assert f'"member":"{rig.anni}"'.encode() in posted[-1]


def told(rig, member, kind):
    return {entry.reason for entry in rig.history(member) if entry.kind == kind}


def test_who_shares_an_account_is_not_told_of_a_merge(rig):
    merge(rig, shared=True)
    part(rig)
    for member in (rig.anna, rig.anni):
        assert told(rig, member, "merge") == {"points are kept together with another member's"}
        again = {"points are kept apart from another member's again"}
        assert told(rig, member, "unmerge") == again


def test_who_is_one_person_is_told_of_the_merge(rig):
    merge(rig)
    part(rig)
    for member in (rig.anna, rig.anni):
        assert told(rig, member, "merge") == {"two accounts of one person became one"}
        again = {"two accounts that had become one are two again"}
        assert told(rig, member, "unmerge") == again


def test_a_household_is_full_at_its_limit(rig):
    merge(rig, shared=True)
    third = rig.join(phone="+4915112345673")
    wish = Wish("M2", third, rig.anna, "key:owner", shared=True)
    assert refusal(lambda: merging.merge(wish, rig.shop)) == (409, "household_full")


def test_each_takes_only_so_much_of_it_in_a_day(rig):
    merge(rig, shared=True)
    buy(rig, "R2", 50_000, ANNI)
    price = redeeming.hold(Asking(id="H1", member=rig.anni, reward="coffee"), rig.shop).points
    over = Asking(id="H2", member=rig.anni, reward="coffee")
    assert price <= 30 < 2 * price
    assert refusal(lambda: redeeming.hold(over, rig.shop)) == (409, "over_daily_limit")
    redeeming.hold(Asking(id="H3", member=rig.anna, reward="coffee"), rig.shop)
    redeeming.void("H1", "key:till", rig.shop)
    assert redeeming.hold(over, rig.shop).member == rig.anni


def test_who_leaves_a_household_has_no_reward_set_aside(rig):
    buy(rig, "R1", 9000, ANNA)
    merge(rig, shared=True)
    redeeming.hold(Asking(id="H", member=rig.anni, reward="coffee"), rig.shop)
    assert refusal(lambda: part(rig)) == (409, "reward_held")
    redeeming.void("H", "key:till", rig.shop)
    part(rig)
    assert (rig.points(rig.anna), rig.points(rig.anni)) == (90, 0)


def test_parted_already_a_reward_set_aside_since_is_nobodys_trouble(rig):
    buy(rig, "R2", 9000, ANNI)
    merge(rig)
    part(rig)
    redeeming.hold(Asking(id="H", member=rig.anni, reward="coffee"), rig.shop)
    part(rig)
    assert redeeming.look("H", rig.shop).state == "held"


def test_a_reward_used_in_a_household_comes_back_with_its_receipt_after_parting(rig):
    merge(rig, shared=True)
    buy(rig, "R2", 9000, ANNI)
    redeeming.hold(Asking(id="H", member=rig.anni, reward="coffee"), rig.shop)
    redeeming.capture(redeeming.Capturing("H", receipt="generic:R2"), rig.shop)
    part(rig)
    rig.tell(void("R2", at=rig.clock.now()))
    rig.run()
    assert rig.receipt("R2").rewards[0].returned


def test_who_leaves_takes_what_is_left_of_what_they_brought(rig):
    buy(rig, "R2", 3000, ANNI)
    brought = rig.points(rig.anni)
    merge(rig, shared=True)
    buy(rig, "R3", 2000, ANNI)
    part(rig)
    assert rig.points(rig.anni) == brought
    assert rig.account(rig.anni).totals.spend == 5000


# -- what a hostile reader found ----------------------------------------------------------


def test_who_shares_with_somebody_merged_stays_themselves(rig):
    merge(rig, shared=True)
    ben = rig.join(phone="+4915112345673")
    merging.merge(Wish("M2", rig.anna, ben, "key:x"), rig.shop)
    assert [homes.find(rig.store, each).person for each in (rig.anni, rig.anna)] == [rig.anni, ben]
    erasing.erase(ben, rig.shop)
    assert contacts.get(rig.store, rig.anni)


def test_erasing_who_shares_erases_whom_they_were_before(rig):
    merge(rig)
    holder = rig.join(phone="+4915112345673")
    merging.merge(Wish("S2", rig.anna, holder, "key:x", shared=True), rig.shop)
    erasing.erase(rig.anna, rig.shop)
    assert [contacts.get(rig.store, each) for each in (rig.anna, rig.anni)] == [None, None]
    assert contacts.get(rig.store, holder)


def test_a_merge_told_again_takes_back_no_yes_given_since(rig):
    agreeing.agree(rig.anni, {"sms:service": False}, How("page", ""), "", rig.shop)
    merge(rig)
    agreeing.agree(rig.anna, {"sms:service": True}, How("page", ""), "", rig.shop)
    merge(rig)
    assert contacts.get(rig.store, rig.anna).consents["sms:service"].given


def test_parting_leaves_no_address_behind(rig):
    merge(rig)
    part(rig)
    assert contacts.get(rig.store, rig.anna).phone == ANNA
    assert contacts.get(rig.store, rig.anni).phone == ANNI


def test_an_erased_member_is_not_parted(rig):
    merge(rig)
    erasing.erase(rig.anna, rig.shop)
    assert refusal(lambda: part(rig)) == (404, "not_found")


def test_a_reward_of_the_second_visit_is_given_once_to_one_person(rig):
    for number in range(2):
        buy(rig, f"R{number}", 1000, ANNI)
        rig.clock.advance(timedelta(days=1))
    merge(rig)
    rig.tell(void("R1", at=rig.clock.now()))
    rig.run()
    buy(rig, "R9", 1000, ANNA)
    given = [v for name in (rig.anna, rig.anni)
             for v in vouchers.find(rig.store, ("member", "==", name), limit=50)]  # fmt: skip
    assert len(given) == 1


def test_one_with_two_names_counts_once_in_a_household(rig):
    merge(rig)
    ben = rig.join(phone="+4915112345673")
    merging.merge(Wish("S2", ben, rig.anna, "key:x", shared=True), rig.shop)
    buy(rig, "R2", 50_000, ANNA)
    redeeming.hold(Asking(id="H1", member=rig.anna, reward="coffee"), rig.shop)
    over = Asking(id="H2", member=rig.anni, reward="coffee")
    assert refusal(lambda: redeeming.hold(over, rig.shop)) == (409, "over_daily_limit")


def test_who_was_found_twice_shares_with_nobody_and_takes_what_they_like(rig):
    """The simulator found them limited as if they shared their account with themselves."""
    merge(rig)
    buy(rig, "R2", 50_000, ANNA)
    for name in ("H1", "H2", "H3"):
        held = redeeming.hold(Asking(id=name, member=rig.anna, reward="coffee"), rig.shop)
        assert held.state == "held"


def test_what_counts_once_counts_once_for_one_person(rig):
    for who, first in ((rig.anni, True), (rig.anna, False)):
        assert activities.count(who, Done("follow", ""), "key:x", rig.shop).first == first
        if first:
            merge(rig)


def test_a_merge_and_a_sharing_do_not_stand_for_each_other(rig):
    merge(rig, shared=True)
    assert refusal(lambda: merge(rig)) == (409, "id_reused")


def test_a_persons_history_is_one_whatever_they_were_called(rig):
    buy(rig, "A", 1_000, ANNA)
    buy(rig, "B", 1_000, ANNI)
    merge(rig)
    for name in (rig.anna, rig.anni):
        told = homes.acts(rig.store, name, 10)
        assert {act.receipt.sale.receipt_id for act in told if act.receipt} == {
            "generic:A",
            "generic:B",
        }
        assert [act.entry.at for act in told] == sorted(
            (act.entry.at for act in told), reverse=True
        )
    assert len(homes.acts(rig.store, rig.anna, 1)) == 1
