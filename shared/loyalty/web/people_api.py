"""The member API about a member's own things: consents, a copy of everything, receipts, points."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from typing import Any

from loyalty import identity
from loyalty.counter import adjusting, claiming
from loyalty.delivery import Shop
from loyalty.errors import Problem
from loyalty.guests import agreeing, birthdays, erasing, exporting, homes, members, tagging
from loyalty.guests.agreeing import How
from loyalty.web.api import Call, Operation, wrong
from loyalty.web.bodies import (
    Adjusted,
    Adjustment,
    Changing,
    Claimed,
    Code,
    Consents,
    Member,
    Nothing,
    ReceiptCode,
)
from loyalty.web.mistakes import Mistake

_PURPOSES = ("service", "marketing")


def found(member: str | None, shop: Shop) -> Member:
    """Show a member. Raises Problem 404."""
    view = members.view(member, shop) if member else None
    if view is None:
        raise Problem(404, "not_found", "There is no such member.")
    return Member(**view)


def change(call: Call) -> Member:
    """Change a member's birthday, language and what they agree to; what is left out stays."""
    asked: Changing = call.body
    member = found(call.id, call.shop).id
    offered = call.shop.programs.current().program.languages
    if found_wrong := list(mistakes(asked.birthday, asked.language, offered)):
        raise wrong(*found_wrong)
    how = How(source=call.by, text=identity.clean(asked.consent_text, 40))
    if asked.birthday:
        birthdays.change(member, asked.birthday, call.shop)
    agreeing.agree(member, agreed(asked.consents), how, asked.language, call.shop)
    return found(call.id, call.shop)


def adjust(call: Call) -> Adjusted:
    """Give or take points, with a reason; beyond the program's limit a second person is asked."""
    asked: Adjustment = call.body
    why, key = identity.clean(asked.reason, 200), call.own(asked.id)
    done = adjusting.adjust(call.id, asked.points, why, key, call.by, call.shop)
    return Adjusted(state=done.state, points=done.points)


def give_tag(call: Call) -> Member:
    """Put a tag on a member; one that is there stays."""
    tagging.give(found(call.id, call.shop).id, call.slots["tag"], call.by, call.shop)
    return found(call.id, call.shop)


def take_tag(call: Call) -> Member:
    """Take a tag off a member; one that is not there is no error."""
    tagging.take(found(call.id, call.shop).id, call.slots["tag"], call.by, call.shop)
    return found(call.id, call.shop)


def claim(call: Call) -> Claimed:
    """Give a member a receipt by the code printed on it, once and for ever."""
    asked: ReceiptCode = call.body
    member = found(call.id, call.shop).id
    return Claimed(state=claiming.claim(member, asked.code, call.shop))


def receipt_code(call: Call) -> Code:
    """Tell the code that a till prints on a receipt, by its id: `generic:R-1001`."""
    return Code(code=claiming.code(call.id, call.shop.pepper))


def export(call: Call) -> dict[str, Any]:
    """Copy everything that is known of a member."""
    member = found(call.id, call.shop).id
    return exporting.everything(member, call.shop)


def erase(call: Call) -> Nothing:
    """Forget a member for good; doing it again does nothing more."""
    home = homes.find(call.shop.store, call.id)
    if home is None:
        raise Problem(404, "not_found", "There is no such member.")
    erasing.erase(home.person, call.shop)
    return Nothing()


def mistakes(born: str, spoken: str, offered: tuple[str, ...]) -> Iterator[Mistake]:
    """Find a birthday that no year has, and a language that the program does not speak."""
    try:
        date.fromisoformat(f"2024-{born or '01-01'}")
    except ValueError:
        yield "birthday", "invalid_date", "Wanted: a day that a year has, as MM-DD."
    if spoken and spoken not in offered:
        yield "language", "unknown_language", f"Wanted: one of {', '.join(offered)}."


def agreed(given: Consents) -> dict[str, bool]:
    """Write out `{"sms": true}` and `{"sms": ["service"]}` as one yes or no for each purpose."""
    return {
        f"{channel}:{purpose}": wanted if isinstance(wanted, bool) else purpose in wanted
        for channel, wanted in given.items()
        for purpose in _PURPOSES
    }


OPERATIONS = (
    Operation("PATCH", "/v1/members/{id}", "members:write", change, {200: Member},
              takes=Changing, problems=(404, 409)),
    Operation("POST", "/v1/members/{id}/adjustments", "points:adjust", adjust, {200: Adjusted},
              takes=Adjustment, problems=(403, 404, 409, 422)),
    Operation("PUT", "/v1/members/{id}/tags/{tag}", "members:write", give_tag, {200: Member},
              problems=(404, 409, 422)),
    Operation("DELETE", "/v1/members/{id}/tags/{tag}", "members:write", take_tag, {200: Member},
              problems=(404, 422)),
    Operation("POST", "/v1/members/{id}/receipts", "members:write", claim, {200: Claimed},
              takes=ReceiptCode, problems=(404, 409, 410, 422)),
    Operation("GET", "/v1/receipts/{id}/code", "members:read", receipt_code, {200: Code}),
    Operation("GET", "/v1/members/{id}/export", "members:erase", export, {200: dict[str, Any]},
              problems=(404,)),
    Operation("POST", "/v1/members/{id}/erase", "members:erase", erase, {200: Nothing},
              takes=Nothing, problems=(404,)),
)  # fmt: skip
