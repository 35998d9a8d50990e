"""What holds for every history of an account, and for every way to give a receipt back."""

from __future__ import annotations

from datetime import timedelta
from fractions import Fraction
from itertools import pairwise

import msgspec
from hypothesis import given
from hypothesis import strategies as st
from tests.domain.cafe import NOON, few, line, program, receipt_of, refund, sale

from loyalty.domain import lots
from loyalty.domain.account import Account
from loyalty.domain.conditions import When
from loyalty.domain.ledger import Passbook
from loyalty.domain.program import Bonus, Caps, Expiry, Items, Multiply, Spend
from loyalty.domain.receipts import learn

EN = {"en": "Rule"}
replace = msgspec.structs.replace

# -- any history --------------------------------------------------------------------------

rules = st.sampled_from(
    [
        {"spend": Spend(title=EN, points=1, per=100)},
        {"spend": Spend(title=EN, points=3, per=700, carry=True)},
        {
            "spend": Spend(title=EN, points=1, per=100),
            "pieces": Items(title=EN, points=2),
            "hello": Bonus(title=EN, points=5, when=When(minimum=500)),
            "double": Multiply(title=EN, factor=20000, when=When(channels=("online",))),
        },
    ]
)
debts = st.sampled_from([{}, {"debt": "forgive"}, {"debt_cap": 7}])
numbers = st.integers(0, 5)
acts = st.one_of(
    st.tuples(st.just("sale"), st.integers(0, 3000), st.sampled_from(["in_store", "online"])),
    st.tuples(st.just("late sale"), st.integers(0, 3000), st.integers(1, 500)),
    st.tuples(st.just("edit"), numbers, st.integers(0, 3000)),
    st.tuples(st.just("refund"), numbers, st.integers(1, 3000)),
    st.tuples(st.just("return"), numbers, st.integers(1, 1500)),
    st.tuples(st.just("void"), numbers),
    st.tuples(st.just("award"), st.integers(0, 20)),
    st.tuples(st.just("withdraw"), st.integers(0, 20)),
    st.tuples(st.just("spend"), st.integers(1, 50)),
    st.tuples(st.just("wait"), st.sampled_from([30, 90, 1440, 45 * 1440, 400 * 1440])),
)


class History:
    """One account through any acts; checked after each of them."""

    def __init__(self, cafe):
        self.cafe, self.now, self.account = cafe, NOON, Account(id="m")
        self.receipts, self.entries, self.spent = [], [], 0

    def do(self, number, act, *args):
        book = Passbook(self.account, self.cafe, self.now)
        book.settle()
        getattr(self, f"_{act.replace(' ', '_')}")(book, number, *args)
        self.account = book.account
        self.entries += [entry for entry, _ in book.pages]
        self.check()

    def _book(self, book, receipt, kind, name):
        return book.book(receipt, kind, name, self.cafe, self.now)

    def _sale(self, book, number, amount, channel, at=None):
        sold = sale(amount, receipt=str(number), channel=channel, occurred_at=at or self.now)
        self.receipts.append(self._book(book, receipt_of(sold), "sale", f"sale:{number}"))

    def _late_sale(self, book, number, amount, days):
        self._sale(book, number, amount, "in_store", self.now - timedelta(days=days))

    def _change(self, book, which, kind, name, change):
        if self.receipts:
            place = which % len(self.receipts)
            changed = change(self.receipts[place])
            self.receipts[place] = self._book(book, changed, kind, name)

    def _edit(self, book, number, which, amount):
        def change(receipt):
            lines = (line("1", amount),)
            return replace(receipt, sale=replace(receipt.sale, lines=lines, total=amount))

        self._change(book, which, "edit", f"edit:{number}", change)

    def _refund(self, book, number, which, amount, lines=None):
        def change(receipt):
            given_back = refund(str(number), amount, lines, receipt=receipt.sale.receipt)
            known = {**receipt.refunds, given_back.id: given_back}
            return replace(receipt, refunds=known, posted=(*receipt.posted, given_back.id))

        self._change(book, which, "refund", f"refund:{number}", change)

    def _return(self, book, number, which, quantity):
        self._refund(book, number, which, quantity, {"1": quantity})

    def _void(self, book, number, which):
        self._change(book, which, "void", f"void:{number}", lambda r: replace(r, voided=True))

    def _award(self, book, number, points):
        book.award(f"award:{number}", points, "Ten visits", "ten", "c")

    def _withdraw(self, book, number, points):
        book.withdraw(f"withdraw:{number}", points, "no longer", "ten", "c")

    def _spend(self, book, _, points):
        taken = lots.spend(book.account.lots, points, self.now)
        if not taken.missing:
            book.account = replace(book.account, lots=taken.lots)
            self.spent += points

    def _wait(self, _book, _number, minutes):
        self.now += timedelta(minutes=minutes)

    def on(self, book):
        return sum(p.points for e in self.entries for p in e.postings if p.book == book)

    def check(self):
        account = self.account
        assert all(sum(p.points for p in e.postings) == 0 for e in self.entries)
        assert all(lot.points > 0 for lot in account.lots)
        assert account.debt >= 0
        assert not (account.debt and account.lots)
        open_lots = sum(lot.points for lot in account.lots)
        assert open_lots == self.on("member") - self.spent
        assert account.debt == -self.on("debt")
        assert sum(e.points for e in self.entries) == open_lots + self.spent - account.debt
        assert sum(r.points for r in self.receipts) == account.totals.points
        assert sum(r.kept for r in self.receipts) == account.totals.spend
        assert sum(m.spend for m in account.months.values()) <= account.totals.spend
        assert [e.seq for e in self.entries] == list(range(1, account.seq + 1))


