"""Lets one compiled set of addresses serve any number of sandboxes, so that each starts fast."""

from collections.abc import Callable
from functools import cache, wraps
from typing import Any, Protocol, TypeVar

from flask import Blueprint, Flask, request

HOST = "sandbox.host"
Answer = TypeVar("Answer")


class Host(Protocol):
    """Whoever answers under one part of the sandbox's address."""

    @classmethod
    def blueprint(cls) -> Blueprint:
        """Give the addresses, each with the method that answers there."""


def on_host(method: Callable[..., Answer], part: str = "") -> Callable[..., Answer]:
    """Make a view of a method: it runs on the host the request came to, or on a part of it."""

    @wraps(method)
    def view(**found: Any) -> Answer:
        host = request.environ[HOST]
        return method(getattr(host, part) if part else host, **found)

    return view


@cache
def application(kind: type[Host]) -> Flask:
    """Build the addresses of one kind of host, once for the whole process."""
    app = Flask(__name__, static_folder=None)
    app.register_blueprint(kind.blueprint())
    return app
