"""The made-up credentials a client of the sandbox must show; none of them opens anything real."""
# ruff: noqa: S105 - passwords in the open, because they are worth nothing

from dataclasses import dataclass


@dataclass(frozen=True)
class SandboxSecrets:
    """What the vendors would have handed the shop when it opened its accounts."""

    square_access_token: str = "EAAA-sandbox-square-access-token"
    square_signature_key: str = "sandbox-square-signature-key"
    square_merchant_id: str = "MSANDBOX00001"
    twilio_account_sid: str = "AC00000000000000000000000000000001"
    twilio_auth_token: str = "0123456789abcdef0123456789abcdef"
    twilio_api_key_sid: str = "SK00000000000000000000000000000001"
    twilio_api_key_secret: str = "sandbox-twilio-api-key-secret-01"
    twilio_messaging_service_sid: str = "MG00000000000000000000000000000001"
    twilio_from_number: str = "+15005550006"
    sendgrid_api_key: str = "SG.sandbox.opens-nothing"
    sendgrid_from_email: str = "club@regulars.example"
    sendgrid_signing_seed: str = "loyalty-sendgrid-test-key"
    slack_webhook_path: str = "T000/B000/XXXX"
    google_wallet_issuer_id: str = "3388000000000000000"
    google_wallet_email: str = "regulars@sandbox.iam.gserviceaccount.com"
    apple_wallet_pass_type: str = "pass.com.example.regulars"
    apple_wallet_team: str = "TEAM123456"
