"""What the vendors accepted on the shop's behalf, in the order they accepted it."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from datetime import datetime
from threading import RLock
from typing import Any, Literal

Channel = Literal["sms", "email", "staff"]
Outcome = Literal["answered", "refused", "faulted"]


@dataclass
class Message:
    """One text, mail or staff notice a vendor took on; only its state changes later."""

    vendor: str
    channel: Channel
    id: str
    to: str
    text: str
    at: datetime
    subject: str = ""
    sender: str = ""
    state: str = "accepted"
    html: str = ""
    details: dict[str, Any] = field(default_factory=dict)

    def as_json(self) -> dict[str, Any]:
        """Give the message as the control address shows it."""
        return {**asdict(self), "at": self.at.isoformat()}


@dataclass(frozen=True)
class Exchange:
    """One raw request to a vendor, the answer it got, and whether the vendor's rules let it in."""

    vendor: str
    at: datetime
    method: str
    path: str
    query: str
    headers: Mapping[str, str]
    body: bytes
    status: int
    outcome: Outcome
    fault: str = ""

    def as_json(self) -> dict[str, Any]:
        """Give the request as the control address shows it, its body as text."""
        words = {"at": self.at.isoformat(), "body": self.body.decode("utf-8", "replace")}
        return {**asdict(self), "headers": dict(self.headers), **words}


class Outbox:
    """Accepted messages; a refused or unauthenticated request never gets here."""

    def __init__(self, lock: RLock) -> None:
        self._lock = lock
        self._messages: list[Message] = []

    def add(self, message: Message) -> Message:
        """Keep an accepted message at the end."""
        with self._lock:
            self._messages.append(message)
        return message

    def all(self) -> list[Message]:
        """Every accepted message so far, oldest first."""
        with self._lock:
            return list(self._messages)

    def of(self, channel: Channel) -> list[Message]:
        """Return the accepted messages of one channel, oldest first."""
        return [message for message in self.all() if message.channel == channel]

    def clear(self) -> None:
        """Forget every message."""
        with self._lock:
            self._messages.clear()


class RequestLog:
    """Every request to every vendor; what was refused or faulted can be told apart."""

    def __init__(self, lock: RLock) -> None:
        self._lock = lock
        self._exchanges: list[Exchange] = []

    def add(self, exchange: Exchange) -> None:
        """Keep one request with its answer."""
        with self._lock:
            self._exchanges.append(exchange)

    def of(self, vendor: str) -> list[Exchange]:
        """Every request to this vendor, whatever became of it."""
        with self._lock:
            return [seen for seen in self._exchanges if seen.vendor == vendor]

    def refused(self, vendor: str) -> list[Exchange]:
        """Return the requests this vendor's own rules turned away."""
        return [seen for seen in self.of(vendor) if seen.outcome == "refused"]

    def clear(self) -> None:
        """Forget every request."""
        with self._lock:
            self._exchanges.clear()
