"""A call of a till that was lost loses no sale: at night the till is asked what it sold."""

from __future__ import annotations

import io
import json
from datetime import timedelta
from pathlib import Path

import pytest
from infra import costs
from infra.sandbox import Sandbox
from infra.sandbox.faults import FaultKind
from infra.simulator.store import MemoryStore
from infra.vendors import environment
from tests.rig import NOON, opened
from tests.steps.test_cost import Counting

from loyalty import catching_up
from loyalty.adapters.clock import SystemClock
from loyalty.adapters.http import RequestsHttp
from loyalty.connectors.engine import Engine
from loyalty.errors import TryAgain
from loyalty.events import SalesDue, asked_for
from loyalty.logs import Log
from loyalty.records import pulls, quarantine
from loyalty.steps import transaction_pull

PROGRAM = Path("tests/programs/plain.yaml").read_text("utf-8")
PHONE = "+4915112345678"
COSTS = Path("docs/costs.md").read_text("utf-8")
DAY, HOUR = timedelta(days=1), timedelta(hours=1)


class CutOffError(Exception):
    """The process ended."""


@pytest.fixture(scope="module")
def sandbox():
    """Play Square, by the clock of whichever cafe is open."""
    clocks = [lambda: NOON]

    def now():
        return clocks[-1]()

    with Sandbox(seed="catching up", clock=now) as running:
        running.go_by = clocks.append
        yield running


@pytest.fixture
def unasked(tmp_path, sandbox):
    """A cafe whose Square never calls, and that has not asked it yet."""
    sandbox.reset()
    sandbox.square.add_location("LMAIN", "Main Street", "EUR", "DE", "Europe/Berlin")
    with opened(tmp_path, PROGRAM, environment=settings(sandbox)) as cafe:
        sandbox.go_by(cafe.clock.now)
        cafe.guest, cafe.square = cafe.join(phone=PHONE), sandbox.square
        yield cafe


@pytest.fixture
def cafe(unasked):
    """The same cafe, that asked for the first time at noon."""
    night(unasked)
    return unasked


def settings(sandbox):
    return environment(sandbox, "https://cafe.example")


def night(cafe):
    cafe.bus.publish("sweep-requested", [asked_for("catch_up")])
    cafe.run()


def ring_up(cafe, euros, **order):
    """Sell something at Square's till to the guest; nobody is told."""
    money = {"amount": 100 * euros, "currency": "EUR"}
    line = {"name": "Momos", "quantity": "1", "base_price_money": money}
    return cafe.square.ring_up(
        {"location_id": "LMAIN", "line_items": [line], **order}, customer={"phone_number": PHONE}
    )


def calling(cafe, given):
    """The same shop, which calls vendors with other settings and remembers no trouble of theirs."""
    return cafe.shop._replace(vendors=Engine(RequestsHttp(), SystemClock(), given))


def points(cafe):
    return cafe.points(cafe.guest)


def test_a_sale_that_no_call_told_is_booked_the_night_after(cafe):
    ring_up(cafe, 50)
    cafe.clock.advance(12 * HOUR)
    night(cafe)
    assert points(cafe) == 5


def test_asked_again_and_again_a_sale_is_booked_once(cafe):
    ring_up(cafe, 50)
    for _ in range(4):
        cafe.clock.advance(HOUR)
        night(cafe)
    assert (points(cafe), len(cafe.history(cafe.guest))) == (5, 1)


def test_what_changed_just_now_waits_until_the_vendor_finds_it_itself(cafe):
    cafe.clock.advance(HOUR)
    ring_up(cafe, 50)
    night(cafe)
    assert points(cafe) == 0
    cafe.clock.advance(transaction_pull.STILL + HOUR)
    night(cafe)
    assert points(cafe) == 5


def test_what_was_sold_before_the_shop_began_is_not_asked_for(unasked):
    ring_up(unasked, 50)
    unasked.clock.advance(12 * HOUR)
    night(unasked)
    night(unasked)
    assert points(unasked) == 0


def test_a_refund_that_no_call_told_takes_its_points(cafe):
    sale = ring_up(cafe, 50)
    cafe.clock.advance(DAY)
    night(cafe)
    refund = cafe.square.refund(sale.payment_ids[0], amount=2000)
    cafe.square.settle_refund(refund["id"])
    cafe.clock.advance(DAY)
    night(cafe)
    assert points(cafe) == 3


def test_days_without_a_scheduler_are_caught_up_stretch_by_stretch(cafe):
    for _ in range(5):
        ring_up(cafe, 10)
        cafe.clock.advance(DAY)
    night(cafe)
    assert points(cafe) == 5
    assert pulls.get(cafe.store, "square").until == cafe.clock.now() - transaction_pull.STILL


def test_cut_off_before_it_is_kept_the_same_is_asked_again_and_booked_once(cafe):
    ring_up(cafe, 50)
    cafe.clock.advance(HOUR)

    class Cut:
        def __getattr__(self, name):
            return getattr(cafe.store, name)

        def atomically(self, *_):
            raise CutOffError

    with pytest.raises(CutOffError):
        transaction_pull.pull("square", cafe.shop._replace(store=Cut()))
    night(cafe)
    assert (points(cafe), len(cafe.history(cafe.guest))) == (5, 1)


