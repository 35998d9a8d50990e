"""What any test may ask for: Google's emulators, started once for all."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from itertools import count

import pytest
from infra import emulators


@contextmanager
def emulated(
    run: Callable[[], AbstractContextManager[emulators.Emulator]], variable: str
) -> Iterator[str]:
    """Run an emulator; without it skip, but in CI fail: there it has to be."""
    try:
        with run() as emulator:
            os.environ[variable] = emulator.host
            yield emulator.host
            del os.environ[variable]
    except emulators.NotInstalled as why:
        pytest.fail(str(why)) if os.environ.get("CI") else pytest.skip(str(why))


@pytest.fixture(scope="session")
def firestore_project() -> Iterator[Callable[[], str]]:
    """Name a fresh project on the Firestore emulator: nothing is in its databases yet."""
    numbers = count(1)
    with emulated(emulators.firestore, "FIRESTORE_EMULATOR_HOST"):
        yield lambda: f"regulars-{os.getpid()}-{next(numbers)}"


@pytest.fixture(scope="session")
def pubsub_host() -> Iterator[str]:
    """Run the Pub/Sub emulator."""
    with emulated(emulators.pubsub, "PUBSUB_EMULATOR_HOST") as host:
        yield host
