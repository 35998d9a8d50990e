"""How we answer: JSON, and problems in the form of RFC 9457, which never echo a value."""

from __future__ import annotations

import uuid
from collections.abc import Callable
from functools import wraps
from typing import Any

import msgspec
from flask import Request, Response

from loyalty.errors import Problem, TryAgain
from loyalty.logs import Log

View = Callable[..., Response]


def json(body: Any, status: int = 200, headers: dict[str, str] | None = None) -> Response:
    """Answer with JSON."""
    return Response(msgspec.json.encode(body), status, headers, content_type="application/json")


def problem(found: Problem, headers: dict[str, str] | None = None) -> Response:
    """Answer with a problem."""
    body = {
        "type": f"urn:loyalty:problem:{found.code}",
        "title": found.title,
        "status": found.status,
        "code": found.code,
        "request_id": uuid.uuid4().hex,
    }
    if found.errors:
        body["errors"] = [{"path": path, "code": code} for path, code in found.errors]
    content = "application/problem+json"
    return Response(msgspec.json.encode(body), found.status, headers, content_type=content)


def answered(log: Log) -> Callable[[View], View]:
    """Turn what a view raises into an answer; whatever is not foreseen is a 503, never a leak."""

    def wrap(view: View) -> View:
        @wraps(view)
        def safe(request: Request, *args: Any) -> Response:
            try:
                return view(request, *args)
            except Problem as found:
                return problem(found, _headers(found))
            except TryAgain as later:
                return _later(later.after)
            except Exception as error:  # noqa: BLE001 - a caller never sees our insides
                log("ERROR", "unforeseen", error=type(error).__name__, where=_where(error))
                return _later(None)

        return safe

    return wrap


def _later(after: float | None) -> Response:
    seconds = str(max(1, round(after or 5)))
    return problem(Problem(503, "try_again", "Not now; try again."), {"Retry-After": seconds})


def _headers(found: Problem) -> dict[str, str]:
    if found.allow:
        return {"Allow": ", ".join(found.allow)}
    return {401: {"WWW-Authenticate": "Bearer"}, 429: {"Retry-After": "60"}}.get(found.status, {})


def _where(error: BaseException) -> str:
    """Name the innermost place of ours, without any value."""
    trace, place = error.__traceback__, ""
    while trace:
        code = trace.tb_frame.f_code
        place = f"{code.co_filename.rpartition('loyalty/')[2]}:{trace.tb_lineno}"
        trace = trace.tb_next
    return place
