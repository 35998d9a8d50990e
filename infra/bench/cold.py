"""How long the first guest waits: from the start of a function's process to its first answer.

Each function runs from its own zip, beside one that does nothing but import the same clients of
Google's, in turns. A machine's pace swings more within minutes than the two are apart, so each
start is held against the one just before it, and the median of those ratios counts; the best start
of each side is told beside it. The first call is one that needs no network: it is refused.
"""

from __future__ import annotations

import os
import socket
import sys
import tempfile
import time
from collections import defaultdict
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from statistics import median

from rich.progress import track

from infra.bench.served import PATIENCE
from infra.children import DEVNULL, Child, end, marked
from infra.cloud_local.processes import unpacked
from infra.emulators import free_port
from infra.evidence import Row
from infra.topology import TOP, topology

PROMISED = 1.3
NOOP = TOP / "infra/bench/noop"
CLIENTS = "google.cloud.firestore google.cloud.pubsub_v1"
CALL = b"POST /generic HTTP/1.1\r\nHost: bench\r\nContent-Length: 2\r\nConnection: close\r\n\r\n{}"
STYLE = b"GET /style.css HTTP/1.1\r\nHost: bench\r\nConnection: close\r\n\r\n"
"""For the guest's pages: they refuse a call in the brand's words, which lie in the database."""
SETTINGS = {
    "LOYALTY_STORE": "firestore:bench",
    "LOYALTY_BUS": "pubsub:bench",
    "LOYALTY_PEPPER": "p1:a pepper for a process that lives for seconds",
    "LOYALTY_PUSH_ACCOUNT": "pusher@bench.iam.gserviceaccount.com",
    "LOYALTY_PUSH_AUDIENCE": "https://bench.example",
    "FIRESTORE_EMULATOR_HOST": "127.0.0.1:9",
    "PUBSUB_EMULATOR_HOST": "127.0.0.1:9",
    "BENCH_IMPORTS": CLIENTS,
    "PYTHONPATH": "",
}


def measured(rounds: int) -> list[Row]:
    """Start each function in so many rounds, each beside a no-op."""
    found: dict[str, list[float]] = defaultdict(list)
    yardstick: dict[str, list[float]] = defaultdict(list)
    with tempfile.TemporaryDirectory(prefix="regulars-bench-") as folder:
        places = unpacked(topology(), Path(folder))
        for name, place in track([*places.items()] * rounds, "Cold starts"):
            yardstick[name].append(first_answer(NOOP))
            found[name].append(first_answer(place, STYLE if name == "member_page" else CALL))
    return [_row(name, found[name], yardstick[name]) for name in places]


def _row(name: str, ours: list[float], theirs: list[float]) -> Row:
    ratio = median(mine / other for mine, other in zip(ours, theirs, strict=True))
    told = f"{ratio:.2f} (best {1000 * min(ours):.0f} to {1000 * min(theirs):.0f} ms)"
    return Row(f"cold start of {name}, of its no-op's", "≤ 1.3", told, ratio <= PROMISED)


def first_answer(place: Path, call: bytes = CALL, settings: Mapping[str, str] = SETTINGS) -> float:
    """Start a function and count the seconds until it has answered a call."""
    environment, port = marked({**os.environ, **settings}), free_port()
    flags = ["--target=main", "--source=main.py", "--host=127.0.0.1", f"--port={port}"]
    began = time.monotonic()
    running = Child[bytes](
        [sys.executable, "-m", "functions_framework", *flags], environment, cwd=place,
        stdout=DEVNULL, stderr=DEVNULL,
    )  # fmt: skip
    try:
        while not _answers(port, call):
            if time.monotonic() - began > PATIENCE:
                raise TimeoutError(f"{place.name} never answered")
            time.sleep(0.005)
        return time.monotonic() - began
    finally:
        end(running)


def _answers(port: int, call: bytes) -> bool:
    with suppress(OSError), socket.create_connection(("127.0.0.1", port), PATIENCE) as line:
        line.sendall(call)
        return line.recv(16).startswith(b"HTTP/1.1")
    return False
