"""How long a guest waits for the text: purchases at a steady rate through the running system.

Latency is from the webhook's 2xx to the text at the vendor. Prints a table, writes it to
docs/evidence/, and exits 1 if the promise is broken. The table names the machine's pace: how long
a million additions take, which swings on shared machines.
"""

from __future__ import annotations

import argparse
import base64
import hashlib
import hmac
import json
import os
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from pathlib import Path

import requests
from rich.progress import track

from infra import evidence, vendors
from infra.evidence import Row
from infra.sandbox.server import Sandbox
from infra.topology import TOP

PROMISED = 1.0
"""Seconds, for 99 of 100 texts."""
GUESTS = 20
_TILL = threading.local()
AT = datetime(2026, 11, 21, 11, 0, tzinfo=UTC)
PROGRAM = """
engine: 1
title: Bench Cafe
currency: EUR
zone: Europe/Berlin
country: DE
languages: [en]
stores: {main: {title: Main Street, tills: ["generic:main"]}}
earning: {rules: {spend: {earn: spend, title: {en: 1 point per euro}, points: 1, per: 1.00}}}
messages:
  earned: {on: points-earned, channels: [sms], text: {en: "+{points}. Balance {balance}."}}
connectors: {sms: [twilio]}
"""


def measured(rate: int, seconds: int) -> tuple[list[float], list[float]]:
    """Play purchases at a rate; return seconds of each answer, and from each answer to its text."""
    with tempfile.TemporaryDirectory() as folder, Sandbox(clock=_now) as sandbox:
        process, url = _served(Path(folder), sandbox)
        try:
            _join(url)
            count = rate * seconds
            with ThreadPoolExecutor(32) as pool:
                began = time.monotonic()
                answers = [pool.submit(_buy, url, n, began + n / rate) for n in range(count)]
                done = [each.result() for each in track(answers, f"{rate} purchases a second")]
            reached = _reached(sandbox, count)
        finally:
            process.terminate()
            process.wait(30)
    waits = [(reached[n + 1] - answered).total_seconds() for n, (_, answered) in enumerate(done)]
    return [took for took, _ in done], [max(0.0, wait) for wait in waits]


def _now() -> datetime:
    return datetime.now(UTC)


def _reached(sandbox: Sandbox, count: int) -> dict[int, datetime]:
    """Tell when the vendor took each text, by the points it tells of: each purchase's own."""
    until = time.monotonic() + 120
    while len(sandbox.outbox) < count and time.monotonic() < until:
        time.sleep(0.2)
    return {int(message.text[1:].partition(".")[0]): message.at for message in sandbox.outbox}


def _served(folder: Path, sandbox: Sandbox) -> tuple[subprocess.Popen[bytes], str]:
    (folder / "program.yaml").write_text(PROGRAM, "utf-8")
    (folder / "clock").write_text(AT.isoformat(), "ascii")
    port = os.environ.get("BENCH_PORT", "18080")
    url = f"http://127.0.0.1:{port}"
    environment = {
        **os.environ,
        **vendors.environment(sandbox, url),
        "PORT": port,
        "LOYALTY_DATA": str(folder / "data"),
        "LOYALTY_PROGRAM": str(folder / "program.yaml"),
        "LOYALTY_CLOCK": f"virtual:{folder / 'clock'}",
        "LOYALTY_API_KEY": "rk_bench",
        "LOYALTY_LOG": "error",
    }
    vendors.connect(sandbox, url)
    command = [sys.executable, "-m", "infra.local"]
    process = subprocess.Popen(command, env=environment, cwd=TOP, stdout=subprocess.DEVNULL)  # noqa: S603 - our own module
    for _ in range(600):
        try:
            if requests.get(f"{url}/healthz", timeout=1).ok:
                return process, url
        except requests.RequestException:
            time.sleep(0.1)
    raise RuntimeError("the system did not start")


def _phone(guest: int) -> str:
    return f"+49151234567{guest % GUESTS:02d}"


def _join(url: str) -> None:
    head = {"Authorization": "Bearer rk_bench"}
    for guest in range(GUESTS):
        body = {"name": f"Guest {guest}", "phone": _phone(guest), "consents": {"sms": ["service"]}}
        answer = requests.post(f"{url}/member-api/v1/members", json=body, headers=head, timeout=30)
        answer.raise_for_status()


def _session() -> requests.Session:
    """Give each till a connection that stays open, as a vendor's senders keep theirs."""
    if not hasattr(_TILL, "session"):
        _TILL.session = requests.Session()
        _TILL.session.trust_env = False
    session: requests.Session = _TILL.session
    return session


def _buy(url: str, number: int, at: float) -> tuple[float, datetime]:
    """Buy at a time; return how long the answer took, and when it was there."""
    body, head = _signed(number)
    time.sleep(max(0.0, at - time.monotonic()))
    start, session = time.monotonic(), _session()
    answer = session.post(f"{url}/transaction-ingest/generic", body, headers=head, timeout=30)
    answer.raise_for_status()
    return time.monotonic() - start, _now()


def _signed(number: int) -> tuple[bytes, dict[str, str]]:
    data = {
        "receipt": f"B{number}",
        "store": "main",
        "occurred_at": AT.isoformat(),
        "currency": "EUR",
        "total": 100 * (number + 1),
        "lines": [{"name": "Coffee", "amount": 100 * (number + 1)}],
        "guest": {"phone": _phone(number)},
    }
    body = json.dumps(
        {"type": "sale.completed", "timestamp": AT.isoformat(), "data": data}
    ).encode()
    key = base64.b64decode(vendors.GENERIC_SECRET.removeprefix("whsec_"))
    name, stamp = f"evt_{hashlib.sha256(body).hexdigest()[:20]}", str(int(AT.timestamp()))
    value = hmac.digest(key, f"{name}.{stamp}.".encode() + body, "sha256")
    return body, {
        "Content-Type": "application/json",
        "webhook-id": name,
        "webhook-timestamp": stamp,
        "webhook-signature": f"v1,{base64.b64encode(value).decode()}",
    }


def percentile(values: Sequence[float], share: float) -> float:
    """Return the value that this share of all values does not exceed."""
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, int(len(ordered) * share))]


def _told(waits: Sequence[float]) -> str:
    p50, p99, worst = (f"{1000 * percentile(waits, share):.0f}" for share in (0.5, 0.99, 1.0))
    return f"p50 {p50} ms, p99 {p99} ms, worst {worst} ms"


def main() -> int:
    """Measure, show, keep."""
    parser = argparse.ArgumentParser(prog="make bench", description=__doc__)
    parser.add_argument("--rate", type=int, default=20, help="purchases a second")
    parser.add_argument("--seconds", type=int, default=20, help="for how long")
    chosen = parser.parse_args()
    answers, waits = measured(chosen.rate, chosen.seconds)
    kept = percentile(waits, 0.99) <= PROMISED
    rows = [
        Row("webhook answered", "-", _told(answers), True),
        Row("text after the answer", "p99 ≤ 1 s", _told(waits), kept),
    ]
    command = f"make bench ARGS='--rate {chosen.rate} --seconds {chosen.seconds}'"
    evidence.keep(f"latency-{chosen.rate}", command, f"{len(waits)} purchases", rows)
    return 0 if kept else 1


if __name__ == "__main__":
    sys.exit(main())
