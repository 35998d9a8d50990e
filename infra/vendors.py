"""Where the vendors are when the sandbox plays them: settings for it and for the system."""

from __future__ import annotations

import base64
import json

from infra.sandbox import signatures
from infra.sandbox.apple_authority import authority, pem
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


def wallets(sandbox: Sandbox) -> dict[str, str]:
    """Settings for guests' wallets. Apart from the others, since to make a key takes long."""
    made, key = SandboxSecrets(), signatures.rsa_key()
    apple = authority()
    pass_type, team = made.apple_wallet_pass_type, made.apple_wallet_team
    account = {
        "type": "service_account",
        "client_email": made.google_wallet_email,
        "private_key": signatures.pem(key),
        "token_uri": f"{sandbox.url}/google_wallet/token",
    }
    return {
        "GOOGLE_WALLET_BASE_URL": f"{sandbox.url}/google_wallet",
        "GOOGLE_WALLET_SAVE_URL": f"{sandbox.url}/google_wallet/gp/v/save",
        "GOOGLE_WALLET_SERVICE_ACCOUNT": json.dumps(account),
        "GOOGLE_WALLET_ISSUER_ID": made.google_wallet_issuer_id,
        "GOOGLE_WALLET_ISSUER_NAME": "Regulars",
        "GOOGLE_WALLET_PROGRAM_NAME": "Regulars Club",
        "GOOGLE_WALLET_LOGO_URL": "https://regulars.example/logo.png",
        "APPLE_WALLET_CERTIFICATE": pem(apple.issue(key.public_key(), pass_type, team)),
        "APPLE_WALLET_PRIVATE_KEY": signatures.pem(key),
        "APPLE_WALLET_WWDR_CERTIFICATE": pem(apple.below),
        "APPLE_WALLET_ORGANIZATION_NAME": "Regulars",
    }


def connect(sandbox: Sandbox, url: str) -> None:
    """Tell the vendors where to call the system, as an owner does in each vendor's console."""
    sandbox.square.notification_url = f"{url}/transaction-ingest/square"
    sandbox.twilio.inbound_url = f"{url}/message-feedback/twilio"
    sandbox.sendgrid.event_url = f"{url}/message-feedback/sendgrid"
    sandbox.google_wallet.open_class("loyalty")
