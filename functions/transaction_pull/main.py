"""Sales that a till did not tell."""

import functions_framework
from flask import Request, Response

from loyalty.app import app
from loyalty.steps import transaction_pull


@functions_framework.http
def main(request: Request) -> Response:
    """Answer one pushed event."""
    return app().push("transaction_pull", transaction_pull, request)
