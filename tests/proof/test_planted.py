"""Bugs planted on purpose: each of them must turn the proofs red."""

from __future__ import annotations

from pathlib import Path

import pytest
from infra.sandbox import Sandbox
from infra.simulator.boundaries import Crash
from infra.simulator.store import MemoryStore
from tests.proof.crashing import World
from tests.proof.test_crash import HARI, STORY, compared
from tests.rig import Rig, sale

from loyalty.connectors.spec import Guest
from loyalty.delivery import publish
from loyalty.records import Outgoing

VISIT = next(c for c in STORY if c.name == "she comes again: a voucher")
BEFORE = STORY[: STORY.index(VISIT)]


@pytest.fixture(scope="module")
def lived(tmp_path_factory):
    """A world in which a chapter with an award, a voucher and a text is about to begin."""
    with Sandbox(clock=lambda: world.now) as sandbox:
        world = World(tmp_path_factory.mktemp("planted"), sandbox)
        for chapter in BEFORE:
            world.live(chapter)
        begun = world.mark()
        world.back(begun)
        world.live(VISIT)
        expected, ended, boundaries = world.seen(), world.now, list(world.fuse.crossed)
        yield world, begun, expected, (begun[1], ended), boundaries
        world.http.close()


@pytest.fixture
def verdict(lived):
    """Live through the chapter with a bug in the shop, and say how the world differs then."""
    world, begun, expected, span, boundaries = lived

    def judge(plant=lambda shop: shop, crash=None, copies=1):
        world.plant = plant
        world.back(begun)
        world.rig.bus._copies = copies
        world.rig.bus._shuffle.randint = lambda _low, high: high
        if crash:
            side, what = crash
            names = [boundary.what for boundary in boundaries]
            world.fuse.blows = (names.index(what), side)
        try:
            world.live(VISIT)
            return compared(world.seen(), expected, span)[0]
        except AssertionError:  # the recount found it, or messages died
            return "other"

    yield judge
    world.plant = lambda shop: shop
    world.rig.bus._copies = 1


class Planted:
    """Something of the shop's with one thing changed."""

    def __init__(self, real):
        self._real = real

    def __getattr__(self, name):
        return getattr(self._real, name)


def in_units(change):
    """Give each unit of the shop's store to `change` first."""

    class Store(Planted):
        def atomically(self, database, work):
            return self._real.atomically(database, lambda unit: work(change(unit)))

    return lambda shop: shop._replace(store=Store(shop.store))


# -- nothing planted: the proofs are green -----------------------------------------------


def test_without_a_bug_nothing_differs(verdict):
    assert verdict() == "same"
    assert verdict(copies=3) == "same"
    assert verdict(crash=("after", "commit to ledger")) == "same"
    assert verdict(crash=("before", "publish points-posted")) == "same"


# -- no check for duplicates -------------------------------------------------------------


class Overwriting(Planted):
    """A unit in which creating what is there writes over it."""

    def create(self, key, document):
        self._real.put(key, document)


def test_without_the_duplicate_check_a_second_delivery_shows(verdict):
    assert verdict(in_units(Overwriting), copies=2) == "other"


def test_without_the_duplicate_check_points_are_booked_twice(tmp_path):
    earned = []
    text = Path("tests/programs/plain.yaml").read_text("utf-8")
    for plant in (lambda shop: shop, in_units(Overwriting)):
        rig = Rig(tmp_path, text, store=MemoryStore(), wrap=plant)
        member = rig.join(phone=HARI)
        for _ in range(2):
            rig.tell(sale("A", 5000), Guest(phone=HARI))
            rig.run()
        earned.append(rig.points(member))
    assert earned == [5, 10]


# -- a store or a bus that loses something -----------------------------------------------


