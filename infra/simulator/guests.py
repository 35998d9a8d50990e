"""Who the guests are: how each is reached, joins, and writes back."""

from __future__ import annotations

from typing import Literal

from infra.simulator.schedule import Say
from loyalty.connectors.spec import Reply
from loyalty.guests import members

BIRTHDAYS = ("12-28", "02-29", "")
"""What a guest tells of their birthday when they join."""


def address_of(guest: int) -> dict[str, str]:
    """Tell how a guest is reached."""
    if guest % 3 == 2:  # noqa: PLR2004 - every third has no phone
        return {"email": f"guest{guest}@example.com"}
    return {"phone": f"+4915112345{guest:03d}"}


def joining(guest: int, *, marketing: bool) -> members.Joining:
    """Join, with consent to service messages at least."""
    agreed = {f"{channel}:service": True for channel in ("sms", "email")}
    agreed |= {f"{channel}:marketing": marketing for channel in ("sms", "email")}
    born = BIRTHDAYS[guest % len(BIRTHDAYS)]
    return members.Joining(name="Sita", birthday=born, consents=agreed, **address_of(guest))


def reply_of(said: Say) -> Reply:
    """Say what a guest writes as a vendor tells it."""
    ((kind, address),) = address_of(said.guest).items()
    channel: Literal["sms", "email"] = "sms" if kind == "phone" else "email"
    return Reply(id=said.id, channel=channel, address=address, keyword=said.keyword)
