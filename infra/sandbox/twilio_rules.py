"""What Twilio demands of a message, and the code it answers when the demand is not met."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from urllib.parse import urlsplit

PARAMETERS = frozenset(
    {
        "To",
        "From",
        "MessagingServiceSid",
        "Body",
        "MediaUrl",
        "ContentSid",
        "ContentVariables",
        "StatusCallback",
        "ApplicationSid",
        "MaxPrice",
        "ProvideFeedback",
        "Attempt",
        "ValidityPeriod",
        "ForceDelivery",
        "ContentRetention",
        "AddressRetention",
        "SmartEncoded",
        "PersistentAction",
        "TrafficType",
        "ShortenUrls",
        "ScheduleType",
        "SendAt",
        "SendAsMms",
        "RiskCheck",
        "FallbackFrom",
    }
)
BOOLEANS = ("ProvideFeedback", "ForceDelivery", "SmartEncoded", "ShortenUrls", "SendAsMms")
CHOICES = {
    "ContentRetention": ("retain", "discard"),
    "AddressRetention": ("retain", "obfuscate"),
    "RiskCheck": ("enable", "disable"),
    "TrafficType": ("free",),
}
E164 = re.compile(r"\+[1-9]\d{6,14}")
SERVICE_SID = re.compile(r"MG[0-9a-fA-F]{32}")
LONGEST_BODY = 1600
MOST_MEDIA = 10
LONGEST_CALLBACK = 4000
LONGEST_VALIDITY = 36000
SOONEST, LATEST = timedelta(seconds=300), timedelta(days=35)

MEANINGS = {
    20001: "Unknown parameters",
    20003: "Authenticate",
    20404: "The requested resource was not found",
    20429: "Too Many Requests",
    20500: "Internal Server Error",
    21211: "Invalid 'To' Phone Number",
    21212: "The 'From' number is not a valid phone number, shortcode, or alphanumeric sender ID.",
    21408: "Permission to send an SMS has not been enabled for the region of the 'To' number",
    21602: "Message body is required.",
    21603: "A 'From' or 'MessagingServiceSid' parameter is required to send a message",
    21604: "A 'To' phone number is required.",
    21606: "The 'From' phone number provided is not a valid message-capable Twilio phone number",
    21609: "The 'StatusCallback' URL is not a valid URL.",
    21610: "Attempt to send to unsubscribed recipient",
    21611: "This 'From' number has exceeded the maximum number of queued messages",
    21612: "The message cannot be sent with the current combination of 'To' and 'From'",
    21614: "'To' number is not a valid mobile number",
    21617: "The concatenated message body exceeds the 1600 character limit",
    21623: "The number of media files exceeds the allowed limit",
    21655: "The ContentSid is invalid",
    21656: "The ContentVariables parameter is invalid",
    21701: "The Messaging Service does not exist",
    21705: "The Messaging Service is invalid",
    35111: "SendAt timestamp is missing",
    35115: "Scheduling does not support this timestamp",
    35118: "MessagingServiceSid is required to schedule a message",
    35126: "The ScheduleType value provided is not supported for this channel",
}


class TwilioRefusalError(Exception):
    """Twilio's answer to a request it will not carry out."""

    def __init__(self, code: int, status: int = 400, words: str = "") -> None:
        super().__init__(words or MEANINGS.get(code, "The request was refused"))
        self.code = code
        self.status = status


@dataclass(frozen=True)
class Senders:
    """The numbers of an account, each with the Messaging Service whose pool it is in, if any."""

    numbers: Mapping[str, str | None]

    def check(self, number: str | None, service: str | None) -> None:
        """Refuse a sender that is missing, ill-formed, not ours, or not in the pool it names."""
        if not number and not service:
            raise TwilioRefusalError(21603)
        if service and not SERVICE_SID.fullmatch(service):
            raise TwilioRefusalError(21705)
        if service and service not in self.numbers.values():
            raise TwilioRefusalError(21701)
        if number and not re.fullmatch(r"\+?\d{3,15}|[A-Za-z0-9 ]{1,11}", number):
            raise TwilioRefusalError(21212)
        if number and (number not in self.numbers or service not in (None, self.numbers[number])):
            raise TwilioRefusalError(21606)


def check_names(form: Mapping[str, str]) -> None:
    """Refuse a parameter Twilio does not document: a slip of the pen must not pass silently."""
    unknown = sorted(form.keys() - PARAMETERS)
    if unknown:
        raise TwilioRefusalError(20001, words=f"Unknown parameters: {', '.join(unknown)}")


def check_recipient(to: str) -> None:
    """Refuse a missing number and one that is not written in E.164."""
    if not to:
        raise TwilioRefusalError(21604)
    if not E164.fullmatch(to):
        raise TwilioRefusalError(21211, words=f"The 'To' number {to} is not a valid phone number.")


def check_content(form: Mapping[str, str], media: list[str]) -> None:
    """Refuse a message with nothing in it, or with too much."""
    if form.get("ContentVariables") and not form.get("ContentSid"):
        raise TwilioRefusalError(21656)
    if form.get("ContentSid"):
        raise TwilioRefusalError(21655)
    if not form.get("Body", "").strip() and not media:
        raise TwilioRefusalError(21602)
    if len(form.get("Body", "")) > LONGEST_BODY:
        raise TwilioRefusalError(21617)
    if len(media) > MOST_MEDIA:
        raise TwilioRefusalError(21623)


def check_callback(url: str | None) -> None:
    """Refuse a callback address that is not whole, or whose host has an underscore."""
    if not url:
        return
    parts = urlsplit(url)
    whole = parts.scheme in ("http", "https") and parts.hostname and "_" not in parts.hostname
    if not whole or len(url) > LONGEST_CALLBACK:
        raise TwilioRefusalError(21609)


def check_options(form: Mapping[str, str]) -> None:
    """Refuse options whose value has the wrong type or is out of bounds."""
    validity = form.get("ValidityPeriod", "1")
    if not validity.isdecimal() or not 1 <= int(validity) <= LONGEST_VALIDITY:
        raise TwilioRefusalError(20001, words="ValidityPeriod must be between 1 and 36000")
    if not form.get("Attempt", "1").isdecimal():
        raise TwilioRefusalError(20001, words="Attempt must be an integer")
    for name in BOOLEANS:
        if form.get(name, "true").lower() not in ("true", "false"):
            raise TwilioRefusalError(20001, words=f"{name} must be true or false")
    for name, choices in CHOICES.items():
        if form.get(name, choices[0]) not in choices:
            raise TwilioRefusalError(20001, words=f"{name} must be one of {', '.join(choices)}")


def check_schedule(form: Mapping[str, str], now: datetime) -> None:
    """Refuse a schedule without a service, without a time, or outside the documented window."""
    kind, send_at = form.get("ScheduleType"), form.get("SendAt")
    if not kind and not send_at:
        return
    if kind != "fixed":
        raise TwilioRefusalError(35126)
    if not send_at:
        raise TwilioRefusalError(35111)
    if not form.get("MessagingServiceSid"):
        raise TwilioRefusalError(35118)
    moment = _instant(send_at)
    if moment is None or not SOONEST < moment - now <= LATEST:
        raise TwilioRefusalError(35115)


def _instant(text: str) -> datetime | None:
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        return None
    return moment.astimezone(UTC) if moment.tzinfo else None
