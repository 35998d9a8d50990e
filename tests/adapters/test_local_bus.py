"""What the durable local bus promises."""

import os
import random
import signal
import sys
import textwrap
import threading
import time

import pytest
from infra.children import PIPE, Child

from loyalty.adapters.local_bus import Backoff, BusOptions, LocalBus
from loyalty.adapters.sqlite_writer import Writer
from loyalty.errors import TryAgain

TOPICS = {"sales": ["points", "mirror"], "points": ["messages"], "unheard": []}
QUICK = BusOptions(backoff=Backoff(0.01, 0.02), max_attempts=3)


@pytest.fixture
def path(tmp_path):
    return tmp_path / "regulars.db"


@pytest.fixture
def writer(path):
    writer = Writer(path)
    yield writer
    writer.close()


@pytest.fixture
def bus_of(writer):
    """Make buses on the file; all are stopped at the end."""
    made = []

    def make(options=QUICK):
        made.append(LocalBus(writer, TOPICS, options))
        return made[-1]

    yield make
    for bus in made:
        bus.stop()


class Log:
    """A handler that writes down every delivery, and fails as long as it is told to."""

    def __init__(self, *errors):
        self.calls = []
        self.at = []
        self.called = threading.Event()
        self._errors = list(errors)

    def __call__(self, subscription, event, attempt):
        self.calls.append((subscription, event, attempt))
        self.at.append(time.monotonic())
        self.called.set()
        if self._errors:
            raise self._errors.pop(0)


def test_an_event_reaches_every_subscription_of_its_topic(bus_of):
    bus, log = bus_of(), Log()
    bus.start(log)
    bus.publish("sales", [b"1", b"2"])
    assert bus.wait_idle(10)
    expected = [("mirror", b"1", 1), ("mirror", b"2", 1), ("points", b"1", 1), ("points", b"2", 1)]
    assert sorted(log.calls) == expected


def test_what_was_published_before_the_start_is_delivered(bus_of):
    bus, log = bus_of(), Log()
    bus.publish("points", [b"early"])
    bus.start(log)
    assert bus.wait_idle(10)
    assert log.calls == [("messages", b"early", 1)]


def test_what_a_handler_publishes_is_delivered_before_the_bus_is_idle(bus_of):
    bus, seen = bus_of(), []

    def handler(subscription, event, _):
        seen.append(subscription)
        if subscription == "points":
            bus.publish("points", [event])

    bus.start(handler)
    bus.publish("sales", [b"1"])
    assert bus.wait_idle(10)
    assert sorted(seen) == ["messages", "mirror", "points"]


def test_an_unknown_topic_is_refused(bus_of):
    with pytest.raises(ValueError, match="'sails'"):
        bus_of().publish("sails", [b"1"])


def test_a_topic_nobody_hears_leaves_nothing_behind(bus_of):
    bus = bus_of()
    bus.publish("unheard", [b"1"])
    assert bus.idle()


def test_a_failed_delivery_comes_again_with_the_next_attempt(bus_of):
    bus, log = bus_of(), Log(KeyError("once"))
    bus.start(log)
    bus.publish("points", [b"1"])
    assert bus.wait_idle(10)
    assert log.calls == [("messages", b"1", 1), ("messages", b"1", 2)]


def test_a_wait_that_a_vendor_named_is_kept(bus_of):
    bus, log = bus_of(), Log(TryAgain("busy", after=0.3))
    bus.start(log)
    bus.publish("points", [b"1"])
    assert bus.wait_idle(10)
    assert log.at[1] - log.at[0] >= 0.3


def test_a_message_that_waits_for_its_retry_keeps_the_bus_busy(bus_of):
    bus, log = bus_of(), Log(TryAgain("later", after=0.3))
    bus.start(log)
    bus.publish("points", [b"1"])
    assert not bus.wait_idle(0.1)


def test_waits_double_up_to_the_longest_and_are_shortened_by_half_at_most():
    backoff, chance = Backoff(first=1, longest=10), random.Random(1)
    for attempt, full in enumerate([1, 2, 4, 8, 10, 10], start=1):
        assert full / 2 <= backoff.seconds(attempt, chance) <= full


def test_a_due_retry_is_not_held_up_by_a_busy_worker(bus_of):
    bus, gate, done = bus_of(), threading.Event(), threading.Event()

    def handler(_, event, attempt):
        if event == b"slow":
            gate.wait(10)
        elif attempt == 1:
            raise TryAgain("soon", after=0.05)
        else:
            done.set()

    bus.start(handler)
    bus.publish("points", [b"retried"])
    bus.publish("points", [b"slow"])
    retried = done.wait(5)
    gate.set()
    assert retried


def test_a_message_that_keeps_failing_becomes_a_dead_letter_with_its_error(bus_of):
    bus, log = bus_of(), Log(*[ValueError("bad till")] * 3)
    bus.start(log)
    bus.publish("points", [b"1"])
    assert bus.wait_idle(10)
    (letter,) = bus.dead_letters()
    assert letter[1:6] == ("messages", "points", b"1", 3, "ValueError: bad till")


def test_a_replayed_dead_letter_starts_over(bus_of):
    bus, log = bus_of(), Log(*[ValueError("bad till")] * 3)
    bus.start(log)
    bus.publish("points", [b"1"])
    assert bus.wait_idle(10)
    assert bus.replay(bus.dead_letters()[0].id) == 1
    assert bus.wait_idle(10)
    assert log.calls[3:] == [("messages", b"1", 1)]
    assert bus.dead_letters() == []


def test_all_dead_letters_can_be_replayed_at_once(bus_of):
    bus, log = bus_of(), Log(*[ValueError("bad till")] * 6)
    bus.start(log)
    bus.publish("sales", [b"1"])
    assert bus.wait_idle(10)
    assert bus.replay() == 2
    assert bus.wait_idle(10)
    assert bus.dead_letters() == []


