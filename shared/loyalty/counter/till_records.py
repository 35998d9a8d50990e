"""What is kept of till screens and of those who work at them."""

from __future__ import annotations

from datetime import datetime
from typing import Literal

from loyalty.stored import Record


class Screen(Record, frozen=True, kw_only=True):
    """A till screen of a store; with `until`, the code that sets one up before that instant."""

    id: str
    store: str
    made_at: datetime
    until: datetime | None = None


class Shift(Record, frozen=True, kw_only=True):
    """A person at a till screen: since when, and when they last did something."""

    staff: str
    screen: str
    since: datetime
    seen: datetime


class Tries(Record, frozen=True, kw_only=True):
    """When a PIN was tried lately and not found right, of one person or at one screen."""

    at: tuple[datetime, ...] = ()


class Undoable(Record, frozen=True, kw_only=True):
    """What a person at a till did last: what kind of act, on what, for which guest, where."""

    act: Literal["hold", "capture", "adjust", "sale"]
    id: str
    member: str
    store: str
    at: datetime


Role = Literal["staff", "manager"]


class Staff(Record, frozen=True, kw_only=True):
    """Somebody who works here. No store: at all of them. `guest` is their own account, if told."""

    id: str
    name: str
    pin: str
    store: str = ""
    role: Role = "staff"
    guest: str = ""


class Loss(Record, frozen=True, kw_only=True):
    """A reward that a till handed out offline for a hold that was over: lost money, minor units."""

    hold: str
    reward: str
    value: int
    currency: str
    store: str
    till: str
    day: str
    at: datetime
    why: str
    receipt: str = ""
