"""How fast one vendor account may be asked: a token bucket without a timer."""

from __future__ import annotations

from threading import Lock

from loyalty.connectors.spec import Rate


class Bucket:
    """Gives each request its turn, at most `rate.requests` at once and then evenly.

    Times are seconds since any fixed instant, in the order of the caller's clock.
    """

    def __init__(self, rate: Rate | None) -> None:
        self._every = rate.seconds / rate.requests if rate else 0.0
        self._burst = rate.seconds - self._every if rate else 0.0
        self._full_until = 0.0  # the instant by which everything taken so far is refilled
        self._held_until = 0.0
        self._lock = Lock()

    def take(self, now: float, patience: float) -> float:
        """Return the seconds to wait for a turn, which is taken only if `patience` suffices."""
        with self._lock:
            refilled = max(self._full_until, now)
            wait = max(refilled - self._burst, self._held_until, now) - now
            if wait <= patience:
                self._full_until = refilled + self._every
            return wait

    def hold(self, until: float) -> None:
        """Let nobody pass before this instant: the vendor asked for a pause."""
        with self._lock:
            self._held_until = max(self._held_until, until)
