"""Dead letters in the cloud: what failed too often waits in a subscription, named for where.

A subscription is named `{topic}.{function}.dead`: the topic to publish to again is in its name.
"""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from google.api_core import exceptions
from google.cloud import pubsub_v1  # type: ignore[attr-defined]  # it has no types

from loyalty.adapters.local_bus_rows import DeadLetter
from loyalty.adapters.pubsub import PubSubBus

SUFFIX = ".dead"
AT_ONCE = 100
PATIENCE = 5.0
"""Seconds without a message after which a subscription counts as empty."""
DELIVERIES = "CloudPubSubDeadLetterSourceDeliveryCount"


class PubSubDeadLetters:
    """The dead letters of a project. Whoever looks has to take them out, and puts them back."""

    def __init__(self, project: str, patience: float = PATIENCE) -> None:
        self._subscriber = pubsub_v1.SubscriberClient()
        self._bus = PubSubBus(project)
        self._project = project
        self._patience = patience

    def dead_letters(self) -> list[DeadLetter]:
        """List them, the oldest first."""
        with ThreadPoolExecutor() as pool:
            found = pool.map(self._look, self._subscriptions())
            return sorted((each for some in found for each in some), key=lambda each: each.at)

    def replay(self, number: int | None = None) -> int:
        """Publish the one of this id again, or all, to the topic it came by; tell how many.

        One is acknowledged only after it was published for sure: it may come twice, never not.
        """
        return sum(self._replay(name, number) for name in self._subscriptions())

    def _subscriptions(self) -> list[str]:
        listed = self._subscriber.list_subscriptions(project=f"projects/{self._project}")
        return [each.name for each in listed if each.name.endswith(SUFFIX)]

    def _look(self, name: str) -> list[DeadLetter]:
        taken = [each for page in self._pages(name) for each in page]
        self._put_back(name, taken)
        return [_letter(name, each.message) for each in taken]

    def _replay(self, name: str, number: int | None) -> int:
        """Publish page by page, so that no message is held longer than it may be."""
        done, others = 0, list[Any]()
        for page in self._pages(name):
            chosen = [each for each in page if number in (None, int(each.message.message_id))]
            self._publish(name, chosen)
            done += len(chosen)
            others += [each for each in page if each not in chosen]
        self._put_back(name, others)
        return done

    def _publish(self, name: str, chosen: list[Any]) -> None:
        if chosen:
            self._bus.publish(_topic(name), [each.message.data for each in chosen])
            ids = [each.ack_id for each in chosen]
            self._subscriber.acknowledge(subscription=name, ack_ids=ids)

    def _pages(self, name: str) -> Iterator[list[Any]]:
        """Take out what is there, a page at a time, until a page brings nothing new."""
        seen = set[str]()
        while fresh := [e for e in self._pulled(name) if e.message.message_id not in seen]:
            seen |= {each.message.message_id for each in fresh}
            yield fresh

    def _pulled(self, name: str) -> list[Any]:
        try:
            answer = self._subscriber.pull(
                subscription=name, max_messages=AT_ONCE, timeout=self._patience, retry=None
            )
        except exceptions.DeadlineExceeded:
            return []
        return list(answer.received_messages)

    def _put_back(self, name: str, taken: list[Any]) -> None:
        for start in range(0, len(taken), AT_ONCE):
            ids = [each.ack_id for each in taken[start : start + AT_ONCE]]
            self._subscriber.modify_ack_deadline(
                subscription=name, ack_ids=ids, ack_deadline_seconds=0
            )


def _letter(name: str, message: Any) -> DeadLetter:
    return DeadLetter(
        id=int(message.message_id), subscription=_function(name), topic=_topic(name),
        event=message.data, attempts=int(message.attributes.get(DELIVERIES, 0)),
        error="see the log of the function", at=message.publish_time,
    )  # fmt: skip


def _topic(name: str) -> str:
    return name.rpartition("/")[2].partition(".")[0]


def _function(name: str) -> str:
    return name.rpartition("/")[2].split(".")[1].replace("-", "_")
