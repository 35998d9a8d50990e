"""Rewards at the counter: held for a receipt, then captured, voided, or let go by time.

A hold is told by the id its maker gave it, so whoever asks twice holds once; it ends once.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import NamedTuple

import msgspec

from loyalty import bookkeeping, timekeeping
from loyalty.counter import taking, vouching
from loyalty.counter.taking import Open, Taking
from loyalty.delivery import Outcome, Shop, first_then_look
from loyalty.domain import holds, rewards
from loyalty.domain.account import Held
from loyalty.domain.entry import Entry, Receipt, Used
from loyalty.domain.ledger import Passbook
from loyalty.domain.program import Program
from loyalty.errors import Problem
from loyalty.events import Event, claimed
from loyalty.guests import homes, sharing
from loyalty.guests.sharing import Allowance
from loyalty.ports import Unit
from loyalty.records import EntryRecord, Voucher, entries

Done = tuple[Taking, str, Outcome]
"""How the hold stands, the act that made it so, and what is to be published of it."""
_replace = msgspec.structs.replace


class Asking(NamedTuple):
    """Who wants which reward: one for points, or a voucher by its id.

    `points` is for rewards of which a guest chooses how many points they pay with. `offline` is
    for one that may be shown where the till is offline. `by` is who asks for the guest, if it is
    somebody else.
    """

    id: str
    member: str
    reward: str = ""
    points: int | None = None
    voucher: str = ""
    store: str = ""
    online: bool = False
    offline: bool = False
    by: str = ""


class Capturing(NamedTuple):
    """Which hold is spent, on which receipt if it is known; of points as money it may be less."""

    id: str
    points: int | None = None
    receipt: str = ""
    store: str = ""
    by: str = ""


def hold(asking: Asking, shop: Shop) -> Taking:
    """Set a reward aside. Raises Problem 404, 409 or 422 when it cannot be had."""

    def decide(_look: bool) -> Done:  # noqa: FBT001 - what was looked at before stays so
        allowed = sharing.allowance(asking.member, shop)
        return shop.store.atomically("ledger", lambda unit: _hold(unit, asking, allowed, shop))

    return _kept(first_then_look(decide), shop)


def capture(wish: Capturing, shop: Shop) -> Taking:
    """Spend what is held.

    A hold that ended by time is captured all the same: the guest at the counter has had it.
    Raises Problem 404, 409 (it was voided, or captured for other points) or 422.
    """
    return _decided(lambda unit: capture_in(unit, wish, shop), shop)


def void(name: str, by: str, shop: Shop) -> Taking:
    """Give up a hold: what it set aside is back at once. Raises Problem 404, or 409 if captured."""
    return _decided(lambda unit: _void(unit, name, by, shop), shop)


def take_back(name: str, by: str, shop: Shop) -> Taking:
    """Undo a capture: the guest has not had it after all. Raises Problem 404 or 409."""
    return _decided(lambda unit: _take_back(unit, name, by, shop), shop)


def look(name: str, shop: Shop) -> Taking:
    """Look at a hold as it stands now. Raises Problem 404."""
    return shop.store.atomically("ledger", lambda unit: taking.opened(unit, name, shop).taking())


def _decided(work: Callable[[Unit], Done], shop: Shop) -> Taking:
    """Decide in one unit; what follows from it is promised there and published after."""
    return _kept(first_then_look(lambda _: shop.store.atomically("ledger", work)), shop)


def _kept(done: Done, shop: Shop) -> Taking:
    told, act, outcome = done
    timekeeping.keep(act, outcome, shop)
    return told


def _written(unit: Unit, found: Open, entry: Entry, events: list[Event], told: Taking) -> Done:
    book = found.book
    outcome = bookkeeping.write(unit, book, entry.id, [*bookkeeping.posted(book), *events])
    timekeeping.promise(unit, entry.id, outcome, book.now)
    return told, entry.id, outcome


# -- holding ------------------------------------------------------------------------------


def _hold(unit: Unit, asking: Asking, allowed: Allowance | None, shop: Shop) -> Done:
    if entries.get(unit, f"hold:{asking.id}"):
        return _again(taking.opened(unit, asking.id, shop), asking)
    version, home = shop.programs.at(shop.clock.now()), homes.living(unit, asking.member)
    if home is None:
        raise Problem(404, "not_found", "There is no such member.")
    book = bookkeeping.opened_from(home, version, shop)
    given = vouching.usable(unit, asking.voucher, book) if asking.voucher else None
    rules = shop.programs.named(given.version) if given else version.program
    held, cost = _asked(asking, given, book, rules)
    sharing.check(allowed, cost, home)
    why = taking.title(rules, held.reward)
    about = {
        "version": given.version if given else version.hash,
        "store": asking.store,
        "by": asking.by,
        "reason": why,
    }
    try:
        entry = holds.place(book, held, cost, **about)
    except holds.TooFew as few:
        told = f"{few.missing} points are missing."
        raise Problem(409, "insufficient_points", told) from None
    found = Open(entry, entry.hold or held, None, "held", book, rules)
    return _written(unit, found, entry, [], found.taking())


def _again(found: Open, asking: Asking) -> Done:
    """Answer who asks again as before. Raises Problem 409 if they ask for something else."""
    held = found.held
    wanted = (asking.member, asking.voucher, asking.reward or held.reward)
    points = held.points if asking.points is None or held.voucher else asking.points
    if (*wanted, points) != (found.entry.members[-1], held.voucher, held.reward, held.points):
        raise Problem(409, "id_reused", "This id was used for another hold.")
    return found.taking(), found.entry.id, ()


def _asked(
    asking: Asking, given: Voucher | None, book: Passbook, rules: Program
) -> tuple[Held, int]:
    name = given.reward if given else asking.reward
    reward = rules.rewards.get(name)
    if reward is None:
        raise Problem(422, "unknown_reward", "The program has no such reward.")
    cost = 0 if given else rewards.price(reward, asking.points)
    if cost is None:
        raise Problem(422, "wrong_points", "It is not to be had for so many points.")
    if why := rewards.refusal(reward, book.account.tier, asking.store):
        raise Problem(409, why, "This guest cannot have it here.")
    until = book.now + _span(asking, book.program)
    return Held(id=asking.id, reward=name, until=until, voucher=asking.voucher), cost


def _span(asking: Asking, program: Program) -> timedelta:
    """Tell how long it stays set aside. Raises Problem 409 if nothing can be shown offline."""
    redeeming = program.redeeming
    if not asking.offline:
        minutes = redeeming.hold_online if asking.online else redeeming.hold_at_till
        return timedelta(minutes=minutes)
    if not redeeming.offline_hours:
        raise Problem(409, "no_tickets", "Rewards are not handed out offline here.")
    return timedelta(hours=redeeming.offline_hours)


# -- ending -------------------------------------------------------------------------------


def capture_in(unit: Unit, wish: Capturing, shop: Shop) -> Done:
    """Capture as a part of a unit; what Problem it raises, nothing was written before."""
    found = taking.opened(unit, wish.id, shop)
    if found.ended:
        return _captured_before(found, wish)
    on = _receipt(unit, wish.receipt, found.book)
    given = vouching.read(unit, [found.held.voucher])
    _still_good(found, given)
    _had_here(found, wish.store)
    finish = holds.capture if found.state == "held" else holds.recapture
    entry = finish(
        found.book, found.held, _paid(found, wish.points), reason=found.entry.reason, by=wish.by,
        version=found.entry.version, receipt=wish.receipt, store=wish.store or found.entry.store,
    )  # fmt: skip
    events, back = _put_on(unit, on, entry, found) if wish.receipt else ([], False)
    for voucher in given if not back else ():
        vouching.redeem(unit, voucher)
    return _written(unit, found, entry, events, found.taking("captured", entry))


def _still_good(found: Open, given: list[Voucher]) -> None:
    """Raise Problem 409 if another hold had the voucher, or if it all was too long ago."""
    stands, grace = found.state == "held", found.book.program.redeeming.grace_days
    spoiled = [
        each for each in given if each.state == "redeemed" or not (stands or each.state == "open")
    ]
    if spoiled:
        raise Problem(409, "voucher_used", "The voucher was used, or taken back.")
    if not stands and found.book.now > found.held.until + timedelta(days=grace):
        raise Problem(409, "hold_expired", "The hold ended too long ago.")


def _had_here(found: Open, store: str) -> None:
    """Raise Problem 409 at a store where this reward is not to be had."""
    stores = found.rules.rewards[found.held.reward].stores
    if store and stores and store not in stores:
        raise Problem(409, "not_at_this_store", "This reward is not to be had here.")


def _captured_before(found: Open, wish: Capturing) -> Done:
    told = found.taking()
    if told.state != "captured":
        raise Problem(409, "hold_voided", "The hold was voided.")
    if wish.points not in (None, told.points) or wish.receipt not in ("", told.receipt):
        raise Problem(409, "already_captured", "It was captured already, but not like this.")
    return told, found.entry.id, ()


def _paid(found: Open, points: int | None) -> int:
    """Tell how many points are spent. Raises Problem 422 if so many cannot be."""
    cost = found.held.points
    if points is None or points == cost:
        return cost
    reward = found.rules.rewards[found.held.reward]
    if points > cost or found.held.voucher or rewards.price(reward, points) != points:
        raise Problem(422, "wrong_points", "So many points cannot be captured.")
    return points


def _receipt(unit: Unit, name: str, book: Passbook) -> EntryRecord | None:
    """Read the receipt that a reward is used on. Raises Problem 409 if it is somebody else's."""
    record = entries.get(unit, f"sale:{name}") if name else None
    owner = record.receipt.member if record and record.receipt else ""
    if owner not in ("", book.account.id, *book.account.others):
        raise Problem(409, "receipt_of_another", "The receipt belongs to another guest.")
    return record


