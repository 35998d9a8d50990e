"""What partners keep of a member, such as a wallet's card, follows what is so."""

import functions_framework
from flask import Request, Response

from loyalty.app import app
from loyalty.steps import partner_sync


@functions_framework.http
def main(request: Request) -> Response:
    """Answer one pushed event."""
    return app().push("partner_sync", partner_sync, request)
