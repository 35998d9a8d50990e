"""When to leave a failing vendor account alone for a while."""

from __future__ import annotations

from threading import Lock

FAILURES = 5
REST_SECONDS = 30.0


class Breaker:
    """Opens after so many failures in a row; then lets one probe through per rest.

    A probe's answer closes or re-opens it. A probe that never comes back costs one rest: there
    is no flag that could stay set. Times are seconds since any fixed instant.
    """

    def __init__(self, failures: int = FAILURES, rest: float = REST_SECONDS) -> None:
        self._limit, self._rest = failures, rest
        self._failed = 0
        self._rests_until = 0.0
        self._lock = Lock()

    def admit(self, now: float) -> float:
        """Return 0 if the vendor may be asked now, else the seconds until the next probe."""
        with self._lock:
            if self._failed < self._limit:
                return 0.0
            if now < self._rests_until:
                return self._rests_until - now
            self._rests_until = now + self._rest  # whoever is let in now is the probe
            return 0.0

    def answered(self) -> None:
        """Note that the vendor is alive, whatever it said."""
        with self._lock:
            self._failed = 0

    def failed(self, now: float) -> None:
        """Note an answer, or a silence, that says come back later."""
        with self._lock:
            self._failed += 1
            if self._failed >= self._limit:
                self._rests_until = now + self._rest