@few
@given(rules, debts, st.sampled_from([None, 1, 12]), st.booleans(), st.lists(acts, max_size=25))
def test_books_balance_and_no_history_makes_a_negative_lot_or_debt_beside_points(
    earning, debt, months, capped, history
):
    carries = any(getattr(rule, "carry", False) for rule in earning.values())
    caps = Caps(per_day=25) if capped and not carries else Caps()
    cafe = program(
        rules=earning,
        expiry=Expiry(months=months) if months else None,
        earning={"caps": caps, "pending": {"online": 60}, **debt},
    )
    told = History(cafe)
    for number, act in enumerate(history):
        told.do(number, *act)


@few
@given(debts, st.lists(acts, max_size=20))
def test_the_moves_of_all_entries_lead_to_the_lots_that_are_there(debt, history):
    cafe = program(expiry=Expiry(months=1), earning={"pending": {"online": 60}, **debt})
    told = History(cafe)
    for number, act in enumerate(a for a in history if a[0] != "spend"):
        told.do(number, *act)
    moved = ()
    for entry in told.entries:
        for move in entry.moves:
            moved = lots.add(moved, move)
    assert moved == told.account.lots


# -- giving back --------------------------------------------------------------------------

# Our own sums, with fractions: 1 point per euro, 5 a piece, 7 from 5.00 on, all times 1.5.
GIVING = program(
    rules={
        "spend": Spend(title=EN, points=1, per=100),
        "pieces": Items(title=EN, points=5, when=When(categories=("prints",))),
        "hello": Bonus(title=EN, points=7, when=When(minimum=500)),
        "gold": Multiply(title=EN, factor=15000),
    }
)


