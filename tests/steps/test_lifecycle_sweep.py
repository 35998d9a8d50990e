"""What is due: released and lapsed points, tiers that end, promises, and timers that fail."""

from __future__ import annotations

import io
from datetime import timedelta

import msgspec
import pytest
from tests.rig import NOON, sale
from tests.steps.cafe import HARI

from loyalty import timekeeping
from loyalty.delivery import outgoing
from loyalty.events import SweepRequested, encode, tick
from loyalty.logs import Log
from loyalty.records import entries, quarantine, timers
from loyalty.steps import lifecycle_sweep

HOUR = timedelta(hours=1)


def due(cafe):
    return sorted((timer.kind, timer.due_at) for timer in timers.find(cafe.rig.store, limit=999))


def test_points_are_released_when_their_wait_is_over(cafe):
    member = cafe.join()
    cafe.buys("A", 1200, channel="online")
    cafe.passes(minutes=59)
    assert cafe.kinds(member) == [("sale", 12)]
    cafe.passes(minutes=1)
    assert cafe.kinds(member) == [("sale", 12), ("release", 0)]


def test_two_sweeps_at_once_release_once(cafe):
    member = cafe.join()
    cafe.buys("A", 1200, channel="online")
    cafe.rig.clock.advance(HOUR)
    sweeps = [
        encode(SweepRequested(id=name, at=cafe.now, subject="sweep")) for name in ("one", "two")
    ]
    cafe.bus.publish("sweep-requested", sweeps)
    cafe.rig.run()
    assert cafe.kinds(member) == [("sale", 12), ("release", 0)]


def test_the_schedulers_tick_is_always_the_same_and_does_what_is_due_each_time(cafe):
    member = cafe.join()
    for receipt in "AB":
        cafe.buys(receipt, 1200, channel="online")
        cafe.rig.clock.advance(HOUR)
        cafe.bus.publish("sweep-requested", [tick()])
        cafe.rig.run()
    assert cafe.kinds(member) == [("sale", 12), ("release", 0), ("sale", 12), ("release", 0)]


def test_a_sweep_that_comes_days_late_does_everything_in_order(cafe):
    member = cafe.join()
    cafe.buys("A", 1200, channel="online")
    cafe.passes(days=500)
    assert cafe.kinds(member) == [("sale", 12), ("release", 0), ("expire", -12)]
    assert cafe.points(member) == 0


def test_a_purchase_does_what_is_due_itself_and_the_timer_finds_nothing_to_do(cafe):
    member = cafe.join()
    cafe.buys("A", 1200, channel="online")
    cafe.rig.clock.advance(HOUR)
    cafe.buys("B", 100)
    cafe.rig.sweep()
    assert cafe.kinds(member) == [("sale", 12), ("release", 0), ("sale", 1)]


def test_a_timer_is_always_armed_for_what_comes_next(cafe):
    member = cafe.join()
    cafe.buys("A", 1200, channel="online")
    assert due(cafe) == [("account", NOON + HOUR)]
    cafe.passes(hours=1)
    account = cafe.rig.account(member)
    assert due(cafe) == [("account", account.due_at())]
    assert account.armed_at == account.due_at()


class Meanwhile:
    """A store in which something happens right after what is due was looked up."""

    def __init__(self, store):
        self._store, self.then = store, None

    def __getattr__(self, name):
        return getattr(self._store, name)

    def query(self, query):
        found = self._store.query(query)
        if query.collection == "timers" and self.then:
            then, self.then = self.then, None
            then()
        return found


class Ended(BaseException):
    """The process is ended: out of time, or of memory."""


def test_a_timer_that_ends_the_process_each_time_delays_nobody_for_long(opened):
    cafe = opened(wrap=lambda shop: shop._replace(bus=Failing(shop.bus, Ended)))
    member = cafe.join()
    cafe.buys("A", 1200, channel="online")
    deadly = outgoing([SweepRequested(id="deadly", at=NOON, subject="sweep")])
    cafe.rig.store.atomically(
        "ledger", lambda unit: timekeeping.publish_at(unit, "deadly", deadly, NOON)
    )
    cafe.shop.bus.topic = "sweep-requested"
    for _ in range(5):
        cafe.rig.clock.advance(timedelta(minutes=20))
        asked = SweepRequested(id="tick", at=cafe.now, subject="sweep")
        with pytest.raises(Ended):
            lifecycle_sweep.handle(asked, cafe.shop)
    assert cafe.kinds(member) == [("sale", 12), ("release", 0)]


def test_a_purchase_while_the_sweep_is_on_its_way_does_not_lose_the_next_timer(opened):
    cafe = opened(wrap=lambda shop: shop._replace(store=Meanwhile(shop.store)))
    member = cafe.join()
    cafe.buys("A", 1200, channel="online")
    cafe.rig.clock.advance(HOUR)
    cafe.shop.store.then = lambda: cafe.buys("B", 100)
    cafe.rig.sweep()
    assert cafe.kinds(member) == [("sale", 12), ("release", 0), ("sale", 1)]
    assert due(cafe) == [("account", cafe.rig.account(member).due_at())]


class Failing:
    """A bus that refuses one topic until it is mended."""

    def __init__(self, bus, error=ConnectionError):
        self._bus, self._error, self.topic = bus, error, ""

    def publish(self, topic, events):
        if topic == self.topic:
            raise self._error(topic)
        self._bus.publish(topic, events)


