"""The guest's pages: join, card, rewards, consent."""

import functions_framework
from flask import Request, Response

from loyalty.app import app
from loyalty.web import member_page


@functions_framework.http
def main(request: Request) -> Response:
    """Answer one call."""
    return app().call("member_page", member_page.answer, request)
