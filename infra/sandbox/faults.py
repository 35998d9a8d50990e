"""How a vendor can misbehave on request, and for how many requests it does."""

from collections.abc import Collection
from dataclasses import dataclass
from enum import StrEnum
from threading import RLock

VENDORS = (
    "square", "twilio", "sendgrid", "slack", "google_wallet", "apple_wallet", "cloud_scheduler",
)  # fmt: skip


class FaultKind(StrEnum):
    """Each way to misbehave; the first five meet requests, the others meet callbacks."""

    RATE_LIMITED = "rate_limited"
    SERVER_ERROR = "server_error"
    SLOW = "slow"
    ACCEPT_THEN_SILENCE = "accept_then_silence"
    RESET = "reset"
    DUPLICATE_CALLBACKS = "duplicate_callbacks"
    NO_CALLBACKS = "no_callbacks"
    REORDERED_CALLBACKS = "reordered_callbacks"


ON_REQUESTS = frozenset(list(FaultKind)[:5])
ON_CALLBACKS = frozenset(list(FaultKind)[5:])


@dataclass
class Fault:
    """One armed fault: how often it still strikes (None: until cleared) and its details.

    `seconds` is how long a slow answer takes, or how long silence lasts before the line is closed;
    `retry_after` is the header of a 429 (None: no header); `method` limits it to one HTTP method.
    """

    kind: FaultKind
    times: int | None = 1
    seconds: float = 0.0
    retry_after: int | None = None
    method: str | None = None

    def strikes(self, kinds: Collection[FaultKind], method: str | None) -> bool:
        """Say whether this fault is of these kinds and meant for this method."""
        return self.kind in kinds and (self.method is None or self.method == method)


class Faults:
    """The armed faults of every vendor, struck in the order they were armed."""

    def __init__(self, lock: RLock) -> None:
        self._lock = lock
        self._armed: dict[str, list[Fault]] = {vendor: [] for vendor in VENDORS}

    def add(self, vendor: str, fault: Fault) -> None:
        """Arm a fault behind the ones this vendor already has."""
        with self._lock:
            self._armed[vendor].append(fault)

    def armed(self, vendor: str) -> list[Fault]:
        """Return what is still to strike at this vendor."""
        with self._lock:
            return list(self._armed[vendor])

    def take(
        self, vendor: str, kinds: Collection[FaultKind], method: str | None = None
    ) -> Fault | None:
        """Use up one strike of the first fault that fits, or find that none does."""
        with self._lock:
            fits = [fault for fault in self._armed[vendor] if fault.strikes(kinds, method)]
            if not fits:
                return None
            self._use(vendor, fits[0])
            return fits[0]

    def _use(self, vendor: str, fault: Fault) -> None:
        if fault.times is None:
            return
        fault.times -= 1
        if fault.times <= 0:
            self._armed[vendor].remove(fault)

    def clear(self, vendor: str | None = None) -> None:
        """Disarm one vendor, or all."""
        with self._lock:
            for name in VENDORS if vendor is None else (vendor,):
                self._armed[name].clear()
