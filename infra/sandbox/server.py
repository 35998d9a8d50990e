"""The sandbox itself: the vendors, the pages and the controls behind one loopback address."""

from collections.abc import Callable
from datetime import UTC, datetime
from types import TracebackType
from typing import Self

from infra.sandbox.apple_wallet import AppleWallet
from infra.sandbox.cards import Card
from infra.sandbox.cloud_scheduler import CloudScheduler
from infra.sandbox.control import Control
from infra.sandbox.credentials import SandboxSecrets
from infra.sandbox.faults import Fault, FaultKind
from infra.sandbox.gate import Gate, Vendor
from infra.sandbox.google_wallet import GoogleWallet
from infra.sandbox.hosts import Host
from infra.sandbox.outbox import Message, RequestLog
from infra.sandbox.pages import Pages
from infra.sandbox.premises import open_premises
from infra.sandbox.sendgrid import SendGrid
from infra.sandbox.slack import Slack
from infra.sandbox.square import Square
from infra.sandbox.twilio import Twilio
from infra.sandbox.wire import LoopbackServer


def _now() -> datetime:
    return datetime.now(UTC)


class Sandbox:
    """All vendors on one port of this machine; 0 takes any free port.

    Ids follow from `seed`: give another one where ids of an earlier run may still be stored.
    """

    def __init__(
        self,
        port: int = 0,
        clock: Callable[[], datetime] = _now,
        secrets: SandboxSecrets | None = None,
        seed: str = "sandbox",
    ) -> None:
        self.secrets = secrets or SandboxSecrets()
        self._premises = open_premises(clock, self.secrets, seed)
        self.square = Square(self._premises)
        self.twilio = Twilio(self._premises)
        self.sendgrid = SendGrid(self._premises)
        self.slack = Slack(self._premises)
        self.google_wallet = GoogleWallet(self._premises)
        self.apple_wallet = AppleWallet(self._premises)
        self.cloud_scheduler = CloudScheduler(self._premises)
        self._vendors: dict[str, Vendor] = {
            "square": self.square,
            "twilio": self.twilio,
            "sendgrid": self.sendgrid,
            "slack": self.slack,
            "google_wallet": self.google_wallet,
            "apple_wallet": self.apple_wallet,
            "cloud_scheduler": self.cloud_scheduler,
        }
        self._port = port
        self._server: LoopbackServer | None = None

    @property
    def url(self) -> str:
        """The address while the sandbox runs."""
        if self._server is None:
            raise RuntimeError("the sandbox has not been started")
        return f"http://127.0.0.1:{self._server.port}"

    @property
    def outbox(self) -> list[Message]:
        """Every message the vendors accepted, oldest first."""
        return self._premises.outbox.all()

    @property
    def cards(self) -> list[Card]:
        """Every card that is on a guest's phone, as it looks now."""
        return self.google_wallet.cards() + self.apple_wallet.cards()

    @property
    def requests(self) -> RequestLog:
        """Every raw request, by vendor; the refused ones apart."""
        return self._premises.requests

    @property
    def routes(self) -> dict[str, str]:
        """Public addresses and the loopback ones that stand for them when webhooks are sent."""
        return self._premises.postman.routes

    def start(self) -> Self:
        """Listen in the background."""
        others: dict[str, Host] = {"_sandbox": Control(self), "": Pages(self)}
        self._premises.postman.start()
        self._server = LoopbackServer(self._port, Gate(self._premises, self._vendors, others))
        self._server.start()
        return self

    def stop(self) -> None:
        """Stop listening, end every open line, and let the callbacks in hand finish."""
        self._premises.postman.stop()
        if self._server is not None:
            self._server.stop()
            self._server = None

    def __enter__(self) -> Self:
        return self.start()

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.stop()

    def fault(
        self,
        vendor: str,
        kind: FaultKind | str,
        *,
        times: int | None = 1,
        seconds: float = 0.0,
        retry_after: int | None = None,
        method: str | None = None,
    ) -> None:
        """Make a vendor misbehave for its next requests or callbacks; None: until cleared."""
        fault = Fault(FaultKind(kind), times, seconds, retry_after, method)
        self._premises.faults.add(vendor, fault)

    def faults(self, vendor: str) -> list[Fault]:
        """Return the faults of a vendor that are still to strike."""
        return self._premises.faults.armed(vendor)

    def clear_faults(self, vendor: str | None = None) -> None:
        """Let one vendor, or all, behave again."""
        self._premises.faults.clear(vendor)

    def settle(self, timeout: float = 10.0) -> bool:
        """Wait until every callback is delivered; false if that takes too long."""
        return self._premises.postman.settle(timeout)

    def reset(self) -> None:
        """Forget messages, requests, sales, cards, opt-outs and faults; keep what was set up."""
        self.settle()
        with self._premises.lock:
            for kept in (self._premises.outbox, self._premises.requests, self._premises.faults):
                kept.clear()
            for vendor in self._vendors.values():
                vendor.clear()
        self._premises.postman.deliveries.clear()
