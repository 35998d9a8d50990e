"""What guests and staff got, as they see it: phones, mail, wallets, the staff's channel."""

from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING
from urllib.parse import quote, urlsplit

import requests
from flask import Blueprint, Response, abort, redirect, render_template, request
from flask.typing import ResponseReturnValue

from infra.sandbox.faults import VENDORS
from infra.sandbox.hosts import on_host
from infra.sandbox.outbox import Message
from infra.sandbox.twilio_messages import Sms

if TYPE_CHECKING:
    from infra.sandbox.server import Sandbox

REFRESH_SECONDS = 3
TITLES = {
    "square": "Square",
    "twilio": "Twilio",
    "sendgrid": "SendGrid",
    "slack": "Slack",
    "google_wallet": "Google Wallet",
    "apple_wallet": "Apple Wallet",
    "cloud_scheduler": "Cloud Scheduler",
}
NEVER_ARRIVED = frozenset({"undelivered", "failed", "canceled", "scheduled"})
MAIL_LOST = frozenset({"dropped", "bounce", "blocked"})
QUICK_ANSWERS = ("STOP", "START", "HELP")
POLICY = (
    "default-src 'none'; style-src 'unsafe-inline'; img-src data:; form-action 'self'; "
    "base-uri 'none'; frame-ancestors 'none'"
)


@dataclass(frozen=True)
class Bubble:
    """One text on a phone, exactly as the guest reads it."""

    text: str
    at: datetime
    mine: bool
    note: str
    arrived: bool


@dataclass(frozen=True)
class Phone:
    """One guest's phone."""

    number: str
    bubbles: list[Bubble]

    @property
    def link(self) -> str:
        """The address of this phone's own page."""
        return f"/phones/{quote(self.number)}"


class Pages:
    """Gathers what each page shows."""

    def __init__(self, sandbox: "Sandbox") -> None:
        self._sandbox = sandbox

    @classmethod
    def blueprint(cls) -> Blueprint:
        """Give the pages' addresses."""
        views = Blueprint("pages", __name__, template_folder="templates")
        views.get("/")(on_host(cls._home))
        views.get("/phones")(on_host(cls._phones))
        views.get("/phones/<number>")(on_host(cls._show_phone))
        views.post("/phones/<number>")(on_host(cls._answer))
        views.get("/mail/<int:place>")(views.get("/mail")(on_host(cls._mail)))
        views.get("/staff")(on_host(cls._staff))
        views.get("/cards")(on_host(cls._cards))
        views.after_request(_guarded)
        return views

    def _home(self) -> str:
        vendors = [(name, TITLES[name], *self._counts(name)) for name in VENDORS]
        return _page("home.html", vendors=vendors, url=self._sandbox.url)

    def _phones(self) -> str:
        said = self._sandbox.twilio.conversations()
        return _page("phones.html", phones=[_phone(number, said[number]) for number in said])

    def _show_phone(self, number: str) -> str:
        said = self._sandbox.twilio.conversation(number)
        if not said:
            abort(404)
        return _page("phone.html", phone=_phone(number, said), answers=QUICK_ANSWERS)

    def _answer(self, number: str) -> ResponseReturnValue:
        """Let the guest answer from the page; the shop may be out of reach, the page is not."""
        _check_same_origin()
        try:
            self._sandbox.twilio.inbound(number, request.form.get("body", ""))
        except requests.RequestException:
            return _page("unreachable.html", number=number), 502
        return redirect(f"/phones/{quote(number)}", 303)

    def _mail(self, place: int | None = None) -> str:
        mails = [m for m in self._sandbox.outbox if m.channel == "email"]
        if place is not None and place >= len(mails):
            abort(404)
        inbox = [(n, mail, mail.state not in MAIL_LOST) for n, mail in enumerate(mails)]
        opened: Message | None = mails[place] if place is not None else None
        return _page("mail.html", inbox=inbox[::-1], opened=opened, place=place)

    def _staff(self) -> str:
        notices = [m for m in self._sandbox.outbox if m.channel == "staff"]
        return _page("staff.html", notices=notices)

    def _cards(self) -> str:
        cards = [(TITLES[card.vendor], card) for card in self._sandbox.cards]
        return _page("cards.html", cards=cards)

    def _counts(self, vendor: str) -> tuple[int, int, int]:
        return (
            len(self._sandbox.requests.of(vendor)),
            len(self._sandbox.requests.refused(vendor)),
            len(self._sandbox.faults(vendor)),
        )


def _phone(number: str, said: list[Sms]) -> Phone:
    return Phone(number, [_bubble(sms, number) for sms in said])


def _bubble(sms: Sms, number: str) -> Bubble:
    mine = sms.sender == number
    note = "" if mine else "automatic" if sms.direction == "auto" else sms.status
    return Bubble(sms.body, sms.created, mine, note, sms.status not in NEVER_ARRIVED)


def _page(template: str, **shown: object) -> str:
    """Render a page; it renews itself unless the reader asked it to stand still."""
    still = request.args.get("live") == "off"
    return render_template(template, refresh=None if still else REFRESH_SECONDS, **shown)


def _check_same_origin() -> None:
    origin = request.headers.get("Origin")
    if origin and urlsplit(origin).netloc != request.host:
        abort(403)


def _guarded(answer: Response) -> Response:
    answer.headers["Content-Security-Policy"] = POLICY
    answer.headers["Referrer-Policy"] = "same-origin"
    answer.headers["Cache-Control"] = "no-store"
    return answer
