"""What keeps callers from each other's data and time: one set for a process."""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

from flask import Request, Response

from loyalty.delivery import Shop
from loyalty.web.auth import Doorkeeper
from loyalty.web.floodgate import Floodgate


class Guards(NamedTuple):
    """The door asks people and programs for their keys; the floodgate counts vendors' calls."""

    door: Doorkeeper
    floodgate: Floodgate


View = Callable[[Request, Shop, Guards], Response]
"""Answers the calls of one function."""
