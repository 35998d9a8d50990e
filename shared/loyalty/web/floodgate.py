"""No till takes the time of the others: so many calls a minute for each account of a vendor."""

from __future__ import annotations

import threading
import time

from loyalty.connectors.rate import Bucket
from loyalty.connectors.spec import Rate
from loyalty.errors import Problem

PER_MINUTE = 6000
"""A hundred a second, from one account and in one process: more than a chain sells at Christmas."""


class Floodgate:
    """Counts the calls of those who signed them, so that nobody can use up another's share."""

    def __init__(self, per_minute: int = PER_MINUTE) -> None:
        self._rate = Rate(per_minute, 60.0)
        self._buckets: dict[tuple[str, str], Bucket] = {}
        self._lock = threading.Lock()

    def admit(self, connector: str, account: str) -> None:
        """Let one call pass. Raises Problem 429."""
        with self._lock:
            bucket = self._buckets.setdefault((connector, account), Bucket(self._rate))
        if bucket.take(time.monotonic(), patience=0.0) > 0:
            raise Problem(429, "too_many_requests", "Too many calls; wait a minute.")