def test_a_timer_whose_events_could_not_be_published_loses_neither_them_nor_the_next(opened):
    cafe = opened(wrap=lambda shop: shop._replace(bus=Failing(shop.bus)))
    member = cafe.join(consents={"sms:service": True, "sms:marketing": True})
    cafe.buys("A", 1200, channel="online")
    cafe.shop.bus.topic = "points-posted"
    cafe.passes(hours=1)
    cafe.shop.bus.topic = ""
    cafe.passes(minutes=10)
    assert cafe.texts()[-1] == "12 points to spend!"
    assert due(cafe) == [("account", cafe.rig.account(member).due_at())]


def test_a_timer_that_always_fails_is_put_off_and_delays_nobody(opened):
    out = io.StringIO()
    cafe = opened(wrap=lambda shop: shop._replace(log=Log("error", out)))
    sita, hari = cafe.join(), cafe.join("Hari", HARI)
    cafe.buys("A", 1200, channel="online")
    cafe.buys("B", 1200, phone=HARI, channel="online")
    store = cafe.rig.store
    broken = next(
        key
        for key, body in store.documents.items()
        if key.collection == "accounts" and sita.encode() in body
    )
    whole = store.documents.pop(broken)
    cafe.passes(hours=1)
    assert ("release", 0) in cafe.kinds(hari)
    for _ in range(9):
        cafe.passes(minutes=1)
    (timer,) = (t for t in timers.find(store) if t.subject == sita)
    assert timer.tries >= 2
    assert '"message":"timer failed"' in out.getvalue()
    store.documents[broken] = whole
    cafe.passes(hours=1)
    assert ("release", 0) in cafe.kinds(sita)


def broken_for(cafe, member):
    """Take a member's account away; returns how to put it back."""
    documents = cafe.rig.store.documents
    key = next(k for k, body in documents.items() if k.collection == "accounts"
               and member.encode() in body)  # fmt: skip
    whole = documents.pop(key)
    return lambda: documents.update({key: whole})


def test_a_timer_that_fails_for_days_waits_in_quarantine_and_can_be_set_again(cafe):
    sita = cafe.join()
    cafe.buys("A", 1200, channel="online")
    mend = broken_for(cafe, sita)
    for _ in range(30):
        cafe.passes(hours=7)
    assert due(cafe) == []
    [aside] = quarantine.find(cafe.rig.store)
    assert aside.why == f"account:{sita} failed 20 times, last with TryAgain"
    mend()
    cafe.rig.store.atomically("ledger", lambda unit: timekeeping.revive(unit, aside, cafe.now))
    cafe.passes(minutes=1)
    assert ("release", 0) in cafe.kinds(sita)
    assert quarantine.find(cafe.rig.store) == []


def test_a_timer_that_was_set_anew_while_it_failed_is_not_put_off(cafe):
    sita = cafe.join()
    cafe.buys("A", 1200, channel="online")
    [old] = timers.find(cafe.rig.store)
    anew = msgspec.structs.replace(old, due_at=cafe.now + 2 * HOUR)
    name = timekeeping.name_of(old)
    cafe.rig.store.atomically("ledger", lambda unit: timers.put(unit, name, anew))
    timekeeping.put_off(old, "KeyError", cafe.now, cafe.shop)
    assert due(cafe) == [("account", cafe.now + 2 * HOUR)]
    assert sita in name


@pytest.mark.parametrize("strange", [{"v": 2}, {"kind": "comet"}], ids=["version", "kind"])
def test_a_timer_of_other_code_delays_nobody_and_stays(cafe, strange):
    sita = cafe.join()
    cafe.buys("A", 1200, channel="online")
    [known] = timers.find(cafe.rig.store)
    key = timers.key("comet")
    other = {**timers.document(known), "due_at": cafe.now, **strange}
    cafe.rig.store.atomically("ledger", lambda unit: unit.put(key, other))
    cafe.passes(hours=1)
    assert ("release", 0) in cafe.kinds(sita)
    [kept] = cafe.rig.store.get(key)
    assert kept.items() >= strange.items()


def test_more_than_a_page_of_timers_are_all_done(cafe):
    for n in range(101):
        cafe.join("Guest", f"+49151123{n:05d}")
        cafe.told(sale(f"R{n}", 100, channel="online"), f"+49151123{n:05d}")
    cafe.rig.bus.run(without_messages(cafe))
    cafe.rig.clock.advance(HOUR)
    event = SweepRequested(id="sweep", at=cafe.now, subject="sweep")
    cafe.bus.publish("sweep-requested", [encode(event)])
    cafe.rig.bus.run(without_messages(cafe))
    assert len(entries.find(cafe.rig.store, ("kind", "==", "release"), limit=999)) == 101


def without_messages(cafe):
    def handler(subscription, body, attempt):
        if subscription != "notification_dispatch":
            cafe.rig.handler(subscription, body, attempt)

    return handler


def test_a_promise_is_kept_by_the_sweep_if_its_caller_never_came_back(opened):
    cafe = opened(wrap=lambda shop: shop._replace(bus=Failing(shop.bus, KeyboardInterrupt)))
    cafe.buys("A", 1200)
    cafe.shop.bus.topic = "transaction-recorded"
    with pytest.raises(KeyboardInterrupt):
        cafe.join()
    cafe.shop.bus.topic = ""
    member = cafe.join()
    assert cafe.points(member) == 0
    cafe.passes(minutes=2)
    assert cafe.points(member) == 12
    assert due(cafe)[0][0] == "account"
