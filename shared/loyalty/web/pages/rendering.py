"""How a page looks: the templates, codes as pictures, and the headers that fence it in."""

from __future__ import annotations

import io
from functools import cache
from typing import Any

import segno
from flask import Response
from markupsafe import Markup

from loyalty.web import sites

HEADERS = sites.policy("'self'")
_templates = cache(lambda: sites.templates("loyalty.web.pages"))


def html(template: str, status: int = 200, **shown: Any) -> Response:
    """Answer with a page."""
    text = _templates().get_template(template).render(shown)
    return Response(text, status, HEADERS, content_type="text/html; charset=utf-8")


def style() -> Response:
    """Answer with the one style sheet; it may be kept for a day."""
    text = _templates().get_template("style.css").render()
    headers = {**HEADERS, "Cache-Control": "public, max-age=86400"}
    return Response(text, 200, headers, content_type="text/css; charset=utf-8")


def drawn(code: str) -> Markup:
    """Draw a code as an SVG to stand inside a page; what it says stands beside it in letters."""
    out = io.BytesIO()
    segno.make(code, error="m", micro=False).save(
        out, kind="svg", xmldecl=False, svgns=True, nl=False, omitsize=True, light="#fff",
        svgclass="qr", lineclass=None,
    )  # fmt: skip
    return Markup(out.getvalue().decode())  # noqa: S704 - our own picture, with no text in it
