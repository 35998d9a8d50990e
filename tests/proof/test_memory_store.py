"""The proofs' store keeps every promise of a real one."""

from __future__ import annotations

import pytest
from tests.adapters.test_store import *  # noqa: F403 - every promise is made again here
from tests.proof.memory_store import MemoryStore


@pytest.fixture(name="store")
def _store():
    return MemoryStore()
