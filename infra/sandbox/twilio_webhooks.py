"""The two posts Twilio makes to a shop: how a text is getting on, and what a guest wrote."""

from collections.abc import Mapping
from urllib.parse import urlencode

from infra.sandbox import signatures
from infra.sandbox.postman import Letter
from infra.sandbox.premises import Premises
from infra.sandbox.twilio_messages import API_VERSION, FINAL, Sms
from infra.sandbox.twilio_text import segments

PLACE = ("City", "State", "Zip", "Country")


def status_letter(premises: Premises, sms: Sms) -> Letter:
    """Write the status callback for the state a text is in now."""
    form = {
        "AccountSid": premises.secrets.twilio_account_sid,
        "ApiVersion": API_VERSION,
        "From": sms.sender or "",
        "MessageSid": sms.sid,
        "MessageStatus": sms.status,
        "SmsSid": sms.sid,
        "SmsStatus": sms.status,
        "To": sms.to,
    }
    if sms.service:
        form["MessagingServiceSid"] = sms.service
    if sms.error:
        form["ErrorCode"] = str(sms.error)
    if sms.status in FINAL:
        form["RawDlrDoneDate"] = premises.clock().strftime("%y%m%d%H%M")
    return _letter(premises, sms.callback, form)


def inbound_letter(premises: Premises, url: str, sms: Sms, heard: str | None) -> Letter:
    """Write the post for a guest's text; `heard` is the keyword Twilio has acted on, if any."""
    form = {
        "AccountSid": premises.secrets.twilio_account_sid,
        "ApiVersion": API_VERSION,
        "Body": sms.body,
        "From": sms.sender or "",
        "MessageSid": sms.sid,
        "NumMedia": "0",
        "NumSegments": str(segments(sms.body)),
        "SmsMessageSid": sms.sid,
        "SmsSid": sms.sid,
        "SmsStatus": "received",
        "To": sms.to,
        **{side + part: "" for side in ("From", "To") for part in PLACE},
    }
    if sms.service:
        form["MessagingServiceSid"] = sms.service
    if heard:
        form["OptOutType"] = heard
    return _letter(premises, url, form)


def _letter(premises: Premises, url: str, form: Mapping[str, str]) -> Letter:
    signature = signatures.twilio(premises.secrets.twilio_auth_token, url, form)
    headers = {
        "Content-Type": "application/x-www-form-urlencoded; charset=UTF-8",
        "I-Twilio-Idempotency-Token": premises.ids.uuid(),
        "User-Agent": "TwilioProxy/1.1",
        "X-Twilio-Signature": signature,
    }
    return Letter(url, headers, urlencode(form).encode())
