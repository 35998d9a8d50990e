"""What an act reached, what that gives, and the message that tells of it."""

import functions_framework
from flask import Request, Response

from loyalty.app import app
from loyalty.steps import milestone_check


@functions_framework.http
def main(request: Request) -> Response:
    """Answer one pushed event."""
    return app().push("milestone_check", milestone_check, request)