def test_a_till_that_does_not_manage_is_asked_for_less_and_loses_nothing(cafe, sandbox):
    ring_up(cafe, 50)
    cafe.clock.advance(HOUR)
    sandbox.fault("square", FaultKind.RATE_LIMITED, retry_after=900)
    with pytest.raises(TryAgain):
        transaction_pull.pull("square", calling(cafe, settings(sandbox)))
    assert pulls.get(cafe.store, "square").minutes == 30
    night(cafe)
    assert points(cafe) == 5
    assert pulls.get(cafe.store, "square").minutes == 120


def fails(cafe, sandbox, times):
    """Let a till not manage to answer so often; each time is a call of its own."""
    for _ in range(times):
        sandbox.fault("square", FaultKind.RATE_LIMITED, retry_after=900)
        with pytest.raises(TryAgain):
            transaction_pull.pull("square", calling(cafe, settings(sandbox)))


def test_a_stretch_that_never_can_be_read_keeps_back_nothing_after_it(cafe, sandbox):
    ring_up(cafe, 50)
    cafe.clock.advance(HOUR)
    fails(cafe, sandbox, 9)
    ring_up(cafe, 20)
    known = pulls.get(cafe.store, "square")
    assert (len(known.unread), known.minutes) == (1, 60)
    cafe.clock.advance(HOUR)
    while transaction_pull.pull("square", calling(cafe, settings(sandbox))):
        cafe.run()
    cafe.run()
    assert (points(cafe), pulls.get(cafe.store, "square").unread) == (7, ())


def test_a_till_that_refuses_us_is_told_of_and_asked_from_there_the_next_time(cafe, sandbox):
    ring_up(cafe, 50)
    cafe.clock.advance(HOUR)
    shop = calling(cafe, settings(sandbox) | {"SQUARE_ACCESS_TOKEN": "stale"})
    lines, asked = io.StringIO(), SalesDue(id="1", at=cafe.clock.now(), subject="square")
    assert transaction_pull.handle(asked, shop._replace(log=Log("error", lines))) == ()
    line = json.loads(lines.getvalue())
    assert (line["till"], line["code"]) == ("square", "credentials")
    night(cafe)
    assert points(cafe) == 5


def test_what_nobody_can_book_is_put_aside_and_stops_nothing(cafe):
    ring_up(cafe, 20, closed_at="2027-11-21T11:00:00Z")
    ring_up(cafe, 50)
    cafe.clock.advance(HOUR)
    night(cafe)
    assert points(cafe) == 5
    assert [each.code for each in quarantine.find(cafe.store)] == ["future-date"]


def test_only_tills_that_can_be_asked_are_asked(cafe):
    assert catching_up.tills(cafe.shop.programs.current().program) == {"square": ("LMAIN",)}


class CountingHttp:
    """Sends requests, and counts them."""

    def __init__(self):
        self._http, self.requests = RequestsHttp(), 0

    def send(self, request):
        self.requests += 1
        return self._http.send(request)


def told_again(folder, sandbox, sales):
    """Ask a till for sales that are booked already: requests, reads and writes of it all."""
    sandbox.reset()
    sandbox.square.add_location("LMAIN", "Main Street", "EUR", "DE", "Europe/Berlin")
    http, store = CountingHttp(), Counting(MemoryStore())
    with opened(folder, PROGRAM, environment=settings(sandbox), store=store) as cafe:
        sandbox.go_by(cafe.clock.now)
        cafe.guest, cafe.square = cafe.join(phone=PHONE), sandbox.square
        night(cafe)
        first = pulls.get(cafe.store, "square")
        for _ in range(sales):
            ring_up(cafe, 10)
        cafe.clock.advance(HOUR)
        night(cafe)
        assert points(cafe) == sales
        vendors = Engine(http, SystemClock(), settings(sandbox))
        cafe.shop = cafe.shop._replace(vendors=vendors)
        store.atomically("ledger", lambda unit: pulls.put(unit, "square", first))
        store.reads = store.writes = 0
        night(cafe)
        return http.requests, store.reads, store.writes


def test_asking_costs_so_much_for_each_sale_and_each_stretch(tmp_path, sandbox):
    few, many = (told_again(tmp_path, sandbox, sales) for sales in (2, 12))
    each = tuple((n - m) / 10 for m, n in zip(few, many, strict=True))
    assert each == (2, 3, 2)  # two writes are tried; the entry is there, so none is made
    assert "| `catch_up`, a sale that was told already | 3 | 0 |" in COSTS
    assert "two requests to Square" in " ".join(COSTS.split())
    assert tuple(m - 2 * n for m, n in zip(few, each, strict=True)) == (2, 2, 1)
    assert "| `catch_up`, a till, each stretch of six hours | 2 | 1 |" in COSTS


def test_a_million_sales_asked_for_again_cost_so_much():
    known = costs.prices().resources
    used = {
        "ledger reads": 3e6, "Pub/Sub GiB": 3.73, "requests": 1e6,
        "vCPU seconds": 0.6e6 + 1.2e6 / 7, "GiB seconds": (0.6e6 + 1.2e6 / 7) / 2,
    }  # fmt: skip
    total = sum(units / known[name].per * known[name].price for name, units in used.items())
    assert f"{total:.2f} USD" in COSTS
