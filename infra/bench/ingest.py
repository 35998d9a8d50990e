"""Webhooks a second while nothing else runs, beside a function that does nothing.

And beside the least one, written by hand, that keeps what it answers for. All are served by
functions-framework with the same flags, in turns. What is ingested waits on disk; how fast it is
worked off afterwards is told apart, as it does not slow a till down.
"""

from __future__ import annotations

import tempfile
import time
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from statistics import median

from rich.progress import track

from infra.bench import tills
from infra.bench.rate import TILLS, await_settled, settings
from infra.bench.served import process, regulars, willing_vendor
from infra.emulators import free_port
from infra.evidence import Row
from infra.topology import TOP

PROMISED = 0.8
HERE = TOP / "infra/bench"


def measured(webhooks: int, rounds: int) -> list[Row]:
    """Post so many webhooks to each, in so many rounds."""
    found: dict[Callable[[int], float], list[float]] = {_ours: [], _least: [], _nothing: []}
    for kind in track(list(found) * rounds, "Webhooks while nobody delivers"):
        found[kind].append(kind(webhooks))
    ours, least, nothing = (median(each) for each in found.values())
    return [
        Row("ingest, of a no-op's rate", "≥ 0.8", _told(ours, nothing), ours >= PROMISED * nothing),
        Row("ingest, of the least that keeps it", "-", _told(ours, least), None),
        Row("the least that keeps it, of a no-op's rate", "-", _told(least, nothing), None),
        Row("worked off afterwards", "-", f"{_drained(webhooks):.1f} purchases a second", None),
    ]


def _told(rate: float, other: float) -> str:
    return f"{rate / other:.2f} ({rate:.0f} to {other:.0f} a second)"


def _ours(webhooks: int) -> float:
    with tempfile.TemporaryDirectory(prefix="regulars-bench-") as folder:
        return _served("paused", webhooks, _at_rest(Path(folder)))


def _least(webhooks: int) -> float:
    with tempfile.TemporaryDirectory(prefix="regulars-bench-") as folder:
        return _served("kept", webhooks, {"BENCH_FILE": f"{folder}/kept.db"})


def _nothing(webhooks: int) -> float:
    return _served("noop", webhooks, {})


def _at_rest(folder: Path) -> dict[str, str]:
    """Let guests join with the whole system, then stop it; return how to open what it left."""
    given = settings("http://127.0.0.1:9")
    with regulars(folder, given) as (url, _):
        tills.join(url)
    return given | {
        "LOYALTY_DATA": str(folder / "data"),
        "LOYALTY_LOG": "error",
    }


def _served(name: str, webhooks: int, given: Mapping[str, str]) -> float:
    url = f"http://127.0.0.1:{free_port()}"
    flags = ["--target=main", "--host=127.0.0.1", f"--port={url.rpartition(':')[2]}"]
    source = f"--source={HERE / name / 'main.py'}"
    with process(["-m", "functions_framework", *flags, source], url, given):
        return _posted(url, webhooks)


def _posted(url: str, webhooks: int) -> float:
    tills.buy(url, webhooks)  # the first call is slower: it makes the app
    began = time.monotonic()
    with ThreadPoolExecutor(TILLS) as pool:
        list(pool.map(lambda number: tills.buy(url, number), range(webhooks)))
    return webhooks / (time.monotonic() - began)


def _drained(webhooks: int) -> float:
    """Ingest while nobody delivers, then start the system and see how long it has to work."""
    with tempfile.TemporaryDirectory(prefix="regulars-bench-") as name, willing_vendor() as vendor:
        folder = Path(name)
        _served("paused", webhooks, _at_rest(folder))
        with regulars(folder, settings(vendor)):
            began = time.monotonic()
            await_settled(folder / "data/loyalty.db", webhooks)
            return webhooks / (time.monotonic() - began)
