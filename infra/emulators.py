"""Google's own emulators of Firestore and Pub/Sub, found by the Cloud CLI and run for a while."""

from __future__ import annotations

import os
import shutil
import signal
import socket
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import NamedTuple

from infra.children import DEVNULL, Child, end

_FIRESTORE = ["com.google.cloud.datastore.emulator.firestore.CloudFirestore", "start"]
PATIENCE = 90.0
"""Seconds that a server may take to answer its port."""


class NotInstalled(Exception):  # noqa: N818 - says what is the case
    """The emulators are not on this machine."""


class Emulator(NamedTuple):
    """A running emulator."""

    host: str
    """`ADDRESS:PORT`."""
    process: Child[bytes]

    def pause(self, seconds: float) -> None:
        """Stand still for a while, as a service does that answers nobody."""
        os.killpg(self.process.pid, signal.SIGSTOP)
        time.sleep(seconds)
        os.killpg(self.process.pid, signal.SIGCONT)


@contextmanager
def firestore() -> Iterator[Emulator]:
    """Run the Firestore emulator. Raises NotInstalled."""
    jar = _jar("cloud-firestore-emulator/cloud-firestore-emulator.jar")
    with _running(["java", "-Xmx1g", "-cp", jar, *_FIRESTORE]) as emulator:
        yield emulator


@contextmanager
def pubsub() -> Iterator[Emulator]:
    """Run the Pub/Sub emulator. Raises NotInstalled."""
    jar = _jar("pubsub-emulator/lib/cloud-pubsub-emulator-*.jar")
    with _running(["java", "-Xmx512m", "-jar", jar]) as emulator:
        yield emulator


def _jar(pattern: str) -> str:
    gcloud = shutil.which("gcloud")
    platform = Path(gcloud).resolve().parent.parent / "platform" if gcloud else None
    found = sorted(platform.glob(pattern)) if platform and shutil.which("java") else []
    if not found:
        raise NotInstalled(
            "needs the Google Cloud CLI with its Firestore and Pub/Sub emulators, and Java"
        )
    return str(found[-1])


@contextmanager
def _running(command: list[str]) -> Iterator[Emulator]:
    port = free_port()
    process = Child[bytes](
        [*command, "--host=127.0.0.1", f"--port={port}"], stdout=DEVNULL, stderr=DEVNULL
    )
    try:
        wait_for(port)
        yield Emulator(f"127.0.0.1:{port}", process)
    finally:
        end(process)


def free_port() -> int:
    """Find a port of this machine that nobody has."""
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        return int(taken.getsockname()[1])


def wait_for(port: int) -> None:
    """Return once somebody listens there. Raises TimeoutError."""
    until = time.monotonic() + PATIENCE
    while time.monotonic() < until:
        with suppress(OSError):
            socket.create_connection(("127.0.0.1", port), 1).close()
            return
        time.sleep(0.1)
    raise TimeoutError(f"nobody listens on port {port}")
