"""Vouchers: rewards given out with a code, each to be used once."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import timedelta

import msgspec

from loyalty import identity
from loyalty.domain.pages import Pages
from loyalty.errors import Problem
from loyalty.ports import Store, Unit
from loyalty.records import Voucher, vouchers

_replace = msgspec.structs.replace


def coded(store: Store, code: str) -> Voucher | None:
    """Find a voucher by its code, as a person types it."""
    kept = identity.written(code)
    return next(iter(vouchers.find(store, ("code", "==", kept), limit=1)), None)


def usable(unit: Unit, name: str, pages: Pages) -> Voucher:
    """Read a voucher that can be used now. Raises Problem 404 or 409."""
    found = vouchers.get(unit, name)
    if found is None or found.member not in (pages.account.id, *pages.account.others):
        raise Problem(404, "not_found", "This guest has no such voucher.")
    if found.state != "open":
        raise Problem(409, "voucher_used", "The voucher was used, or taken back.")
    if found.expires_at <= pages.now:
        raise Problem(409, "voucher_expired", "The voucher has expired.")
    if any(held.voucher == name for held in pages.account.holds):
        raise Problem(409, "voucher_held", "The voucher is set aside already.")
    return found


def redeem(unit: Unit, found: Voucher) -> None:
    """Mark a voucher as used."""
    vouchers.put(unit, found.id, _replace(found, state="redeemed"))


def read(unit: Unit, names: Iterable[str]) -> list[Voucher]:
    """Read vouchers by their ids."""
    once = dict.fromkeys(name for name in names if name)
    return [found for name in once if (found := vouchers.get(unit, name))]


def reopen(unit: Unit, given_back: Iterable[Voucher], book: Pages) -> None:
    """Let vouchers be used again, for some days at least."""
    least = book.now + timedelta(days=book.program.redeeming.grace_days)
    for found in given_back:
        longer = max(found.expires_at, least)
        state = "withdrawn" if found.withdrawn else "open"
        vouchers.put(unit, found.id, _replace(found, state=state, expires_at=longer))
