"""Everything that is due by now."""

import functions_framework
from flask import Request, Response

from loyalty.app import app
from loyalty.steps import lifecycle_sweep


@functions_framework.http
def main(request: Request) -> Response:
    """Answer one pushed event."""
    return app().push("lifecycle_sweep", lifecycle_sweep, request)