def _put_on(
    unit: Unit, on: EntryRecord | None, entry: Entry, found: Open
) -> tuple[list[Event], bool]:
    """Keep on the receipt what was used on it; one that is nobody's yet is this guest's.

    Tells also whether the receipt went back before, and the reward with it.
    """
    kind, member = found.rules.rewards[found.held.reward].kind, found.entry.members[-1]
    used = holds.used(entry, divisible=kind == "points_as_money")
    old = on.receipt if on and on.receipt else Receipt(id=entry.receipt, state="awaiting-sale")
    new = holds.returns(found.book, _replace(old, rewards=(*old.rewards, used)))
    document = bookkeeping.sale_record(new, on.entry if on else None, on.outcome if on else ())
    (entries.put if on else entries.create)(unit, f"sale:{new.id}", document)
    nobodys = new.sale is not None and not new.member
    claims = (claimed(new.id, member, found.book.now, entry.id),) if nobodys else ()
    return [*claims], any(each.hold == used.hold and each.returned for each in new.rewards)


def _void(unit: Unit, name: str, by: str, shop: Shop) -> Done:
    found = taking.opened(unit, name, shop)
    if found.state == "captured":
        raise Problem(409, "already_captured", "It was captured; take it back instead.")
    if found.state != "held":
        return found.taking(), found.entry.id, ()
    entry = holds.void(found.book, found.held, reason="given up", by=by, store=found.entry.store)
    return _written(unit, found, entry, [], found.taking("voided", entry))


def _take_back(unit: Unit, name: str, by: str, shop: Shop) -> Done:
    found = taking.opened(unit, name, shop)
    end = found.ended
    if end and end.kind == "restore":
        return found.taking(), end.id, ()
    if end is None or found.state != "captured":
        raise Problem(409, "not_captured", "It was not captured.")
    record = entries.get(unit, f"sale:{end.receipt}") if end.receipt else None
    used: tuple[Used, ...] = record.receipt.rewards if record and record.receipt else ()
    on = next((each for each in used if each.hold == name), None)
    each = on or holds.used(end, divisible=False)
    given = vouching.read(unit, [each.voucher])
    if each.back or each.returned:
        raise Problem(409, "returned", "Its receipt went back, and with it the reward.")
    cost = sum(lot.points for lot in each.lots)
    entry = holds.restore(found.book, each, cost, f"restore:{name}", by=by)
    vouching.reopen(unit, given, found.book)
    if record and record.receipt and on:
        rest = tuple(other for other in used if other != on)
        without = _replace(record.receipt, rewards=rest)
        document = bookkeeping.sale_record(without, record.entry, record.outcome)
        entries.put(unit, f"sale:{without.id}", document)
    return _written(unit, found, entry, [], found.taking("voided", end))
