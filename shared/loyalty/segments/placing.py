"""A page of guests is put into segments; who is where they were is not written."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from functools import partial
from typing import NamedTuple

import msgspec

from loyalty.delivery import Shop
from loyalty.domain import rfm, segments
from loyalty.domain.account import Account
from loyalty.domain.entry import Receipt
from loyalty.domain.grouping import Favorite
from loyalty.domain.program import Program
from loyalty.domain.segments import Guest, Likes
from loyalty.guests.homes import ERASED
from loyalty.job_records import Job
from loyalty.ports import Store, Unit
from loyalty.records import (
    AccountRecord,
    account_record,
    accounts,
    contacts,
    entries,
    profiles,
)

NEWEST = 20
"""What a guest likes is seen from so many of their newest acts."""
_replace = msgspec.structs.replace


class _Told(NamedTuple):
    """What is not on the account: birthday, language, and what they like as of an act."""

    birthday: str
    language: str
    likes: Likes
    liked_at: int


def living(records: Sequence[AccountRecord], store: Store) -> set[str]:
    """Name the accounts that are not kept in another one and that somebody is behind.

    Who shares one stays its guest when whom it is called after is erased.
    """
    here = [record for record in records if not record.account.into]
    left = [record.account for record in here if record.closed and record.account.others]
    stay = {account.id for account in left if _has_somebody(account, store)}
    return {record.account.id for record in here if not record.closed} | stay


def _has_somebody(account: Account, store: Store) -> bool:
    """Tell whether not all were erased; who cannot be read is there, and holds up no other."""
    found = accounts.known(store, account.others)
    return any(each is None or each.closed != ERASED for each in found)


def place(records: Sequence[AccountRecord], job: Job, program: Program, shop: Shop) -> None:
    """Place guests, as of the run's instant, and write those of whom something changed."""
    lives = living(records, shop.store)
    ladders, people = rfm.ladders(job.counts), _people(sorted(lives), program, shop)
    for record in records:
        told = _told(record.account, people, program, shop)
        placed = _outside
        if program.segments and record.account.id in lives:
            placed = partial(_placed, told=told, ladders=ladders, job=job, program=program)
        found = placed(record)
        if found != record.account:
            _write(record, found, placed, shop)


def _write(
    seen: AccountRecord, found: Account, placed: Callable[[AccountRecord], Account], shop: Shop
) -> None:
    """Place a guest as they are now, anew if they bought something at this moment."""
    name = seen.account.id

    def work(unit: Unit) -> None:
        record = accounts.get(unit, name)
        if record is None:
            return
        account = found if record == seen else placed(record)
        if account != record.account:
            accounts.put(unit, name, account_record(account, record.closed))

    shop.store.atomically("ledger", work)


def _placed(
    record: AccountRecord, told: _Told, ladders: tuple[rfm.Ladder, ...], job: Job, program: Program
) -> Account:
    """Tell what an account is once it is placed."""
    account = record.account
    if account.into:
        return _outside(record)
    score = rfm.scored(rfm.measured(account, program, job.at), ladders)
    guest = Guest(account, score, told.likes, told.birthday, told.language)
    found = segments.place(guest, program, job.at)
    likes = tuple(told.likes) if told.liked_at else ()
    return _replace(
        account, segments=found.segments, stage=found.stage, rfm=score, likes=likes,
        liked_at=told.liked_at,
    )  # fmt: skip


def _outside(record: AccountRecord) -> Account:
    """Tell what an account is that is in no segment: there are none, or nobody is behind it."""
    return segments.emptied(record.account)


# -- what is not on the account ------------------------------------------------------------


def _people(names: Sequence[str], program: Program, shop: Shop) -> dict[str, tuple[str, str]]:
    """Read birthday and language of a page of guests at once, as far as a segment asks."""
    asked = program.segments.values()
    born = names if any(segment.birthday_month for segment in asked) else []
    speak = names if any(segment.languages for segment in asked) else []
    found = dict.fromkeys(names, ("", ""))
    for name, profile in zip(born, profiles.several(shop.store, born), strict=True):
        found[name] = (profile.birthday if profile else "", "")
    for name, contact in zip(speak, contacts.several(shop.store, speak), strict=True):
        spoken = (contact.language or program.languages[0]) if contact else ""
        found[name] = (found[name][0], spoken)
    return found


def _told(
    account: Account, people: dict[str, tuple[str, str]], program: Program, shop: Shop
) -> _Told:
    birthday, language = people.get(account.id, ("", ""))
    if all(segment.favorite == Favorite() for segment in program.segments.values()):
        return _Told(birthday, language, Likes(), 0)
    if account.liked_at == account.seq:
        return _Told(birthday, language, Likes(*account.likes), account.liked_at)
    return _Told(birthday, language, _likes(account.id, shop), account.seq)


def _likes(name: str, shop: Shop) -> Likes:
    """See from a guest's newest receipts what they like; of two alike the first by the alphabet."""
    found = entries.find(
        shop.store, ("members", "contains", name), order="at", descending=True, limit=NEWEST
    )
    known = [record.receipt for record in found if record.receipt and record.receipt.kept > 0]
    sales = [receipt.sale for receipt in known if receipt.sale]
    return Likes(
        category=_most(_spent(known)),
        store=_most(Counter(sale.store for sale in sales)),
        channel=_most(Counter(sale.channel for sale in sales)),
    )


def _spent(known: Sequence[Receipt]) -> Counter[str]:
    """Add up the money by category."""
    sums: Counter[str] = Counter()
    for receipt in known:
        for line in receipt.sale.lines if receipt.sale else ():
            sums[line.category] += line.amount
    del sums[""]
    return sums


def _most(counts: Counter[str]) -> str:
    return min(counts, key=lambda name: (-counts[name], name), default="")
