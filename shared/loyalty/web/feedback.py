"""What vendors call back about messages: `/{connector}[/{account}]`."""

from __future__ import annotations

from typing import Any

from flask import Request, Response

from loyalty.connectors.spec import Incoming
from loyalty.delivery import Shop
from loyalty.steps import message_feedback
from loyalty.web import webhooks
from loyalty.web.guards import Guards


def answer(request: Request, shop: Shop, _guards: Guards) -> Response:
    """Take a callback. It has no limit: a vendor does not repeat a guest's STOP."""
    return webhooks.answer(request, shop, "read_feedback", _receive, lambda *_: None)


def _receive(name: str, account: str, incoming: Incoming, body: Any, shop: Shop) -> Response:
    message_feedback.receive(name, account, incoming, body, shop)
    return Response("", 204)
