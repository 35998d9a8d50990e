"""Google's emulators for tests: started once, found by the Cloud CLI, ended with the tests."""

from __future__ import annotations

import os
import shutil
import signal
import socket
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

FIRESTORE = ["com.google.cloud.datastore.emulator.firestore.CloudFirestore", "start"]


def platform() -> Path | None:
    """Find the folder of the Cloud CLI's emulators."""
    gcloud = shutil.which("gcloud")
    found = Path(gcloud).resolve().parent.parent / "platform" if gcloud else None
    return found if found and found.is_dir() and shutil.which("java") else None


def free_port() -> int:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        return int(taken.getsockname()[1])


def needed() -> Path:
    """Find the emulators; without them skip, but in CI fail: there they have to be."""
    found = platform()
    if found is None:
        why = "needs the Google Cloud CLI with its Firestore and Pub/Sub emulators, and Java"
        pytest.fail(why) if os.environ.get("CI") else pytest.skip(why)
    return found


@contextmanager
def firestore() -> Iterator[str]:
    """Run the Firestore emulator; yields `HOST:PORT`."""
    jar = needed() / "cloud-firestore-emulator/cloud-firestore-emulator.jar"
    with _running(["java", "-Xmx1g", "-cp", str(jar), *FIRESTORE]) as host:
        yield host


@contextmanager
def pubsub() -> Iterator[str]:
    """Run the Pub/Sub emulator; yields `HOST:PORT`."""
    (jar,) = (needed() / "pubsub-emulator/lib").glob("cloud-pubsub-emulator-*.jar")
    with _running(["java", "-Xmx512m", "-jar", str(jar)]) as host:
        yield host


@contextmanager
def _running(command: list[str]) -> Iterator[str]:
    port = free_port()
    process = subprocess.Popen(  # noqa: S603 - the emulator's own program
        [*command, "--host=127.0.0.1", f"--port={port}"],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
    )
    try:
        _wait(port)
        yield f"127.0.0.1:{port}"
    finally:
        os.killpg(process.pid, signal.SIGKILL)
        process.wait(30)


def _wait(port: int) -> None:
    until = time.monotonic() + 90
    while time.monotonic() < until:
        try:
            socket.create_connection(("127.0.0.1", port), 1).close()
        except OSError:
            time.sleep(0.1)
        else:
            return
    raise AssertionError("the emulator did not start")
