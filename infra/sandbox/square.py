"""Square: the till's API for a client to read, and the signed webhooks that tell it to."""

import json
from collections.abc import Mapping
from hmac import compare_digest
from typing import Any

import requests
from flask import Blueprint, Response, jsonify, request

from infra.sandbox import signatures, square_menu
from infra.sandbox.faults import FaultKind
from infra.sandbox.hosts import on_host
from infra.sandbox.postman import Letter
from infra.sandbox.premises import Premises
from infra.sandbox.shapes import Many, Text, Thing
from infra.sandbox.square_refunds import listed
from infra.sandbox.square_returns import Returns
from infra.sandbox.square_search import refuse_problem, search
from infra.sandbox.square_shapes import Json, SquareRefusalError, event_stamp, is_day

BATCH = Thing(
    {"location_id": Text(1), "order_ids": Many(Text(1), 1, 100)}, frozenset({"order_ids"})
)
THIN_ORDER = ("location_id", "version", "state", "created_at", "updated_at")
TEST_EVENT = "webhooks.test_notification"
UNKNOWN_CALLER = (
    "The `Authorization` http header of your request was incorrect or expired. The header value "
    'is expected to be of the format "Bearer TOKEN" (without quotation marks), where TOKEN is a '
    'valid access token (e.g. "Bearer ABC123def456GHI789jkl0").'
)


class Square(Returns):
    """The merchant's account: a till, the addresses to read it, and its webhook subscription.

    `notification_url` is the address as registered, which the signature covers; nothing is
    delivered while it is None.
    """

    def __init__(self, premises: Premises) -> None:
        super().__init__(premises)
        self.notification_url: str | None = None

    @classmethod
    def blueprint(cls) -> Blueprint:
        """Give the addresses a client of Square calls."""
        pages = Blueprint("square", __name__, url_prefix="/square/v2")
        pages.before_request(on_host(cls._check_caller))
        pages.get("/orders/<key>")(on_host(cls._order))
        pages.post("/orders/batch-retrieve")(on_host(cls._orders))
        pages.post("/orders/search")(on_host(cls._search))
        pages.get("/payments/<key>")(on_host(cls._payment))
        pages.get("/refunds")(on_host(cls._refunds))
        pages.get("/refunds/<key>")(on_host(cls._refund_of))
        pages.get("/customers/<key>")(on_host(cls._customer))
        pages.get("/locations")(on_host(cls._locations))
        pages.get("/locations/<key>")(on_host(cls._location))
        pages.get("/merchants/<key>")(on_host(cls._merchant))
        pages.post("/catalog/batch-retrieve")(on_host(cls._catalog))
        pages.route("/<path:_rest>", methods=["GET", "POST", "PUT", "DELETE"])(_nowhere)
        pages.register_error_handler(SquareRefusalError, _refused)
        return pages

    def rate_limited(self, retry_after: int | None) -> Response:
        """Answer 429, with Retry-After only if asked."""
        answer = _refused(SquareRefusalError(429, "RATE_LIMITED", "Rate limit exceeded."))
        if retry_after is not None:
            answer.headers["Retry-After"] = str(retry_after)
        return answer

    def broken(self) -> Response:
        """Answer 500."""
        words = "An internal error has occurred, and the API was unable to service your request."
        return _refused(SquareRefusalError(500, "INTERNAL_SERVER_ERROR", words))

    def clear(self) -> None:
        """Forget orders, payments, refunds and customers; locations and menu stay."""
        for kept in (self.orders, self.payments, self.refunds, self.customers):
            kept.clear()

    def webhook(
        self,
        event_type: str,
        thing: Mapping[str, Any],
        *,
        forged: bool = False,
        context: Mapping[str, Any] | None = None,
    ) -> tuple[dict[str, str], bytes]:
        """Write one event about a payment, refund, order or customer: its headers and raw body.

        `context` is the event_context of a customer event, such as which profiles were merged.
        """
        secrets = self._premises.secrets
        data = _about(event_type, thing)
        if event_type == TEST_EVENT:
            data = {"type": "webhooks", "id": self._premises.ids.uuid()}
        elif context:
            data["object"]["event_context"] = dict(context)
        event = {
            "merchant_id": secrets.square_merchant_id,
            "type": event_type,
            "event_id": self._premises.ids.uuid(),
            "created_at": event_stamp(self._premises.clock()),
            "data": data,
        }
        body = json.dumps(event, separators=(",", ":"), ensure_ascii=False).encode()
        key = "somebody else's key" if forged else secrets.square_signature_key
        headers = {
            "Content-Type": "application/json",
            "User-Agent": "Square Connect v2",
            "square-environment": "Sandbox",
            "x-square-hmacsha256-signature": signatures.square(
                key, self.notification_url or "", body
            ),
        }
        return headers, body

    def post(
        self, event_type: str, thing: Mapping[str, Any], *, times: int = 1, forged: bool = False
    ) -> list[requests.Response]:
        """Deliver one event, the same one as often as asked; the shop's answers, in order."""
        headers, body = self.webhook(event_type, thing, forged=forged)
        fault = self._premises.callback_fault("square")
        if self.notification_url is None or fault is FaultKind.NO_CALLBACKS:
            return []
        letter = Letter(self.notification_url, headers, body)
        copies = 2 * times if fault is FaultKind.DUPLICATE_CALLBACKS else times
        return [self._premises.postman.post(letter) for _ in range(copies)]

    def announce(self, payment_id: str) -> list[requests.Response]:
        """Deliver what Square says of a payment at the till: that it is there, and how it is."""
        payment = self.payments[payment_id]
        return self.post("payment.created", payment) + self.post("payment.updated", payment)

    def _check_caller(self) -> None:
        kind, _, token = request.headers.get("Authorization", "").partition(" ")
        if kind != "Bearer" or not compare_digest(
            token, self._premises.secrets.square_access_token
        ):
            raise SquareRefusalError(401, "UNAUTHORIZED", UNKNOWN_CALLER)
        version = request.headers.get("Square-Version")
        if version is None:
            words = "The Square-Version header is required by this sandbox."
            raise SquareRefusalError(
                400, "MISSING_REQUIRED_PARAMETER", words, field="Square-Version"
            )
        if not is_day(version):
            words = "The provided Square-Version is incorrectly formatted."
            raise SquareRefusalError(400, "INVALID_SQUARE_VERSION_FORMAT", words)

    def _order(self, key: str) -> Response:
        return jsonify(order=_found(self.orders, key, "Order"))

    def _payment(self, key: str) -> Response:
        return jsonify(payment=_found(self.payments, key, "Payment"))

    def _refunds(self) -> Response:
        found = listed(list(self.refunds.values()), request.args, self._premises.clock())
        return jsonify(found)

    def _refund_of(self, key: str) -> Response:
        return jsonify(refund=_found(self.refunds, key, "Refund"))

    def _customer(self, key: str) -> Response:
        return jsonify(customer=_found(self.customers, key, "Customer"))

    def _orders(self) -> Response:
        body = _body()
        refuse_problem(list(BATCH.problems(body)))
        found = [self.orders[key] for key in body["order_ids"] if key in self.orders]
        return jsonify({"orders": found} if found else {})

    def _search(self) -> Response:
        return jsonify(search(list(self.orders.values()), _body(), self._premises.clock()))

    def _locations(self) -> Response:
        return jsonify(locations=sorted(self.locations.values(), key=lambda one: str(one["name"])))

    def _location(self, key: str) -> Response:
        place = next(iter(self.locations)) if key == "main" else key
        return jsonify(location=_found(self.locations, place, "Location"))

    def _merchant(self, key: str) -> Response:
        me, main = self._premises.secrets.square_merchant_id, next(iter(self.locations.values()))
        if key not in ("me", me):
            raise SquareRefusalError(404, "NOT_FOUND", f"Merchant not found for id {key}")
        about = {name: main[name] for name in ("country", "currency", "language_code")}
        merchant = {
            "id": me,
            "business_name": main["business_name"],
            **about,
            "status": "ACTIVE",
            "main_location_id": main["id"],
            "created_at": main["created_at"],
        }
        return jsonify(merchant=merchant)

    def _catalog(self) -> Response:
        body = _body()
        refuse_problem(square_menu.problems(body))
        return jsonify(self.menu.batch(body))


