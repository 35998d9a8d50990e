"""Asks a till what changed since it was asked last, a stretch of time after the other.

What it answers are the facts that its calls lead to, under the same names. So what was told already
is told again, and changes nothing.
"""

from __future__ import annotations

from datetime import timedelta
from functools import partial

from loyalty import catching_up
from loyalty.connectors.spec import Heard, Span
from loyalty.delivery import Outcome, Shop, outgoing
from loyalty.errors import TryAgain, VendorRefused
from loyalty.events import Event, SalesDue
from loyalty.job_records import Pull
from loyalty.ports import Unit
from loyalty.records import pulls
from loyalty.steps import transaction_ingest

HEARS = SalesDue
SECONDS = 240.0
"""So long a till may take to answer for one stretch."""
LONGEST, SHORTEST = 360, 5
"""Minutes of a stretch: halved when a till does not manage it in time, doubled when it does."""
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
    Raises VendorRefused, LookupError where settings are missing, TryAgain.
    """
    now = shop.clock.now() - STILL
    locations = catching_up.tills(shop.programs.current().program).get(till)
    known = pulls.get(shop.store, till)
    if known is None:
        shop.store.atomically("ledger", partial(_keep, till, Pull(until=now)))
        return False
    span = Span(
        start=known.until, locations=locations or (),
        end=min(known.until + timedelta(minutes=known.minutes), now),
    )  # fmt: skip
    if locations is None or span.end <= span.start:
        return False
    _tell(till, _asked(till, span, known, shop), shop)
    after = Pull(until=span.end, minutes=min(2 * known.minutes, LONGEST))
    shop.store.atomically("ledger", partial(_keep, till, after))
    return span.end < now


def _asked(till: str, span: Span, known: Pull, shop: Shop) -> list[Heard]:
    connector, _, account = till.partition(".")
    try:
        heard: list[Heard] = shop.vendors.run(connector, "list_sales", span, account, SECONDS)
    except TryAgain:
        shorter = Pull(until=known.until, minutes=max(known.minutes // 2, SHORTEST))
        shop.store.atomically("ledger", partial(_keep, till, shorter))
        raise
    return heard


def _tell(till: str, heard: list[Heard], shop: Shop) -> None:
    """Publish what a till answered; what nobody can book is put aside and stops nothing."""
    connector, _, account = till.partition(".")
    transaction_ingest.record(connector, account, heard, "", shop, judged=False)


def _keep(till: str, after: Pull, unit: Unit) -> None:
    """Keep how far a till was asked; another run may be further already."""
    known = pulls.get(unit, till)
    if known is None or known.until <= after.until:
        pulls.put(unit, till, after)
