"""Holds, captures, refunds, merges and time in any order come to what a few sums say."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path
from types import SimpleNamespace

from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    Bundle,
    RuleBasedStateMachine,
    initialize,
    invariant,
    multiple,
    rule,
    run_state_machine_as_test,
)
from infra.simulator.store import MemoryStore
from tests.rig import Rig, refund, sale, void

from loyalty.audit import audit
from loyalty.connectors.spec import Guest
from loyalty.counter import redeeming
from loyalty.counter.redeeming import Asking, Capturing
from loyalty.errors import Problem
from loyalty.guests import merging, parting
from loyalty.records import accounts, entries

PHONE, OTHER = "+4915112345671", "+4915112345672"
TEXT = (
    Path("tests/programs/rewards.yaml").read_text("utf-8").replace("expiry: {months: 12}\n", "")
).partition("messages:")[0]
"""Nothing lapses, and nobody is told of anything."""
PRICE = {"coffee": 20, "two_off": 30}
READ: dict = {}
DONE = SimpleNamespace(state="done")


class Model:
    """What must be so, as sums: kept receipts, less what is held and what was spent."""

    def __init__(self):
        self.receipts = {}  # name: [paid, given back]
        self.holds = {}  # name: [state, points, receipt, until, points back, divisible]
        self.voided = set()
        self.theirs = {}  # with the other member's card; name: [paid, given back, whose]
        self.apart, self.brought, self.moved = 0, None, 0

    @property
    def balance(self):
        earned = sum((paid - back) // 100 for paid, back in self.receipts.values())
        bound = [held for held in self.holds.values() if held[0] in ("held", "captured")]
        return self.moved + earned - sum(held[1] - held[4] for held in bound)

    def gain(self, points, *, own):
        """Book what a receipt gained; the other member's own where their account is kept."""
        if own and self.brought is None:
            self.apart += points
        else:
            self.moved += points

    def merges(self):
        self.moved += self.apart
        self.brought, self.apart = self.apart, 0

    def parts(self):
        """Give back what was brought, as far as it is there; a debt as far as it is still owed."""
        there = self.balance
        back = min(self.brought, max(there, 0)) if self.brought > 0 else max(
            self.brought, min(there, 0))  # fmt: skip
        self.moved, self.apart, self.brought = self.moved - back, back, None

    def passes(self, now):
        for held in self.holds.values():
            if held[0] == "held" and held[3] <= now:
                held[0] = "expired"

    def goes_back(self, name):
        """Give back what was used on a receipt: all with all of it, else a share if it can be."""
        paid, back = self.receipts[name]
        for held in self.holds.values():
            if held[0] == "captured" and held[2] == name:
                held[0] = "returned" if back >= paid else "captured"
                held[4] = max(held[4], held[1] * back // paid) if held[5] else 0


class Counter(RuleBasedStateMachine):
    """A counter with one guest, who joined twice; what happens there happens in the model too."""

    receipts, held, theirs = Bundle("receipts"), Bundle("held"), Bundle("theirs")

    @initialize(target=receipts)
    def opens(self):
        store = MemoryStore()
        store.documents.update(READ.get("documents", {}))
        self.rig, self.model, self.number = Rig(Path(), TEXT, store=store), Model(), 0
        self.rig.shop.programs._parsed.update(READ.get("parsed", {}))
        self.rig.shop.programs.current()
        READ.setdefault("parsed", dict(self.rig.shop.programs._parsed))
        READ.setdefault("documents", dict(store.documents))
        self.member, self.other = self.rig.join(phone=PHONE), self.rig.join(phone=OTHER)
        self.model.receipts["R0"] = [20_000, 0]
        self.tell(sale("R0", 20_000))
        return "R0"

    def next(self, kind):
        self.number += 1
        return f"{kind}{self.number}"

    def tell(self, fact, phone=PHONE):
        self.rig.tell(fact, Guest(phone=phone))
        self.rig.run()

    def tried(self, call):
        """Return the state that came of it, or the code with which it was refused."""
        try:
            return call().state
        except Problem as refused:
            return refused.code

    @rule(target=receipts, amount=st.integers(1_000, 9_000))
    def buys(self, amount):
        name = self.next("R")
        self.model.receipts[name] = [amount, 0]
        self.tell(sale(name, amount, at=self.rig.clock.now()))
        return name

    @rule(name=receipts, amount=st.integers(1, 3_000))
    def gets_money_back(self, name, amount):
        paid, back = self.model.receipts[name]
        amount = min(amount, paid - back)
        if amount:
            self.model.receipts[name][1] += amount
            self.tell(refund(self.next("r"), name, amount, at=self.rig.clock.now()))
            self.model.goes_back(name)

    @rule(name=receipts)
    def was_never(self, name):
        if name not in self.model.voided:
            self.model.receipts[name][1] = self.model.receipts[name][0]
            self.model.goes_back(name)
            self.model.voided.add(name)
        self.tell(void(name, at=self.rig.clock.now()))

    @rule(
        target=held, reward=st.sampled_from(["coffee", "two_off", "pay"]), units=st.integers(1, 4)
    )
    def holds(self, reward, units):
        name, cost = self.next("H"), PRICE.get(reward, 10 * units)
        points = cost if reward == "pay" else None
        asking = Asking(name, self.member, reward, points)
        said = self.tried(lambda: redeeming.hold(asking, self.rig.shop))
        assert said == ("held" if self.model.balance >= cost else "insufficient_points")
        if said != "held":
            return multiple()
        until = self.rig.clock.now() + timedelta(minutes=15)
        self.model.holds[name] = ["held", cost, "", until, 0, reward == "pay"]
        return name

    @rule(name=held, receipt=st.one_of(receipts, receipts, st.just("")))
    def captures(self, name, receipt):
        state, _, on, *_ = held = self.model.holds[name]
        wish = Capturing(name, receipt=f"generic:{receipt}" if receipt else "")
        said = self.tried(lambda: redeeming.capture(wish, self.rig.shop))
        if state in ("held", "expired"):
            assert said == "captured"
            held[0], held[2] = "captured", receipt
            if receipt:
                self.model.goes_back(receipt)
        elif state in ("captured", "returned"):
            assert said == ("captured" if receipt in ("", on) else "already_captured")
        else:
            assert said == "hold_voided"

    @rule(name=held)
    def gives_up(self, name):
        state = self.model.holds[name][0]
        said = self.tried(lambda: redeeming.void(name, "", self.rig.shop))
        answers = {"expired": "expired", "captured": "already_captured",
                   "returned": "already_captured"}  # fmt: skip
        assert said == answers.get(state, "voided")
        if state == "held":
            self.model.holds[name][0] = "voided"

    @rule(name=held)
    def did_not_get_it(self, name):
        state = self.model.holds[name][0]
        said = self.tried(lambda: redeeming.take_back(name, "maya", self.rig.shop))
        if state == "captured" and not self.model.holds[name][4]:
            assert said == "voided"
            self.model.holds[name][0] = "taken back"
        else:
            answers = {"returned": "returned", "taken back": "voided"}
            some_back = state == "captured"
            assert said == ("returned" if some_back else answers.get(state, "not_captured"))

    @rule(target=theirs, amount=st.integers(1_000, 9_000))
    def buys_with_the_other_card(self, amount):
        name = self.next("T")
        own = self.model.brought is None
        self.model.theirs[name] = [amount, 0, own]
        self.model.gain(amount // 100, own=own)
        self.tell(sale(name, amount, at=self.rig.clock.now()), OTHER)
        return name

    @rule(name=theirs, amount=st.integers(1, 3_000))
    def gets_back_what_the_other_card_paid(self, name, amount):
        paid, back, own = self.model.theirs[name]
        amount = min(amount, paid - back)
        if amount:
            self.model.theirs[name][1] += amount
            self.model.gain((paid - back - amount) // 100 - (paid - back) // 100, own=own)
            self.tell(refund(self.next("r"), name, amount, at=self.rig.clock.now()), OTHER)

    @rule()
    def is_found_to_be_one_person(self):
        wish = merging.Wish(self.next("M"), self.other, self.member, "maya")
        said = self.tried(lambda: merging.merge(wish, self.rig.shop) or DONE)
        assert said == ("done" if self.model.brought is None else "kept_elsewhere")
        if said == "done":
            self.model.merges()
        self.rig.run()

    @rule()
    def is_two_people_after_all(self):
        merged = self.model.brought is not None
        self.tried(lambda: parting.unmerge(self.other, "maya", self.rig.shop) or DONE)
        if merged:
            self.model.parts()
        self.rig.run()

    @rule(minutes=st.sampled_from([1, 14, 15, 60]))
    def time_passes(self, minutes):
        self.rig.clock.advance(timedelta(minutes=minutes))
        self.model.passes(self.rig.clock.now())

    @rule()
    def the_sweep_comes(self):
        self.rig.sweep()

    @invariant()
    def the_balance_is_the_sum(self):
        assert self.rig.points(self.member) == self.model.balance
        assert self.rig.points(self.other) == self.model.apart

    def teardown(self):
        found = audit(entries.each(self.rig.store), accounts.each(self.rig.store))
        assert found.findings == ()


def test_any_order_at_the_counter_comes_to_what_the_sums_say():
    run_state_machine_as_test(
        Counter,
        settings=settings(
            max_examples=25, stateful_step_count=50, deadline=None, database=None, derandomize=True,
            phases=[Phase.generate],
            suppress_health_check=list(HealthCheck),
        ),
    )  # fmt: skip
