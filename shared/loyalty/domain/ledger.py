"""What happens to a member's account: every change is an entry, whose postings sum to zero."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from datetime import datetime, timedelta

import msgspec

from loyalty.domain import calendar, facts, holds
from loyalty.domain.account import Account, Lot, ReceiptFact, Standing, Totals
from loyalty.domain.earning import Judgement, carried_by, named, rate, reason
from loyalty.domain.entry import Entry, EntryKind, Receipt
from loyalty.domain.granting import judgement
from loyalty.domain.pages import Pages, postings
from loyalty.domain.program import Program
from loyalty.domain.reviews import HELD
from loyalty.domain.transaction import Sale

NOTICE = timedelta(days=7)
"""Points that would lapse sooner than this after being posted are extended to it."""

_replace = msgspec.structs.replace


class Passbook(Pages):
    """What happens to an account: receipts, gifts, and what time alone does.

    A receipt is judged by the version of its own time, the cap and the visits of a business day
    by `of_day`. `older` are facts of business days that the account no longer remembers.
    """

    def __init__(
        self,
        account: Account,
        program: Program,
        now: datetime,
        older: Iterable[ReceiptFact] = (),
        of_day: Callable[[str], Program] | None = None,
    ) -> None:
        super().__init__(account, program, now)
        self._older = tuple(older)
        self._of_day = of_day or (lambda _: program)

    # -- what time alone does -------------------------------------------------------------

    def settle(self) -> None:
        """Write what time did since the last act: holds, releases, lapses, the end of a tier."""
        holds.time_out(self)
        for at in sorted({lot.available_at for lot in self.account.lots if lot.available_at}):
            if at <= self.now:
                self._release(at)
        for at in sorted({lot.expires_at for lot in self.account.lots if lot.expires_at}):
            if at <= self.now:
                self._expire(at)
        standing = self.account.standing
        if standing and standing.until and standing.until <= self.now:
            self._review_tier(standing)

    def _release(self, at: datetime) -> None:
        waiting = [lot for lot in self.account.lots if lot.available_at == at]
        released = tuple(_replace(lot, available_at=None) for lot in waiting)
        points = sum(lot.points for lot in waiting)
        moves = (*(_replace(lot, points=-lot.points) for lot in waiting), *released)
        self.write(
            "release", _by_time("release", self.account.id, at), at, moves=moves,
            reason=f"{points} points can be spent now",
        )  # fmt: skip

    def _expire(self, at: datetime) -> None:
        gone = [lot for lot in self.account.lots if lot.expires_at == at]
        points = sum(lot.points for lot in gone)
        self.write(
            "expire", _by_time("expire", self.account.id, at), at,
            moves=tuple(_replace(lot, points=-lot.points) for lot in gone),
            postings=postings({"member": -points, "expired": points}),
            points=-points, reason=f"{points} points lapsed",
        )  # fmt: skip

    def _review_tier(self, old: Standing) -> None:
        why = f"{old.tier} ended its window"
        self.write("tier", _by_time("tier", self.account.id, self.now), self.now, reason=why)

    # -- receipts -------------------------------------------------------------------------

    def book(
        self,
        receipt: Receipt,
        kind: EntryKind,
        entry_id: str,
        rules: Program,
        occurred_at: datetime,
    ) -> Receipt:
        """Book the difference between what a receipt is worth now and what was booked for it.

        The one formula for sale, edit, refund, void and review. `rules` is the program version
        by which the receipt is judged. Returns the receipt with its new tail.
        """
        sale = _sale_of(receipt)
        day, worth = facts.day_of(rules, sale), judgement(receipt, rules)
        shares = self._shares(receipt, worth.raw, day)
        gain = self._gain(receipt, worth, shares)
        booked = shares.pop(day)
        changed = _replace(
            receipt, kept=worth.kept, raw=worth.raw, booked=booked, carried=worth.carried, day=day,
            away={left: points for left, points in shares.items() if points},
            points=receipt.points + gain, stamps=worth.stamps,
            counts=facts.counts(rules, sale, worth.kept),
        )  # fmt: skip
        gained = self._learn(receipt, changed)
        own = self._carried_by(receipt)
        carry = _carry(self.account.carry, named(receipt.carried, own), named(worth.carried, own))
        self.account = _replace(self.account, carry=carry)
        lot = self._lot(changed, rules) if gain > 0 else changed.lot
        self.move(gain, lot, kind, entry_id, occurred_at, days=gained, day=day,
                   reason=_why(receipt, worth, rules, kind), receipt=receipt.id,
                   revision=sale.revision, store=sale.store, version=receipt.version)  # fmt: skip
        return _replace(changed, lot=self._extend(lot, gain, entry_id) if gain > 0 else lot)

    def leave(self, receipt: Receipt, rules: Program, entry_id: str, by: str) -> Receipt:
        """Take off all that a receipt brought: it was another guest's. Return it as never booked.

        What it left of a day's cap goes to whatever comes next on that day.
        """
        own, carry = self._carried_by(receipt), self.account.carry
        left = _carry(carry, named(receipt.carried, own), {})
        kept = sum(left.get(own + k, 0) // rate(k) - carry[own + k] // rate(k)
                   for k in receipt.carried)  # fmt: skip
        gain = kept - receipt.booked - sum(receipt.away.values())
        days = self._left(receipt, gain)
        others = [fact for fact in self._known(receipt.id) if fact not in self._older]
        self.account = _replace(self.account, carry=left, facts=tuple(others))
        lot = self._lot(receipt, rules) if gain > 0 else receipt.lot
        self.move(gain, lot, "move", entry_id, self.now, days=days, day=receipt.day,
                  reason="it was another guest's receipt", receipt=receipt.id, by=by,
                  store=_sale_of(receipt).store, version=receipt.version)  # fmt: skip
        return _replace(
            receipt, day="", points=0, kept=0, raw=0, booked=0, away={}, counts=False, carried={},
            lot=None, stamps={},
        )  # fmt: skip

    def _left(self, receipt: Receipt, gain: int) -> dict[str, Totals]:
        """Say what each business day loses with a receipt; points beyond those of days are told."""
        fact, others = facts.fact_of(receipt), self._known(receipt.id)
        gained = {day: Totals().minus(part) for day, part in _days(receipt).items()}
        visits = self._visits_gained(others, fact, _replace(fact, counts=False))
        return {
            day: part.plus(Totals(
                visits=visits[day], points=gain + receipt.points if day == receipt.day else 0))
            for day, part in gained.items()
        }  # fmt: skip

    def begins_visit(self, receipt: Receipt, rules: Program) -> bool:
        """Tell whether a receipt, if it counts, is a visit of its own."""
        sale = _sale_of(receipt)
        day = facts.day_of(rules, sale)
        fact = facts.fact_of(_replace(receipt, day=day, counts=True))
        others = self._known(receipt.id)
        return self._visits_gained(others, _replace(fact, counts=False), fact)[day] > 0

    def _gain(self, receipt: Receipt, worth: Judgement, shares: Mapping[str, int]) -> int:
        """Return the points that this act books."""
        carried, own = 0, self._carried_by(receipt)
        for key in receipt.carried.keys() | worth.carried.keys():
            old = self.account.carry.get(f"{own}{key}", 0)
            new = old - receipt.carried.get(key, 0) + worth.carried.get(key, 0)
            carried += new // rate(key) - old // rate(key)
        return carried + sum(shares.values()) - receipt.booked - sum(receipt.away.values())

    def _carried_by(self, receipt: Receipt) -> str:
        """Name whose carried sums a receipt adds to: what two people carry makes no point."""
        return carried_by(receipt.member, self.account.id)

    def _shares(self, receipt: Receipt, raw: int, day: str) -> dict[str, int]:
        """Tell what a receipt has to have booked on its day, and on days that it has left."""
        known = self._known(receipt.id)
        left = [name for name in (receipt.day, *receipt.away) if name not in ("", day)]
        worth = {day: raw, **dict.fromkeys(left, 0)}
        return {name: self._share(known, name, points) for name, points in worth.items()}

    def _share(self, known: Iterable[ReceiptFact], day: str, raw: int) -> int:
        """Return what a business day is worth with a receipt, less what others have booked."""
        cap = self._of_day(day).earning.caps.per_day
        if cap is None:
            return raw
        others = [fact for fact in known if fact.day == day]
        return min(cap, sum(f.raw for f in others) + raw) - sum(f.booked for f in others)

    def _known(self, receipt_id: str) -> list[ReceiptFact]:
        """List the facts of all other receipts."""
        name = facts.short(receipt_id)
        return [f for f in (*self._older, *self.account.facts) if f.receipt != name]

    def _learn(self, old: Receipt, new: Receipt) -> dict[str, Totals]:
        """Put the receipt's facts on the account; return what each business day gained by it."""
        others, own = self._known(new.id), facts.facts_of(new)
        fact = own[0]
        known = (f for f in (*self._older, *self.account.facts) if f.receipt == fact.receipt)
        was = next((f for f in known if f.day == old.day), None) or facts.fact_of(old)
        every = [*(f for f in others if f not in self._older), *own]
        since = facts.floor(every, self.account.facts_from)
        remembered = facts.remembered(every, since)
        self.account = _replace(self.account, facts=remembered, facts_from=since)
        gained = _days(new)
        for day, part in _days(old).items():
            gained[day] = gained.get(day, Totals()).minus(part)
        for day, visits in self._visits_gained(others, was, fact).items():
            gained[day] = gained.get(day, Totals()).plus(Totals(visits=visits))
        told = (day for day in gained if day == new.day or gained[day] != Totals())
        return {day: gained[day] for day in sorted(told)}

    def _visits_gained(
        self, others: list[ReceiptFact], was: ReceiptFact, fact: ReceiptFact
    ) -> Counter[str]:
        """Count the visits each day gains; a revision may have moved it in time or to a store."""
        gained: Counter[str] = Counter()
        for day, store in {(each.day, each.store) for each in (was, fact)}:
            sitting = self._of_day(day).visits.sitting if day else 0
            after = facts.visits_of([*others, fact], day, store, sitting)
            gained[day] += after - facts.visits_of([*others, was], day, store, sitting)
        del gained[""]
        return gained

    def _lot(self, receipt: Receipt, rules: Program) -> Lot:
        """Make the lot a receipt's points go to: dates count from the receipt's own time."""
        sale = _sale_of(receipt)
        wait = timedelta(minutes=rules.earning.pending.get(sale.channel, 0))
        return self._dated(sale.occurred_at + wait, receipt.day[:7], rules)

    def _dated(self, available_at: datetime, month: str, rules: Program) -> Lot:
        expires_at = None
        if rules.expiry:
            rounded = rules.expiry.round_to == "month"
            months = rules.expiry.months
            expires_at = calendar.expiry(available_at, rules.zone, months, to_month_end=rounded)
        waits = available_at if available_at > self.now else None
        return Lot(points=0, month=month, available_at=waits, expires_at=expires_at)

    def _extend(self, lot: Lot | None, gain: int, cause: str) -> Lot | None:
        """Move just-posted points that would lapse within the notice to its end."""
        soon = self.now + NOTICE
        if lot is None or lot.expires_at is None or lot.expires_at >= soon:
            return lot
        present = next((old.points for old in self.account.lots if old.key == lot.key), 0)
        points = min(gain, present)
        longer = _replace(
            lot, expires_at=calendar.expiry(soon, self.program.zone, 0, to_month_end=False)
        )
        moves = (_replace(lot, points=-points), _replace(longer, points=points))
        self.write(
            "extend", f"extend:{cause}", self.now, moves=moves if points else (), cause=cause,
            reason="late receipt: its points would have lapsed already",
        )  # fmt: skip
        return longer

    # -- gifts ----------------------------------------------------------------------------

    def award(
        self, entry_id: str, points: int, why: str, rule: str, cause: str, kind: EntryKind = "award"
    ) -> Entry:
        """Give points that no purchase earned (they never count as progress)."""
        month = calendar.month(self.now, self.program.zone)
        lot = self._dated(self.now, month, self.program)
        return self.move(points, lot, kind, entry_id, self.now, reason=why, rule=rule, cause=cause)

    def adjust(self, entry_id: str, points: int, why: str, by: str) -> Entry:
        """Give or take points by a person's word, which is the reason; never progress."""
        month = calendar.month(self.now, self.program.zone)
        lot = self._dated(self.now, month, self.program) if points > 0 else None
        return self.move(points, lot, "adjust", entry_id, self.now, against="adjusted",
                         reason=why, by=by)  # fmt: skip

    def withdraw(self, entry_id: str, points: int, why: str, rule: str, cause: str) -> Entry:
        """Take an award back, as far as it is there; the rest follows the debt policy."""
        return self.move(-points, None, "withdrawal", entry_id, self.now, reason=why, rule=rule,
                          cause=cause)  # fmt: skip


