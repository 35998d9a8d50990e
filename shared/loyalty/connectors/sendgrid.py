"""SendGrid: e-mail out, and what became of it.

SendGrid answers 202 for "queued" and has no idempotency key: what really happened arrives as
signed events, which we match by the `delivery_id` that each mail carries.
"""

from __future__ import annotations

import base64
from collections.abc import Generator, Iterator, Mapping
from html import escape
from typing import Any, Literal

import msgspec

from loyalty.connectors.spec import (
    Config,
    Connector,
    Delivery,
    Feedback,
    Incoming,
    Mail,
    Reply,
    Sent,
    Setting,
    Webhook,
    Word,
)
from loyalty.errors import Problem, VendorRefused
from loyalty.ports import HttpRequest, HttpResponse

State = Literal["accepted", "sent", "delivered", "read", "failed"]
Event = Mapping[str, Any]

# A refusal has no code of its own, but may name a field. The rest is told by the HTTP status.
ERRORS: Mapping[str, Word] = {
    "personalizations.0.to.0.email": "bad-address",
    "from": "credentials",  # not a verified sender
    "from.email": "credentials",
    "404": "credentials",
}
STATES: Mapping[str, State] = {
    "processed": "accepted",
    "deferred": "accepted",
    "delivered": "delivered",
    "open": "read",
    "click": "read",
    "bounce": "failed",
    "dropped": "failed",
    "spamreport": "delivered",  # the guest's wish is told by a Reply
    "unsubscribe": "delivered",
    "group_unsubscribe": "delivered",
    "group_resubscribe": "delivered",
}
WISHES: Mapping[str, Literal["stop", "start"]] = {
    "spamreport": "stop",
    "unsubscribe": "stop",
    "group_unsubscribe": "stop",
    "group_resubscribe": "start",
}
BOUNCES: Mapping[str, Word] = {"bounce": "bad-address", "blocked": "refused"}
DROPS: Mapping[str, Word] = {
    "bounced": "bad-address",
    "invalid": "bad-address",
    "unsubscribed": "opted-out",
    "spam reporting": "opted-out",
    "recipient list over package quota": "credentials",
}

SENDING = ("send_email", "check")
_SIGNATURE = "x-twilio-email-event-webhook-signature"
_TIMESTAMP = "x-twilio-email-event-webhook-timestamp"


class Refused(msgspec.Struct, frozen=True):
    """One complaint of a refusal. Its message may quote an address, so we do not read it."""

    field: str | None = None


class Refusal(msgspec.Struct, frozen=True):
    """The body of an answer that is not 2xx."""

    errors: list[Refused] = []


class Scopes(msgspec.Struct, frozen=True):
    """What a key may do."""

    scopes: list[str]


def send_email(config: Config, mail: Mail) -> Generator[HttpRequest, HttpResponse, Sent]:
    """Hand one mail over. Marketing must carry the group that one click unsubscribes from."""
    if mail.marketing and not config["asm_group_id"].isdecimal():
        raise VendorRefused("refused", "no-unsubscribe-group")
    headers = {**_signed_in(config), "Content-Type": "application/json"}
    url = f"{config.base_url}/v3/mail/send"
    answer = yield HttpRequest("POST", url, headers, _letter(config, mail))
    return Sent(id=answer.headers.get("x-message-id", ""))


def check(config: Config, _: None) -> Generator[HttpRequest, HttpResponse, str]:
    """Ask what the key may do."""
    answer = yield HttpRequest("GET", f"{config.base_url}/v3/scopes", _signed_in(config))
    if "mail.send" not in msgspec.json.decode(answer.body, type=Scopes).scopes:
        raise VendorRefused("credentials", "no-mail-send-scope")
    return "The SendGrid key is good and may send mail."


def verify(config: Config, incoming: Incoming) -> bool:
    """Accept what is signed for our key over the raw bytes, down to the final line break.

    SendGrid promises no window for the timestamp and repeats for a day, so age does not count.
    """
    from sendgrid.helpers.eventwebhook import EventWebhook  # noqa: PLC0415 - costs start-up time

    signature = incoming.headers.get(_SIGNATURE, "")
    timestamp = incoming.headers.get(_TIMESTAMP, "")
    try:
        body = incoming.body.decode()
        return _is_canonical(signature) and any(
            EventWebhook(key).verify_signature(body, signature, timestamp)
            for key in config.secrets("event_webhook_public_key")
        )
    except Exception:  # noqa: BLE001 - whatever a bad key or signature breaks, the answer is no
        return False


def read_feedback(config: Config, _: Incoming, events: Any) -> list[Feedback]:
    """Read a batch of events, which may belong to many mails, ours and others."""
    if not isinstance(events, list) or not all(isinstance(event, dict) for event in events):
        raise Problem(400, "bad-events", "This is not a list of events")
    return [feedback for event in events for feedback in _feedback(config, event)]


