"""After a change of the program every guest's timers are set anew: also theirs who are silent.

A pass goes through all profiles, a page in each call. How far it is stands in one document; who
did a page moves it on, and whoever comes second finds it moved.
"""

from __future__ import annotations

from loyalty import bookkeeping, celebrating, timekeeping
from loyalty.arming_records import Armed
from loyalty.delivery import Outcome, Shop, outgoing
from loyalty.domain.automations import ByTime
from loyalty.domain.ledger import Passbook
from loyalty.domain.program import Version
from loyalty.events import SweepRequested
from loyalty.ports import Unit
from loyalty.records import AccountRecord, accounts, armed, profiles

NAME = "arm"
ALL = "all"
PAGE = 100
"""So many guests in one call."""


def run(event: SweepRequested, shop: Shop) -> Outcome:
    """Begin a pass if the program has changed, or do the page that the event names.

    The next page is a promise: it is asked for once, and by the sweep if this call is cut off.
    """
    version, found = shop.programs.current(), armed.get(shop.store, ALL)
    if not event.cursor:
        return _begin(found, version, shop)
    if found is None or found.done or found.position != event.cursor:
        return ()
    page = profiles.page(shop.store, found.after, PAGE)
    for _, profile in page:
        celebrating.arm(profile.member, shop)
        _arm_account(profile.member, version, shop)
    last = len(page) < PAGE
    after = found.after if last else page[-1][0]
    _advance(
        found.position, Armed(version=found.version, at=found.at, after=after, done=last), shop
    )
    return ()


def _begin(found: Armed | None, version: Version, shop: Shop) -> Outcome:
    """Begin a pass; one that was begun for this version goes on where it is."""
    if found and found.version == version.hash:
        return _asked(found)
    fresh = Armed(version=version.hash, at=shop.clock.now())
    shop.store.atomically("ledger", lambda unit: armed.put(unit, ALL, fresh))
    return _asked(fresh)


def _arm_account(member: str, version: Version, shop: Shop) -> None:
    """Set an account's timer, if something is due sooner than it knew."""
    if not any(isinstance(each, ByTime) for each in version.program.automations.values()):
        return

    def work(unit: Unit) -> None:
        record = accounts.get(unit, member)
        if record is None or record.closed or record.account.into:
            return  # nobody is behind it, or another account keeps it
        book = Passbook(record.account, version.program, shop.clock.now())
        account = bookkeeping.armed(unit, book)
        if account != record.account:
            accounts.put(unit, member, AccountRecord(account=account))

    shop.store.atomically("ledger", work)


def _advance(position: str, after: Armed, shop: Shop) -> None:
    """Move the pass on, if nobody did meanwhile, and ask for its next page."""
    name = f"{NAME}:{after.position}"

    def work(unit: Unit) -> Outcome:
        found = armed.get(unit, ALL)
        if found is None or found.done or found.position != position:
            return ()
        armed.put(unit, ALL, after)
        outcome = _asked(after)
        timekeeping.promise(unit, name, outcome, shop.clock.now())
        return outcome

    timekeeping.keep(name, shop.store.atomically("ledger", work), shop)


def _asked(found: Armed) -> Outcome:
    """Ask for the next page of a pass; one that is done asks for nothing."""
    if found.done:
        return ()
    event = SweepRequested(
        id=f"{NAME}:{found.position}", at=found.at, subject=NAME, job=NAME, cursor=found.position
    )
    return outgoing([event])
