"""SendGrid: takes mail strictly, fills its templates in, and reports what became of it."""

from collections.abc import Iterator, Mapping
from hmac import compare_digest
from typing import Any

import requests
from flask import Blueprint, Response, jsonify, request

from infra.sandbox import sendgrid_events, sendgrid_rules, signatures
from infra.sandbox.faults import FaultKind
from infra.sandbox.hosts import on_host
from infra.sandbox.outbox import Message
from infra.sandbox.premises import Premises
from infra.sandbox.sendgrid_events import Event
from infra.sandbox.sendgrid_suppressions import (
    GLOBAL,
    MailRefusalError,
    Suppressions,
    json_body,
    refuse,
)
from infra.sandbox.sendgrid_templates import Rendered, plain, render

LARGEST_MAIL = 30 * 1024 * 1024
SCOPES = [
    "mail.send",
    "mail.batch.create",
    "asm.groups.create",
    "asm.groups.read",
    "asm.groups.suppressions.create",
    "asm.groups.suppressions.delete",
    "asm.groups.suppressions.read",
    "suppression.read",
    "suppression.delete",
]
UNVERIFIED = (
    "The from address does not match a verified Sender Identity. Mail cannot be sent until this "
    "error is resolved. Visit https://sendgrid.com/docs/for-developers/sending-email/"
    "sender-identity/ to see the Sender Identity requirements"
)


