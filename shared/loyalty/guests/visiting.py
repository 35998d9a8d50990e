"""What goes to an address that somebody says is theirs: a code, or that it was given up.

Asking for it is the consent to this one message, whatever the hour; who said STOP gets none.
"""

from __future__ import annotations

from loyalty import wording
from loyalty.connectors.spec import Mail, Text
from loyalty.delivery import Shop
from loyalty.domain.program import Program
from loyalty.events import NotificationRequested
from loyalty.guests import codes
from loyalty.ports import Store, Unit
from loyalty.records import Claim, SignIn, claims, sign_ins, suppressions


def claim(event: NotificationRequested, program: Program, shop: Shop) -> Claim:
    """Claim a message to a visitor, or drop it and say why. Raises AlreadyExists."""

    def work(unit: Unit) -> Claim:
        visitor = sign_ins.get(unit, event.sign_in)
        channel = _channel(visitor)
        names = program.connectors.get(channel, ())  # type: ignore[call-overload]  # a known channel
        why = refusal(unit, visitor, event, shop) or ("" if names else "no-connector")
        made = Claim(
            message=event.id, channel=channel, connector=names[0] if names else "",
            state="dropped" if why else "claimed", at=shop.clock.now(), word=why,
        )  # fmt: skip
        claims.create(unit, event.id, made)
        return made

    return shop.store.atomically("people", work)


def message(
    event: NotificationRequested, claimed: Claim, program: Program, shop: Shop
) -> Text | Mail | None:
    """Write the message; None if it must not go any more."""
    visitor = sign_ins.get(shop.store, event.sign_in)
    if visitor is None or refusal(shop.store, visitor, event, shop):
        return None
    code = codes.digits(event.sign_in, visitor, shop.pepper)
    body = wording.to_visitor(program, visitor, code)
    if claimed.channel == "sms":
        return Text(to=visitor.phone, body=body, reference=event.id, since=claimed.at)
    return Mail(to=visitor.email, name="", subject=program.title, body=body, reference=event.id)


def refusal(
    source: Unit | Store, visitor: SignIn | None, event: NotificationRequested, shop: Shop
) -> str:
    """Say why nothing may go to a visitor; empty if it may."""
    if visitor is None or visitor.done or visitor.asked_at != event.at:
        return "nobody"
    if shop.clock.now() >= event.useful_until:
        return "too-late"
    stopped = suppressions.get(source, f"{visitor.address}:{_channel(visitor)}")
    return "opted-out" if stopped else ""


def _channel(visitor: SignIn | None) -> str:
    return "email" if visitor and visitor.email else "sms"
