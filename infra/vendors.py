"""Where the vendors are when the sandbox plays them: settings for it and for the system."""

from __future__ import annotations

import base64

from infra.sandbox.credentials import SandboxSecrets
from infra.sandbox.server import Sandbox

GENERIC_SECRET = "whsec_" + base64.b64encode(b"regulars-sandbox-generic-secret!").decode()


def environment(sandbox: Sandbox, url: str) -> dict[str, str]:
    """Settings that make the system at `url` talk to this sandbox."""
    made = SandboxSecrets()
    return {
        "SQUARE_BASE_URL": f"{sandbox.url}/square",
        "SQUARE_ACCESS_TOKEN": made.square_access_token,
        "SQUARE_WEBHOOK_SIGNATURE_KEY": made.square_signature_key,
        "SQUARE_WEBHOOK_URL": f"{url}/transaction-ingest/square",
        "GENERIC_WEBHOOK_SECRET": GENERIC_SECRET,
        "TWILIO_BASE_URL": f"{sandbox.url}/twilio",
        "TWILIO_ACCOUNT_SID": made.twilio_account_sid,
        "TWILIO_AUTH_TOKEN": made.twilio_auth_token,
        "TWILIO_MESSAGING_SERVICE_SID": made.twilio_messaging_service_sid,
        "TWILIO_FEEDBACK_URL": f"{url}/message-feedback/twilio",
        "SENDGRID_BASE_URL": f"{sandbox.url}/sendgrid",
        "SENDGRID_API_KEY": made.sendgrid_api_key,
        "SENDGRID_FROM_EMAIL": made.sendgrid_from_email,
        "SENDGRID_EVENT_WEBHOOK_PUBLIC_KEY": sandbox.sendgrid.public_key,
        "SLACK_WEBHOOK_URL": f"{sandbox.url}/slack/services/{made.slack_webhook_path}",
    }


def connect(sandbox: Sandbox, url: str) -> None:
    """Tell the vendors where to call the system, as an owner does in each vendor's console."""
    sandbox.square.notification_url = f"{url}/transaction-ingest/square"
    sandbox.twilio.inbound_url = f"{url}/message-feedback/twilio"
    sandbox.sendgrid.event_url = f"{url}/message-feedback/sendgrid"
