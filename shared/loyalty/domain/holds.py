"""Rewards taken in two steps: points are held, then captured, given back, or let go by time.

A hold ends once. What it set aside is out of reach of refunds until then.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Any, NamedTuple

import msgspec

from loyalty.domain import calendar, lots
from loyalty.domain.account import Held, Lot
from loyalty.domain.entry import Entry, EntryKind, Receipt, Used
from loyalty.domain.pages import Pages, postings
from loyalty.domain.transaction import kept_quantity

_replace = msgspec.structs.replace


class TooFew(Exception):  # noqa: N818 - says how it stands
    """There are not so many points that can be spent. `missing` tells how many are lacking."""

    def __init__(self, missing: int) -> None:
        super().__init__(f"{missing} points are missing")
        self.missing = missing


def place(book: Pages, held: Held, points: int, **about: Any) -> Entry:
    """Set spendable points aside, those that lapse first. Raises TooFew."""
    taken = lots.spend(book.account.lots, points, book.now)
    if taken.missing:
        raise TooFew(taken.missing)
    own = _replace(held, lots=tuple(_replace(lot, points=-lot.points) for lot in taken.moves))
    return book.write(
        "hold", f"hold:{held.id}", book.now, moves=taken.moves, points=-points, hold=own,
        rule=held.reward, voucher=held.voucher,
        postings=postings({"member": -points, "held": points}), **about,
    )  # fmt: skip


def capture(book: Pages, held: Held, points: int, **about: Any) -> Entry:
    """Spend what was held, or less of it; the rest goes back to where it came from."""
    kept, back = _split(held.lots, points)
    return _end(book, held, "capture", back, book.now,
                redeemed=sum(lot.points for lot in kept), spent=kept, **about)  # fmt: skip


def void(book: Pages, held: Held, **about: Any) -> Entry:
    """Give back all that was held."""
    return _end(book, held, "hold-void", held.lots, book.now, **about)


def time_out(book: Pages) -> None:
    """End the holds whose time is over."""
    for held in [held for held in book.account.holds if held.until <= book.now]:
        _end(book, held, "hold-expire", held.lots, held.until,
             reason="nobody took it in time")  # fmt: skip


def recapture(book: Pages, held: Held, points: int, **about: Any) -> Entry:
    """Spend what a hold that ended by time had set aside: the guest at the counter has had it.

    What is not there any more follows the program's policy on debt.
    """
    return book.move(
        -points, None, "recapture", f"recapture:{held.id}", book.now, against="redeemed",
        cause=f"hold:{held.id}", rule=held.reward, voucher=held.voucher, **about,
    )  # fmt: skip


def restore(
    book: Pages, each: Used, points: int, entry_id: str, receipt: str = "", by: str = ""
) -> Entry:
    """Give back points that a reward cost, since its receipt went back or it was never given.

    They return to their own lots; what lapsed meanwhile stays for the days of grace.
    """
    _, rest = _split(each.lots[::-1], each.back)
    back, _ = _split(rest, points)
    zone, grace = book.program.zone, timedelta(days=book.program.redeeming.grace_days)
    end = calendar.day_end(calendar.local(book.now + grace, zone).date(), zone)
    alive = tuple(_replace(lot, expires_at=end) if lot.lapsed(book.now) else lot for lot in back)
    given = _given_back(book, alive)
    return book.write(
        "restore", entry_id, book.now, moves=given.moves, debt=-given.paid, points=given.points,
        postings=postings({**given.parts, "redeemed": -points}), cause=f"hold:{each.hold}",
        rule=each.reward, voucher=each.voucher, receipt=receipt, by=by,
        reason="the receipt it was used on went back" if receipt else "it was taken back",
    )  # fmt: skip


def returns(book: Pages, receipt: Receipt) -> Receipt:
    """Give back what the receipt's rewards cost, as far as it went back itself."""
    return _replace(
        receipt, rewards=tuple(_returned(book, each, receipt) for each in receipt.rewards)
    )


