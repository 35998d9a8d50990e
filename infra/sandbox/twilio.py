"""Twilio: takes texts strictly, calls back about each, and brings the guests' answers in."""

from collections.abc import Mapping
from hmac import compare_digest

import requests
from flask import Blueprint, Response, jsonify, request

from infra.sandbox.faults import FaultKind
from infra.sandbox.hosts import on_host
from infra.sandbox.outbox import Message
from infra.sandbox.premises import Premises
from infra.sandbox.twilio_messages import API_VERSION, Sms, page
from infra.sandbox.twilio_rules import (
    Senders,
    TwilioRefusalError,
    check_callback,
    check_content,
    check_names,
    check_options,
    check_recipient,
    check_schedule,
)
from infra.sandbox.twilio_text import AUTOMATIC_REPLIES, keyword, replies, segments
from infra.sandbox.twilio_webhooks import inbound_letter, status_letter

NOT_A_MOBILE = "+15005550009"
ACCOUNT = "/Accounts/<account>.json"
MESSAGES = "/Accounts/<account>/Messages.json"
ONE_MESSAGE = "/Accounts/<account>/Messages/<sid>.json"


class Twilio:
    """The account, its numbers, and every text that went through it.

    `refusals` maps a guest's number to the code sending to it answers; `outcomes` maps one to the
    final status and error its texts get instead of `delivered`.
    """

    def __init__(self, premises: Premises) -> None:
        secrets = premises.secrets
        self._premises = premises
        self.inbound_url: str | None = None
        self.numbers: dict[str, str | None] = {
            secrets.twilio_from_number: secrets.twilio_messaging_service_sid
        }
        self.refusals: dict[str, int] = {NOT_A_MOBILE: 21614}
        self.outcomes: dict[str, tuple[str, int]] = {}
        self.messages: dict[str, Sms] = {}
        self.opted_out: set[tuple[str, str]] = set()

    @classmethod
    def blueprint(cls) -> Blueprint:
        """Give the addresses a client of Twilio calls."""
        pages = Blueprint("twilio", __name__, url_prefix=f"/twilio/{API_VERSION}")
        pages.before_request(on_host(cls._check_caller))
        pages.get(ACCOUNT)(on_host(cls._account))
        pages.post(MESSAGES)(on_host(cls._create))
        pages.get(MESSAGES)(on_host(cls._list))
        pages.get(ONE_MESSAGE)(on_host(cls._fetch))
        pages.post(ONE_MESSAGE)(on_host(cls._update))
        pages.route("/<path:_rest>", methods=["GET", "POST", "PUT", "DELETE"])(_nowhere)
        pages.register_error_handler(TwilioRefusalError, _refused)
        return pages

    def rate_limited(self, retry_after: int | None) -> Response:
        """Answer 20429: the request was not processed."""
        answer = _refused(TwilioRefusalError(20429, 429))
        if retry_after is not None:
            answer.headers["Retry-After"] = str(retry_after)
        return answer

    def broken(self) -> Response:
        """Answer 20500."""
        return _refused(TwilioRefusalError(20500, 500))

    def clear(self) -> None:
        """Forget every text and every opt-out; numbers and settings stay."""
        self.messages.clear()
        self.opted_out.clear()

    def conversations(self) -> dict[str, list[Sms]]:
        """Return what was said between the shop and each phone, oldest first on both counts."""
        said: dict[str, list[Sms]] = {}
        with self._premises.lock:
            for sms in self.messages.values():
                guest = sms.sender if sms.direction == "inbound" else sms.to
                said.setdefault(guest or "", []).append(sms)
        return said

    def conversation(self, number: str) -> list[Sms]:
        """Return what was said between the shop and one phone, oldest first."""
        return self.conversations().get(number, [])

    def inbound(self, from_: str, body: str, *, to: str | None = None) -> requests.Response | None:
        """Let a guest's text come in: Twilio acts on STOP itself, then tells the shop, signed.

        Returns the shop's answer, or None while no `inbound_url` is set.
        """
        to = to or self._premises.secrets.twilio_from_number
        heard = keyword(body)
        with self._premises.lock:
            sms = self._keep(to, from_, body, direction="inbound", status="received")
            sms.service = self.numbers.get(to)
            if heard:
                self._obey(heard, to, from_)
                self._keep(from_, to, AUTOMATIC_REPLIES[heard], direction="auto", status="sent")
        if self.inbound_url is None:
            return None
        letter = inbound_letter(self._premises, self.inbound_url, sms, heard)
        answer = self._premises.postman.post(letter)
        if answer.ok and (from_, self._group(to)) not in self.opted_out:
            self._send_replies(sms, answer)
        return answer

    def _check_caller(self) -> None:
        secrets, shown = self._premises.secrets, request.authorization
        good = {
            secrets.twilio_account_sid: secrets.twilio_auth_token,
            secrets.twilio_api_key_sid: secrets.twilio_api_key_secret,
        }
        secret = good.get(shown.username or "") if shown and shown.type == "basic" else None
        if secret is None or not compare_digest(secret, (shown and shown.password) or ""):
            raise TwilioRefusalError(20003, 401)
        account = (request.view_args or {}).get("account", secrets.twilio_account_sid)
        if account != secrets.twilio_account_sid:
            raise _missing()

    def _account(self, account: str) -> Response:
        """Tell of the account, to its owner: a standard API key may not see it."""
        if not request.authorization or request.authorization.username != account:
            raise TwilioRefusalError(20003, 401)
        uri = f"/{API_VERSION}/Accounts/{account}"
        told = {
            "sid": account, "owner_account_sid": account, "friendly_name": "Art Cafe",
            "status": "active", "type": "Full", "auth_token": "hidden",
            "date_created": "Fri, 20 Nov 2026 09:00:00 +0000",
            "date_updated": "Fri, 20 Nov 2026 09:00:00 +0000",
            "uri": f"{uri}.json", "subresource_uris": {"messages": f"{uri}/Messages.json"},
        }  # fmt: skip
        return jsonify(told)

    def _create(self, account: str) -> tuple[Response, int]:
        form, media = request.form.to_dict(), request.form.getlist("MediaUrl")
        self._check(form, media)
        sms = self._accept(form, media)
        answer = jsonify(sms.resource(account))
        if sms.status != "scheduled":
            fault = self._premises.callback_fault("twilio")
            self._premises.postman.later(lambda: self._deliver(sms, fault))
        return answer, 201

    def _accept(self, form: Mapping[str, str], media: list[str]) -> Sms:
        service = form.get("MessagingServiceSid") or None
        begun = "scheduled" if "SendAt" in form else "accepted" if service else "queued"
        sms = self._keep(form["To"], form.get("From") or None, form.get("Body", ""), status=begun)
        sms.service, sms.media, sms.callback = service, media, form.get("StatusCallback", "")
        sms.message = self._premises.outbox.add(self._message(sms))
        return sms

    def _check(self, form: Mapping[str, str], media: list[str]) -> None:
        check_names(form)
        check_recipient(form.get("To", ""))
        service, number = form.get("MessagingServiceSid"), form.get("From")
        Senders(self.numbers).check(number, service)
        check_content(form, media)
        check_callback(form.get("StatusCallback"))
        check_options(form)
        check_schedule(form, self._premises.clock())
        if form["To"] in self.refusals:
            raise TwilioRefusalError(self.refusals[form["To"]])
        if (form["To"], service or self._group(number or "")) in self.opted_out:
            raise TwilioRefusalError(21610)

    def _fetch(self, account: str, sid: str) -> Response:
        return jsonify(self._find(sid).resource(account))

    def _list(self, account: str) -> Response:
        return jsonify(page(list(self.messages.values()), request.args.to_dict(), account))

    def _update(self, account: str, sid: str) -> Response:
        sms = self._find(sid)
        if request.form.to_dict() != {"Status": "canceled"} or sms.status != "scheduled":
            raise TwilioRefusalError(20001, words="Only a scheduled message can be canceled")
        sms.move("canceled", self._premises.clock(), sender="")
        return jsonify(sms.resource(account))

    def _find(self, sid: str) -> Sms:
        if sid not in self.messages:
            raise _missing()
        return self.messages[sid]

    def _keep(
        self, to: str, sender: str | None, body: str, *, status: str, direction: str = ""
    ) -> Sms:
        now = self._premises.clock()
        sid = f"SM{self._premises.ids.hex()}"
        sms = Sms(sid, to, sender, body, status, now, direction or "outbound-api")
        sms.sent = now if direction else None
        self.messages[sid] = sms
        return sms

    def _message(self, sms: Sms) -> Message:
        details = {"service": sms.service, "segments": segments(sms.body), "media": sms.media}
        return Message(
            "twilio",
            "sms",
            sms.sid,
            sms.to,
            sms.body,
            sms.created,
            sender=sms.sender or self._premises.secrets.twilio_from_number,
            state=sms.status,
            details=details,
        )

    def _deliver(self, sms: Sms, fault: FaultKind | None) -> None:
        """Bring a text to the phone and call back at every step, as far as the fault allows."""
        last, error = self.outcomes.get(sms.to, ("delivered", 0))
        letters = []
        for status in ("queued", last) if last == "failed" else ("queued", "sent", last):
            with self._premises.lock:
                sender = self._pool_number(sms.service)
                wrong = error if status == last else None
                sms.move(status, self._premises.clock(), sender=sender, error=wrong or None)
                letters.append(status_letter(self._premises, sms))
        if fault is FaultKind.REORDERED_CALLBACKS:
            letters.reverse()
        copies = 2 if fault is FaultKind.DUPLICATE_CALLBACKS else 1
        if sms.callback and fault is not FaultKind.NO_CALLBACKS:
            for letter in (letter for letter in letters for _ in range(copies)):
                self._premises.postman.insist(letter, tries=2, until_2xx=False)

    def _obey(self, heard: str, to: str, guest: str) -> None:
        if heard == "STOP":
            self.opted_out.add((guest, self._group(to)))
        if heard == "START":
            self.opted_out.discard((guest, self._group(to)))

    def _send_replies(self, sms: Sms, answer: requests.Response) -> None:
        kind = answer.headers.get("Content-Type", "")
        with self._premises.lock:
            for text in replies(kind, answer.text):
                back = self._keep(
                    sms.sender or "", sms.to, text, direction="outbound-reply", status="delivered"
                )
                back.message = self._premises.outbox.add(self._message(back))

    def _group(self, number: str) -> str:
        """An opt-out covers the whole pool a number is in, or the number alone."""
        return self.numbers.get(number) or number

    def _pool_number(self, service: str | None) -> str:
        pool = (number for number, member_of in self.numbers.items() if member_of == service)
        return next(pool, self._premises.secrets.twilio_from_number)


def _missing() -> TwilioRefusalError:
    path = request.path.removeprefix("/twilio")
    return TwilioRefusalError(20404, 404, f"The requested resource {path} was not found")


def _nowhere(_rest: str) -> Response:
    raise _missing()


def _refused(refusal: TwilioRefusalError) -> Response:
    body = {
        "code": refusal.code,
        "message": str(refusal),
        "more_info": f"https://www.twilio.com/docs/errors/{refusal.code}",
        "status": refusal.status,
    }
    answer = jsonify(body)
    answer.status_code = refusal.status
    if refusal.status == 401:  # noqa: PLR2004 - the one status with a header of its own
        answer.headers["WWW-Authenticate"] = 'Basic realm="Twilio API"'
    return answer
