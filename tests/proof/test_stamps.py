"""A stamp for each piece that is kept, whatever order it is told in; a full card gives a reward."""

from __future__ import annotations

from itertools import islice, permutations
from pathlib import Path

import pytest
from infra.simulator.store import MemoryStore
from tests.rig import Rig, refund, sale, void

from loyalty.audit import audit
from loyalty.connectors.spec import Guest
from loyalty.counter import quoting
from loyalty.domain.transaction import Line
from loyalty.records import accounts, entries, vouchers

TEXT = Path("tests/programs/rewards.yaml").read_text("utf-8").partition("messages:")[0]
PHONE = "+4915112345671"


@pytest.fixture
def rig():
    return opened()


def opened():
    rig = Rig(Path(), TEXT, store=MemoryStore())
    rig.member = rig.join(phone=PHONE)
    return rig


def tell(rig, *facts):
    for fact in facts:
        rig.tell(fact, Guest(phone=PHONE))
        rig.run()
    assert audit(entries.each(rig.store), accounts.each(rig.store)).findings == ()


def coffees(name, pieces, **more):
    """So many coffees, and a cake that brings no stamp."""
    lines = (
        Line(id="1", amount=300 * pieces, category="coffee", quantity=1000 * pieces),
        Line(id="2", amount=400, category="cake"),
    )
    return sale(name, 300 * pieces + 400, lines=lines, **more)


def card(rig):
    (card,) = quoting.takeable(rig.account(rig.member), "main", "en", rig.shop).stamps
    return card.have


def cakes(rig):
    found = vouchers.find(rig.store, ("member", "==", rig.member))
    return [each.state for each in found if "full" in each.id]


def test_each_piece_is_a_stamp_and_a_full_card_gives_its_reward(rig):
    tell(rig, coffees("R1", 3))
    assert (card(rig), cakes(rig)) == (3, [])
    tell(rig, coffees("R2", 4))
    assert (card(rig), cakes(rig)) == (2, ["open"])


def test_a_receipt_may_fill_two_cards(rig):
    tell(rig, coffees("R1", 11))
    assert (card(rig), cakes(rig)) == (1, ["open", "open"])


def test_what_goes_back_takes_its_stamps_and_the_reward_of_a_card_no_longer_full(rig):
    tell(rig, coffees("R1", 5), refund("r", "R1", 300, lines={"1": 1000}))
    assert (card(rig), cakes(rig)) == (4, ["withdrawn"])


def test_any_order_comes_to_the_same_stamps():
    facts = (
        coffees("R1", 3), coffees("R1", 4, revision=1),
        refund("r", "R1", 300, lines={"1": 1000}), coffees("R2", 2), void("R2"),
    )  # fmt: skip
    for order in islice(permutations(facts), 0, None, 8):
        rig = opened()
        tell(rig, *order)
        assert rig.account(rig.member).totals.stamps == {"coffees": 3}
