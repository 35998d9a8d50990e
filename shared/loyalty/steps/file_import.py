"""Nightly files of tills that cannot call us: what is due is read on, a budget at a time."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta

from loyalty.delivery import Outcome, Shop, outgoing, publish
from loyalty.errors import TryAgain
from loyalty.events import Event, FilesDue
from loyalty.files.reading import Budget
from loyalty.files.running import Run
from loyalty.files.shelf import sources

HEARS = FilesDue
SECONDS, PAGES = 150, 200
"""After so long, or so much, it asks for itself again."""
NAMED = 10
"""So many tills or files that could not be read are named."""


def handle(event: Event, shop: Shop) -> Outcome:
    """Read what is there. Each page of rows is published before it counts as read.

    A file that is missing or refused is told of also while another till's cannot be read.
    """
    now = shop.clock.now()
    run = Run(shop, Budget(now + timedelta(seconds=SECONDS), PAGES))
    run.read(sources(shop.programs.current().program))
    publish(shop.bus, outgoing(run.alarms))
    if run.again:
        raise TryAgain(_named(run.troubles))
    if not run.more:
        return ()
    return outgoing([FilesDue(id=f"{event.id}+", at=now, subject=event.subject)])


def _named(troubles: Sequence[str]) -> str:
    """Say what could not be read, as far as a line has room for it."""
    more = f"; and {len(troubles) - NAMED} more" if len(troubles) > NAMED else ""
    return "; ".join(troubles[:NAMED]) + more
