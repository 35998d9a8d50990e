"""What happened to a guest begins the automations that wait for it."""

import functions_framework
from flask import Request, Response

from loyalty.app import app
from loyalty.steps import journey_start


@functions_framework.http
def main(request: Request) -> Response:
    """Answer one pushed event."""
    return app().push("journey_start", journey_start, request)
