"""Twilio's record of each text, both ways, and how a list of them is asked for."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from email.utils import format_datetime, parsedate_to_datetime
from typing import Any
from urllib.parse import urlencode

from infra.sandbox.outbox import Message
from infra.sandbox.twilio_rules import TwilioRefusalError
from infra.sandbox.twilio_text import segments

API_VERSION = "2010-04-01"
FINAL = frozenset({"delivered", "undelivered", "failed", "canceled"})
PAGE_SIZE, LARGEST_PAGE = 50, 1000
TROUBLES = {
    30003: "Unreachable destination handset",
    30005: "Unknown destination handset",
    30006: "Landline or unreachable carrier",
    30007: "Message filtered",
    30008: "Unknown error",
}


@dataclass
class Sms:
    """One text as Twilio keeps it; `message` is its place in the outbox, if it is one of ours."""

    sid: str
    to: str
    sender: str | None
    body: str
    status: str
    created: datetime
    direction: str = "outbound-api"
    service: str | None = None
    callback: str = ""
    media: list[str] = field(default_factory=list)
    sent: datetime | None = None
    updated: datetime | None = None
    error: int | None = None
    message: Message | None = None

    def move(self, status: str, now: datetime, *, sender: str, error: int | None = None) -> None:
        """Go one step further on the way to the phone."""
        self.status, self.updated, self.error = status, now, error
        self.sender = self.sender or sender
        if status == "sent":
            self.sent = now
        if self.message:
            self.message.state = status

    def resource(self, account: str) -> dict[str, Any]:
        """Give the Message resource with every documented field."""
        uri = f"/{API_VERSION}/Accounts/{account}/Messages/{self.sid}"
        return {
            "account_sid": account,
            "api_version": API_VERSION,
            "body": self.body,
            "date_created": _rfc2822(self.created),
            "date_sent": _rfc2822(self.sent),
            "date_updated": _rfc2822(self.updated or self.created),
            "direction": self.direction,
            "error_code": self.error,
            "error_message": TROUBLES.get(self.error) if self.error else None,
            "from": self.sender,
            "messaging_service_sid": self.service,
            "num_media": str(len(self.media)),
            "num_segments": str(segments(self.body)) if self.sender else "0",
            "price": "-0.00790" if self.sent else None,
            "price_unit": "USD" if self.sent else None,
            "sid": self.sid,
            "status": self.status,
            "subresource_uris": {"media": f"{uri}/Media.json"},
            "to": self.to,
            "uri": f"{uri}.json",
        }


def _rfc2822(moment: datetime | None) -> str | None:
    return format_datetime(moment.astimezone(UTC)) if moment else None


def page(messages: list[Sms], asked: Mapping[str, str], account: str) -> dict[str, Any]:
    """Answer a list request: the newest first, filtered, one page of it."""
    found = [sms for sms in reversed(messages) if all(_fits(sms, asked))]
    size = min(_number(asked, "PageSize", PAGE_SIZE, least=1), LARGEST_PAGE)
    place = _number(asked, "Page", 0, least=0)
    start = place * size
    shown = found[start : start + size]
    address = _Address(account, asked, size)
    return {
        "end": max(start + len(shown) - 1, 0),
        "first_page_uri": address.of(0),
        "messages": [sms.resource(account) for sms in shown],
        "next_page_uri": address.of(place + 1) if start + size < len(found) else None,
        "page": place,
        "page_size": size,
        "previous_page_uri": address.of(place - 1) if place else None,
        "start": start,
        "uri": address.of(place),
    }


@dataclass(frozen=True)
class _Address:
    account: str
    asked: Mapping[str, str]
    size: int

    def of(self, place: int) -> str:
        kept = {k: v for k, v in self.asked.items() if k not in ("Page", "PageSize", "PageToken")}
        query = urlencode({**kept, "PageSize": self.size, "Page": place})
        return f"/{API_VERSION}/Accounts/{self.account}/Messages.json?{query}"


def _fits(sms: Sms, asked: Mapping[str, str]) -> Iterator[bool]:
    """Yield, filter by filter, whether this text is asked for; a text not yet sent has no date."""
    yield asked.get("To", sms.to) == sms.to
    yield asked.get("From", sms.sender) == sms.sender
    for name in ("DateSent", "DateSent<", "DateSent>"):
        if name in asked:
            first, last = _span(asked[name])
            yield sms.sent is not None and _within(name, sms.sent, first, last)


def _within(name: str, sent: datetime, first: datetime, last: datetime) -> bool:
    if name == "DateSent<":
        return sent < last
    return sent >= first and (name == "DateSent>" or sent < last)


def _span(text: str) -> tuple[datetime, datetime]:
    """Read a GMT day, or an instant as a span of one second."""
    try:
        day = datetime.combine(date.fromisoformat(text), datetime.min.time(), UTC)
        return day, day + timedelta(days=1)
    except ValueError:
        moment = _moment(text)
    return moment, moment + timedelta(seconds=1)


def _moment(text: str) -> datetime:
    for read in (datetime.fromisoformat, parsedate_to_datetime):
        try:
            moment = read(text)
        except ValueError:
            continue
        return moment.astimezone(UTC) if moment.tzinfo else moment.replace(tzinfo=UTC)
    raise TwilioRefusalError(20001, words=f"{text} is not a date")


def _number(asked: Mapping[str, str], name: str, usual: int, *, least: int) -> int:
    text = asked.get(name, str(usual))
    if not text.isdecimal() or int(text) < least:
        raise TwilioRefusalError(20001, words=f"{name} must be a number from {least}")
    return int(text)
