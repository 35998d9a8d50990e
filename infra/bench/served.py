"""What is measured, each as processes of its own: the system, the yardstick, a willing vendor."""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from subprocess import TimeoutExpired

import requests

from infra.bench.tills import KEY
from infra.children import DEVNULL, Child, end
from infra.emulators import free_port
from infra.topology import TOP

PATIENCE = 120.0
INGEST = "transaction-ingest"
"""Where the system and the yardstick take webhooks, below their address."""
PROGRAM = """
engine: 1
title: Bench Cafe
currency: EUR
zone: Europe/Berlin
country: DE
languages: [en]
sending: {quiet_hours: {start: "03:00", end: "03:01"}}
stores: {main: {title: Main Street, tills: ["generic:main"]}}
earning: {rules: {spend: {earn: spend, title: {en: 1 point per euro}, points: 1, per: 1.00}}}
rewards: {coffee: {title: {en: a coffee}, points: 1}}
messages:
  earned: {on: points-earned, channels: [sms], text: {en: "+{points}. Balance {balance}."}}
connectors: {sms: [twilio]}
"""


@contextmanager
def process(command: list[str], url: str, settings: Mapping[str, str] = {}) -> Iterator[int]:
    """Run a program of ours until the end of the block; begins once `url` answers.

    Yields its process id.
    """
    paths = os.pathsep.join([str(TOP / "shared"), str(TOP)])
    environment = {**os.environ, "PYTHONPATH": paths, **settings}
    running = Child[bytes]([sys.executable, *command], environment, cwd=TOP, stdout=DEVNULL)
    try:
        await_answer(url)
        yield running.pid
    finally:
        running.terminate()
        with_patience(running)


def with_patience(running: Child[bytes]) -> None:
    """Let a process end by itself; after a while it is ended."""
    try:
        running.wait(30)
    except TimeoutExpired:
        end(running)


def await_answer(url: str) -> None:
    """Wait until somebody answers, whatever the answer. Raises TimeoutError."""
    until = time.monotonic() + PATIENCE
    while time.monotonic() < until:
        try:
            requests.get(url, timeout=5)
        except requests.RequestException:
            time.sleep(0.05)
        else:
            return
    raise TimeoutError(f"nobody answers at {url}")


@contextmanager
def regulars(folder: Path, settings: Mapping[str, str], port: int = 0) -> Iterator[tuple[str, int]]:
    """Run the whole system with vendors as `settings` say; yields its address and process id."""
    (folder / "program.yaml").write_text(PROGRAM, "utf-8")
    url = f"http://127.0.0.1:{port or free_port()}"
    own = {
        "PORT": url.rpartition(":")[2],
        "LOYALTY_DATA": str(folder / "data"),
        "LOYALTY_PROGRAM": str(folder / "program.yaml"),
        "LOYALTY_API_KEY": KEY,
        "LOYALTY_LOG": "error",
        "TWILIO_CALLS_PER_SECOND": "10000",  # else that limit is all that is measured
    }
    with process(["-m", "infra.local"], f"{url}/healthz", {**settings, **own}) as number:
        yield url, number


@contextmanager
def minimal(folder: Path, vendor: str) -> Iterator[str]:
    """Run the yardstick; yields its address."""
    url = f"http://127.0.0.1:{free_port()}"
    arguments = [url.rpartition(":")[2], str(folder / "minimal.db"), vendor]
    with process(["-m", "infra.bench.minimal", *arguments], f"{url}/healthz"):
        yield url


@contextmanager
def willing_vendor() -> Iterator[str]:
    """Run a vendor who takes every text; yields its address."""
    url = f"http://127.0.0.1:{free_port()}"
    with process(["-m", "infra.bench.vendor", url.rpartition(":")[2]], url):
        yield url
