"""Whatever is lost, doubled or altered in a ledger is found; an honest ledger adds up."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any, NamedTuple

import msgspec
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from infra.simulator.store import MemoryStore
from tests.rig import NOON, Rig, opened, refund, sale, void

from loyalty.audit import Audit, audit
from loyalty.connectors.spec import Guest
from loyalty.counter import reviewing
from loyalty.domain.account import Totals
from loyalty.domain.entry import Posting
from loyalty.ports import Query
from loyalty.records import AccountRecord, EntryRecord, accounts, entries
from loyalty.stored import Records

PLAIN = Path("tests/programs/plain.yaml").read_text("utf-8")
RICH = (
    PLAIN.replace("per: 10.00}", "per: 3.00, carry: true}\n  pending: {online: 1d}\n  debt_cap: 9")
    .replace("expiry: {months: 12}", "expiry: {months: 1}")
    .replace("rules:", "limits: {receipt_ceiling: 900.00, receipts_per_hour: 3}\n  rules:")
    + """
tiers: {metric: spend, levels: {silver: {title: {en: Silver}, at: 90.00}}}
milestones:
  second: {title: {en: Second}, metric: visits, every: 2, award: 10, on_undo: withdraw}
"""
)
CAPPED = PLAIN.replace(
    "per: 10.00}", "per: 1.00}\n  caps: {per_receipt: 50, per_day: 60}\n  debt: forgive"
)
PHONES = ("+4915112345671", "+4915112345672")
_replace = msgspec.structs.replace


class Books(NamedTuple):
    """A ledger as it can be tampered with: lists of what is kept."""

    entries: list[EntryRecord]
    accounts: list[AccountRecord]
    sitting: Callable[[str], int | None]

    def audit(self) -> Audit:
        return audit(self.entries, self.accounts, self.sitting)

    def found(self) -> dict[str, tuple[str, str]]:
        return {finding.what: finding[2:] for finding in self.audit().findings}

    def change(self, name: str, **parts: Any) -> None:
        """Alter the entry of this id."""
        self._change(name, lambda r: _replace(r, entry=_replace(r.entry, **parts)))

    def change_receipt(self, name: str, **parts: Any) -> None:
        """Alter the tail of the receipt whose sale has this id."""
        self._change(name, lambda r: _replace(r, receipt=_replace(r.receipt, **parts)))

    def change_account(self, **parts: Any) -> None:
        """Alter the only account."""
        (record,) = self.accounts
        self.accounts[:] = [_replace(record, account=_replace(record.account, **parts))]

    def _change(self, name: str, change: Callable[[EntryRecord], EntryRecord]) -> None:
        self.entries[:] = [change(r) if r.entry and r.entry.id == name else r for r in self.entries]


def books_of(rig: Rig) -> Books:
    listed = rig.shop.programs
    sitting = lambda day: listed.of_day(day).visits.sitting  # noqa: E731 - it is a value here
    return Books(everything(rig, entries), everything(rig, accounts), sitting)


def everything(rig: Rig, kind: Records[Any]) -> list[Any]:
    found = rig.store.query(Query(kind.collection, limit=100_000))
    return [kind.read(document) for _, document in found]


@pytest.fixture(scope="module")
def played(tmp_path_factory):
    """One regular: a sale, an edit, a refund that leaves a debt, a void, an award, a lapse."""
    with opened(tmp_path_factory.mktemp("books"), RICH) as rig:
        rig.join(phone=PHONES[0])
        guest = Guest(phone=PHONES[0])
        for fact in (
            sale("R1", 9000),
            sale("R1", 7000, revision=1),
            refund("F1", "R1", 5000),
            sale("R2", 4000, at=NOON + timedelta(hours=2), channel="online"),
        ):
            rig.tell(fact, guest)
            rig.run()
        rig.clock.advance(timedelta(days=60))
        rig.sweep()
        rig.tell(void("R1"))
        rig.run()
        return books_of(rig)


@pytest.fixture
def books(played):
    return Books(list(played.entries), list(played.accounts), played.sitting)


@pytest.fixture(scope="module")
def saved(tmp_path_factory):
    """A regular with points and a tier."""
    with opened(tmp_path_factory.mktemp("saved"), RICH) as rig:
        rig.join(phone=PHONES[0])
        rig.tell(sale("R1", 9100), Guest(phone=PHONES[0]))
        rig.run()
        return books_of(rig)


@pytest.fixture
def well_off(saved):
    return Books(list(saved.entries), list(saved.accounts), saved.sitting)


def test_an_honest_ledger_adds_up(books):
    result = books.audit()
    assert result.findings == ()
    assert (result.accounts, result.entries) == (1, len(books.entries))
    account = books.accounts[0].account
    assert result.points == sum(lot.points for lot in account.lots) - account.debt


def test_the_ledger_of_these_tests_has_every_kind_of_trouble(books):
    kinds = {record.entry.kind for record in books.entries}
    assert kinds >= {"sale", "edit", "refund", "void", "award", "withdrawal", "expire", "release"}
    assert books.accounts[0].account.debt > 0


def test_a_lost_entry_is_found_wherever_it_was(books):
    for lost in list(books.entries):
        rest = Books([r for r in books.entries if r is not lost], books.accounts, books.sitting)
        found = rest.found()
        assert {"number of entries", "digest"} <= found.keys(), lost.entry


def test_a_lost_entry_is_named_by_the_gap_it_leaves(books):
    books.entries[:] = [r for r in books.entries if r.entry.id != "refund:generic:R1:F1"]
    found = books.found()
    assert any(what.endswith(": number") for what in found)
    assert "receipt generic:R1: points" in found
    assert "receipt generic:R1: acts" in found


def test_a_lost_sale_takes_its_receipt_along_and_both_are_missed(books):
    books.entries[:] = [r for r in books.entries if r.entry.id != "sale:generic:R1"]
    assert books.found()["receipt generic:R1"] == ("there", "lost")


def test_a_doubled_entry_is_found_wherever_it_is(books):
    for doubled in list(books.entries):
        more = Books([*books.entries, doubled], books.accounts, books.sitting)
        assert {"number of entries", "digest"} <= more.found().keys(), doubled.entry


def test_a_sale_doubled_under_another_name_is_found(books):
    (twin,) = (r for r in books.entries if r.entry.id == "sale:generic:R2")
    books.entries.append(_replace(twin, entry=_replace(twin.entry, id="sale:generic:R9")))
    found = books.found()
    assert found["number of entries"][1] == str(len(books.entries) - 1)
    assert "points" in found


@pytest.mark.parametrize(
    ("parts", "what"),
    [
        ({"points": 1000}, "points"),
        ({"postings": (Posting(book="member", points=1000),)}, "sum of postings"),
        ({"moves": ()}, "moves of lots"),
        ({"after": Totals(spend=1, visits=1, points=1000)}, "points of purchases"),
        ({"before": Totals(spend=1)}, "totals before"),
        ({"tier_before": "gold"}, "tier before"),
        ({"seq": 99}, "number"),
    ],
)
def test_an_altered_entry_is_named(books, parts, what):
    books.change("sale:generic:R1", **parts)
    found = books.found()
    assert f"entry sale:generic:R1: {what}" in found
    assert "digest" in found


def test_an_entry_altered_in_words_only_is_found_by_its_hash(books):
    books.change("sale:generic:R1", reason="because I say so")
    assert books.found().keys() == {"digest"}


def test_an_altered_outcome_is_found_by_its_hash(books):
    books.entries[:] = [_replace(r, outcome=()) for r in books.entries]
    assert books.found().keys() == {"digest"}


@pytest.mark.parametrize(
    ("parts", "what"),
    [
        ({"debt": 5}, "debt"),
        ({"lots": ()}, "lots"),
        ({"seq": 7}, "number of the last entry"),
        ({"count": 7}, "number of entries"),
        ({"digest": "0" * 64}, "digest"),
        ({"totals": Totals(points=10_000)}, "totals"),
        ({"carry": {}}, "carried sums"),
        ({"months": {}}, "months"),
        ({"facts": ()}, "recent receipts"),
        ({"standing": None}, "tier"),
    ],
)
def test_an_altered_account_is_named(well_off, parts, what):
    assert well_off.found() == {}
    well_off.change_account(**parts)
    assert what in well_off.found()


def test_altered_lots_are_found_though_their_sum_is_right(tmp_path):
    with opened(tmp_path, PLAIN) as rig:
        rig.join(phone=PHONES[0])
        rig.tell(sale("R1", 9000), Guest(phone=PHONES[0]))
        rig.run()
        books = books_of(rig)
    (lot,) = books.accounts[0].account.lots
    books.change_account(lots=(_replace(lot, expires_at=None),))
    assert books.found() == {"lots": ("9 of 2026-11 until 2027-11-21", "9 of 2026-11")}


@pytest.mark.parametrize(
    ("parts", "what"),
    [
        ({"points": 1000}, "receipt generic:R2: points"),
        ({"kept": 1}, "spend of all receipts"),
        ({"booked": 7}, "points of all receipts"),
        ({"raw": 7}, "recent receipts"),
        ({"counts": False}, "recent receipts"),
        ({"carried": {}}, "carried sums"),
        ({"day": "2026-01-01"}, "receipt generic:R2: business day"),
        ({"voided": True}, "receipt generic:R2: acts"),
        ({"state": "refused"}, "sale:generic:R2: fields to find it by"),
    ],
)
def test_an_altered_tail_of_a_receipt_is_named(books, parts, what):
    books.change_receipt("sale:generic:R2", **parts)
    assert what in books.found()


def test_a_receipt_that_forgot_a_refund_is_found(books):
    books.change_receipt("sale:generic:R1", posted=())
    assert "receipt generic:R1: acts" in books.found()


def test_a_lost_account_is_found(books):
    books.accounts.clear()
    assert books.found() == {"account": ("there", "lost")}


def test_visits_are_counted_anew(tmp_path):
    with opened(tmp_path, PLAIN) as rig:
        rig.join(phone=PHONES[0])
        for number, minutes in enumerate((0, 89, 90)):
            at = NOON + timedelta(minutes=minutes)
            rig.tell(sale(f"R{number}", 1000, at=at), Guest(phone=PHONES[0]))
            rig.run()
        books = books_of(rig)
    assert books.found() == {}
    longer = books._replace(sitting=lambda _: 120)
    assert longer.found() == {"visits on 2026-11-21": ("1", "2")}


def test_a_receipt_of_nobody_must_not_be_booked(tmp_path):
    with opened(tmp_path, PLAIN) as rig:
        rig.tell(sale("R1", 1000), Guest(phone=PHONES[0]))
        rig.run()
        books = books_of(rig)
    assert books.found() == {}
    (record,) = books.entries
    books.entries[:] = [_replace(record, receipt=_replace(record.receipt, points=100))]
    assert "receipt generic:R1: booked without an entry" in books.found()


def test_an_edit_that_moves_a_receipt_between_two_forgotten_days_is_booked():
    with opened(Path(), PLAIN, store=MemoryStore()) as rig:
        member = rig.join(phone=PHONES[0])
        for fact in (
            sale("R1", 1000, at=NOON - timedelta(days=100)),
            sale("R2", 1000),
            sale("R1", 3000, at=NOON - timedelta(days=90), revision=1),
        ):
            rig.tell(fact, Guest(phone=PHONES[0]))
            rig.run()
        assert rig.bus.dead == []
        assert rig.points(member) == 4
        assert books_of(rig).found() == {}


# -- any honest history adds up ---------------------------------------------------------------

amounts = st.sampled_from((0, 499, 1000, 4700, 12_345, 95_000))
names = st.sampled_from(("A", "B", "C", "D"))
minutes = st.sampled_from((0, 30, 90, 60 * 24, 60 * 24 * 45))
acts = st.one_of(
    st.tuples(st.just("sale"), names, amounts, minutes),
    st.tuples(st.just("refund"), names, amounts, minutes),
    st.tuples(st.just("void"), names),
    st.tuples(st.just("wait"), minutes),
    st.tuples(st.just("join")),
    st.tuples(st.just("decide"), names, st.sampled_from(("approved", "refused"))),
)


class Play:
    """Plays acts as they come; the second guest is a stranger until they join."""

    def __init__(self, rig: Rig) -> None:
        self.rig = rig
        self.revisions: dict[str, int] = {}
        rig.join(phone=PHONES[0])

    def act(self, kind: str, *parts: Any) -> None:
        getattr(self, kind)(*parts)
        self.rig.run()

    def sale(self, name: str, amount: int, ago: int) -> None:
        revision = self.revisions[name] = self.revisions.get(name, -1) + 1
        at = self.rig.clock.now() - timedelta(minutes=ago)
        channel = "online" if name == "B" else "in_store"
        fact = sale(name, amount, at=at, revision=revision, channel=channel)
        self.rig.tell(fact, Guest(phone=PHONES[name == "D"]))

    def refund(self, name: str, amount: int, _: int) -> None:
        self.rig.tell(refund(f"F{amount}", name, amount, at=self.rig.clock.now()))

    def void(self, name: str) -> None:
        self.rig.tell(void(name, at=self.rig.clock.now()))

    def wait(self, minutes: int) -> None:
        self.rig.clock.advance(timedelta(minutes=minutes))
        self.rig.sweep()

    def join(self) -> None:
        self.rig.join(phone=PHONES[1])

    def decide(self, name: str, verdict: Any) -> None:
        found = entries.get(self.rig.store, f"sale:generic:{name}")
        if found and found.state == "review":
            reviewing.decide(f"generic:{name}", verdict, "Maya", self.rig.shop)


@pytest.mark.parametrize("program", [PLAIN, RICH, CAPPED], ids=["plain", "rich", "capped"])
@settings(max_examples=8, deadline=None, suppress_health_check=list(HealthCheck))
@given(played=st.lists(acts, min_size=5, max_size=25), seed=st.integers(0, 9))
def test_any_sales_edits_refunds_and_reviews_add_up(program, played, seed):
    with opened(Path(), program, seed=seed, copies=2, store=MemoryStore()) as rig:
        play = Play(rig)
        for act in played:
            play.act(*act)
        assert rig.bus.dead == []
        assert books_of(rig).audit().findings == ()
