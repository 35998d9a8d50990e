"""Method and path to function, in forty lines."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from typing import NamedTuple, Protocol, TypeVar

from flask import Request, Response

from loyalty.delivery import Shop
from loyalty.errors import Problem

View = Callable[..., Response]


class Route(NamedTuple):
    """One operation. `path` has slots as in `/v1/members/{id}`; `scope` is what a key needs."""

    method: str
    path: str
    scope: str
    view: View


class Routed(Protocol):
    """Whatever answers a method on a path."""

    @property
    def method(self) -> str:
        """The HTTP method."""
        ...

    @property
    def path(self) -> str:
        """The path with its slots."""
        ...


R = TypeVar("R", bound=Routed)


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


def dispatch(
    routes: tuple[Route, ...], request: Request, shop: Shop, admit: Callable[[Request, str], object]
) -> Response:
    """Admit the caller, then run the operation."""
    route, slots = find(routes, request)
    shop.log.note(route=f"{route.method} {route.path}")
    admit(request, route.scope)
    return route.view(request, shop, **slots)


def _match(pattern: str, path: str) -> dict[str, str] | None:
    expression = re.sub(r"\{(\w+)\}", r"(?P<\1>[A-Za-z0-9_.:-]{1,128})", pattern)
    found = re.fullmatch(expression, path)
    return found.groupdict() if found else None
