"""Each night guests are placed: what changed is written, and a run that is killed goes on."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pytest
from infra.simulator.store import MemoryStore
from tests.rig import NOON, Rig, sale

from loyalty import programs
from loyalty.audit import audit
from loyalty.connectors.spec import Guest
from loyalty.counter import quoting
from loyalty.domain.account import Account, ReceiptFact, Totals
from loyalty.events import SweepRequested, encode
from loyalty.guests import tagging
from loyalty.job_records import Job
from loyalty.records import account_record, accounts, entries, jobs

PROGRAM = Path("tests/programs/segments.yaml").read_text("utf-8")
PLAIN = Path("tests/programs/plain.yaml").read_text("utf-8")
SITA = "+4915112345671"
NIGHT = encode(SweepRequested(id="night", at=NOON, subject="segments", job="segments"))


class Killed(BaseException):
    """The process dies."""


class Boundaries:
    """Counts the moments before and after each commit and each publishing; dies at one of them."""

    def __init__(self):
        self.passed, self.fatal = 0, None

    def __call__(self):
        self.passed += 1
        if self.passed - 1 == self.fatal:
            self.fatal = None
            raise Killed


class Store(MemoryStore):
    """Tells of its writes, and dies when told to."""

    def __init__(self):
        super().__init__()
        self.written, self.boundary, self.commits = [], Boundaries(), 0

    def before_commit(self):
        self.boundary()

    def committed(self, _database, _work, writes):
        self.commits += 1
        self.written += [write.key.collection for write in writes]
        self.boundary()


class Bus:
    """Dies before, or right after, something was published."""

    def __init__(self, bus, boundary):
        self._bus, self._boundary = bus, boundary

    def publish(self, topic, events):
        self._boundary()
        self._bus.publish(topic, events)
        self._boundary()


def opened(program=PROGRAM, documents=None, copies=1):
    store = Store()
    rig = Rig(
        Path(), program, store=store, copies=copies,
        wrap=lambda shop: shop._replace(bus=Bus(shop.bus, store.boundary)),
    )  # fmt: skip
    store.documents.update(documents or {})
    return rig


def night(rig, days=1):
    """Let a day pass, and the night's run after it."""
    rig.clock.advance(timedelta(days=days))
    rig.bus.publish("sweep-requested", [NIGHT])
    rig.run()
    assert job(rig).phase == "done"


def job(rig) -> Job:
    found = jobs.get(rig.store, "segments")
    assert found
    return found


def buys(rig, receipt, amount=1000, **more):
    rig.tell(sale(receipt, amount, **{"at": rig.clock.now(), **more}), Guest(phone=SITA))
    rig.run()


def came(days_ago, kept=500):
    """A receipt of some days before noon of the first day."""
    at = NOON - timedelta(days=days_ago)
    return ReceiptFact(
        receipt=f"{days_ago}", day=at.date().isoformat(), store="main", counts=True, kept=kept,
        minute=int(at.timestamp()) // 60,
    )  # fmt: skip


def put(rig, name, *facts, **more):
    """Put an account into the store as its entries would have left it."""
    totals = Totals(visits=len(facts), spend=sum(fact.kept for fact in facts))
    months = {facts[-1].day[:7]: totals} if facts else {}
    account = Account(id=name, facts=facts, totals=totals, months=months, **more)
    rig.store.atomically("ledger", lambda u: accounts.put(u, name, account_record(account)))


def crowd(rig, number=230):
    """Fill three pages: guests who came once, each some days ago, and one who came often."""
    for each in range(number):
        put(rig, f"m_{each}", came(each % 40, 100 * each))
    put(rig, "m_often", *(came(n) for n in range(12, 0, -1)))


def members_of(rig, name):
    found = accounts.find(rig.store, ("segments", "contains", name), limit=999)
    return sorted(each.account.id for each in found)


# -- what is found -------------------------------------------------------------------------------


def test_guests_are_found_by_their_segment_without_looking_at_any_other():
    rig = opened()
    crowd(rig)
    night(rig)
    assert members_of(rig, "regulars") == ["m_often"]
    assert len(members_of(rig, "sleeping")) == sum((n % 40) + 1 >= 30 for n in range(230))
    assert accounts.count(rig.store, ("segments", "contains", "best")) == 46


