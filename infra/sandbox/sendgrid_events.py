"""SendGrid's Event Webhook: what became of each mail, signed, several events to a post."""

import json
from collections.abc import Mapping
from typing import Any, Literal

from infra.sandbox import signatures
from infra.sandbox.outbox import Message
from infra.sandbox.postman import Letter
from infra.sandbox.premises import Premises

Event = Literal[
    "processed",
    "deferred",
    "delivered",
    "bounce",
    "blocked",
    "dropped",
    "open",
    "click",
    "spamreport",
    "unsubscribe",
    "group_unsubscribe",
    "group_resubscribe",
]
FACTS: dict[str, dict[str, Any]] = {
    "deferred": {"attempt": "1", "response": "451 4.7.1 Try again later"},
    "delivered": {"response": "250 OK"},
    "bounce": {
        "type": "bounce",
        "status": "5.1.1",
        "reason": "550 5.1.1 The email account that you tried to reach does not exist.",
        "bounce_classification": "Invalid Address",
    },
    "blocked": {
        "type": "blocked",
        "status": "5.7.1",
        "reason": "550 5.7.1 Blocked",
        "bounce_classification": "Reputation",
    },
    "dropped": {"status": "5.0.0", "reason": "Bounced Address"},
    "open": {"sg_machine_open": False, "useragent": "Mozilla/5.0", "ip": "127.0.0.1"},
    "click": {
        "url": "https://regulars.example/",
        "url_offset": {"index": 0, "type": "html"},
        "useragent": "Mozilla/5.0",
        "ip": "127.0.0.1",
    },
}


def event(premises: Premises, kind: Event, mail: Message, facts: Mapping[str, Any]) -> Any:
    """Describe one happening to one mail; its custom arguments stand at the top level."""
    said: dict[str, Any] = {
        **mail.details["custom_args"],
        "email": mail.to,
        "event": "bounce" if kind == "blocked" else kind,
        "sg_event_id": premises.ids.code(),
        "sg_message_id": f"{mail.id}.recvd-sandbox-1-{mail.details['place']}",
        "smtp-id": f"<{mail.id}@geopod-ismtpd-sandbox>",
        "timestamp": int(premises.clock().timestamp()),
        **FACTS.get(kind, {}),
    }
    if mail.details["categories"]:
        said["category"] = mail.details["categories"]
    if mail.details["asm_group_id"] is not None:
        said["asm_group_id"] = mail.details["asm_group_id"]
    return said | dict(facts)


def letter(premises: Premises, url: str, events: list[Any]) -> Letter:
    """Sign a batch of events; the body ends in CR LF, as SendGrid's does."""
    body = json.dumps(events, separators=(",", ":")).encode() + b"\r\n"
    timestamp = str(int(premises.clock().timestamp()))
    seed = premises.secrets.sendgrid_signing_seed
    headers = {
        "Content-Type": "application/json;charset=utf-8",
        "User-Agent": "SendGrid Event API",
        "X-Twilio-Email-Event-Webhook-Signature": signatures.sendgrid(seed, timestamp, body),
        "X-Twilio-Email-Event-Webhook-Timestamp": timestamp,
    }
    return Letter(url, headers, body)
