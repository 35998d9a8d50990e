"""What any test may ask for: Google's emulators, started once for all."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from itertools import count

import pytest
from tests import emulators


@pytest.fixture(scope="session")
def firestore_project() -> Iterator[Callable[[], str]]:
    """Name a fresh project on the Firestore emulator: nothing is in its databases yet."""
    numbers = count(1)
    with emulators.firestore() as host:
        os.environ["FIRESTORE_EMULATOR_HOST"] = host
        yield lambda: f"regulars-{os.getpid()}-{next(numbers)}"
        del os.environ["FIRESTORE_EMULATOR_HOST"]


@pytest.fixture(scope="session")
def pubsub_host() -> Iterator[str]:
    """Run the Pub/Sub emulator."""
    with emulators.pubsub() as host:
        os.environ["PUBSUB_EMULATOR_HOST"] = host
        yield host
        del os.environ["PUBSUB_EMULATOR_HOST"]
