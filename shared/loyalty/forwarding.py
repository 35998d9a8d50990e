"""What waited for a guest who was found to be somebody else meanwhile is told to that person."""

from __future__ import annotations

from datetime import timedelta

from loyalty.delivery import Shop
from loyalty.events import NotificationRequested
from loyalty.guests import homes
from loyalty.guests.homes import Home
from loyalty.ports import Store, Unit
from loyalty.records import journeys

LONG = timedelta(minutes=10)
"""What was asked for just now goes straight to whom it names: that costs no read."""


def addressee(event: NotificationRequested, shop: Shop) -> str:
    """Tell to which member a message goes: to the person its guest is now, if it waited."""
    if shop.clock.now() - event.at < LONG:
        return event.member
    home = homes.find(shop.store, event.member)
    if home is None or home.person == event.member:
        return event.member
    _agree(home, shop)
    return heir(shop.store, home, event.subject) or event.member


def heir(source: Unit | Store, home: Home, subject: str) -> str:
    """Name who goes on with what was for a member who was merged: the person, or nobody ("").

    Where the same occasion or campaign led several of a person's names the first goes on, and none
    of them where one is held out.
    """
    names = homes.names(source, home)
    if not subject.startswith("journey:"):
        return home.person
    whose = next((name for name in names if f":{name}:" in subject), home.member)
    ways = [subject.replace(whose, name) for name in names]
    found = dict(zip(names, journeys.several(source, ways), strict=True))
    held = any(each and each.arm == "held" for each in found.values())
    first = next((name for name in names if found[name]), whose)
    return home.person if first == whose and not held else ""


def _agree(home: Home, shop: Shop) -> None:
    """See to it first that the stricter consent of all their names holds."""
    from loyalty.guests import uniting  # noqa: PLC0415 - only for guests who were merged

    for name in homes.names(shop.store, home):
        uniting.finish(name, shop)
