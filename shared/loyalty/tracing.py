"""The way of one purchase through all functions, told from what is stored: no log is needed.

Ids derive from the act, so what should follow an entry is known, and looked for: the milestones
that it crosses, the messages that it asks for, their claims, waits and receipts of delivery.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime
from typing import NamedTuple

from loyalty import telling
from loyalty.domain.entry import OF_REWARDS, Entry, Receipt
from loyalty.domain.program import Version
from loyalty.events import NotificationRequested, PointsPosted, decode, peek
from loyalty.ports import Store
from loyalty.programs import Programs
from loyalty.records import (
    Claim,
    EntryRecord,
    claims,
    deliveries,
    quarantine,
    timers,
)
from loyalty.steps import milestone_check

_TOLD = {
    "claimed": "claimed, and not settled yet",
    "waiting": "claimed; the vendor did not take it yet",
    "accepted": "accepted by the vendor",
    "failed": "refused by the vendor",
    "dropped": "not sent",
}


MOST = 1000
"""So many timers are looked through, those that are due first."""


class Step(NamedTuple):
    """What one function did, or (`done` is False) has not done yet; `at` where it is kept.

    What waits for its time, as it should, is neither: `at` is then when it goes on.
    """

    function: str
    what: str
    at: datetime | None = None
    done: bool = True
    waits: bool = False

    def missing(self, now: datetime) -> bool:
        """Tell whether this should have happened by now."""
        return not self.done and not (self.waits and self.at and self.at > now)


def way(
    record: EntryRecord, others: Sequence[EntryRecord], store: Store, programs: Programs
) -> list[Step]:
    """Tell the way of a receipt, from its document and those of its member's other entries."""
    receipt = record.receipt
    if receipt is None:
        raise ValueError("this document holds no receipt")
    acts = _acts(receipt, [record, *others])
    before = [*_told(receipt), *_aside(receipt.id, store), *_waiting(receipt)]
    return [*before, *map(_booked, acts), *_followed(acts, store, programs)]


def put_aside(receipt: str, store: Store) -> list[Step]:
    """Tell what of a receipt (or of its till's own number) was put aside."""
    return list(_aside(receipt, store))


def is_on_its_way(receipt: str, store: Store) -> bool:
    """Tell whether what a till told of a receipt is to be published yet, once a server runs."""
    told = (
        each for timer in timers.find(store, order="due_at", limit=MOST) for each in timer.outcome
    )
    subjects = (peek(each.body.encode())["subject"] for each in told)
    return any(receipt in (subject, subject.rpartition(":")[2]) for subject in subjects)


def _told(receipt: Receipt) -> Iterator[Step]:
    """Tell what the till told. When it did is in the log only: facts may come late and again."""
    if sale := receipt.sale:
        yield Step("(till)", "sold", sale.occurred_at)
        yield Step("transaction_ingest", f"recorded revision {sale.revision}")
    for refund in receipt.refunds.values():
        yield Step("(till)", f"refund {refund.id}", refund.occurred_at)
    if receipt.void:
        yield Step("(till)", "void", receipt.void.occurred_at)


def _aside(receipt: str, store: Store) -> Iterator[Step]:
    for fact in quarantine.each(store, order="at"):
        subject = peek(fact.body.encode())["subject"]
        if receipt in (subject, subject.rpartition(":")[2]):
            yield Step("(quarantine)", f"{fact.code}: {fact.why}", fact.at, done=False)


def _waiting(receipt: Receipt) -> Iterator[Step]:
    why = {
        "awaiting-sale": "its sale has not come",
        "unclaimed": "nobody can be credited: its guest has not joined",
        "review": "a person has to review it",
    }.get(receipt.state)
    if why:
        yield Step("points_calculation", f"waits: {why}", done=False)


def _acts(receipt: Receipt, records: Sequence[EntryRecord]) -> list[EntryRecord]:
    """List what was written about the receipt, and what that caused."""
    known = {each.entry.id: each for each in records if each.entry}
    own = {name for name, each in known.items() if _entry(each).receipt == receipt.id}
    chosen = [each for name, each in known.items() if name in own or _entry(each).cause in own]
    return sorted(chosen, key=lambda each: _entry(each).seq)


def _booked(act: EntryRecord) -> Step:
    entry = _entry(act)
    function = "milestone_check" if entry.cause else "points_calculation"
    function = "(reviewed)" if entry.kind == "review" else function
    function = "(counter)" if entry.kind in OF_REWARDS else function
    return Step(function, f"booked {entry.id}: {entry.points:+d} points", entry.at)


# -- what follows from an act -----------------------------------------------------------------


def _followed(acts: Sequence[EntryRecord], store: Store, programs: Programs) -> Iterator[Step]:
    events = [decode(each.body.encode()) for act in acts for each in act.outcome]
    names = {_entry(act).id for act in acts}
    asked = {each.id: each for each in events if isinstance(each, NotificationRequested)}
    for event in (each for each in events if isinstance(each, PointsPosted)):
        if event.entry in names:
            version = programs.at(event.at)
            yield from _unchecked(event, version, store)
            caused = any(_entry(act).cause == event.entry for act in acts)
            asked |= {} if caused else _asked(event, version)
    for name, request in asked.items():
        yield from _message(name, request, programs, store)


def _unchecked(event: PointsPosted, version: Version, store: Store) -> Iterator[Step]:
    for crossing in milestone_check.crossed(event, version.program):
        guard = milestone_check.guard(store, event, crossing)
        if milestone_check.due(event, crossing, guard):
            what = f"{crossing.name} {crossing.number} is to be looked at"
            yield Step("milestone_check", what, done=False)


def _asked(event: PointsPosted, version: Version) -> dict[str, NotificationRequested]:
    found = telling.requests(event, version, event.balance, event.pending, ())
    return {each.id: each for each in found if isinstance(each, NotificationRequested)}


def _message(
    name: str, request: NotificationRequested, programs: Programs, store: Store
) -> Iterator[Step]:
    claim, timer = claims.get(store, name), timers.get(store, f"publish:{name}")
    if claim:
        yield _claimed(name, claim)
        yield from _delivered(name, claim, store)
    elif timer:
        what = f"{name}: waits for its time"
        yield Step("notification_dispatch", what, timer.due_at, done=False, waits=True)
    elif request.audience == "staff" and not programs.named(request.version).connectors.get(
        "staff"
    ):
        yield Step("notification_dispatch", f"{name}: the program names nobody to tell")
    else:
        yield Step("notification_dispatch", f"{name}: not claimed yet", done=False)


def _claimed(name: str, claim: Claim) -> Step:
    by = f" by {claim.channel} over {claim.connector}" if claim.connector else ""
    why = f" ({claim.word})" if claim.word else ""
    what = f"{name}: {_TOLD.get(claim.state, claim.state)}{by}{why}"
    return Step("notification_dispatch", what, claim.at, claim.state not in ("claimed", "waiting"))


def _delivered(name: str, claim: Claim, store: Store) -> Iterator[Step]:
    told = deliveries.get(store, name)
    if told:
        why = f" ({told.word})" if told.word else ""
        yield Step("message_feedback", f"{name}: {told.state}{why}", told.at)
    elif claim.state == "accepted" and claim.channel != "staff":
        yield Step("message_feedback", f"{name}: no receipt of delivery yet", done=False)


def _entry(record: EntryRecord) -> Entry:
    assert record.entry is not None  # noqa: S101 - only records with an entry are acts
    return record.entry
