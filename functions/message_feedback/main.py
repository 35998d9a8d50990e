"""Delivery receipts, bounces, and guests who write STOP."""

import functions_framework
from flask import Request, Response

from loyalty.app import app
from loyalty.web import feedback


@functions_framework.http
def main(request: Request) -> Response:
    """Answer one call."""
    return app().call("message_feedback", feedback.answer, request)