def error_code(response: HttpResponse) -> str:
    """Name the field that was refused, if it is one that tells us something."""
    try:
        refused = msgspec.json.decode(response.body, type=Refusal).errors
    except ValueError:  # a proxy's page
        return ""
    return next((each.field for each in refused if each.field in ERRORS), None) or ""


def _letter(config: Config, mail: Mail) -> bytes:
    from sendgrid.helpers import mail as sdk  # noqa: PLC0415 - costs start-up time

    guest = sdk.Personalization()
    guest.add_to(_named(sdk.To(), mail.to, mail.name))
    guest.add_custom_arg(sdk.CustomArg("delivery_id", mail.reference))
    letter = sdk.Mail(_named(sdk.From(), config["from_email"], config["from_name"]))
    if mail.template:
        ours = {"subject": mail.subject, "body": mail.body, "name": mail.name}
        guest.dynamic_template_data = {**ours, **mail.values}
        letter.template_id = mail.template
    else:
        letter.subject = mail.subject
        letter.add_content(sdk.Content("text/plain", mail.body))
        letter.add_content(sdk.Content("text/html", _html(mail.body)))
    if mail.marketing:
        letter.asm = sdk.Asm(int(config["asm_group_id"]))
    letter.add_personalization(guest)
    return msgspec.json.encode(letter.get())


def _named(person: Any, email: str, name: str) -> Any:
    """Set the fields one by one: the constructor would parse an address that has no name."""
    person.email, person.name = email, name or None
    return person


def _html(text: str) -> str:
    lines = escape(text).splitlines()
    return f"<p>{'<br>'.join(lines)}</p>"


def _feedback(config: Config, event: Event) -> Iterator[Feedback]:
    kind, reference = _text(event, "event"), _text(event, "delivery_id")
    if reference and kind in STATES:
        id_ = _text(event, "sg_message_id").partition(".")[0]  # then equal to X-Message-Id
        yield Delivery(reference=reference, state=_state(event), id=id_, word=_word(event))
    if kind in WISHES and not (WISHES[kind] == "start" and _of_other_group(config, event)):
        yield _wish(event, WISHES[kind])


def _of_other_group(config: Config, event: Event) -> bool:
    """Tell whether it is about another unsubscribe group: coming back there lifts no stop here."""
    groups = config["asm_group_id"], str(event.get("asm_group_id", ""))
    return all(groups) and groups[0] != groups[1]


def _state(event: Event) -> State:
    """Look it up, but a mail program that opens each mail by itself has not read it."""
    state = STATES[_text(event, "event")]
    return "delivered" if event.get("sg_machine_open") is True else state


def _word(event: Event) -> Word | None:
    if event["event"] == "bounce":
        return BOUNCES.get(_text(event, "type"), "refused")
    if event["event"] == "dropped":
        reason = _text(event, "reason").lower().removesuffix(" address")
        return DROPS.get(reason, "refused")
    return None


def _wish(event: Event, keyword: Literal["stop", "start"]) -> Reply:
    id_, address = _text(event, "sg_event_id"), _text(event, "email")
    if not (id_ and address):  # loud, since a guest's stop must not get lost
        raise Problem(400, "bad-events", "An event lacks its id or its address")
    return Reply(id=id_, channel="email", address=address, keyword=keyword)


def _text(event: Event, name: str) -> str:
    """Read one field leniently: a batch holds other senders' mails, with fields of their own."""
    value = event.get(name)
    return value if isinstance(value, str) else ""


def _is_canonical(signature: str) -> bool:
    """Refuse base64 with anything more in it: the decoder that is used next skips junk."""
    return base64.b64encode(base64.b64decode(signature, validate=True)) == signature.encode()


def _signed_in(config: Config) -> dict[str, str]:
    return {"Authorization": f"Bearer {config['api_key']}", "Accept": "application/json"}


CONNECTOR = Connector(
    name="sendgrid",
    title="SendGrid",
    docs="https://www.twilio.com/docs/sendgrid/api-reference/mail-send/mail-send",
    base_url="https://api.sendgrid.com",  # EU: https://api.eu.sendgrid.com
    settings=(
        Setting("api_key", "SG.…, with the scope mail.send.", secret=True, only=SENDING),
        Setting("from_email", "A verified sender.", only=SENDING),
        Setting("from_name", "The name beside it.", default=""),
        Setting("asm_group_id", "Number of the unsubscribe group of promotions.", default=""),
        Setting("event_webhook_public_key", "From the Event Webhook's settings.", default=""),
    ),
    operations={"send_email": send_email, "check": check},
    webhooks={"read_feedback": Webhook(verify, read_feedback)},
    errors=ERRORS,
    error_code=error_code,
)
