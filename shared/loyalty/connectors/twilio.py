"""Twilio: text messages out, delivery receipts and replies in.

Requests are forms under HTTP Basic auth, answers are JSON. Sending has no idempotency key: after
a time-out `find_sms` asks whether the text is there before anybody sends it again.
"""

from __future__ import annotations

import base64
import string
import unicodedata
from collections.abc import Generator, Mapping
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from functools import partial
from typing import Literal, TypeVar
from urllib.parse import parse_qs, urlencode, urlsplit

import msgspec

from loyalty.connectors.spec import (
    Config,
    Connector,
    Delivery,
    Feedback,
    Incoming,
    Rate,
    Reply,
    Sent,
    Setting,
    Text,
    Webhook,
    Word,
)
from loyalty.errors import Problem, VendorRefused
from loyalty.ports import HttpRequest, HttpResponse

T = TypeVar("T")
State = Literal["accepted", "sent", "delivered", "read", "failed"]
Keyword = Literal["stop", "start", "help"]


def _by_code(table: Mapping[T, str]) -> dict[str, T]:
    """Turn "our word: their codes" into "their code: our word"."""
    return {code: ours for ours, codes in table.items() for code in codes.split()}


# What each code means: https://www.twilio.com/docs/errors/<code>
ERRORS: Mapping[str, Word] = _by_code(
    {
        "opted-out": "21610",
        "bad-address": "21211 21614 30005 30006",
        # Empty, too long, no route, blocked, filtered. Also 21408, country not enabled: its cure
        # is a setting, but one guest with a foreign number must not pause everybody's texts.
        "refused": "21408 21602 21612 21617 30004 30007 30450 63016",
        "credentials": "404 20003 20404 21606 21608 30002 30034 35111 35114 35115 35117 35118",
        # Queue or rate exceeded, quiet hours: surely not sent.
        "slow-down": "20429 21611 30001 30047 30610 63017",
        # Handset off, unknown, validity ran out.
        "try-again": "30003 30008 30036",
    }
)
STATES: Mapping[str, State] = _by_code(
    {
        "accepted": "accepted scheduled queued sending",
        "sent": "sent partially_delivered",
        "delivered": "delivered",
        "read": "read",
        "failed": "failed undelivered canceled",
    }
)
# Only a whole message counts: "please stop texting me" is for a person to read.
KEYWORDS: Mapping[str, Keyword] = {
    "OPT OUT": "stop",
    **_by_code(
        {
            "stop": "STOP STOPALL UNSUBSCRIBE CANCEL END QUIT REVOKE OPTOUT OPT-OUT ARRET ARRÊT 🛑",
            "start": "START YES UNSTOP",
            "help": "HELP INFO",
        }
    ),
}
_AROUND = string.whitespace + string.punctuation + "…“”«»\ufe0f"  # the last one trails an emoji
SENDING = ("send_sms", "find_sms", "check")
_FORM = "application/x-www-form-urlencoded"
_LONGEST_TEXT = 1600
_FIELDS = 200  # Twilio sends about thirty
_FIRST_TEXT = datetime(2008, 1, 1, tzinfo=UTC)  # Twilio is not older
_SLACK = timedelta(seconds=5)  # Twilio's clock shows whole seconds, and is not our clock


class Message(msgspec.Struct, frozen=True):
    """A text as Twilio tells of it, as far as we listen."""

    sid: str
    body: str | None = None
    date_created: str = ""


class Page(msgspec.Struct, frozen=True):
    """The newest texts of a list."""

    messages: list[Message]


class Account(msgspec.Struct, frozen=True):
    """The merchant's account."""

    status: str
    type: str = ""


class Refusal(msgspec.Struct, frozen=True):
    """The body of an answer that is not 2xx."""

    code: int | None = None


class Form(dict[str, list[str]]):
    """A posted form, in the shape in which Twilio's validator takes repeated names."""

    def getlist(self, name: str) -> list[str]:
        """Return every value of a name."""
        return self[name]

    def first(self, name: str) -> str:
        """Return the first value of a name, or an empty string."""
        return self.get(name, [""])[0]


