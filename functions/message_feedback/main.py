"""Delivery receipts, bounces, and guests who write STOP."""

import functions_framework
from flask import Request, Response

from loyalty.app import app


@functions_framework.http
def main(request: Request) -> Response:
    """Answer one call."""
    return app().feedback(request)
