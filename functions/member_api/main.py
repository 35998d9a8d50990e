"""Join, look up, history, for tills and apps with a key."""

import functions_framework
from flask import Request, Response

from loyalty.app import app


@functions_framework.http
def main(request: Request) -> Response:
    """Answer one call."""
    return app().member_api(request)
