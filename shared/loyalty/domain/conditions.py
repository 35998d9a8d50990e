"""To which receipts, and to what on them, something applies."""

from __future__ import annotations

from loyalty.domain.transaction import Channel
from loyalty.domain.vocabulary import Money, Name, Part, TimeOfDay, Weekday


class When(Part, frozen=True):
    """When a rule applies: every key given must hold."""

    channels: tuple[Channel, ...] = ()
    stores: tuple[Name, ...] = ()
    weekdays: tuple[Weekday, ...] = ()
    start: TimeOfDay | None = None
    """From this time of day in the store's zone, included; a span may pass midnight."""
    end: TimeOfDay | None = None
    """Until this time of day, not included."""
    skus: tuple[str, ...] = ()
    categories: tuple[str, ...] = ()
    tiers: tuple[Name, ...] = ()
    segments: tuple[Name, ...] = ()
    """The segments it is about, as the guest was in them when first judged; all if left out."""
    minimum: Money = 0
    """The receipt's kept eligible amount must reach this."""