def send_sms(config: Config, text: Text) -> Generator[HttpRequest, HttpResponse, Sent]:
    """Hand one text over.

    `SmartEncoded` stays off: it would put other characters in what the merchant wrote.
    """
    fields = {
        "To": text.to,
        "Body": text.body,
        "MessagingServiceSid": config["messaging_service_sid"],
        "From": config["from_number"],
        "StatusCallback": _callback(text.callback_url or config["feedback_url"], text.reference),
        "ValidityPeriod": config["validity_seconds"],
    }
    if not (fields["MessagingServiceSid"] or fields["From"]):
        raise VendorRefused("credentials", "no-sender")
    body = urlencode({name: value for name, value in fields.items() if value}).encode()
    headers = {**_signed_in(config), "Content-Type": _FORM}
    answer = yield HttpRequest("POST", _address(config, "/Messages.json"), headers, body)
    return Sent(id=msgspec.json.decode(answer.body, type=Message).sid)


def find_sms(config: Config, text: Text) -> Generator[HttpRequest, HttpResponse, Sent | None]:
    """Find a text by its guest, its exact words and the time since we claimed it.

    One that still waits in Twilio's queue has no DateSent to be found by: so first the days are
    asked, then the guest's newest texts of any date. None is no proof, as the list may lag.
    """
    since = (text.since or _FIRST_TEXT).astimezone(UTC) - _SLACK
    for days in ({"DateSent>": since.date().isoformat()}, {}):
        query = urlencode({"To": text.to, **days, "PageSize": "1000"})  # 1000 is the most
        url = _address(config, f"/Messages.json?{query}")
        answer = yield HttpRequest("GET", url, _signed_in(config))
        for message in msgspec.json.decode(answer.body, type=Page).messages:
            if message.body == text.body and parsedate_to_datetime(message.date_created) >= since:
                return Sent(id=message.sid)
    return None


def check(config: Config, _: None) -> Generator[HttpRequest, HttpResponse, str]:
    """Look at the account with its token, then at one text with the API key if there is one.

    Both are tried since each does a job the other cannot: a standard key may not see the
    account, and only the token verifies webhooks.
    """
    token = _basic(config["account_sid"], config["auth_token"])
    answer = yield HttpRequest("GET", _address(config, ".json"), token)
    account = msgspec.json.decode(answer.body, type=Account)
    if account.status != "active":
        raise VendorRefused("credentials", f"account-{account.status}")
    if config["api_key_sid"]:
        yield HttpRequest("GET", _address(config, "/Messages.json?PageSize=1"), _signed_in(config))
    return f"The Twilio account is active ({account.type or 'type unknown'})."


def verify(config: Config, incoming: Incoming) -> bool:
    """Accept what is signed with the account's token, or with the one before it."""
    from twilio.request_validator import RequestValidator  # noqa: PLC0415 - costs start-up time

    signature = incoming.headers.get("x-twilio-signature", "")
    try:
        form = _form(incoming.body)
        return any(
            RequestValidator(token).validate(incoming.url, form, signature)
            for token in config.secrets("auth_token")
        )
    except ValueError:  # a form or an address that cannot be read was not signed by Twilio
        return False


def read_feedback(_: Config, incoming: Incoming, body: bytes) -> list[Feedback]:
    """Read one delivery receipt or one text from a guest."""
    try:
        form = _form(body)
    except ValueError:
        raise Problem(400, "bad-form", "This is not a form that Twilio sends") from None
    # An incoming text may call itself "received"; everything else with a status is a receipt.
    reply = form.first("MessageStatus") in {"", "received", "receiving"}
    for name in ("MessageSid", "From") if reply else ("MessageSid",):
        if not form.first(name):
            raise Problem(400, "bad-form", "Twilio would send more", ((name, "missing"),))
    return _reply(form) if reply else _delivery(form, _reference(incoming.url))


