"""How many visits a day's receipts are."""

from __future__ import annotations

from collections.abc import Iterable


def count(minutes: Iterable[int], sitting: int) -> int:
    """Count the fewest sittings that cover all receipts of one day and store.

    A sitting starts with its first receipt and lasts `sitting` minutes; a receipt exactly that
    much later starts the next. The order in which the receipts became known does not matter.
    """
    visits, ends = 0, None
    for minute in sorted(minutes):
        if ends is None or minute >= ends:
            visits, ends = visits + 1, minute + max(1, sitting)
    return visits
