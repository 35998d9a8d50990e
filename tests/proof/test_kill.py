"""Kill -9 of the running system, again and again, with requests in flight."""

from __future__ import annotations

import random
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path

import pytest
import requests
from infra.sandbox.server import Sandbox
from tests.proof.server import Server, clock_of, signed_sale
from tests.rig import NOON

from loyalty.adapters.sqlite_reader import SqliteReader
from loyalty.ports import Query
from loyalty.records import accounts, entries

KILLS = 20
TILLS = 60
IN_FLIGHT = 50
GUESTS = 40


def phone(number: int) -> str:
    """Name the phone of a regular."""
    return f"+49151234567{number:02d}"


class Tills:
    """Sixty tills that sell one receipt per opening, and tell each until they get their 2xx.

    Then they tell what they told before, as vendors do, so that the line never gets shorter.
    """

    def __init__(self, server: Server) -> None:
        self.url = f"{server.url}/transaction-ingest/generic"
        self.clock = server.clock
        self.guests = [server.join(phone=phone(number)) for number in range(GUESTS)]
        self.wanted: list[str] = []
        self.acknowledged: set[str] = set()
        self.in_flight = self.answered = 0
        self._most = 0
        self._chance = random.Random(11)
        self._lock = threading.Lock()
        self._closed = threading.Event()

    @contextmanager
    def selling(self) -> Iterator[None]:
        """Sell on all tills at once until told to stop."""
        self._closed.clear()
        self.answered = 0
        self._most = len(self.wanted) + TILLS
        again = [name for name in self.wanted if name not in self.acknowledged]
        tills = [threading.Thread(target=self._sell, args=(again,)) for _ in range(TILLS)]
        for till in tills:
            till.start()
        yield
        self._closed.set()
        for till in tills:
            till.join()

    def finish(self) -> None:
        """Ask again for what was never acknowledged, and sell nothing new."""
        for name in [name for name in self.wanted if name not in self.acknowledged]:
            self._post(name)

    def _sell(self, again: list[str]) -> None:
        while not self._closed.is_set():
            self._post(self._next(again))

    def _next(self, again: list[str]) -> str:
        with self._lock:
            if again:
                return again.pop()
            if len(self.wanted) < self._most:
                self.wanted.append(f"K{len(self.wanted)}")
                return self.wanted[-1]
            return self._chance.choice(self.wanted)

    def _post(self, receipt: str) -> None:
        guest = phone(int(receipt[1:]) % GUESTS)
        body, head = signed_sale(receipt, 100, self.clock.now(), guest)
        with self._lock:
            self.in_flight += 1
        try:
            if requests.post(self.url, body, headers=head, timeout=30).ok:
                self.acknowledged.add(receipt)
                self.answered += 1
        except requests.RequestException:
            self._closed.wait(0.05)
        finally:
            with self._lock:
                self.in_flight -= 1


def wait_for(done: Callable[[], bool], seconds: float = 60.0) -> None:
    until = time.monotonic() + seconds
    while not done():
        assert time.monotonic() < until, "it did not happen in time"
        time.sleep(0.01)


def told(server: Server, sandbox: Sandbox) -> int:
    """Let some time pass, for texts that were in doubt, and count the texts."""
    server.pass_time(timedelta(seconds=10))
    time.sleep(0.5)
    return len(sandbox.outbox)


def balances(sandbox: Sandbox, to: str) -> list[int]:
    """List the balances that a guest was told, one per purchase."""
    told = [message.text for message in sandbox.outbox if message.to == to]
    return sorted(int(text.split("Balance ")[1].rstrip(".")) for text in told)


@pytest.fixture
def sandbox(tmp_path):
    with Sandbox(clock=clock_of(tmp_path).now) as playing:
        yield playing


@pytest.fixture
def server(tmp_path, sandbox):
    server = Server(tmp_path, sandbox, "tests/programs/texting.yaml")
    yield server
    server.kill()


@pytest.mark.long
def test_twenty_kills_lose_and_double_nothing_that_was_acknowledged(
    tmp_path: Path, sandbox: Sandbox, server: Server
) -> None:
    server.start()
    tills, chance, fewest = Tills(server), random.Random(7), TILLS
    for _ in range(KILLS):
        time.sleep(chance.uniform(0, 2))  # what was accepted is being worked on
        enough = chance.randrange(40)
        with tills.selling():
            wait_for(lambda: tills.in_flight >= IN_FLIGHT and tills.answered >= enough)  # noqa: B023 - used at once
            fewest = min(fewest, tills.in_flight)
            server.kill()
        server.pass_time(timedelta(minutes=1))
        server.start()
        print(f"{len(tills.acknowledged)} acknowledged, {len(sandbox.outbox)} texts", flush=True)
    tills.finish()
    wanted = set(tills.wanted)
    assert tills.acknowledged == wanted
    wait_for(lambda: told(server, sandbox) >= len(wanted), 240)
    sandbox.settle()
    assert server.stop() == 0

    store = SqliteReader(tmp_path / "data" / "loyalty.db")
    records = [entries.read(found) for _, found in store.query(Query("entries", limit=100_000))]
    booked = [record.receipt.sale.receipt for record in records if record.receipt]
    print(f"{KILLS} kills, at least {fewest} in flight each, {len(wanted)} sales acknowledged")
    assert fewest >= IN_FLIGHT
    assert sorted(booked) == sorted(wanted)
    for number, member in enumerate(tills.guests):
        bought = sum(int(receipt[1:]) % GUESTS == number for receipt in wanted)
        assert accounts.get(store, member).account.points(NOON) == bought
        assert balances(sandbox, phone(number)) == list(range(1, bought + 1))
