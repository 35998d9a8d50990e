"""How long staff wait at the counter: find a guest, quote a basket, hold and capture a reward."""

from __future__ import annotations

import tempfile
import time
from collections.abc import Callable, Iterator
from itertools import count
from pathlib import Path
from typing import Any

from rich.progress import track

from infra.bench import rate, tills
from infra.bench.latency import percentile
from infra.bench.served import INGEST, regulars, willing_vendor
from infra.evidence import Row

PROMISED = 0.050
"""Seconds, for half of all warm lookups and quotes."""
WARM = 20
PURCHASES = 40


def measured(calls: int) -> list[Row]:
    """Time so many calls of each kind, one at a time, at a shop whose guests have points."""
    with (
        tempfile.TemporaryDirectory() as folder,
        willing_vendor() as vendor,
        regulars(Path(folder), rate.settings(vendor)) as (url, _),
    ):
        tills.join(url)
        for number in range(PURCHASES):
            tills.buy(f"{url}/{INGEST}", number)
        rate.await_settled(Path(folder) / "data/loyalty.db", PURCHASES)
        return list(_rows(Counter(f"{url}/member-api"), calls))


class Counter:
    """A till at the counter, with one guest in front of it."""

    def __init__(self, api: str) -> None:
        self._api, self._numbers = api, count()
        found = self._call("GET", "/v1/members", params={"phone": tills.phone(0)})
        self._member, self._hold = found["id"], ""

    def find(self) -> None:
        """Find the guest by phone."""
        self._call("GET", "/v1/members", params={"phone": tills.phone(0)})

    def quote(self) -> None:
        """Ask what their basket earns, and what they can take."""
        lines = [{"amount": 450, "name": "Coffee"}, {"amount": 390, "name": "Cake"}]
        self._call("POST", "/v1/quotes", json={"member": self._member, "lines": lines})

    def hold(self) -> None:
        """Set a reward aside."""
        asked = {"id": f"R{next(self._numbers)}", "member": self._member, "reward": "coffee"}
        self._hold = self._call("POST", "/v1/holds", json=asked)["id"]

    def void(self) -> None:
        """Give it up again."""
        self._call("POST", f"/v1/holds/{self._hold}/void", json={})

    def _call(self, method: str, path: str, **what: Any) -> Any:
        head = {"Authorization": f"Bearer {tills.KEY}"}
        session = tills.session()
        answer = session.request(
            method, f"{self._api}{path}", headers=head, timeout=tills.TIMEOUT, **what
        )
        answer.raise_for_status()
        return answer.json()


def _rows(counter: Counter, calls: int) -> Iterator[Row]:
    kinds: dict[str, tuple[Callable[[], None], ...]] = {
        "find a guest": (counter.find,), "quote a basket": (counter.quote,),
        "hold a reward, and give it up": (counter.hold, counter.void),
    }  # fmt: skip
    for name, acts in kinds.items():
        took = [_timed(acts) for _ in track(range(WARM + calls), name)][WARM:]
        p50, p99 = percentile(took, 0.5), percentile(took, 0.99)
        told = f"p50 {1000 * p50:.0f} ms, p99 {1000 * p99:.0f} ms"
        promised = "p50 ≤ 50 ms" if len(acts) == 1 else "-"
        yield Row(name, promised, told, p50 <= PROMISED if len(acts) == 1 else None)


def _timed(acts: tuple[Callable[[], None], ...]) -> float:
    start = time.perf_counter()
    for act in acts:
        act()
    return time.perf_counter() - start
