"""Faults put in on purpose, to show that the demo's checks can fail: `FAULT=… make demo`."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial

import msgspec

from infra.demo.week_faults import TellAfterVisit, TellHeld
from loyalty.delivery import Shop
from loyalty.domain.transaction import Sale
from loyalty.events import TransactionRecorded, decode, encode
from loyalty.ports import Bus, Query, Store, Unit
from loyalty.records import EntryRecord, entries

FAULTS = {
    "lose-one": "one sale of each Saturday was lost on its way",
    "double-one": "one sale of each Saturday was told twice, under another name",
    "forge-one": "points were written into the ledger by hand",
    "tell-held": "in the week, a guest who is held out of the campaign was told of it",
    "tell-returned": "in the week, who had come back was told how much they are missed",
}
ON_THE_BUS = ("lose-one", "double-one")
NTH = 40
"""Which sale is struck, of those that are told of with a guest."""


class Faulty:
    """A bus that loses one sale whenever it is told, or doubles it under another name."""

    def __init__(self, inner: Bus, fault: str) -> None:
        self._inner = inner
        self._fault = fault
        self._sales: dict[str, int] = {}

    def publish(self, topic: str, events: Sequence[bytes]) -> None:
        """Publish, except that one sale is struck."""
        for body in events:
            self._inner.publish(topic, self._struck(body))

    def _struck(self, body: bytes) -> list[bytes]:
        event = decode(body)
        if not isinstance(event, TransactionRecorded) or not isinstance(event.transaction, Sale):
            return [body]
        if self._number(event.transaction) != NTH:
            return [body]
        if self._fault == "lose-one":
            return []
        again = msgspec.structs.replace(
            event.transaction, receipt=f"{event.transaction.receipt}-again"
        )
        copy = msgspec.structs.replace(
            event, id=f"{event.id}-again", subject=again.receipt_id, transaction=again
        )
        return [body, encode(copy)]

    def _number(self, sale: Sale) -> int:
        """Number the sales with a guest, however often each is told; 0 for one without."""
        if not sale.guest:
            return 0
        return self._sales.setdefault(sale.receipt_id, len(self._sales) + 1)


def put_in(shop: Shop, fault: str) -> Shop:
    """Put a fault around the bus; `forge-one` strikes later (see `forge`)."""
    if fault == "tell-held":
        return shop._replace(bus=TellHeld(shop.bus, shop.store))
    if fault == "tell-returned":
        return shop._replace(bus=TellAfterVisit(shop.bus))
    return shop._replace(bus=Faulty(shop.bus, fault)) if fault in ON_THE_BUS else shop


def forge(store: Store) -> None:
    """Alter one entry in the ledger, as somebody with access to the disk could."""
    for _, document in store.query(Query("entries", limit=1000)):
        record = entries.read(document)
        if record and record.entry and record.entry.points > 0:
            forged = msgspec.structs.replace(record.entry, points=record.entry.points + 100)
            changed = msgspec.structs.replace(record, entry=forged)
            store.atomically("ledger", partial(_overwrite, record.entry.id, changed))
            return


def _overwrite(name: str, record: EntryRecord, unit: Unit) -> None:
    entries.put(unit, name, record)
