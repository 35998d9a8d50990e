"""How long a guest waits for the text: purchases at a steady rate through the running system.

Latency is from the webhook's 2xx to the text at the sandbox, which plays the vendor with its
delivery receipts and all.
"""

from __future__ import annotations

import tempfile
import time
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from pathlib import Path

from rich.progress import track

from infra import vendors
from infra.bench import tills
from infra.bench.served import INGEST, regulars
from infra.emulators import free_port
from infra.evidence import Row
from infra.sandbox.server import Sandbox

PROMISED = 1.0
"""Seconds, for 99 of 100 texts."""
UP_TO = 20
"""Purchases a second for which that is promised; beyond it is only measured, and nothing lost."""
PATIENCE = 120
HANDS = 32


def measured(rate: int, seconds: int) -> list[Row]:
    """Play so many purchases a second for so long; tell how long answers and texts took."""
    answers, waits = _waits(rate, seconds)
    lost = len(answers) - len(waits)
    kept = not lost and percentile(waits, 0.99) <= PROMISED
    promised = ("p99 ≤ 1 s", kept) if rate <= UP_TO else ("-", None)
    return [
        Row(f"texts that never came, at {rate} a second", "0", str(lost), lost == 0),
        Row(f"webhook answered, at {rate} a second", "-", _told(answers), None),
        Row(f"text after the answer, at {rate} a second", promised[0], _told(waits), promised[1]),
    ]


def _waits(rate: int, seconds: int) -> tuple[list[float], list[float]]:
    """Return the seconds of each answer, and from each answer to its text, if that came."""
    with tempfile.TemporaryDirectory() as folder, Sandbox(clock=_now) as sandbox:
        port = free_port()
        url = f"http://127.0.0.1:{port}"
        vendors.connect(sandbox, url)
        with regulars(Path(folder), vendors.environment(sandbox, url), port):
            tills.join(url)
            done = _played(url, rate, rate * seconds)
            reached = _reached(sandbox, len(done))
    came = [(reached[n], at) for n, (_, at) in enumerate(done, 1) if n in reached]
    waits = [max(0.0, (text - answered).total_seconds()) for text, answered in came]
    return [took for took, _ in done], waits


def _played(url: str, rate: int, count: int) -> list[tuple[float, datetime]]:
    with ThreadPoolExecutor(HANDS) as pool:
        began = time.monotonic()
        answers = [pool.submit(_buy, url, n, began + n / rate) for n in range(count)]
        return [each.result() for each in track(answers, f"{rate} purchases a second")]


def _buy(url: str, number: int, at: float) -> tuple[float, datetime]:
    """Buy at a time; return how long the answer took, and when it was there."""
    time.sleep(max(0.0, at - time.monotonic()))
    start = time.monotonic()
    tills.buy(f"{url}/{INGEST}", number)
    return time.monotonic() - start, _now()


def _now() -> datetime:
    return datetime.now(UTC)


def _reached(sandbox: Sandbox, count: int) -> dict[int, datetime]:
    """Tell when the vendor took each text, by the points it tells of: each purchase's own."""
    until = time.monotonic() + PATIENCE
    while len(sandbox.outbox) < count and time.monotonic() < until:
        time.sleep(0.2)
    return {int(message.text[1:].partition(".")[0]): message.at for message in sandbox.outbox}


def percentile(values: Sequence[float], share: float) -> float:
    """Return the value that this share of all values does not exceed."""
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, int(len(ordered) * share))]


def _told(waits: Sequence[float]) -> str:
    if not waits:
        return "none"
    p50, p99, worst = (f"{1000 * percentile(waits, share):.0f}" for share in (0.5, 0.99, 1.0))
    return f"p50 {p50} ms, p99 {p99} ms, worst {worst} ms"
