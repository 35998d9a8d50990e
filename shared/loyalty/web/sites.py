"""What all our pages for people share: templates, headers that fence them in, forms of our own."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from urllib.parse import parse_qsl, urlsplit

from flask import Request
from jinja2 import Environment, PackageLoader, StrictUndefined

from loyalty.errors import Problem
from loyalty.settings import Settings
from loyalty.web import reading

HEADERS: Mapping[str, str] = MappingProxyType({
    "Cache-Control": "no-store",
    "X-Content-Type-Options": "nosniff",
    "X-Robots-Tag": "noindex",
    # No path ever leaves, secret or not. `no-referrer` would also take Origin off our own forms.
    "Referrer-Policy": "strict-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Strict-Transport-Security": "max-age=31536000",
})  # fmt: skip
LONGEST, MOST = 1000, 40
"""Letters of a field, and fields of a form."""
_JSON = frozenset({"application/json", "application/problem+json"})
_FORM = "application/x-www-form-urlencoded"


def policy(style: str) -> dict[str, str]:
    """Write the policy of a page: no script, no frame, style from this source alone."""
    told = (
        f"default-src 'none'; style-src {style}; form-action 'self'; base-uri 'none'; "
        "frame-ancestors 'none'"
    )
    return {**HEADERS, "Content-Security-Policy": told}


def place(request: Request) -> str:
    """Tell where a call comes from: the address that the platform itself saw, none claimed."""
    seen = request.headers.get("X-Forwarded-For", "").rpartition(",")[2].strip()
    return seen if Settings().in_cloud and seen else request.remote_addr or ""


def templates(package: str) -> Environment:
    """Read the templates beside a package's modules. Whatever is put into them is text."""
    return Environment(
        loader=PackageLoader(package), autoescape=True, undefined=StrictUndefined,
        trim_blocks=True, lstrip_blocks=True,
    )  # fmt: skip


def wants_page(request: Request) -> bool:
    """Tell whether to answer with a page: to everybody but those who ask for JSON by name."""
    named = frozenset(request.accept_mimetypes.values())
    return "text/html" in named or not named & _JSON


def from_here(request: Request) -> bool:
    """Tell whether a page of ours sent this: no other site can take on our origin."""
    site = request.headers.get("Sec-Fetch-Site", "same-origin")
    origin = urlsplit(request.headers.get("Origin", "")).netloc
    return site == "same-origin" and origin == request.host


def form(request: Request) -> dict[str, str]:
    """Read a form of ours, bounded. Raises Problem 400, 403, 413 or 415."""
    if not from_here(request):
        raise Problem(403, "forged", "This was sent from another page.")
    body = reading.raw(request)
    reading.media_type(request, _FORM)
    try:
        pairs = parse_qsl(
            body.decode(), keep_blank_values=True, errors="strict", max_num_fields=MOST
        )
    except ValueError:
        raise Problem(400, "invalid_body", "The form cannot be read.") from None
    read = {name: text.strip() for name, text in pairs}
    if len(read) < len(pairs) or any(len(text) > LONGEST for text in read.values()):
        raise Problem(400, "invalid_body", "The form cannot be read.")
    return read
