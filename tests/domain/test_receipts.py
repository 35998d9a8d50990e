"""How facts about one receipt come together, in whatever order they arrive."""

from __future__ import annotations

from itertools import permutations

import msgspec
import pytest
from msgspec.structs import replace
from tests.domain.cafe import NOON, line, refund, sale

from loyalty.domain.receipts import act_id, learn, waiting
from loyalty.domain.transaction import Claim, Line, Void
from loyalty.errors import Rejected

VOID = Void(source="generic", receipt="r1", occurred_at=NOON)


def claim(member):
    return Claim(source="generic", receipt="r1", member=member, occurred_at=NOON)


def learned(*facts):
    receipt, what = None, []
    for fact in facts:
        receipt, news = learn(receipt, fact)
        what.append(news)
    return receipt, what


def test_a_first_sale_is_news_and_then_known():
    receipt, what = learned(sale(), sale())
    assert (receipt.state, what) == ("unclaimed", ["news", "known"])


def test_a_newer_revision_takes_the_place_of_an_older_one():
    receipt, what = learned(sale(900), sale(1200, revision=1))
    assert (receipt.sale.total, what) == (1200, ["news", "news"])


def test_an_older_revision_than_the_newest_seen_changes_nothing():
    receipt, what = learned(sale(1200, revision=3), sale(900, revision=2))
    assert (receipt.sale.total, what) == (1200, ["news", "stale"])


@pytest.mark.parametrize(
    "other",
    [
        sale(1001),
        sale(1000, total=1001),
        sale(1000, tip=1),
        sale(1000, discount=1),
        sale(1000, currency="NPR"),
        sale(lines=[line("1", 1000, quantity=2000)]),
        sale(lines=[line("2", 1000)]),
    ],
)
def test_the_same_revision_with_other_money_is_refused(other):
    with pytest.raises(Rejected, match="same-revision-other-money"):
        learned(sale(1000), other)


def test_names_of_goods_are_no_money():
    assert learned(sale(), sale(lines=[Line(id="1", amount=1000, name="Latte")]))[1] == [
        "news",
        "known",
    ]


def test_a_refund_before_its_sale_waits_for_it():
    receipt, what = learned(refund("a", 300))
    assert (receipt.state, receipt.sale, what) == ("awaiting-sale", None, ["news"])
    receipt, _ = learn(receipt, sale())
    assert [each.id for each in waiting(receipt)] == ["a"]


def test_a_refund_twice_is_one_and_with_other_money_refused():
    assert learned(sale(), refund("a", 300), refund("a", 300))[1][-1] == "known"
    with pytest.raises(Rejected, match="same-refund-other-money"):
        learned(sale(), refund("a", 300), refund("a", 301))
    with pytest.raises(Rejected, match="same-refund-other-money"):
        learned(sale(), refund("a", 300), refund("a", 300, {"1": 1000}))


def test_a_void_twice_is_one():
    assert learned(VOID, sale(), VOID)[1] == ["news", "news", "known"]


def test_a_void_of_what_was_keyed_in_leaves_what_the_till_has_told():
    by_hand = replace(VOID, newest=-1)
    keyed_in = learn(None, sale(revision=-1)).receipt
    assert learn(keyed_in, by_hand).what == "news"
    told = learn(keyed_in, sale(revision=0)).receipt
    assert learn(told, by_hand) == (told, "stale")


def test_a_receipt_belongs_to_whoever_claimed_it_first():
    receipt, what = learned(sale(), claim("m"), claim("m"))
    assert (receipt.member, what[-1]) == ("m", "known")
    with pytest.raises(Rejected, match="already-claimed"):
        learn(receipt, claim("n"))


def test_any_order_of_the_facts_makes_the_same_receipt():
    facts = [sale(900), sale(1200, revision=1), refund("a", 300), refund("b", 200), VOID]
    made = set()
    for order in permutations([*facts, facts[0], facts[2]]):
        receipt, _ = learned(*order)
        refunds = dict(sorted(receipt.refunds.items()))
        whole = msgspec.structs.replace(receipt, refunds=refunds, state="")
        made.add(msgspec.json.encode(whole))
    assert len(made) == 1


# -- what an act is called ----------------------------------------------------------------


def test_an_act_is_named_by_till_account_receipt_and_kind():
    receipt, _ = learned(sale())
    assert act_id(sale(), receipt, None) == "sale:generic:r1"
    assert act_id(sale(), receipt, 0) == "sale:generic:r1"
    assert act_id(sale(revision=2), receipt, 0) == "edit:generic:r1:2"
    assert act_id(sale(revision=0), receipt, 2) == "sale:generic:r1"
    assert act_id(VOID, receipt, 0) == "void:generic:r1"
    second, _ = learned(sale(account="second"))
    assert act_id(sale(account="second"), second, None) == "sale:generic.second:r1"


def test_two_receipts_may_both_call_their_refund_number_one():
    first, _ = learned(sale(receipt="r1"))
    second, _ = learned(sale(receipt="r2"))
    names = {
        act_id(refund("1", 300, receipt="r1"), first, 0),
        act_id(refund("1", 300, receipt="r2"), second, 0),
    }
    assert len(names) == 2
