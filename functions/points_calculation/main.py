"""A recorded sale or refund becomes points."""

import functions_framework
from flask import Request, Response

from loyalty.app import app
from loyalty.steps import points_calculation


@functions_framework.http
def main(request: Request) -> Response:
    """Answer one pushed event."""
    return app().push("points_calculation", points_calculation, request)