def test_replaying_what_is_no_dead_letter_does_nothing(bus_of):
    assert bus_of().replay(99) == 0


def test_stop_lets_a_running_handler_finish(bus_of):
    bus, started, finished = bus_of(), threading.Event(), []

    def handler(*_):
        started.set()
        time.sleep(0.1)
        finished.append(True)

    bus.start(handler)
    bus.publish("points", [b"1"])
    assert started.wait(5)
    bus.stop()
    assert finished == [True]
    assert bus.idle()


def test_a_stopped_bus_can_be_started_again(bus_of):
    bus, log = bus_of(), Log()
    bus.start(log)
    bus.stop()
    bus.publish("points", [b"1"])
    bus.start(log)
    assert bus.wait_idle(10)
    assert log.calls == [("messages", b"1", 1)]


def test_a_bus_cannot_be_started_twice(bus_of):
    bus = bus_of()
    bus.start(Log())
    with pytest.raises(RuntimeError):
        bus.start(Log())


def test_the_next_process_remembers_the_attempts(bus_of):
    first, log = bus_of(), Log(TryAgain("later", after=0.2))
    first.start(log)
    first.publish("points", [b"1"])
    assert log.called.wait(5)
    first.stop()
    second = bus_of()
    second.start(log)
    assert second.wait_idle(10)
    assert log.calls == [("messages", b"1", 1), ("messages", b"1", 2)]


def test_a_handler_that_hangs_loses_its_message_to_another(bus_of):
    bus, gate, attempts = bus_of(BusOptions(lease=0.3)), threading.Event(), []

    def handler(_, __, attempt):
        attempts.append(attempt)
        if attempt == 1:
            gate.wait(10)

    bus.start(handler)
    bus.publish("points", [b"1"])
    idle = bus.wait_idle(5)
    gate.set()
    assert (idle, attempts[:2]) == (True, [1, 2])


def test_a_message_whose_handlers_all_hang_becomes_a_dead_letter(bus_of):
    bus, gate = bus_of(QUICK._replace(lease=0.05)), threading.Event()
    bus.start(lambda *_: gate.wait(10))
    bus.publish("points", [b"1"])
    idle = bus.wait_idle(5)
    gate.set()
    (letter,) = bus.dead_letters()
    assert (idle, letter.attempts, letter.error) == (True, 3, "TimeoutError: the lease ran out")


def test_an_event_that_is_not_on_disk_is_neither_acknowledged_nor_delivered(bus_of, writer):
    bus, log = bus_of(), Log()
    bus.start(log)
    (pages,) = writer.run(lambda db: db.execute("PRAGMA page_count").fetchone())
    writer.run(lambda db: db.execute(f"PRAGMA max_page_count = {pages + 5}").fetchone())
    with pytest.raises(TryAgain):
        bus.publish("points", [b"x" * 1_000_000])
    assert bus.wait_idle(1)
    assert log.calls == []


def test_a_disk_that_stays_full_for_long_makes_no_dead_letters(bus_of, writer):
    bus, full, tries = bus_of(), threading.Event(), []

    def handler(*delivery):
        tries.append(delivery)
        if full.is_set():
            raise TryAgain("the disk is full")

    bus.publish("points", [b"x" * 100_000])
    (pages,) = writer.run(lambda db: db.execute("PRAGMA page_count").fetchone())
    writer.run(lambda db: db.execute(f"PRAGMA max_page_count = {pages}").fetchone())
    full.set()
    bus.start(handler)
    until = time.monotonic() + 10
    while len(tries) <= QUICK.max_attempts and time.monotonic() < until:
        time.sleep(0.01)
    bus.stop()  # so that nobody meets the disk half full and half free
    writer.run(lambda db: db.execute("PRAGMA max_page_count = 1000000").fetchone())
    full.clear()
    bus.start(handler)
    assert bus.wait_idle(10)
    assert (bus.dead_letters(), len(tries) > QUICK.max_attempts) == ([], True)


def test_a_seed_mixes_up_what_is_ready(bus_of):
    seed = random.Random(1)
    bus, log = bus_of(BusOptions(workers=1, shuffle=seed)), Log()
    events = [b"%d" % n for n in range(20)]
    bus.publish("points", events)
    bus.start(log)
    assert bus.wait_idle(10)
    delivered = [event for _, event, _ in log.calls]
    assert delivered != events
    assert sorted(delivered) == sorted(events)


def test_after_kill_9_all_that_was_not_acknowledged_comes_again(path):
    program = """
        import os, sys, time
        from loyalty.adapters.local_bus import BusOptions, LocalBus
        from loyalty.adapters.sqlite_writer import Writer

        bus = LocalBus(Writer(sys.argv[1]), {"t": ["s"]}, BusOptions(workers=1))

        def handler(_, event, __):
            if event == b"5":
                bus.dead_letters()  # comes after the acknowledgements before it
                os.write(1, b"here\\n")
                time.sleep(60)

        bus.publish("t", [b"%d" % n for n in range(9)])
        bus.start(handler)
        time.sleep(60)
    """
    command = [sys.executable, "-c", textwrap.dedent(program), path]
    process = Child[bytes](command, {**os.environ, "PYTHONPATH": "shared"}, stdout=PIPE)
    assert process.stdout.readline() == b"here\n"
    process.send_signal(signal.SIGKILL)
    process.communicate()
    writer, log = Writer(path), Log()
    bus = LocalBus(writer, {"t": ["s"]})
    bus.start(log)
    idle = bus.wait_idle(10)
    bus.stop()
    writer.close()
    assert idle
    assert sorted(event for _, event, _ in log.calls) == [b"5", b"6", b"7", b"8"]
