"""The simulator's store keeps every promise of a real one."""

from __future__ import annotations

import pytest
from infra.simulator.store import MemoryStore
from tests.adapters.test_store import *  # noqa: F403 - every promise is made again here


@pytest.fixture
def store():  # the name that came with the promises, so that it takes the place of theirs
    return MemoryStore()
