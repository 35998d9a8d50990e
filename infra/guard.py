"""Waits until whoever started it is gone, then kills every process that bears their mark."""

from __future__ import annotations

import os
import signal
import sys
import time
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

LOOKS, PAUSE = 20, 0.1
"""A process may just have been begun and bear no mark yet, or begin another before it is killed."""


def marked(mark: bytes) -> Iterator[int]:
    """Find the processes that have a variable in their environment."""
    for each in Path("/proc").glob("[0-9]*"):
        with suppress(OSError):  # it has ended, or is somebody else's
            if mark in (each / "environ").read_bytes().split(b"\0"):
                yield int(each.name)


def main(mark: str) -> None:
    """Wait, then look often enough to have found all."""
    sys.stdin.read()
    for _ in range(LOOKS):
        for process in marked(mark.encode()):
            with suppress(ProcessLookupError):
                os.kill(process, signal.SIGKILL)
        time.sleep(PAUSE)


if __name__ == "__main__":
    main(sys.argv[1])
