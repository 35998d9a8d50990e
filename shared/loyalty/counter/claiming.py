"""Receipts for which no card was shown, claimed later by the short code on them.

The code of an anonymous receipt is one more identity of its guest, made when the till tells of it.
So whoever types it first is the guest: a receipt that is there waits for them, and one that is not
there yet finds them when it comes.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Literal

from loyalty import identity, timekeeping
from loyalty.delivery import Outcome, Shop, outgoing
from loyalty.domain.transaction import Sale
from loyalty.errors import Problem
from loyalty.guests import members
from loyalty.identity import Pepper
from loyalty.ports import Unit
from loyalty.records import Askings, Identity, accounts, askings, entries, identities

WINDOW = timedelta(days=7)
A_DAY = 10
"""So many codes a member may try in a day."""
Found = Literal["claimed", "waiting"]
_LENGTH = 8


def code(receipt: str, pepper: Pepper) -> str:
    """Make the code that a till prints on a receipt, as in `K7QM-2XRDP`; its last letter checks."""
    plain = identity.letters(pepper.code(f"receipt:{receipt}"))
    return f"{plain[:4]}-{plain[4:]}{identity.check(plain)}"


def hashed(receipt: str, pepper: Pepper) -> str:
    """Make the identity that the code stands for."""
    return pepper.hash("receipt", identity.letters(pepper.code(f"receipt:{receipt}")))


def claim(member: str, typed: str, shop: Shop) -> Found:
    """Give a member a receipt by its code, once and for ever.

    Raises Problem 422 for a slip, 409 if it is another's, 410 if it is too old, and 429 for too
    many tries in a day.
    """
    _count(member, shop)
    plain = identity.letters(typed)
    if len(plain) != _LENGTH + 1 or identity.check(plain[:-1]) != plain[-1]:
        raise Problem(422, "invalid_receipt_code", "This is no code of a receipt.")
    name = shop.pepper.hash("receipt", plain[:-1])
    act, now = f"claimed:{name}", shop.clock.now()
    found, outcome = shop.store.atomically("ledger", lambda u: _claim(u, member, name, act, now))
    timekeeping.keep(act, outcome, shop)
    return found


def _claim(unit: Unit, member: str, name: str, act: str, now: datetime) -> tuple[Found, Outcome]:
    known, account = identities.get(unit, name) or Identity(), accounts.get(unit, member)
    if account is None or account.closed or known.member not in ("", member):
        raise Problem(409, "receipt_used", "This receipt is claimed already.")
    sales = [_mine(unit, receipt, member, now) for receipt in known.waiting]
    outcome = outgoing(members.claims(unit, member, sorted(known.waiting), now))
    # An erasure at this moment deletes what leads to the account: one of the two goes first.
    accounts.put(unit, member, account)
    identities.put(unit, name, Identity(member=member))
    timekeeping.promise(unit, act, outcome, now)
    return "claimed" if sales or known.member else "waiting", outcome


def _mine(unit: Unit, receipt: str, member: str, now: datetime) -> Sale | None:
    """Look at a receipt that waits. Raises Problem 409 or 410 if it is not to be had."""
    record = entries.get(unit, f"sale:{receipt}")
    kept = record.receipt if record else None
    if kept and kept.member not in ("", member):
        raise Problem(409, "receipt_used", "This receipt is claimed already.")
    sale = kept.sale if kept else None
    if sale and sale.occurred_at + WINDOW <= now:
        raise Problem(410, "receipt_too_old", "This receipt is too old to be claimed.")
    return sale


def _count(member: str, shop: Shop) -> None:
    """Count a try. Raises Problem 429."""
    name, now = f"claims:{member}", shop.clock.now()

    def work(unit: Unit) -> bool:
        asked = askings.get(unit, name) or Askings()
        lately = tuple(at for at in asked.at if at > now - timedelta(days=1))
        if len(lately) >= A_DAY:
            return False
        askings.put(unit, name, Askings(at=(*lately, now)))
        return True

    if not shop.store.atomically("people", work):
        raise Problem(429, "too_many_claims", "Too many receipts today; try again tomorrow.")
