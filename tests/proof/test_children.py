"""Whoever is stopped, in whatever way, leaves no process behind of all that they had started."""

from __future__ import annotations

import ast
import os
import signal
import sys
import time
import uuid
from collections.abc import Callable
from pathlib import Path

import pytest
from infra import guard
from infra.children import DEVNULL, Child, end

ROOT = Path(__file__).parent.parent.parent
PATIENCE = 60
SOON = 15
"""Seconds in which all have to be gone, also on a machine that has much else to do."""
SLEEPERS = 3
"""One of the fork, and two of a shell, of which one went away."""
STARTERS = {"infra/children.py"}
"""The only modules that may start a process by themselves."""
BEGIN = """
import sys, time
from pathlib import Path
from infra import children, emulators
from infra.children import Child

def serves(folder):
    '''Serve a function as the framework does: one process that listens, another that answers.'''
    flags = ["--target=main", "--source=main.py", "--host=127.0.0.1"]
    port = emulators.free_port()
    command = [sys.executable, "-m", "functions_framework", *flags, f"--port={port}"]
    Child[bytes](command, cwd=folder)
    emulators.wait_for(port)
"""
EMULATED = """
def test_that_waits():
    with emulators.pubsub():
        serves("infra/bench/noop")
        Path(%r).touch()
        time.sleep(600)
"""
FORKED = """
def nested():
    Child[bytes](["sleep", "600"])
    time.sleep(600)

if __name__ == "__main__":
    with children.pool(2) as pool:
        if not children.fork():
            nested()
        Child[bytes](["sh", "-c", "setsid sleep 600 & sleep 600"])
        Path(%r).touch()
        time.sleep(600)
"""
BROWSED = """
from tests import browsing

def test_that_browses(tmp_path):
    with browsing.phone(tmp_path):
        Path(%r).touch()
        time.sleep(600)
"""


class Run:
    """A program of ours with all that it started, known by a variable that they hand on."""

    def __init__(self, folder: Path, text: str, *command: str) -> None:
        self._ready, source = folder / "ready", folder / "test_that_waits.py"
        source.write_text(BEGIN + text % str(self._ready), "utf-8")
        self._mark = f"RUN={uuid.uuid4().hex}"
        paths = {"PYTHONPATH": f"shared{os.pathsep}.", **dict([self._mark.split("=")])}
        self.process = Child[bytes](
            [sys.executable, *command, str(source)], {**os.environ, **paths}, cwd=ROOT,
            stdout=DEVNULL, stderr=DEVNULL,
        )  # fmt: skip

    @property
    def running(self) -> set[str]:
        """Name the programs that run."""
        found = {str(number) for number in guard.marked(self._mark.encode())}
        return {f"{number} {_name(number)}" for number in found}

    def begun(self) -> set[str]:
        """Wait until everything runs; name it."""
        assert soon(self._ready.exists, PATIENCE), self.process.poll()
        return self.running

    def stop(self, number: int) -> None:
        """Stop the program alone, and wait for its end."""
        os.kill(self.process.pid, number)
        self.process.wait(PATIENCE)


def _name(number: str) -> str:
    try:
        return Path(f"/proc/{number}/comm").read_text().strip()
    except OSError:
        return "gone"


def soon(true: Callable[[], bool], seconds: float) -> bool:
    """Wait until something is true; false if it takes too long."""
    until = time.monotonic() + seconds
    while not true():
        if time.monotonic() > until:
            return False
        time.sleep(0.05)
    return True


@pytest.fixture
def begin(tmp_path):
    runs: list[Run] = []

    def begin(*words: str) -> Run:
        runs.append(Run(tmp_path, *words))
        return runs[-1]

    yield begin
    for run in runs:
        end(run.process)


pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="guards are for Linux")
ALONE = ("-m", "pytest", "-p", "no:xdist")
TOGETHER = ("-m", "pytest", "-n", "1")


@pytest.mark.usefixtures("pubsub_host")
@pytest.mark.parametrize(
    ("command", "number"),
    [
        (ALONE, signal.SIGKILL),
        (ALONE, signal.SIGTERM),
        pytest.param(TOGETHER, signal.SIGTERM, marks=pytest.mark.slow),  # workers take their time
    ],
    ids=["killed", "terminated", "terminated on every core"],
)
def test_tests_that_are_stopped_leave_no_emulator_and_no_function(begin, command, number):
    run = begin(EMULATED, *command)
    assert {name.split()[1] for name in run.begun()} >= {"java"}
    run.stop(number)
    assert soon(lambda: not run.running, SOON), run.running


def test_forks_and_those_who_went_away_from_their_parents_end_too(begin):
    run = begin(FORKED)
    run.begun()
    assert soon(lambda: sum("sleep" in name for name in run.running) == SLEEPERS, PATIENCE)
    run.stop(signal.SIGKILL)
    assert soon(lambda: not run.running, SOON), run.running


@pytest.mark.slow  # a browser takes its time to begin
def test_a_browser_ends_with_the_test_that_opened_it(begin):
    browsing = pytest.importorskip("tests.browsing")
    browsing.needed()
    run = begin(BROWSED, *ALONE)
    assert "chromedriver" in {name.split()[1] for name in run.begun()}
    run.stop(signal.SIGKILL)
    assert soon(lambda: not run.running, SOON), run.running


# -- one place starts processes ---------------------------------------------------------------


def starting(source: str) -> set[str]:
    """List what a module uses that starts processes."""
    found = set[str]()
    if not any(word in source for word in ("import subprocess", "import multiprocessing", "os.")):
        return found  # most modules: reading all of them takes long
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Attribute):
            found.add(f"{getattr(node.value, 'id', '')}.{node.attr}")
        elif isinstance(node, ast.Import):
            found |= {f"import {alias.name}" for alias in node.names}
    ways = {"os.fork", "os.system", "os.popen", "import subprocess", "import multiprocessing"}
    return found & ways


def test_nobody_else_starts_a_process():
    modules = [path for top in ("infra", "tests", "shared", "functions")
               for path in (ROOT / top).rglob("*.py")]  # fmt: skip
    names = {str(path.relative_to(ROOT)) for path in modules if starting(path.read_text("utf-8"))}
    assert names == STARTERS


def test_whoever_starts_a_process_is_found():
    assert starting("import subprocess\nimport os\nos.fork()") == {"import subprocess", "os.fork"}
