"""Tills that buy: purchases signed beforehand, over connections that stay open."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import threading
from datetime import UTC, datetime

import requests

from infra.vendors import GENERIC_SECRET as SECRET

GUESTS = 20
KEY = "rk_bench"
TIMEOUT = 60
_TILL = threading.local()


def phone(guest: int) -> str:
    """Name a guest by phone."""
    return f"+49151234567{guest % GUESTS:02d}"


def join(url: str) -> None:
    """Let every guest join, agreeing to texts."""
    head = {"Authorization": f"Bearer {KEY}"}
    for guest in range(GUESTS):
        body = {"name": f"Guest {guest}", "phone": phone(guest), "consents": {"sms": ["service"]}}
        answer = requests.post(
            f"{url}/member-api/v1/members", json=body, headers=head, timeout=TIMEOUT
        )
        answer.raise_for_status()


def session() -> requests.Session:
    """Give each till a connection that stays open, as a vendor's senders keep theirs."""
    if not hasattr(_TILL, "session"):
        _TILL.session = requests.Session()
        _TILL.session.trust_env = False
    kept: requests.Session = _TILL.session
    return kept


def signed(number: int) -> tuple[bytes, dict[str, str]]:
    """Write down the purchase of this number; its euros are one more than that."""
    now = datetime.now(UTC)
    data = {
        "receipt": f"B{number}",
        "store": "main",
        "occurred_at": now.isoformat(),
        "currency": "EUR",
        "total": 100 * (number + 1),
        "lines": [{"name": "Coffee", "amount": 100 * (number + 1)}],
        "guest": {"phone": phone(number)},
    }
    body = json.dumps(
        {"type": "sale.completed", "timestamp": now.isoformat(), "data": data}
    ).encode()
    key = base64.b64decode(SECRET.removeprefix("whsec_"))
    name, stamp = f"evt_{hashlib.sha256(body).hexdigest()[:20]}", str(int(now.timestamp()))
    value = hmac.digest(key, f"{name}.{stamp}.".encode() + body, "sha256")
    return body, {
        "Content-Type": "application/json",
        "webhook-id": name,
        "webhook-timestamp": stamp,
        "webhook-signature": f"v1,{base64.b64encode(value).decode()}",
    }


def buy(ingest: str, number: int) -> None:
    """Post a purchase to where ingest listens; returns once it is acknowledged."""
    body, head = signed(number)
    answer = session().post(f"{ingest}/generic", body, headers=head, timeout=TIMEOUT)
    answer.raise_for_status()
