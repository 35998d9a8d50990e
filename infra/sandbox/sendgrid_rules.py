"""What SendGrid demands of a mail, as its published schema and error list say."""

import base64
import binascii
import re
from collections.abc import Iterator, Mapping
from datetime import datetime, timedelta
from typing import Any

from infra.sandbox.shapes import Flag, Many, Mapped, Problem, Text, Thing, Whole

ADDRESS = r"[^@\s<>\",;]+@[^@\s<>\",;]+\.[^@\s<>\",;.]+"
DYNAMIC_TEMPLATE = re.compile(r"d-[0-9a-f]{32}")
MOST_RECIPIENTS = 1000
MOST_ARGUMENT_BYTES = 10_000
LATEST_SEND = timedelta(hours=72)
RESERVED_HEADERS = frozenset(
    {
        "x-sg-id",
        "x-sg-eid",
        "received",
        "dkim-signature",
        "content-type",
        "content-transfer-encoding",
        "to",
        "from",
        "subject",
        "reply-to",
        "cc",
        "bcc",
    }
)
HELP = "http://sendgrid.com/docs/API_Reference/Web_API_v3/Mail/errors.html"

PERSON = Thing({"email": Text(1, 320, ADDRESS), "name": Text()}, frozenset({"email"}))
PEOPLE = Many(PERSON, 0, MOST_RECIPIENTS)
SWITCH = Thing({"enable": Flag()})
ARGUMENTS = Mapped(Text())
PERSONALIZATION = Thing(
    {
        "to": Many(PERSON, 1, MOST_RECIPIENTS),
        "cc": PEOPLE,
        "bcc": PEOPLE,
        "from": PERSON,
        "subject": Text(1),
        "headers": Mapped(Text()),
        "substitutions": Mapped(Text()),
        "dynamic_template_data": Mapped(),
        "custom_args": ARGUMENTS,
        "send_at": Whole(),
    },
    frozenset({"to"}),
)
ATTACHMENT = Thing(
    {
        "content": Text(1),
        "type": Text(1),
        "filename": Text(1),
        "disposition": Text(among=("inline", "attachment")),
        "content_id": Text(),
    },
    frozenset({"content", "filename"}),
)
MAIL_SETTINGS = Thing(
    {
        **{f"bypass_{what}_management": SWITCH for what in ("list", "spam", "bounce")},
        "bypass_unsubscribe_management": SWITCH,
        "footer": Thing({"enable": Flag(), "text": Text(), "html": Text()}),
        "sandbox_mode": SWITCH,
    }
)
TRACKING_SETTINGS = Thing(
    {
        "click_tracking": Thing({"enable": Flag(), "enable_text": Flag()}),
        "open_tracking": Thing({"enable": Flag(), "substitution_tag": Text()}),
        "subscription_tracking": Thing(
            {"enable": Flag(), "text": Text(), "html": Text(), "substitution_tag": Text()}
        ),
        "ganalytics": Thing(
            {
                "enable": Flag(),
                **{f"utm_{x}": Text() for x in ("source", "medium", "term", "content", "campaign")},
            }
        ),
    }
)
MAIL = Thing(
    {
        "personalizations": Many(PERSONALIZATION, 1, 1000),
        "from": PERSON,
        "reply_to": PERSON,
        "reply_to_list": Many(PERSON, 0, 1000),
        "subject": Text(1),
        "content": Many(
            Thing({"type": Text(1), "value": Text(1)}, frozenset({"type", "value"})), 1
        ),
        "attachments": Many(ATTACHMENT),
        "template_id": Text(1),
        "headers": Mapped(Text()),
        "categories": Many(Text(1, 255), 0, 10),
        "custom_args": ARGUMENTS,
        "send_at": Whole(),
        "batch_id": Text(1),
        "asm": Thing(
            {"group_id": Whole(), "groups_to_display": Many(Whole(), 0, 25)},
            frozenset({"group_id"}),
        ),
        "ip_pool_name": Text(2, 64),
        "mail_settings": MAIL_SETTINGS,
        "tracking_settings": TRACKING_SETTINGS,
    },
    frozenset({"personalizations", "from"}),
)


def problems(mail: object, now: datetime) -> list[Problem]:
    """Find everything wrong with the body of a mail/send request."""
    found = list(MAIL.problems(mail))
    if found or not isinstance(mail, Mapping):
        return found
    return [*_recipients(mail), *_words(mail), *_times(mail, now), *_extras(mail)]


