"""Method and path to operation, in forty lines."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Protocol, TypeVar

from flask import Request

from loyalty.errors import Problem


class Route(Protocol):
    """Whatever answers a method on a path, which has slots as in `/v1/members/{id}`."""

    @property
    def method(self) -> str:
        """The HTTP method."""
        ...

    @property
    def path(self) -> str:
        """The path with its slots."""
        ...


_ANY = frozenset({"tag"})
"""Slots of any text: what is not written as it should be is refused in words, not missing."""
R = TypeVar("R", bound=Route)


def find(routes: Sequence[R], request: Request) -> tuple[R, dict[str, str]]:
    """Find the route of a request. Raises Problem 404, or 405 if only the method is wrong."""
    path = request.path.rstrip("/") or "/"
    matches = [
        (route, found) for route in routes if (found := _match(route.path, path)) is not None
    ]
    if not matches:
        raise Problem(404, "not_found", "There is nothing here.")
    for route, found in matches:
        if route.method == request.method:
            return route, found
    allowed = tuple(sorted(route.method for route, _ in matches))
    raise Problem(405, "method_not_allowed", "Use another method.", allow=allowed)


def _match(pattern: str, path: str) -> dict[str, str] | None:
    expression = re.sub(r"\{(\w+)\}", _slot, pattern)
    found = re.fullmatch(expression, path)
    return found.groupdict() if found else None


def _slot(found: re.Match[str]) -> str:
    return f"(?P<{found[1]}>{'(?s:.+)' if found[1] in _ANY else '[A-Za-z0-9_.:-]{1,128}'})"