def worth(lines, quantities, paid, free):
    """f(kept) by hand: lines of (category, amount, pieces) in thousandths, then money."""
    kept = [a * q // n for (_, a, n), q in zip(lines, quantities, strict=True)]
    total, left = sum(kept), max(0, paid - free)
    after = total * left // paid if free and paid > 0 else (0 if free else total)
    points = Fraction(3, 2) * Fraction(after, 100) + (Fraction(21, 2) if after >= 500 else 0)
    return after, points


lines_sold = st.lists(st.tuples(st.integers(1, 4000), st.integers(1, 4)), min_size=1, max_size=3)


@st.composite
def full_returns(draw):
    """A receipt and one way to give all of it back: pieces by line, the rest as money."""
    goods = draw(lines_sold)
    tip = draw(st.integers(0, 300))
    sold = sale(
        lines=[line(str(i), a, quantity=1000 * n) for i, (a, n) in enumerate(goods)],
        tip=tip, total=sum(a for a, _ in goods) + tip,
    )  # fmt: skip
    back = []
    for i, (amount, pieces) in enumerate(goods):
        named = draw(st.integers(0, pieces))
        shares = [amount * (k + 1) // pieces - amount * k // pieces for k in range(pieces)]
        back += [refund(f"{i}.{k}", shares[k], {str(i): 1000}) for k in range(named)]
    left = sold.total - tip - sum(each.amount for each in back)
    cuts = sorted(draw(st.lists(st.integers(0, left), max_size=3)))
    parts = [b - a for a, b in pairwise([0, *cuts, left])]
    back += [refund(f"m{i}", part) for i, part in enumerate(parts) if part]
    again = draw(st.lists(st.sampled_from(back), max_size=4)) if back else []
    return sold, draw(st.permutations([*back, *again]))


def play(cafe, sold, facts):
    """Tell a sale and then facts about it as often as they come; return the receipt and acts."""
    book = Passbook(Account(id="m"), cafe, NOON)
    receipt = book.book(receipt_of(sold), "sale", "sale:r1", cafe, NOON)
    for fact in facts:
        receipt, what = learn(receipt, fact)
        if what == "news":
            receipt = replace(receipt, posted=(*receipt.posted, fact.id))
            receipt = book.book(receipt, "refund", f"refund:{fact.id}", cafe, NOON)
    return receipt, book


@few
@given(full_returns(), st.sampled_from(["plain", "carry", "capped"]))
def test_any_split_of_a_full_return_takes_back_exactly_what_was_earned(case, kind):
    sold, facts = case
    cafe = {
        "plain": GIVING,
        "carry": program(rules={"s": Spend(title=EN, points=1, per=700, carry=True)}),
        "capped": program(earning={"caps": Caps(per_receipt=30, per_day=25)}),
    }[kind]
    earned, _ = play(cafe, sold, [])
    receipt, book = play(cafe, sold, facts)
    taken = sum(entry.points for entry, _ in book.pages[1:])
    assert (taken, receipt.points, receipt.kept) == (-earned.points, 0, 0)
    assert (book.account.points(NOON), book.account.debt) == (0, 0)
    assert (book.account.carry, book.account.totals.visits) == ({}, 0)


@few
@given(lines_sold, st.data())
def test_any_partial_return_takes_back_what_it_earned_less_what_is_kept_earns(goods, data):
    categories = data.draw(st.lists(st.sampled_from(["coffee", "prints"]), min_size=3, max_size=3))
    lines = [(categories[i], a, 1000 * n) for i, (a, n) in enumerate(goods)]
    sold = sale(
        lines=[line(str(i), a, quantity=n, category=c) for i, (c, a, n) in enumerate(lines)]
    )
    named = [data.draw(st.integers(0, n)) for _, _, n in lines]
    amounts = [
        data.draw(st.integers(0, a * q // n)) for (_, a, n), q in zip(lines, named, strict=True)
    ]
    money = data.draw(st.lists(st.integers(1, 2000), max_size=3))
    facts = [
        refund(str(i), amounts[i], {str(i): q}) for i, q in enumerate(named) if q
    ] + [refund(f"m{i}", amount) for i, amount in enumerate(money)]  # fmt: skip
    receipt, book = play(GIVING, sold, data.draw(st.permutations(facts)))

    left = [n - q for (_, _, n), q in zip(lines, named, strict=True)]
    paid = sold.total - sum(f.amount for f in facts if f.lines)
    kept, points = worth(lines, left, paid, sum(money))
    prints = sum(
        5 * (q // 1000)
        for (c, _, _), q, amount in zip(
            lines, left, kept_lines(lines, left, kept, sum(money)), strict=True
        )
        if c == "prints" and amount > 0
    )
    expected = int(points + Fraction(3, 2) * prints)
    assert (receipt.kept, receipt.points) == (kept, expected)
    assert sum(entry.points for entry, _ in book.pages) == expected
    assert book.account.points(NOON) == expected


def kept_lines(lines, left, kept, free):
    """What of each line is kept, by largest remainder where money came back."""
    each = [a * q // n for (_, a, n), q in zip(lines, left, strict=True)]
    total = sum(each)
    if not free or total == 0:
        return each if not free else [0] * len(each)
    exact = [Fraction(kept * e, total) for e in each]
    floors = [int(x) for x in exact]
    order = sorted(range(len(each)), key=lambda i: (-(exact[i] - floors[i]), i))
    for i in order[: kept - sum(floors)]:
        floors[i] += 1
    return floors
