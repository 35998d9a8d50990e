"""Each main.py as the platform serves it, and how those who call it sign and wrap things."""

from __future__ import annotations

import base64
import hmac
import json
from datetime import datetime
from functools import cache
from pathlib import Path
from typing import Any

import functions_framework
from infra.sandbox import signatures
from tests.rig import NOON

ROOT = Path(__file__).parent.parent.parent
PROGRAM = (ROOT / "infra/programs/art-cafe.yaml").read_text("utf-8")
PHONE = "+4915123456789"
KEY = b"a key that only tests would use!"
SITE = "https://cafe.example"
TOKEN = "0123456789abcdef0123456789abcdef"
FEEDBACK = f"{SITE}/message-feedback/twilio"
SQUARE = {"key": "a signature key that only tests use", "url": f"{SITE}/transaction-ingest/square"}
NOBODY = "http://127.0.0.1:9"
"""Where the vendors are: no test asks a real one."""
SEED = "a seed that only tests would use"
SETTINGS = {
    "GENERIC_WEBHOOK_SECRET": f"whsec_{base64.b64encode(KEY).decode()}",
    **{f"{vendor}_BASE_URL": NOBODY for vendor in ("SENDGRID", "SQUARE", "TWILIO")},
    "TWILIO_ACCOUNT_SID": "AC1",
    "TWILIO_AUTH_TOKEN": TOKEN,
    "TWILIO_FEEDBACK_URL": FEEDBACK,
    "SQUARE_ACCESS_TOKEN": "a token that only tests would use",
    "SQUARE_WEBHOOK_URL": SQUARE["url"],
    "SQUARE_WEBHOOK_SIGNATURE_KEY": SQUARE["key"],
    "SENDGRID_EVENT_WEBHOOK_PUBLIC_KEY": signatures.sendgrid_public_key(SEED),
}


@cache
def application(name: str) -> Any:
    """Build a function behind the real framework."""
    return functions_framework.create_app("main", str(ROOT / "functions" / name / "main.py"))


def served(name: str) -> Any:
    """Serve a function as the platform does; each call is one request of its own."""
    return application(name).test_client()


def pushed(name: str, data: str) -> dict[str, Any]:
    """Wrap a message the way a push subscription does."""
    message = {
        "attributes": {},
        "data": data,
        "messageId": "2070443601311540",
        "message_id": "2070443601311540",
        "publishTime": "2026-11-21T11:00:00.123Z",
        "publish_time": "2026-11-21T11:00:00.123Z",
    }
    where = f"projects/regulars/subscriptions/{name}"
    return {"message": message, "subscription": where, "deliveryAttempt": 1}


def signed(body: bytes, key: bytes = KEY, at: datetime = NOON) -> dict[str, str]:
    """Sign a body as a till does."""
    instant = str(int(at.timestamp()))
    mac = hmac.digest(key, f"evt_1.{instant}.".encode() + body, "sha256")
    return {
        "webhook-id": "evt_1",
        "webhook-timestamp": instant,
        "webhook-signature": f"v1,{base64.b64encode(mac).decode()}",
    }


def a_sale(**changes: Any) -> bytes:
    """Write what a till posts about a sale."""
    data = {
        "receipt": "R1", "store": "atelier", "occurred_at": "2026-11-21T12:00:00+01:00",
        "currency": "EUR", "total": 1250, "guest": {"phone": PHONE},
    }  # fmt: skip
    body = {"type": "sale.completed", "timestamp": "2026-11-21T12:00:00+01:00"}
    return json.dumps(body | {"data": data | changes}).encode()
