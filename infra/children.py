"""Every process that the project starts is started here, and ends with whoever started it.

Nobody who is killed can end what they started. So whoever starts a process has a guard beside them:
a program that waits until they are gone, however they went, and then kills what bears their mark.
The mark is a variable of the environment, which children hand on to theirs. Guards are for Linux;
elsewhere processes end with the program that started them only if it comes to its end.
"""

from __future__ import annotations

import ctypes
import multiprocessing
import os
import signal
import subprocess
import sys
import uuid
from collections.abc import Mapping, Sequence
from contextlib import suppress
from multiprocessing.pool import Pool
from pathlib import Path
from typing import Any, AnyStr

PIPE, DEVNULL = subprocess.PIPE, subprocess.DEVNULL
MARK = "REGULARS_STARTED_BY"
_GUARD = Path(__file__).with_name("guard.py")
_PR_SET_PDEATHSIG = 1
_marks: dict[int, tuple[str, int]] = {}
"""By process id, as a process that was forked has children of its own: its mark and what it holds
of its guard's pipe, which closes when it is gone."""


class Child(subprocess.Popen[AnyStr]):
    """A process of ours, in a group of its own."""

    def __init__(
        self, command: Sequence[str | Path], env: Mapping[str, str] | None = None, **options: Any
    ) -> None:
        super().__init__(command, env=marked(env), start_new_session=True, **options)


def run(
    command: Sequence[str | Path],
    *,
    cwd: Path | None = None,
    env: Mapping[str, str] | None = None,
    typed: str = "",
    timeout: float | None = None,
) -> subprocess.CompletedProcess[str]:
    """Run a process to its end; return what it said. Raises TimeoutExpired."""
    pipes = dict.fromkeys(("stdin", "stdout", "stderr"), PIPE)
    with Child[str](command, env, cwd=cwd, encoding="utf-8", errors="replace", **pipes) as child:
        try:
            out, error = child.communicate(typed, timeout)
        finally:
            end(child)
    return subprocess.CompletedProcess(command, child.returncode, out, error)


def end(child: subprocess.Popen[Any]) -> None:
    """End a process with all its children, at once; nothing if it has ended already."""
    with suppress(ProcessLookupError):
        os.killpg(child.pid, signal.SIGKILL)
    child.wait(30)


def fork() -> int:
    """Part this process in two, as `os.fork` does. Call it from a thread that stays."""
    parent = os.getpid()
    child = os.fork()
    if not child:
        _follow(parent)
    return child


def pool(processes: int) -> Pool:
    """Make as many forks of this process, to which work can be given."""
    return multiprocessing.get_context("fork").Pool(processes, _follow, (os.getpid(),))


def _follow(parent: int) -> None:
    """Let the kernel end this fork once its parent is gone: it bears no mark of its own."""
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL, 0, 0, 0)
    if os.getppid() != parent:  # it was gone already
        os._exit(1)


def marked(environment: Mapping[str, str] | None = None) -> dict[str, str]:
    """Return an environment, this process's if none is given, for a process that ends with us."""
    return {**(os.environ if environment is None else environment), MARK: _mark()}


def _mark() -> str:
    if os.getpid() not in _marks:
        for _, held in _marks.values():
            os.close(held)  # a fork has it from its parent, whose guard waits for all who do
        _marks.clear()
        _marks[os.getpid()] = _guarded(uuid.uuid4().hex)
    return _marks[os.getpid()][0]


def _guarded(mark: str) -> tuple[str, int]:
    """Start the guard, out of reach of whatever ends us."""
    theirs, ours = os.pipe()
    subprocess.Popen(  # noqa: S603 - our own program
        [sys.executable, "-I", "-S", str(_GUARD), f"{MARK}={mark}"],
        stdin=theirs, stdout=DEVNULL, stderr=DEVNULL, env={},
        start_new_session=True,
    ).returncode = 0  # nobody waits for it: it outlives us  # fmt: skip
    os.close(theirs)
    return mark, ours
