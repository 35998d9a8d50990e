"""A cafe with the guest's pages open, and guests who come to them."""

from __future__ import annotations

import io

import pytest
from infra.sandbox import Sandbox
from tests.functions.serving import application
from tests.pages.guest import Guest
from tests.rig import NOON
from tests.steps.cafe import Cafe

from loyalty import app as composition
from loyalty.logs import Log


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
    """Open a cafe whose pages are served, with another program or store if one is given."""
    sandbox, clock = playing
    cafes = []

    def make(program="rewards", **more):
        cafe = Cafe(sandbox, program, wrap=logged, **more)
        clock.cafe = cafe
        composition.use(composition.App(cafe.shop))
        cafes.append(cafe)
        return cafe

    sandbox.reset()
    yield make
    composition._APP.clear()
    clock.cafe = None
    for cafe in cafes:
        cafe.close()


def logged(shop):
    return shop._replace(log=Log("debug", io.StringIO()))


@pytest.fixture
def cafe(opened):
    return opened()


@pytest.fixture
def guest(cafe):
    return Guest(cafe, application("member_page").test_client)
