"""Nightly files of tills that cannot call us: what is due is read on, a budget at a time."""

from __future__ import annotations

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


def handle(event: Event, shop: Shop) -> Outcome:
    """Read what is there. Each page of rows is published before it counts as read.

    A file that is missing is told of also while another till's cannot be read.
    """
    now = shop.clock.now()
    run = Run(shop, Budget(now + timedelta(seconds=SECONDS), PAGES))
    run.read(sources(shop.programs.current().program))
    publish(shop.bus, outgoing(run.missing))
    if run.again:
        raise TryAgain("files of a till could not be read")
    if not run.more:
        return ()
    return outgoing([FilesDue(id=f"{event.id}+", at=now, subject=event.subject)])
