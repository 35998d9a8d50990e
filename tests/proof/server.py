"""The running system as a process of its own, for tests that kill it or time it."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import os
import signal
import socket
import sys
import time
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import requests
from infra import vendors
from infra.children import DEVNULL, Child
from infra.sandbox.server import Sandbox
from tests.rig import NOON

from loyalty.adapters.clock import FileClock

PHONE = "+4915123456789"
API_KEY = {"Authorization": "Bearer rk_for_tests"}


def clock_of(folder: Path) -> FileClock:
    """Read the clock of a folder, which begins at noon."""
    if not (folder / "clock").exists():
        (folder / "clock").write_text(NOON.isoformat(), "ascii")
    return FileClock(folder / "clock")


def free_port() -> int:
    """Find a port that nobody uses."""
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        return int(taken.getsockname()[1])


class Server:
    """`make run`'s process on a data folder; it can be killed and started again."""

    def __init__(self, folder: Path, sandbox: Sandbox, program: str) -> None:
        self.url = f"http://127.0.0.1:{(port := free_port())}"
        self._time = folder / "clock"
        self.clock = clock_of(folder)
        self.environment = {
            **os.environ,
            **vendors.environment(sandbox, self.url),
            "PYTHONPATH": "shared:.",
            "PORT": str(port),
            "LOYALTY_DATA": str(folder / "data"),
            "LOYALTY_PROGRAM": program,
            "LOYALTY_CLOCK": f"virtual:{folder / 'clock'}",
            "LOYALTY_API_KEY": "rk_for_tests",
            "LOYALTY_LOG": "error",
        }
        self.environment.pop("PYTHONDONTWRITEBYTECODE", None)  # each start would compile anew
        vendors.connect(sandbox, self.url)
        self._process: Child[bytes] | None = None

    def start(self) -> None:
        """Start and wait until it says it is healthy."""
        command = [sys.executable, "-m", "infra.local"]
        self._process = Child[bytes](command, self.environment, stdout=DEVNULL)
        until = time.monotonic() + 60
        while time.monotonic() < until:
            try:
                if requests.get(f"{self.url}/healthz", timeout=1).ok:
                    return
            except requests.RequestException:
                time.sleep(0.05)
        raise AssertionError("the server did not get healthy")

    def pass_time(self, by: timedelta) -> None:
        """Move the clock that the system and its vendors share."""
        self._time.write_text((self.clock.now() + by).isoformat(), "ascii")

    def kill(self) -> None:
        """Kill -9, without a chance to finish anything; nothing if it has ended already."""
        if self._process and self._process.poll() is None:
            self._end(signal.SIGKILL)

    def stop(self) -> int:
        """Stop as Ctrl-C does; return the exit code."""
        return self._end(signal.SIGINT)

    def _end(self, number: int) -> int:
        assert self._process
        os.killpg(self._process.pid, number)
        return self._process.wait(60)

    def join(self, name: str = "Sita", phone: str = PHONE) -> str:
        """Join one member who agreed to texts."""
        body = {"name": name, "phone": phone, "consents": {"sms": ["service"]}}
        address = f"{self.url}/member-api/v1/members"
        answer = requests.post(address, json=body, headers=API_KEY, timeout=30)
        assert answer.status_code in (200, 201), answer.text
        return str(answer.json()["id"])

    def member(self, member: str) -> dict[str, Any]:
        """Read a member over the API."""
        address = f"{self.url}/member-api/v1/members/{member}"
        found: dict[str, Any] = requests.get(address, headers=API_KEY, timeout=30).json()
        return found


def signed_sale(
    receipt: str, amount: int, now: datetime = NOON, phone: str = PHONE
) -> tuple[bytes, dict[str, str]]:
    """Write a signed generic webhook: one coffee for the guest with this phone."""
    data = {
        "receipt": receipt, "store": "main", "occurred_at": NOON.isoformat(), "currency": "EUR",
        "total": amount, "lines": [{"name": "Coffee", "amount": amount}], "guest": {"phone": phone},
    }  # fmt: skip
    body = json.dumps(
        {"type": "sale.completed", "timestamp": now.isoformat(), "data": data}
    ).encode()
    key = base64.b64decode(vendors.GENERIC_SECRET.removeprefix("whsec_"))
    name, stamp = f"evt_{hashlib.sha256(body).hexdigest()[:20]}", str(int(now.timestamp()))
    value = hmac.digest(key, f"{name}.{stamp}.".encode() + body, "sha256")
    head = {
        "Content-Type": "application/json", "webhook-id": name, "webhook-timestamp": stamp,
        "webhook-signature": f"v1,{base64.b64encode(value).decode()}",
    }  # fmt: skip
    return body, head
