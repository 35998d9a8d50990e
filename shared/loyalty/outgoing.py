"""Events on their way out, as they are kept until they are published."""

from __future__ import annotations

import msgspec


class Outgoing(msgspec.Struct, frozen=True, kw_only=True):
    """Events an act decided on, as they will be published: topic and wire bytes as text."""

    topic: str
    body: str
