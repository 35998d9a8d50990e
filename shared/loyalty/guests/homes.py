"""Identity leads to a member, a member to an account: their own, or another that keeps it."""

from __future__ import annotations

from typing import NamedTuple

from loyalty.domain.account import Account
from loyalty.domain.entry import Entry, Receipt
from loyalty.ports import Store, Unit
from loyalty.records import AccountRecord, accounts, entries

MERGED, ERASED = "merged", "erased"
"""Why nobody is behind an account: its member was found to be another one, or is forgotten."""


class Home(NamedTuple):
    """The account where a member's points are kept.

    `member` is who was asked for, `person` who that is: another one if the two were merged.
    `closed` tells why nobody is behind that person's name any more; empty while somebody is, also
    where whoever the account is called after was forgotten.
    """

    member: str
    person: str
    record: AccountRecord
    closed: str

    @property
    def account(self) -> Account:
        """The account itself."""
        return self.record.account


class Told(NamedTuple):
    """An act, with its receipt as it stands if it is a sale."""

    entry: Entry
    receipt: Receipt | None


def find(source: Unit | Store, member: str) -> Home | None:
    """Find where a member's points are kept; None if there is no such member."""
    own = record = accounts.get(source, member)
    while record and record.account.into:
        shares = own is not record or record.closed != MERGED  # from there on, it is another one
        record = accounts.get(source, record.account.into)
        own = own if shares else record
    return Home(member, own.account.id, record, own.closed) if record and own else None


def living(source: Unit | Store, member: str) -> Home | None:
    """Find where a member's points are kept; None also if they were erased."""
    home = find(source, member)
    return None if home is None or home.closed == ERASED else home


def erased(source: Unit | Store, member: str) -> bool:
    """Tell whether a member was erased: their id leads to points still, but to nobody."""
    record = accounts.get(source, member)
    return record is not None and record.closed == ERASED


def here(source: Unit | Store, account: Account) -> tuple[str, ...]:
    """Name all whose points an account keeps, but nobody who was erased."""
    return tuple(name for name in everybody(account) if not erased(source, name))


def people(source: Unit | Store, account: Account) -> tuple[str, ...]:
    """Name the people who have their points there, each by one name; nobody who was erased."""
    found = (find(source, name) for name in here(source, account))
    return tuple(dict.fromkeys(home.person for home in found if home))


def names(source: Unit | Store, home: Home) -> tuple[str, ...]:
    """List all members that were found to be this person, who is the first."""
    others = (name for name in everybody(home.account) if name != home.person)
    found = ((name, find(source, name)) for name in others)
    return (home.person, *(name for name, each in found if each and each.person == home.person))


def shared(source: Unit | Store, home: Home) -> bool:
    """Tell whether an account is kept for other people too."""
    return len(names(source, home)) < len(everybody(home.account))


def known_as(source: Unit | Store, member: str) -> tuple[str, ...]:
    """List all names of the person who a member is; only this one if there is no such member."""
    home = find(source, member)
    return names(source, home) if home else (member,)


def of_act(source: Unit | Store, entry: Entry) -> Home | None:
    """Find where what an act moved is kept now: where its account is, whoever acted."""
    home, who = find(source, entry.members[0]), entry.members[-1]
    actor = find(source, who) if home and who != entry.members[0] else home
    return actor._replace(record=home.record) if home and actor else home


def acts(store: Store, member: str, limit: int) -> list[Told]:
    """List a person's newest acts, the newest first, whichever of their names each was told by."""
    found = {
        record.entry.id: Told(record.entry, record.receipt)
        for name in known_as(store, member)
        for record in entries.find(
            store, ("members", "contains", name), order="at", descending=True, limit=limit
        )
        if record.entry
    }
    newest = sorted(found.values(), key=lambda told: (told.entry.at, told.entry.seq), reverse=True)
    return newest[:limit]


def own(record: AccountRecord) -> Home:
    """Take an account by itself, as time does."""
    return Home(record.account.id, record.account.id, record, record.closed)


def everybody(account: Account) -> tuple[str, ...]:
    """Name all whose points an account keeps; nobody's if it is kept elsewhere itself."""
    return () if account.into else (account.id, *account.others)
