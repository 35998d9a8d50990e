"""Runs the tests against mutations, each in a process of its own that begins with all imported.

First every test is run once, to see which functions it reaches and how long it takes. A mutation
then meets the tests that reach its function, the quickest first, until one fails.
"""

from __future__ import annotations

import os
import signal
import sys
import time
from collections import defaultdict
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from pathlib import Path
from types import CodeType, FrameType
from typing import Any, NamedTuple

import pytest

from infra.children import fork
from infra.mutation.mutations import Mutation
from infra.simulator.planted import exchanged, source
from infra.topology import TOP

PACKAGE = f"{TOP / 'shared/loyalty'}{os.sep}"
SLOW = 10.0
"""So many times as long as without a mutation the tests may take: it may go round for ever."""
ALIVE, KILLED, ABSENT = 0, 1, 3
STATES = {
    ALIVE: "alive", KILLED: "killed", ABSENT: "not planted", -signal.SIGALRM: "timed out",
}  # fmt: skip
SEEN = ("killed", "timed out")
"""What becomes of a mutation that the tests see."""


class Seen(NamedTuple):
    """What became of a mutation: one of `STATES`, or that no test reaches its function."""

    mutation: Mutation
    state: str


class Hunter:
    """A plugin of pytest that runs mutations instead of tests."""

    def __init__(self, mutations: list[Mutation], jobs: int, told: Callable[[], None]) -> None:
        self.found: list[Seen] = []
        self.trouble = ""
        self._mutations, self._jobs, self._told = mutations, jobs, told
        self._reached: dict[str, list[pytest.Item]] = defaultdict(list)
        self._seconds: dict[str, float] = {}
        self._looking = True

    @pytest.hookimpl(hookwrapper=True)
    def pytest_runtest_protocol(self, item: pytest.Item) -> Iterator[None]:
        """Note which functions a test reaches, its fixtures' too."""
        if not self._looking:
            yield
            return
        began = time.monotonic()
        with _calls() as called:
            yield
        self._seconds[item.nodeid] = time.monotonic() - began
        for function in called:
            self._reached[function].append(item)

    @pytest.hookimpl(tryfirst=True)
    def pytest_runtestloop(self, session: pytest.Session) -> bool:
        """Run all tests once, then those that each mutation meets."""
        _run(session)
        self._looking = False
        if session.testsfailed or self._control(session) != ALIVE:
            self.trouble = "the tests fail without a mutation"
        else:
            self._hunt(session)
        return True

    def _control(self, session: pytest.Session) -> int:
        """Run all tests as they are run against a mutation, without one."""
        items = self._quickest_first(session.items)
        _, status = os.waitpid(self._child(session, items, nullcontext()), 0)
        return os.waitstatus_to_exitcode(status)

    def _hunt(self, session: pytest.Session) -> None:
        """Give each mutation a child, so many at a time."""
        left, running = self._mutations[::-1], dict[int, Mutation]()
        while left or running:
            while left and len(running) < self._jobs:
                mutation = left.pop()
                running[self._begin(mutation, session)] = mutation
            child, status = os.wait()
            if child in running:  # a test may have left one behind
                self._end(running.pop(child), os.waitstatus_to_exitcode(status))

    def _begin(self, mutation: Mutation, session: pytest.Session) -> int:
        changed = mutation.applied(source(mutation.module))
        items = self._quickest_first(self._tests(mutation))
        return self._child(session, items, exchanged(mutation.module, changed))

    def _quickest_first(self, items: list[pytest.Item]) -> list[pytest.Item]:
        return sorted(items, key=lambda item: self._seconds[item.nodeid])

    def _child(
        self, session: pytest.Session, items: list[pytest.Item], sick: AbstractContextManager[None]
    ) -> int:
        """Start a process that runs tests, and ends as it finds; returns its process id."""
        if child := fork():
            return child
        _become_quiet(session)
        limit = SLOW * (1 + sum(self._seconds[item.nodeid] for item in items))
        signal.setitimer(signal.ITIMER_REAL, limit)  # nobody handles the signal: it ends us
        os._exit(_ending(session, items, sick))

    def _tests(self, mutation: Mutation) -> list[pytest.Item]:
        return self._reached[f"{mutation.module}:{mutation.function}"]

    def _end(self, mutation: Mutation, code: int) -> None:
        state = STATES.get(code, f"ended by itself with {code}")
        self.found.append(Seen(mutation, state if self._tests(mutation) else "not reached"))
        self._told()


def _ending(
    session: pytest.Session, items: list[pytest.Item], sick: AbstractContextManager[None]
) -> int:
    """Run tests with a mutation; tell whether one fails."""
    session.items[:], session.config.option.maxfail = items, 1
    planted = False
    try:
        with sick:
            planted = True
            _run(session)
    except BaseException:  # noqa: BLE001 - however the tests end, it was seen
        return KILLED if planted else ABSENT
    return KILLED if session.testsfailed else ALIVE


def _run(session: pytest.Session) -> None:
    """Run a session's tests as pytest itself does."""
    own: Any = session.config.pluginmanager.get_plugin("main")
    own.pytest_runtestloop(session)


def _become_quiet(session: pytest.Session) -> None:
    """Say nothing, and hold nothing that another thread held when this process parted."""
    session.config.pluginmanager.unregister(name="terminalreporter")
    nowhere = os.open(os.devnull, os.O_WRONLY)
    for stream in (1, 2):
        os.dup2(nowhere, stream)


@contextmanager
def _calls() -> Iterator[set[str]]:
    """Collect the names of our functions that are called meanwhile, as `module:function`."""
    codes, found = set[CodeType](), set[str]()

    def note(frame: FrameType, _event: str, _: object) -> None:
        codes.add(frame.f_code)

    sys.setprofile(note)
    try:
        yield found
    finally:
        sys.setprofile(None)
        found |= {_name(code) for code in codes if code.co_filename.startswith(PACKAGE)}


def _name(code: CodeType) -> str:
    module = Path(code.co_filename[len(PACKAGE) :]).with_suffix("")
    return f"{'.'.join(module.parts)}:{code.co_qualname.partition('.<locals>')[0]}"
