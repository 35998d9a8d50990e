"""Purchases a second, from the webhook to the settled text, beside the least anybody would write.

Both run on this machine in turns, with the same tills and the same vendor; of each the median
counts. A purchase is done when its text is settled: sent, and written down as sent.
"""

from __future__ import annotations

import sqlite3
import tempfile
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, contextmanager
from pathlib import Path
from statistics import median
from typing import NamedTuple

from rich.progress import track

from infra.bench import tills
from infra.bench.served import INGEST, minimal, regulars, willing_vendor
from infra.evidence import Row
from infra.vendors import GENERIC_SECRET

PROMISED = 0.5
MEMORY = 300
"""Megabytes of the whole system at most, under load."""
TILLS = 8
PATIENCE = 600
SETTLED = {
    "data/loyalty.db": """SELECT count(*) FROM documents WHERE collection = 'claims'
        AND body LIKE '%"state":"accepted"%'""",
    "minimal.db": "SELECT count(*) FROM texts WHERE state = 'sent'",
}


class Measured(NamedTuple):
    """One round: purchases a second, and the most memory in MB (0 if that was not looked at)."""

    rate: float
    memory: int = 0


def measured(purchases: int, rounds: int) -> list[Row]:
    """Play so many purchases as fast as they are taken, in so many rounds each."""
    kinds: list[Callable[[int], Measured]] = [_ours, _yardstick]
    found: dict[Callable[[int], Measured], list[Measured]] = {kind: [] for kind in kinds}
    for kind in track(kinds * rounds, "Purchases as fast as they are taken"):
        found[kind].append(kind(purchases))
    ours, theirs = (median(each.rate for each in found[kind]) for kind in kinds)
    most = max(each.memory for each in found[_ours])
    rates = f"{ours / theirs:.2f} ({ours:.1f} to {theirs:.1f} a second)"
    return [
        Row(
            "whole path, of the minimal pipeline's rate", "≥ 0.5", rates, ours >= PROMISED * theirs
        ),
        Row("most memory of the whole system under load", "≤ 300 MB", f"{most} MB", most <= MEMORY),
    ]


def _ours(purchases: int) -> Measured:
    with (
        _folder() as folder,
        willing_vendor() as vendor,
        regulars(folder, settings(vendor)) as (url, number),
    ):
        tills.join(url)
        rate = _rate(url, purchases, folder / "data/loyalty.db")
        return Measured(rate, _memory(number))


def _yardstick(purchases: int) -> Measured:
    with _folder() as folder, willing_vendor() as vendor, minimal(folder, vendor) as url:
        return Measured(_rate(url, purchases, folder / "minimal.db"))


@contextmanager
def _folder() -> Iterator[Path]:
    with tempfile.TemporaryDirectory(prefix="regulars-bench-") as folder:
        yield Path(folder)


def settings(vendor: str) -> dict[str, str]:
    """Give what a system needs to hear our tills and to text by this vendor."""
    return {
        "GENERIC_WEBHOOK_SECRET": GENERIC_SECRET,
        "TWILIO_BASE_URL": vendor,
        "TWILIO_ACCOUNT_SID": "AC" + 32 * "1",
        "TWILIO_AUTH_TOKEN": 32 * "2",
        "TWILIO_FROM_NUMBER": "+15005550006",
    }


def _rate(url: str, purchases: int, file: Path) -> float:
    began = time.monotonic()
    with ThreadPoolExecutor(TILLS) as pool:
        list(pool.map(lambda number: tills.buy(f"{url}/{INGEST}", number), range(purchases)))
    await_settled(file, purchases)
    return purchases / (time.monotonic() - began)


def await_settled(file: Path, purchases: int) -> None:
    """Wait until so many texts are written down as sent. Raises TimeoutError."""
    until = time.monotonic() + PATIENCE
    with closing(sqlite3.connect(f"file:{file}?mode=ro", uri=True)) as db:
        sql = next(sql for name, sql in SETTLED.items() if str(file).endswith(name))
        while db.execute(sql).fetchone()[0] < purchases:
            if time.monotonic() > until:
                raise TimeoutError("not every text was settled")
            time.sleep(0.05)


def _memory(process: int) -> int:
    """Read the most memory that a process ever had, in MB, from the kernel."""
    for line in Path(f"/proc/{process}/status").read_text("ascii").splitlines():
        if line.startswith("VmHWM:"):
            return int(line.split()[1]) // 1000
    return 0