def _returned(book: Pages, each: Used, receipt: Receipt) -> Used:
    own = (book.account.id, *book.account.others)
    if each.member not in own:  # their guest takes it back by itself, if they must
        return each
    due, (back, paid) = due_back(each, receipt), gone_back(receipt)
    whole = back >= paid
    if due <= each.back and (each.returned or not whole):
        return each
    restore(book, each, due - each.back, f"restore:{each.hold}:{due}", receipt.id)
    return _replace(each, back=max(due, each.back), returned=each.returned or whole)


def used(entry: Entry, *, divisible: bool) -> Used:
    """Tell what a capture (or a late one) used, as its receipt remembers it."""
    owed = sum(posting.points for posting in entry.postings if posting.book == "debt")
    late = [_replace(move, points=-move.points) for move in entry.moves]
    late += [Lot(points=-owed, month=f"{entry.at:%Y-%m}")] if owed < 0 else []
    return Used(
        hold=entry.cause.removeprefix("hold:"), member=entry.members[-1], reward=entry.rule,
        divisible=divisible,
        lots=tuple(late) if entry.kind == "recapture" else entry.spent,
        voucher=entry.voucher,
    )  # fmt: skip


def due_back(each: Used, receipt: Receipt) -> int:
    """Tell how many points of a reward have to be back by now, with what went back of its receipt.

    All of them once everything went back; of a reward that can be divided, the same share.
    """
    cost, (back, paid) = sum(lot.points for lot in each.lots), gone_back(receipt)
    if back >= paid:
        return cost
    return cost * back // paid if each.divisible else 0


def gone_back(receipt: Receipt) -> tuple[int, int]:
    """Tell what went back of a receipt, and of how much: money, or pieces where none was paid."""
    sale, refunds = receipt.sale, [receipt.refunds[name] for name in receipt.posted]
    if receipt.voided or sale is None:
        return int(receipt.voided), 1
    if (paid := sale.total - sale.tip) > 0:
        return min(paid, sum(refund.amount for refund in refunds)), paid
    pieces = sum(line.quantity for line in sale.lines)
    return pieces - sum(kept_quantity(line, refunds) for line in sale.lines), max(1, pieces)


def _end(
    book: Pages, held: Held, kind: EntryKind, back: Iterable[Lot], occurred_at: datetime,
    redeemed: int = 0, **about: Any,
) -> Entry:  # fmt: skip
    given = _given_back(book, back)
    parts = {**given.parts, "redeemed": redeemed, "held": -held.points}
    return book.write(
        kind, f"{kind}:{held.id}", occurred_at, moves=given.moves, debt=-given.paid,
        points=given.points, postings=postings(parts), cause=f"hold:{held.id}", rule=held.reward,
        voucher=held.voucher, **about,
    )  # fmt: skip


class _Given(NamedTuple):
    """Points on their way back: into lots, onto a debt, or lapsed by now."""

    moves: tuple[Lot, ...]
    paid: int
    lapsed: int

    @property
    def points(self) -> int:
        return sum(lot.points for lot in self.moves) + self.paid

    @property
    def parts(self) -> dict[str, int]:
        return {"member": self.points - self.paid, "debt": self.paid, "expired": self.lapsed}


def _given_back(book: Pages, back: Iterable[Lot]) -> _Given:
    told = [lots.as_of(lot, book.now) for lot in back]
    alive = [lot for lot in told if not lot.lapsed(book.now)]
    lapsed = sum(lot.points for lot in told) - sum(lot.points for lot in alive)
    paid, rest = _split(alive, book.account.debt)
    return _Given(rest, sum(lot.points for lot in paid), lapsed)


def _split(have: Iterable[Lot], points: int) -> tuple[tuple[Lot, ...], tuple[Lot, ...]]:
    """Part lots into the first so many points, and the rest."""
    first, rest = [], []
    for lot in have:
        part = min(points, lot.points)
        points -= part
        first.append(_replace(lot, points=part))
        rest.append(_replace(lot, points=lot.points - part))
    return _filled(first), _filled(rest)


def _filled(have: Iterable[Lot]) -> tuple[Lot, ...]:
    return tuple(lot for lot in have if lot.points)
