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

FILES = (
    ('"square:LMAIN"', '"square:LMAIN", "folder:main"'),
    ("earning:\n", "files: {main: {via: folder}}\nearning:\n"),
)
"""What the plain cafe's program says besides, so that its till can write files too."""


@pytest.fixture(scope="session")
def uploads(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Make the folder that a till writes its nightly files into."""
    return tmp_path_factory.mktemp("uploads")


@pytest.fixture(scope="session")
def playing(
    tmp_path_factory: pytest.TempPathFactory, uploads: Path
) -> Iterator[tuple[Local, Sandbox]]:
    """Serve the plain cafe over HTTP, with Square calling it and a folder that a till fills."""
    clock, program = VirtualClock(NOON), tmp_path_factory.mktemp("program") / "plain.yaml"
    text = Path("tests/programs/plain.yaml").read_text("utf-8")
    for old, new in FILES:
        text = text.replace(old, new)
    program.write_text(text, "utf-8")
    with Sandbox(clock=clock.now) as sandbox:
        settings = {
            "PORT": "0",
            "LOYALTY_DATA": str(tmp_path_factory.mktemp("cafe")),
            "LOYALTY_PROGRAM": str(program),
            "FOLDER_PATH": str(uploads),
        }
        given = vendors.environment(sandbox, "http://the-system")
        local = Local({**given, **settings}, clock=clock, log=QUIET)
        local.start(ticks=False)
        vendors.connect(sandbox, "http://the-system")
        sandbox.routes["http://the-system"] = local.url
        yield local, sandbox
        local.stop()
