"""Instants as they come back from JSON: text that must be found as the instant it is."""

from __future__ import annotations

import re
from datetime import UTC, datetime

_INSTANT = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?(Z|[+-]\d\d:\d\d)")


def instant(text: str) -> datetime | None:
    """Read an instant in UTC; None if the text is something else."""
    try:
        return datetime.fromisoformat(text).astimezone(UTC) if _INSTANT.fullmatch(text) else None
    except ValueError:
        return None


def in_utc(at: datetime) -> datetime:
    """Turn an instant to UTC. Raises ValueError for a naive datetime."""
    if at.tzinfo is None:
        raise ValueError("a datetime in a document needs a time zone")
    return at.astimezone(UTC)
