"""Nightly files of tills that cannot call us."""

import functions_framework
from flask import Request, Response

from loyalty.app import app
from loyalty.steps import file_import


@functions_framework.http
def main(request: Request) -> Response:
    """Answer one pushed event."""
    return app().push("file_import", file_import, request)