def _why(receipt: Receipt, worth: Judgement, rules: Program, kind: EntryKind) -> str:
    if receipt.state in ("review", "refused"):
        return f"{HELD}: {receipt.review}" if receipt.state == "review" else "refused"
    told = reason(rules, _sale_of(receipt), worth) if not receipt.voided else "nothing is kept"
    return told if kind == "sale" else f"{kind}: {told}"


def _days(receipt: Receipt) -> dict[str, Totals]:
    """Say what a receipt brings each business day, visits apart."""
    points = receipt.points - sum(receipt.away.values())
    own = Totals(spend=receipt.kept, points=points, stamps=receipt.stamps)
    left = {day: Totals(points=points) for day, points in receipt.away.items()}
    return {receipt.day: own, **left} if receipt.day else {}


def _sale_of(receipt: Receipt) -> Sale:
    if receipt.sale is None:
        raise ValueError("a receipt cannot be booked before its sale is known")
    return receipt.sale


def _carry(old: dict[str, int], was: dict[str, int], now: dict[str, int]) -> dict[str, int]:
    sums = {key: old.get(key, 0) - was.get(key, 0) + now.get(key, 0) for key in old | was | now}
    return {key: amount for key, amount in sorted(sums.items()) if amount}


def _by_time(kind: str, account: str, at: datetime) -> str:
    return f"{kind}:{account}:{at.isoformat()}"