def error_code(response: HttpResponse) -> str:
    """Find Twilio's own code in a refusal."""
    try:
        code = msgspec.json.decode(response.body, type=Refusal).code
    except ValueError:  # a proxy's page
        return ""
    return str(code or "")


def _delivery(form: Form, reference: str) -> list[Feedback]:
    state = STATES.get(form.first("MessageStatus"))
    if state is None or not reference:  # a newer status, or a text that we did not send
        return []
    word = ERRORS.get(form.first("ErrorCode")) if state == "failed" else None
    return [Delivery(reference=reference, state=state, id=form.first("MessageSid"), word=word)]


def _reply(form: Form) -> list[Feedback]:
    sid, sender, text = (form.first(name) for name in ("MessageSid", "From", "Body"))
    keyword = KEYWORDS.get(form.first("OptOutType")) or _keyword(text)
    return [Reply(id=sid, channel="sms", address=sender, text=text, keyword=keyword)]


def _keyword(text: str) -> Keyword | None:
    if len(text) > _LONGEST_TEXT:  # it takes long to normalize, and is no single word
        return None
    said = unicodedata.normalize("NFKC", text).upper().strip(_AROUND)
    return KEYWORDS.get(" ".join(said.split()))


def _form(body: bytes) -> Form:
    read = partial(parse_qs, keep_blank_values=True, errors="strict", max_num_fields=_FIELDS)
    return Form(read(body.decode()))


def _reference(url: str) -> str:
    return parse_qs(urlsplit(url).query).get("d", [""])[0]


def _callback(url: str, reference: str) -> str:
    """Put our reference into an address that may already have a query, or Twilio's #options."""
    parts = urlsplit(url)
    query = "&".join(filter(None, (parts.query, urlencode({"d": reference}))))
    return parts._replace(query=query).geturl() if url else ""


def _address(config: Config, path: str) -> str:
    return f"{config.base_url}/2010-04-01/Accounts/{config['account_sid']}{path}"


def _signed_in(config: Config) -> dict[str, str]:
    """Prefer the API key: it can be withdrawn alone."""
    if config["api_key_sid"]:
        return _basic(config["api_key_sid"], config["api_key_secret"])
    return _basic(config["account_sid"], config["auth_token"])


def _basic(user: str, password: str) -> dict[str, str]:
    word = base64.b64encode(f"{user}:{password}".encode()).decode()
    return {"Authorization": f"Basic {word}", "Accept": "application/json"}


CONNECTOR = Connector(
    name="twilio",
    title="Twilio",
    docs="https://www.twilio.com/docs/messaging/api/message-resource",
    base_url="https://api.twilio.com",
    settings=(
        Setting("account_sid", "AC…, on the first page of the console."),
        Setting("auth_token", "Beside it; it also verifies Twilio's calls.", secret=True),
        Setting(
            "api_key_sid",
            "SK…; sends with this key in the token's place.",
            default="",
            only=SENDING,
        ),
        Setting(
            "api_key_secret", "Shown once, with the key.", secret=True, default="", only=SENDING
        ),
        Setting("messaging_service_sid", "MG…, Smart Encoding off; or from_number.", default=""),
        Setting("from_number", "The sender, as +15005550006.", default=""),
        Setting("feedback_url", "Public address of /message-feedback/twilio.", default=""),
        Setting("validity_seconds", "How long a text may wait to be sent.", default="14400"),
        Setting(
            "calls_per_second",
            "How often the account may be asked: ours, Twilio tells none.",
            default="50",
        ),
    ),
    operations={"send_sms": send_sms, "find_sms": find_sms, "check": check},
    webhooks={
        "read_feedback": Webhook(verify, read_feedback, parsed=False, media_types=(_FORM,)),
    },
    errors=ERRORS,
    error_code=error_code,
    rate=Rate(50),  # Twilio itself queues what one number cannot send at once
)