def _recipients(mail: Mapping[str, Any]) -> Iterator[Problem]:
    total = 0
    for place, envelope in enumerate(mail["personalizations"]):
        seen: set[str] = set()
        for kind in ("to", "cc", "bcc"):
            for person in envelope.get(kind, []):
                total += 1
                if person["email"].lower() in seen:
                    yield _twice(place, kind, person["email"])
                seen.add(person["email"].lower())
    if total > MOST_RECIPIENTS:
        words = "There is a limit of 1000 total recipients (to + cc + bcc) per request."
        yield Problem("personalizations", "long", words)


def _twice(place: int, kind: str, email: str) -> Problem:
    words = (
        "Each email address in the personalization block should be unique between to, cc, and bcc. "
        f"We found the first duplicate instance of [{email}] in the personalizations.{place}.{kind}"
        " field."
    )
    return Problem(f"personalizations.{place}", "value", words)


def _words(mail: Mapping[str, Any]) -> Iterator[Problem]:
    """Without a template, a subject and content are needed, and plain text comes first."""
    if "template_id" in mail:
        if not DYNAMIC_TEMPLATE.fullmatch(mail["template_id"]):
            yield Problem("template_id", "value", "The template_id must be a valid template id.")
        return
    if "subject" not in mail and not all("subject" in p for p in mail["personalizations"]):
        words = "The subject is required. You can get around this requirement if you use a template"
        yield Problem("subject", "missing", f"{words} with a subject defined.")
    if "content" not in mail:
        words = "Unless a valid template_id is provided, the content parameter is required. There"
        yield Problem("content", "missing", f"{words} must be at least one defined content block.")
    kinds = [part["type"] for part in mail.get("content", [])]
    if kinds != sorted(kinds, key=_rank) or len(set(kinds)) < len(kinds):
        words = "If present, text/plain and text/html may only be provided once, and in this order"
        yield Problem("content", "value", f"{words}: text/plain, text/html, any other.")


def _rank(kind: str) -> int:
    return {"text/plain": 0, "text/html": 1}.get(kind, 2)


def _times(mail: Mapping[str, Any], now: datetime) -> Iterator[Problem]:
    latest = (now + LATEST_SEND).timestamp()
    envelopes = [(f"personalizations.{n}.", p) for n, p in enumerate(mail["personalizations"])]
    for where, block in [("", mail), *envelopes]:
        if block.get("send_at", 0) > latest:
            words = "The send_at parameter may be at most 72 hours in the future."
            yield Problem(f"{where}send_at", "value", words)


def _extras(mail: Mapping[str, Any]) -> Iterator[Problem]:
    if "reply_to" in mail and "reply_to_list" in mail:
        words = "Only one of the reply_to and reply_to_list parameters may be given."
        yield Problem("reply_to_list", "value", words)
    if len(set(mail.get("categories", []))) < len(mail.get("categories", [])):
        yield Problem("categories", "value", "Each category may be given only once.")
    yield from _attachments(mail)
    for place, envelope in enumerate(mail["personalizations"]):
        yield from _envelope(f"personalizations.{place}", mail, envelope)


def _attachments(mail: Mapping[str, Any]) -> Iterator[Problem]:
    for place, attachment in enumerate(mail.get("attachments", [])):
        try:
            base64.b64decode(attachment["content"], validate=True)
        except binascii.Error:
            words = "The attachment content must be base64 encoded."
            yield Problem(f"attachments.{place}.content", "value", words)


def _envelope(
    where: str, mail: Mapping[str, Any], envelope: Mapping[str, Any]
) -> Iterator[Problem]:
    arguments = {**mail.get("custom_args", {}), **envelope.get("custom_args", {})}
    if sum(len(f"{name}{value}".encode()) for name, value in arguments.items()) > (
        MOST_ARGUMENT_BYTES
    ):
        words = "The custom_args may hold at most 10000 bytes."
        yield Problem(f"{where}.custom_args", "long", words)
    for name in {**mail.get("headers", {}), **envelope.get("headers", {})}:
        if name.lower() in RESERVED_HEADERS:
            yield Problem(f"{where}.headers", "value", f"The header {name} may not be overridden.")
    if "substitutions" in envelope and "template_id" in mail:
        words = "Substitutions may not be used with dynamic templating"
        yield Problem(f"{where}.substitutions", "value", words)


def as_error(problem: Problem) -> dict[str, str]:
    """Give a problem the form SendGrid answers in."""
    top = problem.path.partition(".")[0]
    words = {
        ("missing", "email"): "The email parameter is required.",
        ("value", "email"): "Does not contain a valid address.",
    }.get((problem.kind, problem.path.rpartition(".")[2]), problem.words)
    return {"message": words, "field": problem.path, "help": f"{HELP}#message.{top}"}
