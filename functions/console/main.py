"""Pages for staff: the till screen."""

import functions_framework
from flask import Request, Response

from loyalty.app import app
from loyalty.web import console


@functions_framework.http
def main(request: Request) -> Response:
    """Answer one call."""
    return app().call("console", console.answer, request)
