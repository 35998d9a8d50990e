"""Webhooks of tills, shops and automations: `/{connector}[/{account}]`."""

from __future__ import annotations

from typing import Any

from flask import Request, Response

from loyalty.connectors.spec import Incoming
from loyalty.delivery import Shop
from loyalty.steps import transaction_ingest
from loyalty.web import answers, webhooks
from loyalty.web.guards import Guards


def answer(request: Request, shop: Shop, guards: Guards) -> Response:
    """Take a call about sales."""
    return webhooks.answer(request, shop, "read_sale", _receive, guards.floodgate.admit)


def _receive(name: str, account: str, incoming: Incoming, body: Any, shop: Shop) -> Response:
    done = transaction_ingest.receive(name, account, incoming, body, shop)
    status = 202 if done.quarantined else 200
    return answers.json({"recorded": done.recorded, "quarantined": done.quarantined}, status)
