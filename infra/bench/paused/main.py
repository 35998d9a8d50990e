"""The function `transaction_ingest` on one machine's store, while nobody delivers."""

import os
from functools import cache

import functions_framework
from flask import Request, Response
from infra.local import Local

from loyalty.app import app
from loyalty.web import sales


@cache
def system() -> Local:
    """Make it in the worker's own process; it is never started, so what is published stays."""
    return Local(os.environ)


@functions_framework.http
def main(request: Request) -> Response:
    """Answer one call."""
    system()
    return app().call("transaction_ingest", sales.answer, request)
