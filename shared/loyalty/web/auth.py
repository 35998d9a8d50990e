"""Who may call: API keys with scopes and limits, hashed at rest."""

from __future__ import annotations

import threading
import time

from flask import Request

from loyalty.delivery import Shop
from loyalty.errors import Problem
from loyalty.identity import digest
from loyalty.ports import Store
from loyalty.records import ApiKey, keys

TILL = ("members:read", "members:write", "rewards:write")
"""What a till needs, and no more."""
SCOPES = (
    *TILL, "members:erase", "members:merge", "points:adjust", "campaigns:run", "messages:stop",
)  # fmt: skip
_CACHE_SECONDS = 60.0


class Doorkeeper:
    """Checks bearer keys. What a key may do is remembered for a minute."""

    def __init__(self) -> None:
        self._known: dict[str, tuple[float, ApiKey | None]] = {}
        self._calls: dict[str, tuple[int, int]] = {}
        self._lock = threading.Lock()

    def admit(self, request: Request, scope: str, shop: Shop) -> ApiKey:
        """Return the caller's key. Raises Problem 401, 403 or 429."""
        kind, _, secret = request.headers.get("Authorization", "").partition(" ")
        key = self._find(secret, shop.store) if kind.lower() == "bearer" and secret else None
        if key is None:
            raise Problem(401, "unauthorized", "Send a valid key as `Authorization: Bearer`.")
        if scope not in key.scopes:
            raise Problem(403, "forbidden", "This key has no right to do that.")
        self._count(key)
        return key

    def _find(self, secret: str, store: Store) -> ApiKey | None:
        name, now = digest(secret), time.monotonic()
        with self._lock:
            read_at, key = self._known.get(name, (-_CACHE_SECONDS, None))
        if now - read_at >= _CACHE_SECONDS:
            key = keys.get(store, name)
            with self._lock:
                self._known = {} if len(self._known) > 1000 else self._known  # noqa: PLR2004 - a bound
                self._known[name] = (now, key)
        return key

    def _count(self, key: ApiKey) -> None:
        minute = int(time.monotonic() // 60)
        with self._lock:
            counted, calls = self._calls.get(key.name, (minute, 0))
            calls = calls + 1 if counted == minute else 1
            self._calls[key.name] = (minute, calls)
        if calls > key.per_minute:
            raise Problem(429, "too_many_requests", "This key made too many calls; wait a minute.")


def seed(store: Store, secret: str, name: str = "local") -> None:
    """Store a key with all scopes under its hash (for one machine; limits still hold)."""
    key = ApiKey(name=name, scopes=SCOPES, per_minute=60_000)
    store.atomically("ledger", lambda unit: keys.put(unit, digest(secret), key))
