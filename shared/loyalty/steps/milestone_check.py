"""Which milestones an act reached, what they give, and the one message that tells of it all."""

from __future__ import annotations

from datetime import timedelta
from functools import partial

import msgspec

from loyalty import bookkeeping, telling
from loyalty.delivery import Outcome, Shop, first_then_look, outgoing
from loyalty.domain.entry import OF_MERGES
from loyalty.domain.ledger import Passbook
from loyalty.domain.milestones import Crossing, crossings
from loyalty.domain.program import Program, Version
from loyalty.events import Event, MilestoneReached, PointsPosted
from loyalty.friends import befriending
from loyalty.ports import Store, Unit
from loyalty.records import MilestoneGuard, Voucher, entries, milestones, vouchers
from loyalty.telling import Given

HEARS = PointsPosted
Guarded = list[tuple[Crossing, MilestoneGuard | None]]


def handle(event: Event, shop: Shop) -> Outcome:
    """Grant what was reached; most acts reach nothing and cost no read and no write."""
    assert isinstance(event, PointsPosted)  # noqa: S101 - `deliver` saw to it
    version = shop.programs.at(event.at)
    if event.kind in OF_MERGES:  # it was progress before, and nobody did anything
        return ()
    taken_back = befriending.follow(event, version.program, shop)
    return taken_back + _reach(event, version, shop)


def _reach(event: PointsPosted, version: Version, shop: Shop) -> Outcome:
    found = crossed(event, version.program)
    if not found:
        return outgoing(telling.requests(event, version, event.balance, event.pending, ()))
    work = partial(_decide, event=event, found=found, version=version, shop=shop)
    return first_then_look(lambda _look: shop.store.atomically("ledger", work))


def crossed(event: PointsPosted, program: Program) -> list[Crossing]:
    """List the lines that an act passed, as far as that gives or takes something."""
    return [
        crossing
        for crossing in crossings(program, event.before, event.after)
        if crossing.up or program.milestones[crossing.name].on_undo == "withdraw"
    ]


def _decide(
    unit: Unit, event: PointsPosted, found: list[Crossing], version: Version, shop: Shop
) -> Outcome:
    guarded: Guarded = [(c, guard(unit, event, c)) for c in found]
    if (done := _done(unit, event, guarded)) is not None:
        return done
    given = [
        _plan(event, c, guard, version.program) for c, guard in guarded if due(event, c, guard)
    ]
    if not given:
        return outgoing(telling.requests(event, version, event.balance, event.pending, ()))
    return _grant(unit, event, given, version, shop)


def _done(unit: Unit, event: PointsPosted, guarded: Guarded) -> Outcome | None:
    """Find what an earlier delivery led to, also once a later act withdrew what it gave.

    The first entry that the act caused keeps its outcome.
    """
    for crossing, guard in guarded:
        record = entries.get(unit, _entry_of(event, crossing)) if guard else None
        if record and record.entry and record.entry.cause == event.entry:
            return record.outcome
    return None


def due(event: PointsPosted, crossing: Crossing, guard: MilestoneGuard | None) -> bool:
    """Grant once, ever; withdraw what an earlier act granted, in whatever order acts are told."""
    if guard is None:
        return True
    return guard.state == "granted" and not crossing.up and guard.seq < event.seq


def _plan(
    event: PointsPosted, crossing: Crossing, guard: MilestoneGuard | None, program: Program
) -> Given:
    milestone, entry = program.milestones[crossing.name], _entry_of(event, crossing)
    if crossing.up:
        voucher = f"voucher:{entry}" if milestone.reward else ""
        return Given(crossing, entry, milestone.award, voucher)
    taken = (guard.points, guard.voucher) if guard else (0, "")
    return Given(crossing, entry, *taken)


def _grant(
    unit: Unit, event: PointsPosted, given: list[Given], version: Version, shop: Shop
) -> Outcome:
    book = bookkeeping.opened(unit, event.account, version, shop)
    open_vouchers = {
        each.voucher: vouchers.get(unit, each.voucher)
        for each in given
        if each.voucher and not each.crossing.up
    }
    for each in given:
        _write_in(book, each, version.program, event.entry)
        _guard_it(unit, event, each, given[0].entry)
        _change_voucher(unit, event, each, version, shop, open_vouchers.get(each.voucher))
    now = book.now
    reached = [_reached(event, each, book) for each in given if each.crossing.up]
    balance, pending = book.account.points(now), book.account.pending(now)
    told = telling.requests(event, version, balance, pending, given)
    awarded = bookkeeping.posted(book, subjects={event.entry: event.subject})
    events = [*awarded, *reached, *told]
    return bookkeeping.write(unit, book, given[0].entry, events)


def _write_in(book: Passbook, given: Given, program: Program, cause: str) -> None:
    name = given.crossing.name
    title = program.words(program.milestones[name].title, program.languages[0])
    if given.crossing.up:
        book.award(given.entry, given.points, title, name, cause)
    else:
        book.withdraw(given.entry, given.points, f"{title}: no longer reached", name, cause)


def guard_of(account: str, crossing: Crossing) -> str:
    """Name the guard that lets a line be granted once."""
    return f"milestone:{account}:{crossing.name}:{crossing.number}"


def guard(source: Unit | Store, event: PointsPosted, crossing: Crossing) -> MilestoneGuard | None:
    """Find the guard of a line: what was granted to any whose points are here is granted."""
    names = (event.account, *event.others)
    found = (milestones.get(source, guard_of(name, crossing)) for name in names)
    return next((each for each in found if each), None)


def _entry_of(event: PointsPosted, crossing: Crossing) -> str:
    act = "award" if crossing.up else "withdrawal"
    return f"{act}:{event.account}:{crossing.name}:{crossing.number}"


def _guard_it(unit: Unit, event: PointsPosted, given: Given, trigger: str) -> None:
    guard = MilestoneGuard(
        state="granted" if given.crossing.up else "withdrawn", seq=event.seq,
        trigger=trigger, points=given.points, voucher=given.voucher,
    )  # fmt: skip
    milestones.put(unit, guard_of(event.account, given.crossing), guard)


def _change_voucher(
    unit: Unit, event: PointsPosted, given: Given, version: Version, shop: Shop, old: Voucher | None
) -> None:
    if given.crossing.up and given.voucher:
        vouchers.create(unit, given.voucher, _voucher(event, given, version, shop))
    elif old and old.state in ("open", "redeemed"):
        state = "withdrawn" if old.state == "open" else old.state
        withdrawn = msgspec.structs.replace(old, state=state, withdrawn=True)
        vouchers.put(unit, given.voucher, withdrawn)


def _voucher(event: PointsPosted, given: Given, version: Version, shop: Shop) -> Voucher:
    reward = version.program.milestones[given.crossing.name].reward or ""
    now = shop.clock.now()
    return Voucher(
        id=given.voucher, member=event.member, reward=reward, code=shop.pepper.code(given.voucher),
        cause=event.entry, version=version.hash, issued_at=now,
        expires_at=now + timedelta(days=version.program.rewards[reward].valid_days),
    )  # fmt: skip


def _reached(event: PointsPosted, given: Given, book: Passbook) -> MilestoneReached:
    return MilestoneReached(
        id=f"reached:{given.entry}", at=book.now, subject=event.subject, member=event.member,
        milestone=given.crossing.name, number=given.crossing.number, entry=given.entry,
        points=given.points, voucher=given.voucher,
    )  # fmt: skip
