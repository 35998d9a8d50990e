"""Topics, push subscriptions and dead letters on the emulator, as topology.yaml wires them."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta

from google.cloud import pubsub_v1  # type: ignore[attr-defined]  # it has no types
from google.pubsub_v1.types import DeadLetterPolicy, PushConfig, RetryPolicy

from infra.topology import Subscription, Topology

DEADLINE = 60
"""Seconds that a function has for one push."""
BACKOFF = (1, 10)
"""Seconds between two deliveries of what failed: nobody here wants to wait as long as a cloud."""
ATTEMPTS = 50


def connect(project: str, wiring: Topology, addresses: Mapping[str, str]) -> None:
    """Make everything between the functions; `addresses` says where each of them listens."""
    with pubsub_v1.PublisherClient() as publisher, pubsub_v1.SubscriberClient() as subscriber:
        for topic in wiring.topics():
            publisher.create_topic(name=publisher.topic_path(project, topic))
        for each in wiring.subscriptions():
            publisher.create_topic(name=publisher.topic_path(project, each.dead))
            subscriber.create_subscription(request=_dead_end(project, each))
            subscriber.create_subscription(request=_pushing(project, each, addresses))


def _pushing(project: str, each: Subscription, addresses: Mapping[str, str]) -> dict[str, object]:
    shortest, longest = (timedelta(seconds=seconds) for seconds in BACKOFF)
    dead = DeadLetterPolicy(
        dead_letter_topic=_topic(project, each.dead), max_delivery_attempts=ATTEMPTS
    )
    return {
        "name": _subscription(project, each.name),
        "topic": _topic(project, each.topic),
        "push_config": PushConfig(push_endpoint=addresses[each.function]),
        "ack_deadline_seconds": DEADLINE,
        "retry_policy": RetryPolicy(minimum_backoff=shortest, maximum_backoff=longest),
        "dead_letter_policy": dead,
    }


def _dead_end(project: str, each: Subscription) -> dict[str, object]:
    return {"name": _subscription(project, each.dead), "topic": _topic(project, each.dead)}


def _topic(project: str, name: str) -> str:
    return f"projects/{project}/topics/{name}"


def _subscription(project: str, name: str) -> str:
    return f"projects/{project}/subscriptions/{name}"
