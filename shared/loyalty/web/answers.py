"""How we answer: JSON, and problems in the form of RFC 9457, which never echo a value."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import msgspec
from flask import Response

from loyalty.errors import Problem, TryAgain
from loyalty.web import mistakes


def json(body: Any, status: int = 200, headers: dict[str, str] | None = None) -> Response:
    """Answer with JSON."""
    return Response(msgspec.json.encode(body), status, headers, content_type="application/json")


def problem(found: Problem, request: str, headers: dict[str, str] | None = None) -> Response:
    """Answer with a problem; `request` is the id under which the log has this request."""
    body = {
        "type": f"urn:loyalty:problem:{found.code}",
        "title": found.title,
        "status": found.status,
        "code": found.code,
        "request_id": request,
    }
    if found.errors:
        body["errors"] = [mistakes.told(each) for each in found.errors]
    content = "application/problem+json"
    return Response(msgspec.json.encode(body), found.status, headers, content_type=content)


def answered(view: Callable[[], Response], request: str) -> Response:
    """Turn what a view raises into an answer; whatever is not foreseen is a 503, never a leak."""
    try:
        return view()
    except Problem as found:
        return problem(found, request, _headers(found))
    except TryAgain as later:
        return _later(later.after, request)
    except Exception:  # noqa: BLE001 - a caller never sees our insides; the line in the log says where
        return _later(None, request)


def _later(after: float | None, request: str) -> Response:
    seconds = str(max(1, round(after or 5)))
    return problem(
        Problem(503, "try_again", "Not now; try again."), request, {"Retry-After": seconds}
    )


def _headers(found: Problem) -> dict[str, str]:
    if found.allow:
        return {"Allow": ", ".join(found.allow)}
    return {401: {"WWW-Authenticate": "Bearer"}, 429: {"Retry-After": "60"}}.get(found.status, {})