def losing(collection, place=0):
    """Lose one write to a collection, the first unless told otherwise, and say nothing."""
    seen = []

    class Forgetful(Planted):
        def create(self, key, document):
            self._unless_lost(key, lambda: self._real.create(key, document))

        def put(self, key, document):
            self._unless_lost(key, lambda: self._real.put(key, document))

        def _unless_lost(self, key, write):
            if key.collection == collection:
                seen.append(key)
            if key.collection != collection or len(seen) != place + 1:
                write()

    return in_units(Forgetful)


@pytest.mark.parametrize(
    "collection", ["entries", "accounts", "milestones", "vouchers", "contacts"]
)
def test_one_lost_write_shows(verdict, collection):
    assert verdict(losing(collection)) == "other"


def test_a_lost_settling_shows(verdict):
    """A claim's second write; its first is written whole again by the second."""
    assert verdict(losing("claims", 1)) == "other"


@pytest.mark.parametrize(
    "topic", ["transaction-recorded", "points-posted", "notification-requested"]
)
def test_one_lost_event_shows(verdict, topic):
    lost = []

    class Bus(Planted):
        def publish(self, about, events):
            if about == topic and not lost:
                lost.append(about)
            else:
                self._real.publish(about, events)

    assert verdict(lambda shop: shop._replace(bus=Bus(shop.bus))) == "other"


# -- no outcome to publish again ---------------------------------------------------------


class WithoutOutcome(Planted):
    """A unit that does not keep what an act will publish."""

    def create(self, key, document):
        self._real.create(key, {**document, "outcome": []} if "outcome" in document else document)


def test_without_the_kept_outcome_a_crash_before_publishing_shows(verdict):
    crash = ("before", "publish points-posted")
    assert verdict(in_units(WithoutOutcome), crash=crash) == "other"


# -- publishing before committing --------------------------------------------------------


class Rehearsal(BaseException):
    """Ends a unit before it commits, with what it would have returned."""


def swapped(shop):
    """Publish what a unit decides on before it is committed."""

    class Store(Planted):
        def atomically(self, database, work):
            outcome = self._rehearsed(database, work)
            if isinstance(outcome, tuple) and outcome and isinstance(outcome[0], Outgoing):
                publish(shop.bus, outcome)
            return self._real.atomically(database, work)

        def _rehearsed(self, database, work):
            def rehearse(unit):
                raise Rehearsal(work(unit))

            try:
                self._real._store.atomically(database, rehearse)
            except Rehearsal as done:
                return done.args[0]

    return shop._replace(store=Store(shop.store))


@pytest.mark.parametrize(("plant", "found"), [(lambda shop: shop, "same"), (swapped, "other")])
def test_publishing_before_committing_shows_when_a_crash_comes_between(
    verdict, lived, plant, found
):
    """What was published is heard, and answered, before the act that it tells of is there."""
    shuffle, crashed = lived[0].rig.bus._shuffle, []

    class Bus(Planted):
        """Ends the process once, after the act's event is out."""

        def publish(self, topic, events):
            self._real.publish(topic, events)
            if topic == "points-posted" and not crashed:
                crashed.append(topic)
                raise Crash

    def others_first(_count):  # what was interrupted comes back last
        pending = [each.subscription for each in lived[0].rig.bus.pending]
        return next((n for n, name in enumerate(pending) if name != "points_calculation"), 0)

    shuffle.randrange = others_first
    try:
        assert verdict(lambda shop: plant(shop._replace(bus=Bus(shop.bus)))) == found
    finally:
        del shuffle.randrange
    assert crashed


# -- a vendor that cannot be asked -------------------------------------------------------


def test_without_a_look_up_a_text_leaves_twice(verdict):
    class Deaf(Planted):
        def run(self, connector, verb, argument, *more):
            return None if verb == "find_sms" else self._real.run(connector, verb, argument, *more)

    crash = ("after", "POST to twilio")
    assert verdict(lambda shop: shop._replace(vendors=Deaf(shop.vendors)), crash=crash) == "twice"