def test_fifths_are_exact_over_all_pages():
    rig = opened()
    for each in range(250):
        put(rig, f"m_{each}", came(1, 1000 * each))
    night(rig)
    fifths = [rig.account(f"m_{each}").rfm[2] for each in range(250)]
    assert fifths == [str(each // 50 + 1) for each in range(250)]


def test_birthday_and_language_are_asked_of_people():
    rig = opened()
    anna = rig.join(phone=SITA, birthday="11-30", language="de")
    hari = rig.join(phone="+4915112345673", birthday="05-05")
    night(rig)
    assert rig.account(anna).segments == ("birthday", "germans")
    assert rig.account(hari).segments == ()
    assert (rig.account(anna).stage, rig.account(anna).rfm) == ("new", "")


def test_a_favorite_is_seen_from_the_newest_receipts():
    rig = opened()
    member = rig.join(phone=SITA)
    buys(rig, "A", 900, store="far")
    night(rig)
    assert members_of(rig, "far_away") == [member]
    for receipt in "BC":
        buys(rig, receipt, 5000, category="cake")
    night(rig)
    assert rig.account(member).likes == ("cake", "main", "in_store")
    assert members_of(rig, "far_away") == []


def test_nobody_is_compared_or_found_who_is_no_more():
    rig = opened()
    crowd(rig, 3)
    put(rig, "m_gone", came(1, 10**6), segments=("best",), stage="vip", into="m_1")
    night(rig)
    assert rig.account("m_gone").segments == ()
    assert members_of(rig, "best") == ["m_often"]


# -- what is written ------------------------------------------------------------------------------


def test_a_second_run_right_after_writes_nothing():
    rig = opened()
    crowd(rig)
    night(rig)
    rig.store.written.clear()
    rig.bus.publish("sweep-requested", [NIGHT, NIGHT])
    rig.run()
    assert rig.store.written == []
    rig.clock.advance(timedelta(hours=1))
    rig.bus.publish("sweep-requested", [NIGHT])
    rig.run()
    assert set(rig.store.written) == {"jobs", "timers"}, "another run, and no account"


def test_only_whoever_changed_is_written():
    rig = opened()
    crowd(rig)
    night(rig)
    put(rig, "m_often", *(came(n) for n in range(12, 0, -1)), tags=("friend",))
    rig.store.written.clear()
    rig.clock.advance(timedelta(hours=1))
    rig.bus.publish("sweep-requested", [NIGHT])
    rig.run()
    assert rig.store.written.count("accounts") == 1
    assert members_of(rig, "friends") == ["m_often"]


def test_a_run_does_a_page_at_a_time():
    rig = opened()
    crowd(rig)
    rig.bus.publish("sweep-requested", [NIGHT])
    rig.run()
    asked = [body for topic, body in rig.bus.published if topic == "sweep-requested"]
    assert len(asked) == 1 + 3 + 3, "who fired, then each page of both passes"


def test_a_program_without_segments_costs_nothing():
    rig = opened(PLAIN)
    crowd(rig, 3)
    rig.store.written.clear()
    rig.bus.publish("sweep-requested", [NIGHT])
    rig.run()
    assert rig.store.written == []


def test_segments_that_the_program_no_longer_has_are_left_the_night_after():
    rig = opened()
    crowd(rig, 3)
    put(rig, "m_friend", came(1), tags=("friend",))
    night(rig)
    assert members_of(rig, "friends") == ["m_friend"]
    programs.publish(rig.store, PLAIN, rig.clock.now())
    night(rig)
    left = rig.account("m_friend")
    assert (left.segments, left.stage, left.rfm, left.tags) == ((), "", "", ("friend",))
    rig.store.written.clear()
    rig.clock.advance(timedelta(days=1))
    rig.bus.publish("sweep-requested", [NIGHT])
    rig.run()
    assert rig.store.written == []


class Meanwhile:
    """A store in which something happens right after a page was read in a pass."""

    def __init__(self, store):
        self._store, self.then, self.phase = store, None, "placing"

    def __getattr__(self, name):
        return getattr(self._store, name)

    def query(self, query):
        found = self._store.query(query)
        if query.collection == "accounts" and self.then and phase(self._store) == self.phase:
            then, self.then = self.then, None
            then()
        return found


def phase(store):
    found = jobs.get(store, "segments")
    return found.phase if found else ""


def interrupted(documents=None):
    rig = Rig(
        Path(), PROGRAM, store=MemoryStore(),
        wrap=lambda shop: shop._replace(store=Meanwhile(shop.store)),
    )  # fmt: skip
    rig.store.documents.update(documents or {})
    return rig


def test_a_purchase_while_its_page_is_placed_is_not_lost():
    rig = interrupted()
    member = rig.join(phone=SITA, birthday="11-30")
    rig.shop.store.then = lambda: buys(rig, "A", 1000)
    night(rig)
    account = rig.account(member)
    assert (account.points(rig.clock.now()), account.segments) == (10, ("birthday",))
    assert audit(entries.each(rig.store), accounts.each(rig.store)).findings == ()


# -- a run that is killed -------------------------------------------------------------------------


@pytest.fixture(scope="module")
def before():
    """A shop after a quiet night; on the day after it four guests of three pages changed."""
    rig = opened()
    crowd(rig)
    night(rig)
    for each in (3, 110, 170, 229):
        put(rig, f"m_{each}", came(each % 40, 100 * each), tags=("friend",))
    return dict(rig.store.documents)


def morning(before, fatal=None):
    """Play the next night, killed at one boundary and started again until it is over."""
    rig = opened(documents=before)
    rig.clock.advance(timedelta(days=2))
    rig.bus.publish("sweep-requested", [NIGHT])
    rig.store.boundary.passed, rig.store.boundary.fatal = 0, fatal
    try:
        rig.run()
    except Killed:
        rig.run()
        rig.clock.advance(timedelta(minutes=3))
        rig.sweep()
    rig.store.boundary.fatal = None
    assert job(rig).phase == "done"
    return rig


def test_killed_anywhere_and_started_again_a_run_ends_as_if_undisturbed(before):
    whole = morning(before)
    told, number = whole.store.documents, whole.store.boundary.passed
    assert len(members_of(whole, "friends")) == 4
    for fatal in range(number):
        assert morning(before, fatal).store.documents == told, f"killed at boundary {fatal}"
    assert number > 40, "so many boundaries were tried"


@pytest.mark.parametrize("at", ["counting", "placing"])
def test_a_page_that_two_do_at_once_counts_once(before, at):
    rig = interrupted(before)
    rig.shop.store.phase = at

    def once_more():
        place = job(rig).position
        event = SweepRequested(id="again", at=NOON, subject="x", job="segments", cursor=place)
        rig.handler("lifecycle_sweep", encode(event), 1)

    rig.shop.store.then = once_more
    night(rig, days=2)
    assert rig.store.documents == morning(before).store.documents


def test_a_page_that_took_a_day_does_not_bring_last_nights_run_back(before):
    rig = interrupted(before)
    rig.shop.store.phase = "counting"
    rig.shop.store.then = lambda: night(rig)
    night(rig, days=2)
    assert rig.shop.store.then is None
    assert job(rig).at == rig.clock.now(), "the later run is the one that is kept"


def test_however_often_it_is_told_to_a_run_is_one(before):
    rig = opened(documents=before, copies=3)
    rig.clock.advance(timedelta(days=2))
    rig.bus.publish("sweep-requested", [NIGHT, NIGHT])
    rig.run()
    assert rig.store.documents == morning(before).store.documents
    assert len(rig.bus.published) < 40, "its pages do not multiply"


# -- what it means for points ---------------------------------------------------------------------


def friend(rig):
    """Let Sita be a friend of the house since last night."""
    member = rig.join(phone=SITA)
    tagging.give(member, "friend", "key:owner", rig.shop)
    night(rig)
    return member


def test_a_rule_may_be_for_a_segment_alone():
    rig = opened()
    rig.join(phone=SITA)
    buys(rig, "A", 1000)
    assert rig.receipt("A").points == 10
    rig = opened()
    friend(rig)
    buys(rig, "A", 1000)
    assert (rig.receipt("A").points, rig.receipt("A").segments) == (20, ("friends",))


def test_a_quote_tells_what_a_guest_of_a_segment_would_earn():
    rig = opened()
    member = friend(rig)
    basket = sale("Q", 1000, at=rig.clock.now())
    assert quoting.quote(basket, member, "en", rig.shop).points == 20
    assert quoting.quote(basket, "", "en", rig.shop).points == 10


def test_a_receipt_is_judged_for_ever_by_the_segments_it_was_first_judged_in():
    rig = opened()
    member = friend(rig)
    buys(rig, "A", 1000)
    first = rig.clock.now()
    tagging.take(member, "friend", "key:owner", rig.shop)
    night(rig)
    assert rig.account(member).segments == ()
    rig.tell(sale("A", 1500, revision=1, at=first), Guest(phone=SITA))
    rig.run()
    assert rig.receipt("A").points == 30
    buys(rig, "B", 1000)
    assert rig.receipt("B").points == 10
    assert audit(entries.each(rig.store), accounts.each(rig.store)).findings == ()


def test_the_last_segment_that_a_program_drops_leaves_nobody_in_it():
    rig = Rig(Path(), PROGRAM, store=MemoryStore())
    member = rig.join(phone=SITA)
    tagging.give(member, "friend", "owner", rig.shop)
    rig.bus.publish("sweep-requested", [NIGHT])
    rig.run()
    before = accounts.get(rig.store, member)
    assert before is not None
    assert before.segments == ("friends",)
    programs.publish(rig.store, PLAIN, rig.clock.now())
    rig.clock.advance(timedelta(minutes=5))
    rig.sweep()
    after = accounts.get(rig.store, member)
    assert after is not None
    assert after.segments == ()
