"""A child process that is watched: forked from a warm parent, traced or killed by strace."""

from __future__ import annotations

import ctypes
import os
import shutil
import signal
import sys
import time
import traceback
import warnings
from collections.abc import Callable, Sequence
from pathlib import Path

from infra.children import PIPE, Child, fork

PR_SET_PTRACER, ANYBODY = 0x59616D61, ctypes.c_ulong(-1)
SECONDS = 30.0
MISSING = (
    "strace is not installed: nothing can kill a process at its n-th write (apt install strace)"
)


class NoStrace(RuntimeError):  # noqa: N818 - says what is missing
    """The machine cannot watch its processes."""


def strace() -> str:
    """Find strace. Raises NoStrace."""
    found = shutil.which("strace")
    if found is None:
        raise NoStrace(MISSING)
    return found


def why_not() -> str:
    """Say why nothing can be watched here; nothing if it can."""
    try:
        watched(lambda: None, ["-e", "trace=none", "-o", "/dev/null"])
    except (NoStrace, RuntimeError) as reason:
        return str(reason)
    return ""


def killed(act: Callable[[], None], call: str, number: int, *, threads: bool) -> bool:
    """Run a child that dies before its n-th such call; whether it lived to that.

    Each thread counts for itself. Without `threads` only the first thread can be killed: it is
    the one that opens and closes the file.
    """
    rule = ["-e", f"trace={call}", "-e", f"inject={call}:signal=KILL:when={number}"]
    status = watched(act, [*(["-f"] if threads else []), *rule, "-o", "/dev/null"])
    if status not in (0, signal.SIGKILL):
        raise RuntimeError(f"the child ended with {status}")
    return status == signal.SIGKILL


def recorded(act: Callable[[], None], calls: Sequence[str], log: Path) -> None:
    """Run a child to its end and write down these calls whole, those of all its threads."""
    form = ["-f", "-y", "-xx", "-s", "1000000"]
    if status := watched(act, [*form, "-e", f"trace={','.join(calls)}", "-o", str(log)]):
        raise RuntimeError(f"the child ended with {status}")


def watched(act: Callable[[], None], options: Sequence[str]) -> int:
    """Run a child under strace; returns how it ended, as `os.waitpid` tells it."""
    command = [strace(), "-qq", *options]
    child = _forked(act)
    os.waitpid(child, os.WUNTRACED)
    tracer = Child[bytes]([*command, "-p", str(child)], stderr=PIPE)
    try:
        _attached(child, tracer)
        os.kill(child, signal.SIGCONT)
    except BaseException:
        os.kill(child, signal.SIGKILL)
        raise
    finally:
        _, status = os.waitpid(child, 0)
        tracer.communicate()
    return status


def _attached(child: int, tracer: Child[bytes]) -> None:
    """Wait until strace watches. Raises RuntimeError with its words if it may not."""
    until = time.monotonic() + SECONDS
    while b"TracerPid:\t0\n" in Path(f"/proc/{child}/status").read_bytes():
        if tracer.poll() is not None and tracer.stderr:
            raise RuntimeError(f"strace: {tracer.stderr.read().decode().strip()}")
        if time.monotonic() > until:
            raise TimeoutError("strace does not attach")
        time.sleep(0.001)


def _forked(act: Callable[[], None]) -> int:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)  # other threads of ours hold no lock
        child = fork()
    if child:
        return child
    try:
        ctypes.CDLL(None).prctl(PR_SET_PTRACER, ANYBODY, 0, 0, 0)
        os.kill(os.getpid(), signal.SIGSTOP)
        act()
        os._exit(0)
    except BaseException:  # noqa: BLE001 - a child must never go on as its parent
        traceback.print_exc(file=sys.stderr)
        os._exit(1)
