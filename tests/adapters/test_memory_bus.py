"""What the bus of tests and simulations promises: everything from one seed."""

import random

import pytest

from loyalty.adapters.memory import Dead, MemoryBus

TOPICS = {"sales": ["points", "mirror"], "points": ["messages"]}
EVENTS = [b"%d" % n for n in range(12)]


def bus(seed=1, **options):
    return MemoryBus(TOPICS, random.Random(seed), **options)


def delivered(bus):
    calls = []
    bus.run(lambda *call: calls.append(call))
    return calls


def test_nothing_is_delivered_before_it_is_run():
    quiet = bus()
    quiet.publish("points", EVENTS)
    assert [message.event for message in quiet.pending] == EVENTS


def test_an_event_reaches_every_subscription_of_its_topic():
    one = bus()
    one.publish("sales", [b"1"])
    assert sorted(delivered(one)) == [("mirror", b"1", 1), ("points", b"1", 1)]


def test_the_same_seed_gives_the_same_order():
    first, second = bus(7, copies=3), bus(7, copies=3)
    first.publish("sales", EVENTS)
    second.publish("sales", EVENTS)
    assert delivered(first) == delivered(second)


def test_another_seed_gives_another_order():
    first, second = bus(7), bus(8)
    first.publish("points", EVENTS)
    second.publish("points", EVENTS)
    assert delivered(first) != delivered(second)


def test_every_message_comes_once_and_at_most_as_often_as_asked():
    many = bus(copies=3)
    many.publish("points", EVENTS)
    events = [event for _, event, _ in delivered(many)]
    assert {events.count(event) for event in EVENTS} == {1, 2, 3}


def test_what_a_handler_publishes_is_delivered_in_the_same_run():
    chain, seen = bus(), []

    def handler(subscription, event, _):
        seen.append(subscription)
        if subscription == "points":
            chain.publish("points", [event])

    chain.publish("sales", [b"1"])
    assert chain.run(handler) == 3
    assert sorted(seen) == ["messages", "mirror", "points"]


def test_a_run_can_be_limited_to_as_many_as_are_pending():
    chain = bus()
    chain.publish("points", EVENTS)
    count = chain.run(lambda *_: chain.publish("points", [b"more"]), until_empty=False)
    assert (count, len(chain.pending)) == (12, 12)


def test_a_failed_delivery_comes_again_with_the_next_attempt():
    stubborn, attempts = bus(), []

    def handler(_, __, attempt):
        attempts.append(attempt)
        if attempt < 3:
            raise KeyError("not yet")

    stubborn.publish("points", [b"1"])
    stubborn.run(handler)
    assert attempts == [1, 2, 3]


def test_a_message_that_keeps_failing_is_put_aside_with_its_error():
    hopeless = bus(max_attempts=2)
    hopeless.publish("points", [b"1"])
    hopeless.run(lambda *_: [].pop())
    error = "IndexError: pop from empty list"
    assert hopeless.dead == [Dead("messages", "points", b"1", 2, error)]


def test_a_crash_comes_through_and_keeps_its_message():
    class Crash(BaseException):
        pass

    def crash(*_):
        raise Crash

    crashing = bus()
    crashing.publish("points", [b"1"])
    with pytest.raises(Crash):
        crashing.run(crash)
    assert delivered(crashing) == [("messages", b"1", 1)]


def test_an_unknown_topic_is_refused():
    with pytest.raises(ValueError, match="'sails'"):
        bus().publish("sails", [b"1"])


def test_everything_published_is_on_record():
    recorded = bus()
    recorded.publish("points", [b"1"])
    delivered(recorded)
    assert recorded.published == [("points", b"1")]
