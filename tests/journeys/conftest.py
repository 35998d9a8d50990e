"""The running system with its vendors beside it, and tills that call it as real ones do."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from infra import vendors
from infra.local import Local
from infra.sandbox.server import Sandbox
from tests.rig import NOON

from loyalty.adapters.clock import VirtualClock
from loyalty.logs import QUIET


@pytest.fixture(scope="session")
def playing(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Local, Sandbox]]:
    """Serve the plain cafe over HTTP, with Square calling it."""
    clock = VirtualClock(NOON)
    with Sandbox(clock=clock.now) as sandbox:
        settings = {
            "PORT": "0",
            "LOYALTY_DATA": str(tmp_path_factory.mktemp("cafe")),
            "LOYALTY_PROGRAM": str(Path("tests/programs/plain.yaml")),
        }
        given = vendors.environment(sandbox, "http://the-system")
        local = Local({**given, **settings}, clock=clock, log=QUIET)
        local.start(ticks=False)
        vendors.connect(sandbox, "http://the-system")
        sandbox.routes["http://the-system"] = local.url
        yield local, sandbox
        local.stop()