def _about(event_type: str, thing: Mapping[str, Any]) -> Json:
    """Give an event's `data`: the whole object, but of an order only a few facts."""
    kind = event_type.partition(".")[0]
    if kind == "order":
        name = event_type.replace(".", "_")
        facts = {k: thing[k] for k in THIN_ORDER if k in thing}
        return {
            "type": name,
            "id": thing["id"],
            "object": {name: {"order_id": thing["id"], **facts}},
        }
    return {"type": kind, "id": thing.get("id"), "object": {kind: dict(thing)}}


def _body() -> Any:
    if request.mimetype != "application/json":
        words = "Content-Type must be application/json."
        raise SquareRefusalError(415, "UNSUPPORTED_MEDIA_TYPE", words)
    body = request.get_json(silent=True)
    if not isinstance(body, dict):
        raise SquareRefusalError(400, "EXPECTED_JSON_BODY", "The body must be a JSON object.")
    return _without_nulls(body)


def _without_nulls(value: Any) -> Any:
    """Read a null field as one that was left out, as Square does."""
    if isinstance(value, dict):
        return {k: _without_nulls(v) for k, v in value.items() if v is not None}
    return [_without_nulls(one) for one in value] if isinstance(value, list) else value


def _found(kept: Mapping[str, Json], key: str, name: str) -> Json:
    if key not in kept:
        raise SquareRefusalError(404, "NOT_FOUND", f"{name} not found for id {key}")
    return kept[key]


def _nowhere(_rest: str) -> Response:
    raise SquareRefusalError(404, "NOT_FOUND", "Resource not found.")


def _refused(refusal: SquareRefusalError) -> Response:
    answer = jsonify(refusal.as_json())
    answer.status_code = refusal.status
    return answer
