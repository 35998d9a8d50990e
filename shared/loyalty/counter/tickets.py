"""Tickets: a reward that is set aside, as a signed text that any till can check without network.

`T1.` and what it says (JSON), a dot, and an Ed25519 signature of the letters before that dot;
JSON and signature are base64url without padding. How a till reads it is in docs/tickets.md.
"""

from __future__ import annotations

import base64
from datetime import datetime

import msgspec
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from loyalty import identity
from loyalty.counter.taking import Taking
from loyalty.identity import Pepper

FORM = "T1"
TITLE = 60
"""So much of a title is told: a ticket has to fit into a QR code."""


class Ticket(msgspec.Struct, frozen=True, kw_only=True):
    """What a ticket says, and nothing of the guest.

    `value` is money to take off, in minor units; 0 is something for free of these `categories` (of
    any, if there are none). It is good at these `stores` (at all, if there are none).
    """

    hold: str
    reward: str
    title: str
    value: int
    currency: str
    categories: tuple[str, ...]
    stores: tuple[str, ...]
    until: datetime


def of(taking: Taking, stores: tuple[str, ...]) -> Ticket:
    """Say what a hold is good for."""
    return Ticket(
        hold=taking.id, reward=taking.reward, title=identity.clean(taking.title, TITLE),
        value=taking.value, currency=taking.currency, categories=taking.categories,
        stores=stores, until=taking.until,
    )  # fmt: skip


def public_key(pepper: Pepper) -> str:
    """Tell the key that tills check tickets with: 32 bytes, written as a ticket's parts are."""
    return _text(_key(pepper).public_key().public_bytes_raw())


def written(ticket: Ticket, pepper: Pepper) -> str:
    """Write and sign a ticket; the same one is always the same text."""
    signed = f"{FORM}.{_text(msgspec.json.encode(ticket))}"
    return f"{signed}.{_text(_key(pepper).sign(signed.encode()))}"


def read(text: str, pepper: Pepper) -> Ticket | None:
    """Read a ticket; None if not every letter of it is as we signed it."""
    signed, _, signature = text.rpartition(".")
    form, _, said = signed.partition(".")
    try:
        _key(pepper).public_key().verify(_bytes(signature), signed.encode())
        return msgspec.json.decode(_bytes(said), type=Ticket) if form == FORM else None
    except (InvalidSignature, ValueError):
        return None


def _key(pepper: Pepper) -> Ed25519PrivateKey:
    return Ed25519PrivateKey.from_private_bytes(pepper.seed("tickets"))


def _text(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).decode().rstrip("=")


def _bytes(text: str) -> bytes:
    """Read base64url. Raises ValueError unless it is written in the one way that we write it."""
    data = base64.b64decode(text + "=" * (-len(text) % 4), altchars=b"-_", validate=True)
    if _text(data) != text:
        raise ValueError("not the one way to write it")
    return data
