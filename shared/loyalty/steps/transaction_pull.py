"""Asks a till what changed since it was asked last, a stretch of time after the other.

What it answers are the facts that its calls lead to, under the same names. So what was told already
is told again, and changes nothing.
"""

from __future__ import annotations

from datetime import timedelta
from functools import partial

import msgspec

from loyalty import catching_up
from loyalty.connectors.spec import Heard, Span
from loyalty.delivery import Outcome, Shop, outgoing
from loyalty.errors import TryAgain, VendorRefused
from loyalty.events import Event, SalesDue
from loyalty.job_records import Pull, Stretch
from loyalty.ports import Unit
from loyalty.records import pulls
from loyalty.steps import transaction_ingest

HEARS = SalesDue
_replace = msgspec.structs.replace
SECONDS = 240.0
"""So long a till may take to answer for one stretch."""
LONGEST, SHORTEST = 360, 5
"""Minutes of a stretch: halved when a till does not manage it in time, doubled when it does."""
FAILURES, UNREAD = 5, 12
"""So often the shortest stretch is tried, and so many are kept to be asked for later."""
STILL = timedelta(minutes=15)
"""What changed just now waits for the next time: vendors take a while to find it themselves."""


def handle(event: Event, shop: Shop) -> Outcome:
    """Ask for one stretch, and for the next if there is one.

    A till that refuses us delays no other, and is asked again from there at the next time.
    """
    try:
        more = pull(event.subject, shop)
    except (VendorRefused, LookupError) as trouble:
        code = getattr(trouble, "word", type(trouble).__name__)
        shop.log("ERROR", "a till cannot be asked for sales", till=event.subject, code=code)
        return ()
    if not more:
        return ()
    now = shop.clock.now()
    return outgoing([SalesDue(id=f"{event.id}+", at=now, subject=event.subject)])


def pull(till: str, shop: Shop) -> bool:
    """Ask a till for the next stretch of time; tell whether there is more to ask for.

    The first time nothing is asked for: what was sold before the shop began is not its business.
    Once nothing is left, what could not be read before is asked for again. Raises VendorRefused,
    LookupError where settings are missing, TryAgain.
    """
    now = shop.clock.now() - STILL
    known = pulls.get(shop.store, till)
    if known is None:
        shop.store.atomically("ledger", partial(_keep, till, Pull(until=now)))
        return False
    length = timedelta(minutes=known.minutes)
    stretch = Stretch(start=known.until, end=min(known.until + length, now))
    if till not in catching_up.tills(shop.programs.current().program):
        return False  # it has left the program, and is asked from here if it comes back
    if stretch.end - stretch.start < timedelta(minutes=1):
        _ask_again(till, known, shop)
        return False
    try:
        _ask(till, stretch, SECONDS, shop)
    except TryAgain:
        _shorten(till, stretch, known, shop)
        raise
    longer = min(2 * known.minutes, LONGEST)
    after = _replace(known, until=stretch.end, minutes=longer, failures=0)
    shop.store.atomically("ledger", partial(_keep, till, after))
    return stretch.end < now or bool(known.unread)


def _ask(till: str, stretch: Stretch, seconds: float, shop: Shop) -> None:
    """Publish what a till sold in a stretch; what nobody can book is put aside."""
    connector, _, account = till.partition(".")
    locations = catching_up.tills(shop.programs.current().program)[till]
    span = Span(start=stretch.start, end=stretch.end, locations=locations)
    heard: list[Heard] = shop.vendors.run(connector, "list_sales", span, account, seconds)
    transaction_ingest.record(connector, account, heard, "", shop, judged=False)


def _shorten(till: str, stretch: Stretch, known: Pull, shop: Shop) -> None:
    """Ask for less the next time; what fails though it is short must not keep back what follows."""
    failures = known.failures + (known.minutes == SHORTEST)
    after = _replace(known, minutes=max(known.minutes // 2, SHORTEST), failures=failures)
    if failures >= FAILURES and len(known.unread) < UNREAD:
        unread = (*known.unread, stretch)
        after = Pull(until=stretch.end, unread=unread)
        _complain(till, stretch, shop)
    shop.store.atomically("ledger", partial(_keep, till, after))


def _ask_again(till: str, known: Pull, shop: Shop) -> None:
    """Ask for what could not be read before; it is kept until it can."""
    for stretch in known.unread:
        try:
            _ask(till, stretch, SECONDS / UNREAD, shop)
        except TryAgain:
            _complain(till, stretch, shop)
        else:
            left = tuple(each for each in known.unread if each != stretch)
            known = _replace(known, unread=left)
    shop.store.atomically("ledger", partial(_keep, till, known))


def _complain(till: str, stretch: Stretch, shop: Shop) -> None:
    told = {"start": stretch.start.isoformat(), "end": stretch.end.isoformat()}
    shop.log("ERROR", "a till cannot tell what it sold", till=till, **told)


def _keep(till: str, after: Pull, unit: Unit) -> None:
    """Keep how far a till was asked; another run may be further already."""
    known = pulls.get(unit, till)
    if known is None or known.until <= after.until:
        pulls.put(unit, till, after)
