"""One module per vendor. Defining `CONNECTOR` in a module here is all it takes to be found."""

from __future__ import annotations

import pkgutil
import re
from collections.abc import Iterator
from functools import cache
from importlib import import_module

from loyalty.connectors.spec import Connector
from loyalty.warming import warm

_DEFINES = re.compile(r"^CONNECTOR\b", re.MULTILINE)


@cache
def names() -> tuple[str, ...]:
    """Every connector's name, sorted. Reads the modules' text and imports none of them."""
    return tuple(sorted(_connectors()))


@cache
def load(name: str) -> Connector:
    """Return a connector, importing its module. Raises LookupError naming those there are."""
    if name not in names():
        raise LookupError(f"no such connector; there are {', '.join(names())}")
    connector: Connector = import_module(f"{__name__}.{name}").CONNECTOR
    warm()
    return connector


def _connectors() -> Iterator[str]:
    # An import would be a surer sign, but one function needs one vendor and starts faster so.
    for finder, name, _ in pkgutil.iter_modules(__path__):
        found = finder.find_spec(name, None)
        source = getattr(found and found.loader, "get_source", lambda _: "")(name)
        if _DEFINES.search(source or ""):
            yield name
