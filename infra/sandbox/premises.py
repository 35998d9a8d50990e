"""What all vendors of one sandbox share."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from threading import RLock

from infra.sandbox.credentials import SandboxSecrets
from infra.sandbox.faults import ON_CALLBACKS, FaultKind, Faults
from infra.sandbox.ids import Ids
from infra.sandbox.outbox import Outbox, RequestLog
from infra.sandbox.postman import Postman


@dataclass(frozen=True)
class Premises:
    """The clock, the made-up credentials, the ids, what was accepted, the faults and the post."""

    clock: Callable[[], datetime]
    secrets: SandboxSecrets
    ids: Ids
    lock: RLock
    outbox: Outbox
    requests: RequestLog
    faults: Faults
    postman: Postman

    def callback_fault(self, vendor: str) -> FaultKind | None:
        """Use up one fault that meets this vendor's callbacks, if one is armed."""
        fault = self.faults.take(vendor, ON_CALLBACKS)
        return fault.kind if fault else None


def open_premises(clock: Callable[[], datetime], secrets: SandboxSecrets, seed: str) -> Premises:
    """Make premises with nothing in them yet."""
    lock = RLock()
    return Premises(
        clock, secrets, Ids(seed), lock, Outbox(lock), RequestLog(lock), Faults(lock), Postman()
    )
