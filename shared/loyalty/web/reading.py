"""Reading a request as strictly as the checks demand, in their order."""

from __future__ import annotations

import io
import re
import uuid
from collections import Counter
from contextlib import suppress
from typing import Any

from flask import Request
from werkzeug.exceptions import ClientDisconnected, HTTPException

from loyalty.connectors import strict
from loyalty.errors import Problem

LARGEST = 256 * 1024
"""Bytes of the largest body that is read."""

_LOOPBACK = ("127.0.0.1", "localhost", "[::1]")
_TRACE = re.compile("(?:00-)?([0-9a-f]{32})(?:[-/;].*)?", re.ASCII)


def request_id(request: Request) -> str:
    """Name a request by the trace that the platform's own log has it under, or make a name."""
    for header in ("traceparent", "X-Cloud-Trace-Context"):
        if found := _TRACE.fullmatch(request.headers.get(header, "").lower()):
            return found[1]
    return uuid.uuid4().hex


def address(request: Request) -> str:
    """Tell where this function is, as its callers find it: in the cloud always by https."""
    host = request.host
    scheme = "http" if host.rpartition(":")[0] in _LOOPBACK else "https"
    return f"{scheme}://{host}{request.root_path}"


def method(request: Request, *allowed: str) -> None:
    """Refuse other methods."""
    if request.method not in allowed:
        raise Problem(405, "method_not_allowed", "Use another method.", allow=allowed)


def raw(request: Request) -> bytes:
    """Read the body, bounded. Raises Problem 413 or 415 (a compressed body is never unpacked)."""
    if (request.content_length or 0) > LARGEST:
        raise Problem(413, "too_large", "The body is larger than 256 kB.")
    if request.headers.get("Content-Encoding"):
        raise Problem(415, "content_encoding", "Send the body as it is, without encoding.")
    try:
        body = request.stream.read(LARGEST + 1)
    except ClientDisconnected:
        raise Problem(400, "incomplete", "The body ends before its length.") from None
    if len(body) > LARGEST:
        raise Problem(413, "too_large", "The body is larger than 256 kB.")
    return bytes(body)


def leave(request: Request) -> None:
    """Put the rest of a body away, within bounds, once the answer is known.

    The framework would read all of it, without an end, and turn our 413 into a 500 on the way.
    Some is read here too: a caller who is cut off in mid-sentence does not hear the answer.
    """
    with suppress(HTTPException, OSError):
        request.stream.read(LARGEST)
    request.stream = io.BytesIO()


def media_type(request: Request, *allowed: str) -> None:
    """Refuse other media types, and character sets other than UTF-8."""
    if request.mimetype not in allowed:
        raise Problem(415, "media_type", f"Send {' or '.join(allowed)}.")
    charset = request.mimetype_params.get("charset", "utf-8")
    if charset.lower() not in ("utf-8", "us-ascii"):
        raise Problem(400, "invalid_encoding", "The body is not UTF-8.")


def json_object(body: bytes, request: Request) -> dict[str, Any]:
    """Read a JSON object for our own API."""
    media_type(request, "application/json")
    found = strict.parse(body, floats=False)
    if not isinstance(found, dict):
        raise Problem(400, "invalid_body", "The body is not a JSON object.")
    return found


def headers(request: Request) -> dict[str, str]:
    """List the headers by lower-case name; one that is repeated counts as missing."""
    given = [(name.lower(), value) for name, value in request.headers]
    times = Counter(name for name, _ in given)  # thousands of headers are counted once
    return {name: value for name, value in given if times[name] == 1}
