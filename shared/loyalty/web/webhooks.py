"""The way in for vendors: verified over raw bytes first, parsed and understood after."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from flask import Request, Response

from loyalty import connectors
from loyalty.connectors import strict
from loyalty.connectors.spec import Config, Incoming, Webhook, WebhookVerb
from loyalty.delivery import Shop
from loyalty.errors import Problem
from loyalty.web import reading

Receive = Callable[[str, str, Incoming, Any, Shop], Response]
Admit = Callable[[str, str], None]


def answer(
    request: Request, shop: Shop, verb: WebhookVerb, receive: Receive, admit: Admit
) -> Response:
    """Take a webhook of a kind; `admit` may refuse who has proved to be the vendor."""
    name, account = _address(request.path)
    webhook = _find(name, verb)
    shop.log.note(connector=name)
    reading.method(request, "POST")
    body = reading.raw(request)
    config = _config(name, account, verb, shop)
    incoming = Incoming(
        url=_public_url(request, config), headers=reading.headers(request), body=body,
        now=shop.clock.now(),
    )  # fmt: skip
    if not webhook.verify(config, incoming):
        shop.log("WARNING", "signature refused", connector=name)
        raise Problem(401, "unauthorized", "The signature is not valid.")
    admit(name, account)
    reading.media_type(request, *webhook.media_types)
    parsed = strict.parse(body, floats=name != "generic") if webhook.parsed else body
    return receive(name, account, incoming, parsed, shop)


def _address(path: str) -> tuple[str, str]:
    name, _, account = path.strip("/").partition("/")
    plain = account == "" or account.isidentifier()
    if not plain:
        raise Problem(404, "not_found", "There is nothing here.")
    return name, account.lower()


def _find(name: str, verb: WebhookVerb) -> Webhook:
    known = name in connectors.names()
    webhook = connectors.load(name).webhooks.get(verb) if known else None
    if webhook is None:
        raise Problem(404, "not_found", "There is nothing here.")
    return webhook


def _config(name: str, account: str, verb: WebhookVerb, shop: Shop) -> Config:
    """Read the settings; an account that nobody set up looks like a bad signature."""
    try:
        return shop.vendors.config(name, account, verb)
    except LookupError as missing:
        shop.log("ERROR", "webhook without settings", connector=name, problem=str(missing))
        return Config(connector=name, values={}, account=account)


def _public_url(request: Request, config: Config) -> str:
    """Tell the address as the vendor called it: behind a proxy only the settings know it."""
    called = f"{request.scheme}://{request.host}{request.root_path}{request.path}"
    given = config["webhook_url"] or config["feedback_url"] or called
    address = given.partition("#")[0].partition("?")[0]
    query = request.query_string.decode("latin-1")
    return f"{address}?{query}" if query else address
