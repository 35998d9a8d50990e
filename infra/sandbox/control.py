"""The sandbox's own addresses: read the outbox, arm faults, play the guest, start afresh."""

from dataclasses import asdict
from typing import TYPE_CHECKING, Any, get_args

import requests
from flask import Blueprint, Response, jsonify, request

from infra.sandbox.faults import VENDORS, FaultKind
from infra.sandbox.hosts import on_host
from infra.sandbox.sendgrid_events import Event
from infra.sandbox.shapes import Flag, Many, Mapped, Text, Thing, Whole

if TYPE_CHECKING:
    from infra.sandbox.server import Sandbox

FAULT = Thing(
    {
        "vendor": Text(among=VENDORS),
        "fault": Text(among=tuple(FaultKind)),
        "times": Whole(1),
        "seconds": Whole(0, 600),
        "retry_after": Whole(0),
        "method": Text(among=("GET", "POST", "PUT", "PATCH", "DELETE")),
        "until_cleared": Flag(),
    },
    frozenset({"vendor", "fault"}),
)
INBOUND = Thing(
    {"from": Text(1), "body": Text(), "to": Text(1)},
    frozenset({"from", "body"}),
)
RING_UP = Thing(
    {"order": Mapped(), "payments": Many(Mapped()), "customer": Mapped(), "announce": Flag()},
    frozenset({"order"}),
)
HOOKS = Thing(
    {"square": Text(1), "twilio": Text(1), "sendgrid": Text(1), "routes": Mapped(Text(1))}
)
MAIL_EVENT = Thing(
    {"event": Text(among=get_args(Event)), "id": Text(1), "to": Text(1)},
    frozenset({"event", "id", "to"}),
)


class BadControlError(Exception):
    """The control request makes no sense; the words say why."""


class Control:
    """The hands behind the control addresses."""

    def __init__(self, sandbox: "Sandbox") -> None:
        self._sandbox = sandbox

    @classmethod
    def blueprint(cls) -> Blueprint:
        """Give the control addresses."""
        pages = Blueprint("control", __name__, url_prefix="/_sandbox")
        pages.get("/outbox")(on_host(cls._outbox))
        pages.get("/cards")(on_host(cls._cards))
        pages.get("/requests/<vendor>")(on_host(cls._requests))
        pages.get("/faults")(on_host(cls._faults))
        pages.post("/faults")(on_host(cls._arm))
        pages.delete("/faults")(on_host(cls._disarm))
        pages.post("/inbound-sms")(on_host(cls._inbound_sms))
        pages.post("/mail-event")(on_host(cls._mail_event))
        pages.post("/ring-up")(on_host(cls._ring_up))
        pages.post("/hooks")(on_host(cls._hooks))
        pages.post("/reset")(on_host(cls._reset))
        pages.register_error_handler(BadControlError, _bad)
        return pages

    def _outbox(self) -> Response:
        return jsonify(messages=[message.as_json() for message in self._sandbox.outbox])

    def _cards(self) -> Response:
        return jsonify(cards=[card.as_json() for card in self._sandbox.cards])

    def _requests(self, vendor: str) -> Response:
        return jsonify(requests=[seen.as_json() for seen in self._sandbox.requests.of(vendor)])

    def _faults(self) -> Response:
        return jsonify({v: [asdict(f) for f in self._sandbox.faults(v)] for v in VENDORS})

    def _arm(self) -> tuple[Response, int]:
        asked = _checked(FAULT)
        times = None if asked.get("until_cleared") else asked.get("times", 1)
        self._sandbox.fault(
            asked["vendor"],
            asked["fault"],
            times=times,
            seconds=asked.get("seconds", 0),
            retry_after=asked.get("retry_after"),
            method=asked.get("method"),
        )
        return jsonify(armed=True), 201

    def _disarm(self) -> Response:
        self._sandbox.clear_faults()
        return jsonify(armed=False)

    def _inbound_sms(self) -> Response:
        asked = _checked(INBOUND)
        try:
            answer = self._sandbox.twilio.inbound(asked["from"], asked["body"], to=asked.get("to"))
        except requests.RequestException as trouble:
            return jsonify(answered=None, trouble=str(trouble))
        return jsonify(answered=answer.status_code if answer is not None else None)

    def _mail_event(self) -> Response:
        asked = _checked(MAIL_EVENT)
        mails = [m for m in self._sandbox.outbox if (m.id, m.to) == (asked["id"], asked["to"])]
        if not mails:
            raise BadControlError("no such mail")
        answer = self._sandbox.sendgrid.event(asked["event"], mails[0])
        return jsonify(answered=answer.status_code if answer is not None else None)

    def _ring_up(self) -> tuple[Response, int]:
        asked = _checked(RING_UP)
        till = self._sandbox.square
        try:
            sale = till.ring_up(asked["order"], asked.get("payments"), asked.get("customer"))
        except (KeyError, ValueError) as trouble:
            raise BadControlError(f"the till cannot ring this up: {trouble}") from trouble
        told = [a for p in sale.payment_ids for a in till.announce(p)] if _announced(asked) else []
        return jsonify({**asdict(sale), "answered": [answer.status_code for answer in told]}), 201

    def _hooks(self) -> Response:
        asked = _checked(HOOKS)
        box = self._sandbox
        box.square.notification_url = asked.get("square", box.square.notification_url)
        box.twilio.inbound_url = asked.get("twilio", box.twilio.inbound_url)
        box.sendgrid.event_url = asked.get("sendgrid", box.sendgrid.event_url)
        box.routes.update(asked.get("routes", {}))
        return jsonify(set=sorted(asked))

    def _reset(self) -> Response:
        self._sandbox.reset()
        return jsonify(reset=True)


def _announced(asked: dict[str, Any]) -> bool:
    return bool(asked.get("announce", True))


def _checked(shape: Thing) -> dict[str, Any]:
    body = request.get_json(silent=True)
    found = list(shape.problems(body))
    if found or not isinstance(body, dict):
        raise BadControlError("; ".join(f"{problem.path}: {problem.words}" for problem in found))
    return body


def _bad(trouble: BadControlError) -> tuple[Response, int]:
    return jsonify(error=str(trouble)), 400
