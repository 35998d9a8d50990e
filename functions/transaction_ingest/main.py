"""What tills, shops and automations post."""

import functions_framework
from flask import Request, Response

from loyalty.app import app
from loyalty.web import sales


@functions_framework.http
def main(request: Request) -> Response:
    """Answer one call."""
    return app().call("transaction_ingest", sales.answer, request)
