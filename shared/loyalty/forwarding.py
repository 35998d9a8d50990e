"""What waited for a guest who was found to be somebody else meanwhile is told to that person."""

from __future__ import annotations

from datetime import timedelta

from loyalty.delivery import Shop
from loyalty.events import NotificationRequested
from loyalty.guests import homes
from loyalty.records import journeys

LONG = timedelta(minutes=10)
"""What was asked for just now goes straight to whom it names: that costs no read."""


def addressee(event: NotificationRequested, shop: Shop) -> str:
    """Tell to which member a message goes: to the person its guest is now, if it waited.

    Where the same occasion or campaign led, or held out, another name of theirs, that one counts.
    """
    if shop.clock.now() - event.at < LONG:
        return event.member
    home = homes.find(shop.store, event.member)
    if home is None or home.person == event.member:
        return event.member
    others = [name for name in homes.names(shop.store, home) if name != event.member]
    own = [event.subject.replace(event.member, name) for name in others]
    of_journey = event.subject.startswith("journey:")
    led = of_journey and any(journeys.several(shop.store, own))
    return event.member if led else home.person