class SendGrid:
    """The account: its verified senders, its templates, its lists, and where events go.

    `templates` maps `d-` and 32 hex digits to text with names in double braces; `event_url` is
    where the Event Webhook posts, nothing while it is None.
    """

    def __init__(self, premises: Premises) -> None:
        self._premises = premises
        self.event_url: str | None = None
        self.templates: dict[str, str] = {}
        self.verified_senders: set[str] = {premises.secrets.sendgrid_from_email}
        self.scopes: list[str] = list(SCOPES)
        self.suppressions = Suppressions(premises.clock)
        self.public_key = signatures.sendgrid_public_key(premises.secrets.sendgrid_signing_seed)

    @classmethod
    def blueprint(cls) -> Blueprint:
        """Give the addresses a client of SendGrid calls."""
        pages = Blueprint("sendgrid", __name__, url_prefix="/sendgrid/v3")
        pages.before_request(on_host(cls._check_caller))
        pages.post("/mail/send")(on_host(cls._send))
        pages.post("/mail/batch")(on_host(cls._batch))
        pages.get("/scopes")(on_host(cls._scopes))
        Suppressions.register(pages)
        pages.route("/<path:_rest>", methods=["GET", "POST", "PUT", "PATCH", "DELETE"])(_nowhere)
        pages.register_error_handler(MailRefusalError, _refused)
        return pages

    def rate_limited(self, retry_after: int | None) -> Response:
        """Answer 429 with SendGrid's own headers, and Retry-After only if asked."""
        answer = _refused(refuse(429, "too many requests"))
        reset = int(self._premises.clock().timestamp()) + (retry_after or 1)
        answer.headers["X-RateLimit-Limit"] = "600"
        answer.headers["X-RateLimit-Remaining"] = "0"
        answer.headers["X-RateLimit-Reset"] = str(reset)
        if retry_after is not None:
            answer.headers["Retry-After"] = str(retry_after)
        return answer

    def broken(self) -> Response:
        """Answer 500."""
        return _refused(refuse(500, "Internal Server Error"))

    def clear(self) -> None:
        """Take everybody off the lists; templates, groups and senders stay."""
        self.suppressions.clear()

    def event(
        self, kind: Event, mail: Message, facts: Mapping[str, Any] | None = None
    ) -> requests.Response | None:
        """Let something happen to a mail, and report it now; None while no `event_url` is set."""
        return self.post([self._happens(kind, mail, facts or {})])

    def post(self, events: list[Any]) -> requests.Response | None:
        """Post a batch of events, signed, and give the shop's answer."""
        if self.event_url is None:
            return None
        letter = sendgrid_events.letter(self._premises, self.event_url, events)
        return self._premises.postman.post(letter)

    def _check_caller(self) -> None:
        kind, _, key = request.headers.get("Authorization", "").partition(" ")
        if kind != "Bearer" or not compare_digest(key, self._premises.secrets.sendgrid_api_key):
            raise refuse(401, "The provided authorization grant is invalid, expired, or revoked")

    def _send(self) -> tuple[str, int, dict[str, str]]:
        if (request.content_length or 0) > LARGEST_MAIL:
            raise refuse(413, "Payload Too Large")
        if "mail.send" not in self.scopes:
            raise refuse(403, "access forbidden")
        mail = self._checked(json_body())
        if mail.get("mail_settings", {}).get("sandbox_mode", {}).get("enable"):
            return "", 200, {}
        message_id = self._premises.ids.code()
        sent = [self._premises.outbox.add(message) for message in self._messages(mail, message_id)]
        fault = self._premises.callback_fault("sendgrid")
        self._premises.postman.later(lambda: self._report(sent, fault))
        return "", 202, {"X-Message-Id": message_id}

    def _checked(self, mail: object) -> dict[str, Any]:
        found = sendgrid_rules.problems(mail, self._premises.clock())
        if found or not isinstance(mail, dict):
            raise MailRefusalError(400, [sendgrid_rules.as_error(problem) for problem in found])
        senders = [mail["from"], *(p["from"] for p in mail["personalizations"] if "from" in p)]
        if any(sender["email"] not in self.verified_senders for sender in senders):
            raise refuse(403, UNVERIFIED, "from")
        if "template_id" in mail and mail["template_id"] not in self.templates:
            raise refuse(400, "The template_id does not belong to a template.", "template_id")
        if "asm" in mail and mail["asm"]["group_id"] not in self.suppressions.groups:
            raise refuse(400, "The asm.group_id does not exist.", "asm.group_id")
        return mail

    def _messages(self, mail: dict[str, Any], message_id: str) -> Iterator[Message]:
        """Make a message for everybody who is to get this mail."""
        place = 0
        for envelope in mail["personalizations"]:
            words = self._words(mail, envelope)
            for kind in ("to", "cc", "bcc"):
                for person in envelope.get(kind, []):
                    yield self._message(mail, envelope, words, (message_id, person["email"], place))
                    place += 1

    def _message(
        self,
        mail: dict[str, Any],
        envelope: dict[str, Any],
        words: Rendered,
        whom: tuple[str, str, int],
    ) -> Message:
        message_id, email, place = whom
        group = mail.get("asm", {}).get("group_id")
        details = {
            "asm_group_id": group,
            "attachments": [a["filename"] for a in mail.get("attachments", [])],
            "categories": mail.get("categories", []),
            "custom_args": {**mail.get("custom_args", {}), **envelope.get("custom_args", {})},
            "place": place,
            "reason": self.suppressions.reason(email, group),
            "template_id": mail.get("template_id"),
        }
        return Message(
            "sendgrid",
            "email",
            message_id,
            email,
            words.text,
            self._premises.clock(),
            subject=words.subject,
            sender=_written(envelope.get("from", mail["from"])),
            html=words.html,
            details=details,
        )

    def _words(self, mail: dict[str, Any], envelope: dict[str, Any]) -> Rendered:
        subject = envelope.get("subject", mail.get("subject", ""))
        if "template_id" in mail:
            data = envelope.get("dynamic_template_data", {})
            words = render(self.templates[mail["template_id"]], data)
            return Rendered(words.subject or subject, words.text, words.html)
        parts = {part["type"]: part["value"] for part in mail["content"]}
        for tag, value in envelope.get("substitutions", {}).items():
            subject = subject.replace(tag, value)
            parts = {kind: text.replace(tag, value) for kind, text in parts.items()}
        page = parts.get("text/html", "")
        return Rendered(subject, parts.get("text/plain", plain(page)), page)

    def _report(self, sent: list[Message], fault: FaultKind | None) -> None:
        """Report processed and delivered, or dropped, of every mail in one request."""
        events = []
        for mail in sent:
            if mail.details["reason"]:
                facts = {"reason": mail.details["reason"]}
                events.append(self._happens("dropped", mail, facts))
            else:
                events += [self._happens(kind, mail, {}) for kind in ("processed", "delivered")]
        if fault is FaultKind.REORDERED_CALLBACKS:
            events.reverse()
        if self.event_url is None or fault is FaultKind.NO_CALLBACKS:
            return
        letter = sendgrid_events.letter(self._premises, self.event_url, events)
        for _ in range(2 if fault is FaultKind.DUPLICATE_CALLBACKS else 1):
            self._premises.postman.insist(letter, tries=3, until_2xx=True)

    def _happens(self, kind: Event, mail: Message, facts: Mapping[str, Any]) -> Any:
        """Change the state and the lists as the happening does, and describe it."""
        listed = {
            "bounce": "bounces",
            "blocked": "blocks",
            "spamreport": "spam_reports",
            "unsubscribe": GLOBAL,
        }
        with self._premises.lock:
            mail.state = kind
            if kind in listed:
                self.suppressions.add(listed[kind], mail.to)
            if kind == "group_unsubscribe" and mail.details["asm_group_id"]:
                self.suppressions.members[mail.details["asm_group_id"]].append(mail.to)
            return sendgrid_events.event(self._premises, kind, mail, facts)

    def _batch(self) -> tuple[Response, int]:
        return jsonify(batch_id=self._premises.ids.hex(40)), 201

    def _scopes(self) -> Response:
        return jsonify(scopes=self.scopes)


def _written(person: Mapping[str, str]) -> str:
    return f"{person['name']} <{person['email']}>" if person.get("name") else person["email"]


def _nowhere(_rest: str) -> Response:
    raise refuse(404, "not found")


def _refused(refusal: MailRefusalError) -> Response:
    answer = jsonify(errors=refusal.errors)
    answer.status_code = refusal.status
    return answer
