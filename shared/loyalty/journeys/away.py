"""Before a program is published: how many guests are away for so long already as it asks about."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from datetime import datetime

from loyalty.domain import journeys, occasions
from loyalty.domain.account import Account
from loyalty.domain.automations import Dormant
from loyalty.domain.occasions import Measured
from loyalty.domain.program import Program
from loyalty.journeys import measuring
from loyalty.ports import Store
from loyalty.records import accounts


def already(old: Program | None, new: Program, store: Store, now: datetime) -> dict[str, int]:
    """Count them for each automation that is new, or takes other absences for long ones.

    Goes through all guests, if there is such an automation.
    """
    asked = list(_asked(old, new))
    counts = Counter(
        name
        for record in (accounts.each(store) if asked else ())
        if not record.closed and not record.account.into
        for name in _begun(record.account, new, store, now)
    )
    return {name: counts[name] for name in asked}


def _asked(old: Program | None, new: Program) -> Iterator[str]:
    for name, each in new.automations.items():
        before = old.automations.get(name) if old else None
        if isinstance(each, Dormant) and not (isinstance(before, Dormant) and _same(before, each)):
            yield name


def _same(before: Dormant, each: Dormant) -> bool:
    """Tell whether an automation begins for nobody for whom it did not before."""
    return before.mark == each.mark and before.include_already >= each.include_already


def _begun(account: Account, program: Program, store: Store, now: datetime) -> list[str]:
    """Name the automations for which an account is away for long, and whose guests it is among."""
    known = Measured(rhythms=measuring.rhythms(account, program, store, now))
    _, found = occasions.came(account, program, now, known)
    return [
        each.automation
        for each in found
        if journeys.fits(program.automations[each.automation].when, account, now)
    ]
