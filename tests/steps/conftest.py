"""A sandbox for all steps' tests, forgotten between them, and a way to open a cafe beside it."""

from __future__ import annotations

import pytest
from infra.sandbox import Sandbox
from tests.rig import NOON
from tests.steps.cafe import Cafe


class Clock:
    """The clock of whichever cafe is open."""

    cafe = None

    def __call__(self):
        return self.cafe.now if self.cafe else NOON


@pytest.fixture(scope="session")
def playing():
    clock = Clock()
    with Sandbox(clock=clock) as sandbox:
        yield sandbox, clock


@pytest.fixture
def opened(playing):
    """Open a cafe: with another program, with copies of each message, with something wrapped."""
    sandbox, clock = playing
    cafes = []

    def make(*args, **more):
        cafes.append(Cafe(sandbox, *args, **more))
        clock.cafe = cafes[-1]
        return cafes[-1]

    sandbox.reset()
    sandbox.twilio.refusals.clear()
    yield make
    clock.cafe = None
    for cafe in cafes:
        cafe.close()


@pytest.fixture
def cafe(opened):
    return opened()
