"""A card in a wallet shows what is so, whatever comes late, twice, or not at all."""

from __future__ import annotations

import io
import json
from datetime import timedelta
from itertools import permutations

import pytest
from infra import vendors
from infra.sandbox import Sandbox
from infra.sandbox.faults import FaultKind
from msgspec.structs import replace
from tests.connectors.vendor import Reply, vendor_on_loopback
from tests.rig import NOON, sale, void
from tests.steps.cafe import SITA, Cafe
from tests.steps.test_cost import Counting

from loyalty.errors import Problem, TryAgain
from loyalty.events import MemberChanged, decode
from loyalty.guests import adding, erasing, linking, merging, wallet_card
from loyalty.logs import Log
from loyalty.records import PartnerLink, partner_links
from loyalty.steps import partner_sync

GOOGLE = "google_wallet"
LATER = linking.LEASE + timedelta(seconds=1)


@pytest.fixture(scope="module")
def sandbox():
    with Sandbox() as sandbox:
        sandbox.google_wallet.open_class("loyalty")
        yield sandbox


@pytest.fixture
def cafe(sandbox):
    """Open a cafe whose guests are offered both wallets."""
    sandbox.reset()
    cafe = Cafe(sandbox, "wallets", wrap=logged)
    cafe.engine._environment.update(vendors.wallets(sandbox))
    yield cafe
    cafe.close()


def logged(shop):
    return shop._replace(log=Log("debug", io.StringIO()))


def told(cafe, code):
    lines = [json.loads(line) for line in cafe.shop.log.stream.getvalue().splitlines()]
    return [line for line in lines if line.get("code") == code]


def holder(cafe, **more):
    """Let a guest join and put their card into the wallet."""
    member = cafe.join(**more)
    adding.add(GOOGLE, member, cafe.shop)
    cafe.sandbox.requests.clear()
    return member


def shown(cafe, member):
    """Return the points and the lines that the wallet holds."""
    kept = cafe.sandbox.google_wallet.kept["loyaltyObject"][f"3388000000000000000.{member}"]
    lines = {each["id"]: (each["header"], each["body"]) for each in kept["textModulesData"]}
    return kept["loyaltyPoints"]["balance"]["int"], lines


def calls(cafe):
    """Count what was asked of the wallet, without the tokens."""
    seen = cafe.sandbox.requests.of(GOOGLE)
    return [(each.method, each.status) for each in seen if "/v1/" in each.path]


def link(cafe, member):
    return partner_links.get(cafe.rig.store, f"{GOOGLE}:{member}")


def posted(cafe):
    """Read the acts that were told so far, the oldest first."""
    return [decode(body) for topic, body in cafe.bus.published if topic == "points-posted"]


def syncs(cafe, event):
    return partner_sync.handle(event, cafe.shop)


# -- what a card shows ------------------------------------------------------------------------


def test_after_a_sale_the_card_shows_the_new_balance_tier_next_reward_and_stamps(cafe):
    member = holder(cafe)
    cafe.buys("A", 5200)
    assert shown(cafe, member) == (52, {
        "tier": ("Tier", "Gold"), "next": ("Next reward", "a cake: 8 points to go"),
        "stamps": ("Stamps", "Coffee card 1/5"),
    })  # fmt: skip


def test_a_card_speaks_its_guests_language(cafe):
    member = holder(cafe, language="de")
    cafe.buys("A", 1200)
    assert shown(cafe, member)[1] == {
        "next": ("Nächste Prämie", "ein Kaffee: noch 8 Punkte"),
        "stamps": ("Stempel", "Kaffeekarte 1/5"),
    }  # fmt: skip


def test_a_card_follows_a_void_back_down(cafe):
    member = holder(cafe)
    cafe.buys("A", 1200)
    cafe.tells(void("A"))
    assert shown(cafe, member)[0] == 0


def test_an_update_asks_for_no_notice_and_tells_no_name(cafe):
    holder(cafe, name="Sita Rai")
    cafe.buys("A", 1200)
    bodies = [json.loads(e.body) for e in cafe.sandbox.requests.of(GOOGLE) if e.method == "PATCH"]
    assert [set(body) for body in bodies] == [{"loyaltyPoints", "textModulesData"}]


