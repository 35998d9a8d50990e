"""One message to one person, once."""

import functions_framework
from flask import Request, Response

from loyalty.app import app
from loyalty.steps import notification_dispatch


@functions_framework.http
def main(request: Request) -> Response:
    """Answer one pushed event."""
    return app().push("notification_dispatch", notification_dispatch, request)
