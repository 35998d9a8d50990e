"""A little of what `make fuzz` does at length, and that it would find what it looks for."""

from __future__ import annotations

import sys
import time
from collections.abc import Iterator
from random import Random

import pytest
from hypothesis import strategies as st
from infra import children
from infra.topology import topology
from tests.connectors.listening import listeners, vector
from tests.fuzz import doors, guided, signatures
from tests.fuzz.playing import Target, play
from tests.fuzz.targets import targets
from tests.rig import Rig

from loyalty import app as composition
from loyalty.connectors import names

INPUTS, SIGNATURES = 8, 3000


@pytest.fixture(scope="module")
def rig(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Rig]:
    opened = doors.open_house(tmp_path_factory.mktemp("house"))
    yield opened
    composition._APP.clear()
    opened.close()


def test_nothing_thrown_at_any_target_breaks_a_promise(rig):
    results = [play(target, INPUTS, 1, lambda: None) for target in targets(rig)]
    assert [(result.name, result.broken) for result in results if result.broken] == []


def test_no_signature_that_is_nearly_right_is_accepted():
    accepted = [
        (told.config.connector, made[1].headers)
        for told, made in signatures.tries(SIGNATURES, 1)
        if signatures.accepted(told, made)
    ]
    assert accepted == []


def test_every_door_there_is_is_thrown_at(rig):
    listed = {target.name for target in targets(rig)}
    wiring = topology()
    assert {f"push to {name}" for name in wiring.hearing()} <= listed
    assert {f"any path of {name}" for name in wiring.served()} <= listed
    assert {f"webhook {name}" for name in listeners(names())} <= listed


@pytest.mark.usefixtures("rig")
@pytest.mark.parametrize("name", listeners(names()))
def test_what_is_thrown_at_a_webhook_is_rightly_signed(name):
    body = doors.MORE.get(name, [vector(name).incoming.body])[0]
    kind = "application/json"
    if name == "twilio":
        body, kind = b"MessageSid=SM1&MessageStatus=sent", "application/x-www-form-urlencoded"
    function = doors.FUNCTIONS[vector(name).verb]
    call = doors.Call(function, f"/{name}", body, headers=doors.SIGNERS[name](body, ""), kind=kind)
    assert doors.answer(call) in {200, 204}


@pytest.mark.parametrize("part", [signatures.BODY, "webhook-signature", "webhook-timestamp"])
def test_a_forgery_is_never_what_was_signed(part):
    told, chance = vector("generic"), Random(1)
    made = [signatures.forged(told, chance)[1] for _ in range(300)]
    assert part in signatures.parts(told)
    assert all((m.headers, m.body) != (told.incoming.headers, told.incoming.body) for m in made)
    assert len({m.body for m in made}) > 30


def broken(work: object) -> str:
    target = Target("planted", st.integers(0, 100), work)  # type: ignore[arg-type]
    return play(target, 50, 1, lambda: None).broken


def test_an_uncaught_error_is_found_and_made_small():
    assert "thrown=10" in broken(lambda number: 1 / (0 if number >= 10 else 1))


def test_what_takes_too_long_twice_is_found():
    def busy(_: int) -> None:
        end = time.process_time() + 0.1
        while time.process_time() < end:
            pass

    target = Target("busy", st.just(0), busy, patience=0.05)
    assert "took 0.1" in play(target, 1, 1, lambda: None).broken


# -- led by coverage --------------------------------------------------------------------------

BROKEN = """
import sys
from hypothesis import strategies as st
from tests.fuzz.guided import fuzz
from tests.fuzz.playing import Broken, Target

def hold(text):
    if text[:1] == "7":
        raise Broken("a seven")

fuzz(Target("sevens", st.text("0123456789"), hold), "30", sys.argv[1])
"""
installed = pytest.mark.skipif(not guided.HERE, reason="atheris has no wheel for this machine")


@installed
@pytest.mark.slow
def test_what_coverage_leads_to_breaks_no_promise():
    result = guided.guided("phones", 2)
    assert (result.broken, result.tried > 0) == ("", True)


@installed
def test_fuzzing_led_by_coverage_ends_badly_at_the_first_broken_promise(tmp_path):
    command = [sys.executable, "-c", BROKEN, str(tmp_path)]
    ended = children.run(command)
    assert ended.returncode != 0
    assert "a seven" in ended.stderr + ended.stdout
