"""Faults of a week: somebody hears what they should not have heard."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta

import msgspec

from loyalty.events import Event, NotificationRequested, PointsPosted, decode, encode
from loyalty.ports import Bus, Store
from loyalty.records import journeys

_replace = msgspec.structs.replace
CAMPAIGN, WIN_BACK = "journey:campaign:", "journey:win_back:"


class TellHeld:
    """A bus on which the first message of a campaign also goes to a guest who is held out."""

    def __init__(self, inner: Bus, store: Store) -> None:
        self._inner, self._store, self._done = inner, store, False

    def publish(self, topic: str, events: Sequence[bytes]) -> None:
        """Publish, and once something more."""
        self._inner.publish(topic, events)
        for event in map(decode, events):
            held = None if self._done else self._held(event)
            if held and isinstance(event, NotificationRequested):
                self._done = True
                more = _replace(event, id=f"{event.id}-again", member=held, account=held)
                self._inner.publish(topic, [encode(more)])

    def _held(self, event: Event) -> str | None:
        """Find who is held out of the campaign that a message is from."""
        if not event.subject.startswith(CAMPAIGN):
            return None
        found = journeys.each(self._store)
        return next((each.member for each in found if each.arm == "held"), None)


class TellAfterVisit:
    """A bus on which whoever comes back is told once more how much they were missed."""

    def __init__(self, inner: Bus) -> None:
        self._inner = inner
        self._missed: dict[str, tuple[str, NotificationRequested]] = {}

    def publish(self, topic: str, events: Sequence[bytes]) -> None:
        """Publish, and to who came back something more."""
        self._inner.publish(topic, events)
        for event in map(decode, events):
            if isinstance(event, NotificationRequested) and event.subject.startswith(WIN_BACK):
                self._missed[event.member] = (topic, event)
            elif isinstance(event, PointsPosted) and event.kind == "sale":
                self._again(event)

    def _again(self, posted: PointsPosted) -> None:
        if posted.member not in self._missed:
            return
        topic, event = self._missed.pop(posted.member)
        useful = posted.at + timedelta(days=1)
        more = _replace(
            event, id=f"{event.id}-again", at=posted.at, useful_until=useful, still=None
        )
        self._inner.publish(topic, [encode(more)])
