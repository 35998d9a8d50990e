"""What the Pub/Sub adapter promises, on the emulator; tokens and ordering are not shown there."""

from __future__ import annotations

from uuid import uuid4

import pytest
from google.cloud import pubsub_v1

from loyalty.adapters.pubsub import AT_ONCE, PubSubBus
from loyalty.errors import TryAgain


@pytest.fixture
def project(pubsub_host):  # noqa: ARG001 - the emulator has to run
    return f"regulars-{uuid4().hex[:12]}"


@pytest.fixture
def bus(project):
    bus = PubSubBus(project, patience=20.0)
    yield bus
    bus.close()


@pytest.fixture
def heard(project):
    """Make a topic with a subscription; what it heard so far can be asked for."""
    publisher, subscriber = pubsub_v1.PublisherClient(), pubsub_v1.SubscriberClient()
    topic = publisher.topic_path(project, "points-posted")
    name = subscriber.subscription_path(project, "milestone-check")
    publisher.create_topic(name=topic)
    subscriber.create_subscription(name=name, topic=topic)

    def pull(count):
        found = []
        while len(found) < count:
            answer = subscriber.pull(subscription=name, max_messages=count, timeout=20)
            found += [each.message.data for each in answer.received_messages]
            ids = [each.ack_id for each in answer.received_messages]
            subscriber.acknowledge(subscription=name, ack_ids=ids)
        return found

    yield pull
    subscriber.close()
    publisher.stop()


def test_what_is_published_is_heard(bus, heard):
    bus.publish("points-posted", [b"one", b"two"])
    assert sorted(heard(2)) == [b"one", b"two"]


def test_more_events_than_go_into_one_request_are_all_heard(bus, heard):
    events = [b"%03d" % number for number in range(AT_ONCE + 5)]
    bus.publish("points-posted", events)
    assert sorted(heard(len(events))) == events


def test_no_event_asks_nothing(bus):
    bus.publish("points-posted", [])


def test_a_topic_that_is_not_there_says_try_again(bus):
    with pytest.raises(TryAgain, match="NotFound"):
        bus.publish("points-posted", [b"one"])


def test_a_server_that_is_not_there_says_try_again(monkeypatch):
    monkeypatch.setenv("PUBSUB_EMULATOR_HOST", "127.0.0.1:9")
    with pytest.raises(TryAgain):
        PubSubBus("nowhere", patience=1.0).publish("points-posted", [b"one"])
