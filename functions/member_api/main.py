"""Join, look up, history, for tills and apps with a key."""

import functions_framework
from flask import Request, Response

from loyalty.app import app
from loyalty.web import member_api


@functions_framework.http
def main(request: Request) -> Response:
    """Answer one call."""
    return app().call("member_api", member_api.answer, request)
