"""Events in the cloud: topics of Pub/Sub, published one request at a time and confirmed."""

from __future__ import annotations

from collections.abc import Sequence

from google.api_core import exceptions
from google.api_core.retry import Retry, if_exception_type
from google.cloud import pubsub_v1  # type: ignore[attr-defined]  # it has no types
from google.pubsub_v1 import PublisherClient as Rpc
from google.pubsub_v1 import PubsubMessage

from loyalty.errors import TryAgain

PATIENCE = 10.0
"""Seconds that one request may take, with its retries."""
AT_ONCE = 100
"""Events in one request: far below the thousand, and the 10 MB, that Pub/Sub takes."""

_PASSING = if_exception_type(exceptions.ServiceUnavailable, exceptions.Aborted)


class PubSubBus:
    """A Bus that only publishes: push subscriptions bring events to the functions.

    The library's own batching is left out: it would make every caller wait for others.
    """

    def __init__(self, project: str, patience: float = PATIENCE) -> None:
        self._publisher = pubsub_v1.PublisherClient()
        self._project = project
        self._patience = patience

    def publish(self, topic: str, events: Sequence[bytes]) -> None:
        """Return only once every event is durable; raise TryAgain otherwise."""
        place = self._publisher.topic_path(self._project, topic)
        for start in range(0, len(events), AT_ONCE):
            self._send(place, events[start : start + AT_ONCE])

    def close(self) -> None:
        """Let go of the connection."""
        self._publisher.stop()

    def _send(self, place: str, events: Sequence[bytes]) -> None:
        messages = [PubsubMessage(data=event) for event in events]
        retry = Retry(_PASSING, timeout=self._patience)
        try:
            Rpc.publish(
                self._publisher, topic=place, messages=messages, retry=retry, timeout=self._patience
            )
        except (exceptions.GoogleAPICallError, exceptions.RetryError) as error:
            raise TryAgain(f"pubsub: {type(error).__name__}") from None
