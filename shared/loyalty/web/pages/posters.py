"""A poster for each store: scan, and the form to join opens."""

from __future__ import annotations

import io
from xml.sax.saxutils import escape

import segno
from flask import Response

from loyalty.errors import Problem
from loyalty.web.pages import rendering
from loyalty.web.pages.visit import Visit

_LASTS = {**rendering.HEADERS, "Cache-Control": "public, max-age=3600"}
_WIDTH, _HEIGHT, _SIDE = 595, 842, 420
"""A4 in points, and the side of the code."""


def svg(visit: Visit, store: str) -> Response:
    """Draw the poster for a browser or a print shop."""
    code = _code(visit, store)
    across = code.symbol_size(border=4)[0]
    path, scale = _path(code), _SIDE / across
    middle, left = _WIDTH / 2, (_WIDTH - _SIDE) / 2
    text = (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {_WIDTH} {_HEIGHT}">'
        f'<path fill="#fff" d="M0 0h{_WIDTH}v{_HEIGHT}H0z"/>'
        f'<g font-family="sans-serif" text-anchor="middle" fill="#22201c">'
        f'<text x="{middle}" y="110" font-size="40" font-weight="700">'
        f"{escape(visit.program.title)}</text>"
        f'<text x="{middle}" y="160" font-size="24">{escape(_where(visit, store))}</text>'
        f'<text x="{middle}" y="690" font-size="30">{escape(visit.say("poster"))}</text></g>'
        f'<path transform="translate({left:g} 220) scale({scale:g})" stroke="#000" d="{path}"/>'
        "</svg>"
    )
    return Response(text, 200, _LASTS, content_type="image/svg+xml; charset=utf-8")


def pdf(visit: Visit, store: str) -> Response:
    """Draw the code alone as a PDF: what is printed around it is the cafe's own taste."""
    out = io.BytesIO()
    _code(visit, store).save(out, kind="pdf", scale=12, border=4)
    return Response(out.getvalue(), 200, _LASTS, content_type="application/pdf")


def _code(visit: Visit, store: str) -> segno.QRCode:
    if store not in visit.program.stores:
        raise Problem(404, "not_found", "There is no such store.")
    return segno.make_qr(f"{visit.home}/join/{store}", error="q")


def _where(visit: Visit, store: str) -> str:
    return visit.program.stores[store].title


def _path(code: segno.QRCode) -> str:
    """Write the dark squares as strokes, a row at a time."""
    rows = enumerate(code.matrix_iter(border=4))
    return "".join(f"M{x} {y + 0.5:g}h1" for y, row in rows for x, dark in enumerate(row) if dark)
