"""Kill -9 of the running system, again and again, with requests in flight."""

from __future__ import annotations

import random
import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
import requests

from infra.sandbox.server import Sandbox
from loyalty.adapters.sqlite_reader import SqliteReader
from loyalty.ports import Query
from loyalty.records import accounts, entries
from tests.proof.server import Server, signed_sale
from tests.rig import NOON

KILLS = 20
IN_FLIGHT = 50


class Client:
    """A till that keeps asking until it gets its 2xx, as vendors do."""

    def __init__(self, url: str) -> None:
        self.url = f"{url}/transaction-ingest/generic"
        self.acknowledged: set[str] = set()
        self.in_flight = 0
        self._lock = threading.Lock()

    def post(self, receipt: str) -> None:
        """Send one sale once; remember it if it was acknowledged."""
        self._count(1)
        body, head = signed_sale(receipt, 100)
        try:
            if requests.post(self.url, body, headers=head, timeout=30).ok:
                self.acknowledged.add(receipt)
        except requests.RequestException:
            pass
        finally:
            self._count(-1)

    def _count(self, by: int) -> None:
        with self._lock:
            self.in_flight += by


def wait_for(done: Callable[[], bool], seconds: float = 60.0) -> None:
    until = time.monotonic() + seconds
    while not done() and time.monotonic() < until:
        time.sleep(0.01)


@pytest.fixture
def sandbox():
    with Sandbox(clock=lambda: NOON) as playing:
        yield playing


def test_twenty_kills_lose_and_double_nothing_that_was_acknowledged(
    tmp_path: Path, sandbox: Sandbox
) -> None:
    server = Server(tmp_path, sandbox, "tests/programs/texting.yaml")
    server.start()
    member = server.join()
    client, chance, fewest = Client(server.url), random.Random(7), 1000
    wanted: set[str] = set()
    with ThreadPoolExecutor(IN_FLIGHT + 10) as pool:
        for kill in range(KILLS):
            missing = sorted(wanted - client.acknowledged)
            fresh = [f"K{kill}-{n}" for n in range(IN_FLIGHT + 20)]
            wanted.update(fresh)
            posts = [pool.submit(client.post, name) for name in (*missing, *fresh)]
            wait_for(lambda: client.in_flight >= IN_FLIGHT, 5)
            time.sleep(chance.uniform(0, 0.05))
            fewest = min(fewest, client.in_flight)
            server.kill()
            [post.result() for post in posts]
            server.start()
        for _ in range(5):
            list(pool.map(client.post, sorted(wanted - client.acknowledged)))
    assert client.acknowledged == wanted
    wait_for(lambda: len(sandbox.outbox) >= len(wanted))
    sandbox.settle()
    assert server.stop() == 0

    store = SqliteReader(tmp_path / "data" / "loyalty.db")
    records = [entries.read(found) for _, found in store.query(Query("entries", limit=100_000))]
    booked = [record.receipt.sale.receipt for record in records if record.receipt]
    account = accounts.get(store, member).account
    print(f"{KILLS} kills, at least {fewest} in flight each, {len(wanted)} sales acknowledged")
    assert fewest >= IN_FLIGHT
    assert sorted(booked) == sorted(wanted)
    assert account.points(NOON) == len(wanted)
    balances = sorted(int(m.text.split("Balance ")[1].rstrip(".")) for m in sandbox.outbox)
    assert balances == list(range(1, len(wanted) + 1))
