"""A guest's birthday, told late or changed: not so often that somebody has two in a year."""

from __future__ import annotations

from datetime import datetime, timedelta

import msgspec

from loyalty.delivery import Shop
from loyalty.domain.program import Program
from loyalty.errors import Problem
from loyalty.events import MemberChanged
from loyalty.guests import agreeing
from loyalty.ports import Unit
from loyalty.records import Profile, profiles


def change(member: str, birthday: str, shop: Shop) -> None:
    """Keep a birthday; "" takes it back, at any time. The same again changes nothing.

    Raises Problem 409 while the change before is too new.
    """
    now, program = shop.clock.now(), shop.programs.current().program
    known = profiles.get(shop.store, member)
    if known is None or _same(known, birthday, now, program):
        return

    def work(unit: Unit) -> None:
        found = profiles.get(unit, member)
        if found and not _same(found, birthday, now, program):
            changed = msgspec.structs.replace(found, birthday=birthday, birthday_at=now)
            profiles.put(unit, member, changed)

    event = MemberChanged(
        id=f"birthday:{member}:{now.isoformat()}", at=now, subject=member, member=member,
        what="updated",
    )  # fmt: skip
    agreeing.announced(event, lambda: shop.store.atomically("people", work), shop)


def again_at(profile: Profile, program: Program) -> datetime | None:
    """Say from when on a birthday can be changed again; None if it never was."""
    rest = timedelta(days=program.birthdays.edit_days)
    return profile.birthday_at + rest if profile.birthday_at else None


def _same(profile: Profile, birthday: str, now: datetime, program: Program) -> bool:
    """Tell whether this is the birthday already. Raises Problem 409 if it may not be changed."""
    if profile.birthday == birthday:
        return True
    again = again_at(profile, program)
    if birthday and again and now < again:
        title = f"The birthday was changed lately; it can be changed again on {again:%Y-%m-%d}."
        raise Problem(409, "birthday_changed", title)
    return False