# -- what costs nothing -----------------------------------------------------------------------


def test_a_member_without_a_card_costs_one_read_and_no_call(cafe):
    cafe.join()
    cafe.buys("A", 1200)
    store = Counting(cafe.rig.store)
    partner_sync.handle(posted(cafe)[-1], cafe.shop._replace(store=store))
    assert (store.reads, store.writes, calls(cafe)) == (1, 0, [])


def test_a_member_with_a_card_costs_four_reads_two_writes_and_one_call(cafe):
    member = holder(cafe)
    cafe.told(sale("A", 1200, at=cafe.now))
    heard = set()

    def all_but_the_card(name, body, attempt):
        heard.add(name)
        if name != "partner_sync":
            cafe.rig.handler(name, body, attempt)

    cafe.bus.run(all_but_the_card)
    store = Counting(cafe.rig.store)
    partner_sync.handle(posted(cafe)[-1], cafe.shop._replace(store=store))
    assert "partner_sync" in heard
    assert (store.reads, store.writes, calls(cafe)) == (4, 2, [("PATCH", 200)])
    assert shown(cafe, member)[0] == 12


def test_a_double_does_nothing(cafe):
    holder(cafe)
    cafe.buys("A", 1200)
    before, asked = cafe.rig.dump(), calls(cafe)
    for event in posted(cafe):
        syncs(cafe, event)
    assert (cafe.rig.dump(), calls(cafe)) == (before, asked)


def test_an_act_that_changes_nothing_on_the_card_costs_no_call(cafe):
    member = holder(cafe)
    cafe.buys("A", 1200)
    asked = len(calls(cafe))
    cafe.buys("B", 0, category="other")
    assert link(cafe, member).seq == cafe.rig.account(member).seq
    assert len(calls(cafe)) == asked


@pytest.mark.parametrize("order", list(permutations(range(3))))
def test_acts_in_any_order_leave_the_newest_on_the_card(cafe, order):
    member = holder(cafe)
    for name, amount in (("A", 1000), ("B", 500), ("C", 100)):
        cafe.told(sale(name, amount, at=cafe.now))
    cafe.bus.run(lambda name, *rest: name == "partner_sync" or cafe.rig.handler(name, *rest))
    acts = posted(cafe)
    for place in order:
        syncs(cafe, acts[place])
    assert shown(cafe, member)[0] == 16
    assert len(calls(cafe)) == 1


# -- turns ------------------------------------------------------------------------------------

OURS = PartnerLink(
    partner=GOOGLE, member="m_1", at=NOON, seq=3, sent="abc", by="posted:x",
    until=NOON + linking.LEASE, rounds=2,
)  # fmt: skip


def test_an_act_that_comes_while_another_is_told_leaves_it_to_that_one(cafe):
    member = holder(cafe)
    cafe.buys("A", 1000)
    ours = linking.take(GOOGLE, member, 99, "posted:slow", cafe.shop)
    cafe.buys("B", 500)
    assert shown(cafe, member)[0] == 10
    again = linking.settle(ours, 1, "old", cafe.shop)
    assert again.by == "posted:slow"
    assert partner_sync._round(again, cafe.shop) is None
    assert shown(cafe, member)[0] == 15


def test_an_act_that_broke_off_is_not_left_to_itself():
    with pytest.raises(TryAgain):
        linking.turn(OURS, 5, "posted:x", NOON)
    assert linking.turn(OURS, 5, "posted:x", NOON + LATER).until == NOON + LATER + linking.LEASE


def test_a_guest_who_may_have_gone_is_waited_for():
    with pytest.raises(TryAgain):
        linking.turn(replace(OURS, by="guest:1"), 5, "posted:y", NOON)


def test_what_a_broken_turn_may_have_told_is_told_again_even_if_it_looks_the_same():
    assert linking.turn(OURS, 5, "posted:y", NOON + LATER).sent == ""


def test_who_comes_back_after_their_turn_puts_the_card_in_doubt():
    late = linking.settled(OURS, replace(OURS, by="old"), 9, "x", NOON)
    assert (late.seq, late.sent, late.by, late.rounds) == (0, "", OURS.by, OURS.rounds + 1)


