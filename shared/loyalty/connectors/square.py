"""Square: its webhooks only hint, so each sale and refund is asked for before it counts.

A payment leads to its order, which is the receipt. A refund leads to its payment, and so to the
order it takes from.
"""

from __future__ import annotations

from collections.abc import Mapping
from hashlib import sha256
from typing import Annotated, Any

import msgspec
from msgspec import Meta

from loyalty.connectors import signing
from loyalty.connectors.spec import (
    Config,
    Connector,
    Heard,
    Hint,
    Incoming,
    Rate,
    Setting,
    Span,
    Webhook,
    Word,
)
from loyalty.connectors.square_json import Merchant, Named, Refusal, read, read_page
from loyalty.connectors.square_shop import ABSENT, Asking, Shop, get, post
from loyalty.errors import Problem, TryAgain, VendorRefused
from loyalty.ports import HttpResponse

EVENTS = ("payment.created", "payment.updated", "refund.created", "refund.updated")
# What Square says no to with any other code is refused for good, as is a 4xx without one.
ERRORS: Mapping[str, Word] = {
    "RATE_LIMITED": "slow-down",
    "REQUEST_TIMEOUT": "try-again",
    "INTERNAL_SERVER_ERROR": "try-again",
    "BAD_GATEWAY": "try-again",
    "SERVICE_UNAVAILABLE": "try-again",
    "GATEWAY_TIMEOUT": "try-again",
    "TEMPORARY_ERROR": "try-again",
    "UNAUTHORIZED": "credentials",
    "ACCESS_TOKEN_EXPIRED": "credentials",
    "ACCESS_TOKEN_REVOKED": "credentials",
    "CLIENT_DISABLED": "credentials",
    "APPLICATION_DISABLED": "credentials",
    "FORBIDDEN": "credentials",
    "INSUFFICIENT_SCOPES": "credentials",
    "MERCHANT_SUBSCRIPTION_NOT_FOUND": "credentials",
}
# Which states of what are worth asking about. A canceled payment was never captured, but it may
# have taken its order with it.
_TELLING: Mapping[str, frozenset[str]] = {
    "payment": frozenset({"COMPLETED", "CANCELED"}),
    "refund": frozenset({"COMPLETED"}),
}
_LONGEST_KEY = 45


class Data(msgspec.Struct, frozen=True):
    """What changed, under the name of its kind. A test notification holds nothing."""

    object: dict[str, Any] = {}


class Event(msgspec.Struct, frozen=True):
    """The envelope of every notification."""

    type: str
    data: Data = Data()


class Thing(msgspec.Struct, frozen=True):
    """A payment or a refund."""

    id: Annotated[str, Meta(pattern=r"^[A-Za-z0-9_.:-]{1,192}\Z")]
    status: str = ""


def verify(config: Config, incoming: Incoming) -> bool:
    """Accept what is signed for the address we registered, wherever it seems to have come to."""
    given = incoming.headers.get("x-square-hmacsha256-signature", "")
    keys = config.secrets("webhook_signature_key")
    return signing.square(keys, config["webhook_url"], incoming.body, given)


def read_sale(_config: Config, _incoming: Incoming, body: Any) -> list[Hint]:
    """Read which payment or refund is worth asking for. Other events are not about sales."""
    try:
        event = msgspec.convert(body, Event)
        kind = event.type.partition(".")[0]
        if event.type not in EVENTS:
            return []
        thing = msgspec.convert(event.data.object.get(kind), Thing)
    except msgspec.ValidationError:  # its text may quote a value
        raise Problem(400, "invalid_body", "This is not a notification of Square's.") from None
    return [Hint(kind=kind, id=thing.id)] if thing.status in _TELLING[kind] else []


def fetch_sale(config: Config, hint: Hint) -> Asking[list[Heard]]:
    """Ask for what a hint is about. Empty if nothing is sold or given back (yet)."""
    follow = _refunded if hint.kind == "refund" else _paid
    try:
        return (yield from follow(Shop(config), hint.id))
    except VendorRefused as refusal:
        if refusal.code not in ABSENT:
            raise
        # Square told us of it: it is on its way to the server that we asked.
        raise TryAgain("square does not know yet what it told us of") from None


def _paid(shop: Shop, id_: str) -> Asking[list[Heard]]:
    payment = yield from shop.payment(id_)
    if not payment.order_id:
        return []
    return (yield from shop.sold((yield from shop.order(payment.order_id)), payment))


def _refunded(shop: Shop, id_: str) -> Asking[list[Heard]]:
    return (yield from shop.given_back((yield from shop.refund(id_))))


def list_sales(config: Config, span: Span) -> Asking[list[Heard]]:
    """Ask for every order and refund that changed in a span: the same facts as hints lead to.

    Each sale costs two to four requests, so take short spans and long budgets.
    """
    shop, heard = Shop(config), list[Heard]()
    for order in (yield from shop.orders(span)):
        heard += yield from shop.sold(order)
    for refund in (yield from shop.refunds(span)):
        heard += yield from shop.given_back(refund)
    return heard


def set_up(config: Config, _: None) -> Asking[list[str]]:
    """Create the webhook. Done again with the same settings, Square still makes only one."""
    wanted = {
        "name": "Regulars",
        "event_types": EVENTS,
        "notification_url": config["webhook_url"],
        "api_version": config["version"],
    }
    key = sha256(msgspec.json.encode(wanted)).hexdigest()[:_LONGEST_KEY]
    body = {"idempotency_key": key, "subscription": wanted}
    answer = yield post(config, "webhooks/subscriptions", body)
    made = read(answer.body, "subscription", Named)
    return [
        f"Square now calls {config['webhook_url']} for every payment and refund ({made.id}).",
        "Its key is in Square's developer console: it belongs in webhook_signature_key.",
    ]


def check(config: Config, _: None) -> Asking[str]:
    """Ask whose access token it is."""
    answer = yield get(config, "merchants/me")
    shop = read(answer.body, "merchant", Merchant)
    return f"Square knows us as {shop.business_name} ({shop.country}, {shop.status})."


def error_code(response: HttpResponse) -> str:
    """Return the code of the first error."""
    try:
        errors, _ = read_page(response.body, "errors", Refusal)
    except (TypeError, ValueError):  # a proxy's page
        return ""
    return errors[0].code if errors else ""


CONNECTOR = Connector(
    name="square",
    title="Square",
    docs="https://developer.squareup.com/reference/square",
    base_url="https://connect.squareup.com",  # sandbox: https://connect.squareupsandbox.com
    settings=(
        Setting("access_token", "From the application's page of credentials.", secret=True),
        Setting("webhook_url", "Public address of our webhook, exactly as given to Square."),
        Setting(
            "webhook_signature_key",
            "Beside our webhook in Square's console; without it every call of Square's is refused.",
            secret=True,
            default="",
        ),
        Setting("version", "Of Square's API.", default="2026-09-16"),
    ),
    operations={
        "fetch_sale": fetch_sale,
        "list_sales": list_sales,
        "set_up": set_up,
        "check": check,
    },
    webhooks={"read_sale": Webhook(verify, read_sale)},
    errors=ERRORS,
    error_code=error_code,
    rate=Rate(10),  # ours: Square does not publish its own
    identity="square",
)
