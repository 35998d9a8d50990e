"""A guest's birthday, told late or changed: not so often that somebody has two in a year."""

from __future__ import annotations

from datetime import datetime, timedelta

import msgspec

from loyalty import agreeing
from loyalty.delivery import Shop
from loyalty.errors import Problem
from loyalty.events import MemberChanged
from loyalty.ports import Unit
from loyalty.records import Profile, profiles


def change(member: str, birthday: str, shop: Shop) -> None:
    """Keep a birthday. The same again changes nothing.

    Raises Problem 409 while the one before is too new.
    """
    now, days = shop.clock.now(), shop.programs.current().program.birthdays.edit_days
    known = profiles.get(shop.store, member)
    if known is None or _same(known, birthday, now, timedelta(days=days)):
        return

    def work(unit: Unit) -> None:
        found = profiles.get(unit, member)
        if found and not _same(found, birthday, now, timedelta(days=days)):
            changed = msgspec.structs.replace(found, birthday=birthday, birthday_at=now)
            profiles.put(unit, member, changed)

    event = MemberChanged(
        id=f"birthday:{member}:{now.isoformat()}", at=now, subject=member, member=member,
        what="updated",
    )  # fmt: skip
    agreeing.announced(event, lambda: shop.store.atomically("people", work), shop)


def _same(profile: Profile, birthday: str, now: datetime, rest: timedelta) -> bool:
    """Tell whether this is the birthday already. Raises Problem 409 if it may not be changed."""
    if profile.birthday == birthday:
        return True
    again = profile.birthday_at + rest if profile.birthday_at else now
    if now < again:
        title = f"The birthday was changed lately; it can be changed again on {again:%Y-%m-%d}."
        raise Problem(409, "birthday_changed", title)
    return False
