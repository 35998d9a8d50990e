"""What each of those who share an account took of it in a day, worked out from its entries."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import datetime

import msgspec

from infra.simulator.store import MemoryStore, Write
from infra.simulator.what_waits import ZONE
from loyalty.domain import calendar
from loyalty.domain.account import Account
from loyalty.domain.entry import Entry
from loyalty.records import EntryRecord, accounts, entries, merges

LIMIT = 10
"""So many points each may take rewards for in a day, where people share an account."""


def person_of(store: MemoryStore, member: str) -> str:
    """Find out who somebody is: the same as whom they were merged with, not who they share with."""
    found = merges.get(store, member)
    while found and found.state == "open" and not found.shared:
        member = found.into
        found = merges.get(store, member)
    return member


def is_shared(store: MemoryStore, account: Account) -> bool:
    """Tell whether an account is kept for more than one person."""
    return len({person_of(store, name) for name in (account.id, *account.others)}) > 1


def had(store: MemoryStore, account: Account, member: str, now: datetime) -> int:
    """Add up what a person took today, less what came back of it today."""
    person, today = person_of(store, member), calendar.local(now, ZONE).date()
    acts = [record.entry for record in entries.each(store) if record.entry]
    mine = [
        entry for entry in acts
        if entry.members[0] == account.id and calendar.local(entry.at, ZONE).date() == today
    ]  # fmt: skip
    own = {e.id for e in mine if e.kind == "hold" and person_of(store, e.members[-1]) == person}
    return -sum(entry.points for entry in mine if entry.id in own or entry.cause in own)


def holding(writes: Iterable[Write]) -> list[Entry]:
    """List the rewards that a commit set aside."""
    kind, told = entries.collection, b'"kind":"hold"'
    found = [w.body for w in writes if w.key.collection == kind and told in w.body]
    records = (msgspec.json.decode(body, type=EntryRecord) for body in found)
    return [record.entry for record in records if record.entry]


def beyond(store: MemoryStore, held: Iterable[Entry]) -> Iterator[str]:
    """Say which rewards are more than somebody may take of a shared account."""
    for entry in held:
        if _is_too_much(store, entry):
            yield f"{entry.id} is beyond what one may take of a shared account in a day"


def _is_too_much(store: MemoryStore, entry: Entry) -> bool:
    found = accounts.get(store, entry.members[0])
    if not entry.points or found is None or not is_shared(store, found.account):
        return False
    return had(store, found.account, entry.members[-1], entry.at) > LIMIT