def test_a_turn_that_was_overtaken_comes_again_and_tells_what_is_so(cafe):
    member = holder(cafe)
    cafe.buys("A", 1000)
    slow = linking.take(GOOGLE, member, 99, "posted:slow", cafe.shop)
    cafe.is_now(cafe.now + LATER)
    cafe.buys("B", 500)
    with pytest.raises(TryAgain):
        linking.settle(slow, 1, "old", cafe.shop)
    syncs(cafe, posted(cafe)[0])
    assert link(cafe, member).seq == cafe.rig.account(member).seq
    assert [status for _, status in calls(cafe)][-1] == 200


# -- trouble ----------------------------------------------------------------------------------


def test_a_wallet_that_fails_delays_only_its_own_card(cafe):
    member = holder(cafe)
    cafe.sandbox.fault(GOOGLE, FaultKind.SERVER_ERROR, times=4)
    cafe.buys("A", 1200)
    assert cafe.points(member) == 12
    assert shown(cafe, member)[0] == 12, "the queue came again"
    assert [e.status for e in cafe.sandbox.requests.of(GOOGLE)].count(500) == 4


def test_what_a_failing_wallet_was_to_show_comes_with_the_next_delivery(cafe):
    member = holder(cafe)
    cafe.told(sale("A", 1200, at=cafe.now))
    cafe.bus.run(lambda name, *rest: name == "partner_sync" or cafe.rig.handler(name, *rest))
    cafe.sandbox.fault(GOOGLE, FaultKind.SERVER_ERROR, times=None)
    [act] = posted(cafe)
    with pytest.raises(TryAgain):
        syncs(cafe, act)
    cafe.sandbox.clear_faults(GOOGLE)
    syncs(cafe, act)
    assert shown(cafe, member)[0] == 12


def test_a_card_that_is_not_there_any_more_closes_the_link_until_the_guest_asks_again(cafe):
    member = holder(cafe)
    cafe.sandbox.google_wallet.kept["loyaltyObject"].clear()
    cafe.buys("A", 1200)
    assert (link(cafe, member).state, link(cafe, member).word) == ("closed", "not-there")
    assert [line["connector"] for line in told(cafe, "card-gone")] == [GOOGLE]
    asked = len(calls(cafe))
    cafe.buys("B", 100)
    assert len(calls(cafe)) == asked
    adding.add(GOOGLE, member, cafe.shop)
    cafe.buys("C", 100)
    assert shown(cafe, member)[0] == 14


def test_a_refusal_for_good_closes_the_link_with_its_word(cafe):
    member = holder(cafe)
    with vendor_on_loopback() as google:
        google.say(Reply(400, b'{"error":{"errors":[{"reason":"invalidResource"}]}}'))
        cafe.starts_with(GOOGLE_WALLET_BASE_URL=google.url)
        cafe.buys("A", 1200)
    assert (link(cafe, member).state, link(cafe, member).word) == ("closed", "refused")
    assert [line["word"] for line in told(cafe, "card-refused")] == ["refused"]
    assert len(google.asked) == 1


@pytest.mark.parametrize("trouble", ["not invited", "no settings"])
def test_a_wallet_that_does_not_know_us_is_told_to_the_owner_and_waits(cafe, trouble):
    member = holder(cafe)
    if trouble == "not invited":
        cafe.sandbox.google_wallet.invited = False
    else:
        kept = cafe.engine._environment.pop("GOOGLE_WALLET_SERVICE_ACCOUNT")
        cafe.engine._configs.clear()
    cafe.told(sale("A", 1200, at=cafe.now))
    cafe.bus.run(lambda name, *rest: name == "partner_sync" or cafe.rig.handler(name, *rest))
    [act] = posted(cafe)
    with pytest.raises(TryAgain):
        syncs(cafe, act)
    assert [line["connector"] for line in told(cafe, "channel-paused")] == [GOOGLE]
    cafe.sandbox.google_wallet.invited = True
    if trouble == "no settings":
        cafe.engine._environment["GOOGLE_WALLET_SERVICE_ACCOUNT"] = kept
    syncs(cafe, act)
    assert shown(cafe, member)[0] == 12


# -- adding -----------------------------------------------------------------------------------


def test_a_card_is_known_before_it_is_made_so_that_none_is_ever_forgotten(cafe):
    member = cafe.join()
    cafe.sandbox.fault(GOOGLE, FaultKind.SERVER_ERROR, times=None)
    with pytest.raises(Problem, match="wallet"):
        adding.add(GOOGLE, member, cafe.shop)
    assert (link(cafe, member).state, link(cafe, member).seq) == ("open", 0)


def test_a_card_that_is_added_twice_is_one_card(cafe):
    member = holder(cafe)
    cafe.buys("A", 1200)
    adding.add(GOOGLE, member, cafe.shop)
    assert shown(cafe, member)[0] == 12
    assert len(cafe.sandbox.google_wallet.kept["loyaltyObject"]) == 1
    assert link(cafe, member).sent == wallet_card.fingerprint(
        wallet_card.shown(
            cafe.rig.account(member), cafe.contact(member),
            cafe.shop.programs.current().program, cafe.now,
        )
    )  # fmt: skip


# -- the end ----------------------------------------------------------------------------------


def test_the_card_of_an_erased_member_is_emptied_and_the_link_forgotten(cafe):
    member = holder(cafe)
    cafe.buys("A", 1200)
    erasing.erase(member, cafe.shop)
    cafe.rig.run()
    [kept] = cafe.sandbox.google_wallet.kept["loyaltyObject"].values()
    assert (kept["state"], kept["accountName"], kept["accountId"]) == ("INACTIVE", "", "")
    assert (kept["barcode"]["value"], shown(cafe, member)) == ("-", (0, {}))
    assert link(cafe, member) is None
    assert cafe.sandbox.cards == []


def test_an_erasure_that_a_wallet_did_not_hear_of_is_told_again(cafe):
    member = holder(cafe)
    erasing.erase(member, cafe.shop)
    gone = MemberChanged(
        id=f"erased:{member}", at=cafe.now, subject=member, member=member, what="erased"
    )
    cafe.sandbox.fault(GOOGLE, FaultKind.SERVER_ERROR, times=None)
    with pytest.raises(TryAgain):
        syncs(cafe, gone)
    assert link(cafe, member)
    cafe.sandbox.clear_faults(GOOGLE)
    syncs(cafe, gone)
    syncs(cafe, gone)
    assert link(cafe, member) is None


def test_what_happens_to_an_erased_members_account_reaches_no_card(cafe):
    member = holder(cafe)
    cafe.buys("A", 1200)
    late = posted(cafe)[-1]
    erasing.erase(member, cafe.shop)
    asked = len(calls(cafe))
    syncs(cafe, replace(late, seq=99))
    assert len(calls(cafe)) == asked


def test_who_is_erased_can_get_no_card_any_more(cafe):
    member = cafe.join()
    erasing.erase(member, cafe.shop)
    with pytest.raises(Problem):
        adding.add(GOOGLE, member, cafe.shop)
    assert link(cafe, member) is None


def test_the_guest_of_another_phone_is_none_of_ours(cafe):
    holder(cafe, phone=SITA)
    cafe.buys("A", 1200, phone="+4915112345679")
    assert calls(cafe) == []


def test_cards_of_all_who_share_an_account_show_it(cafe):
    sita, hari = holder(cafe), holder(cafe, phone="+4915112345699")
    merging.merge(merging.Wish("S1", hari, sita, "key:x", shared=True), cafe.shop)
    cafe.buys("R1", 2000)
    assert shown(cafe, sita)[0] == shown(cafe, hari)[0] == cafe.rig.points(sita) > 0


def test_a_card_of_before_a_merge_shows_what_both_have(cafe):
    sita, hari = holder(cafe), holder(cafe, phone="+4915112345699")
    cafe.buys("R1", 2000)
    merging.merge(merging.Wish("M1", hari, sita, "key:x"), cafe.shop)
    cafe.rig.run()
    assert shown(cafe, hari)[0] == cafe.rig.points(sita) > 0
