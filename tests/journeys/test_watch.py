"""Told by log lines alone, the driver knows when nothing is on its way any more."""

from __future__ import annotations

import json
import os

import pytest
from infra.cloud_local.watch import Watch

HEARING = {"points-posted": ["milestone_check"], "notification-requested": ["dispatch"]}
SOON, LATER = 0.05, 10.0


@pytest.fixture
def watch():
    return Watch(HEARING)


@pytest.fixture
def say(watch):
    """Write lines as a function does."""
    read, write = os.pipe()
    watch.follow(os.fdopen(read, "rb"))
    with os.fdopen(write, "w", buffering=1) as lines:
        yield lambda line: lines.write(line + "\n")


def line(function, event, *published, outcome="done"):
    told = [{"topic": topic, "id": name} for topic, name in published]
    about = {"function": function, "event": event, "outcome": outcome, "ms": 3}
    return json.dumps(about | {"published": told})


def test_nothing_called_is_at_rest(watch):
    assert watch.settle({}, SOON)


def test_a_call_that_has_no_line_yet_is_waited_for(watch, say):
    assert not watch.settle({"ingest": 1}, SOON)
    say(line("ingest", "call-1"))
    assert watch.settle({"ingest": 1}, LATER)


def test_what_was_published_is_waited_for_until_it_is_handled(watch, say):
    say(line("ingest", "call-1", ("points-posted", "e1")))
    assert watch.settle({"ingest": 1}, SOON) is False
    assert str(watch) == "e1 to milestone_check; answered {'ingest': 1}"
    say(line("milestone_check", "e1", ("notification-requested", "n1")))
    assert not watch.settle({"milestone_check": 1}, SOON)
    say(line("dispatch", "n1"))
    assert watch.settle({"dispatch": 1}, LATER)


def test_what_was_handled_before_is_not_waited_for_when_published_again(watch, say):
    say(line("milestone_check", "e1"))
    say(line("ingest", "call-2", ("points-posted", "e1")))
    assert watch.settle({"ingest": 1}, LATER)


def test_what_is_published_again_after_it_was_handled_is_waited_for_again(watch, say):
    say(line("ingest", "call-1", ("notification-requested", "n1")))
    say(line("dispatch", "n1"))  # it is night there: a timer brings it back
    assert watch.settle({"dispatch": 1}, LATER)
    say(line("sweep", "morning", ("notification-requested", "n1")))
    assert not watch.settle({"sweep": 1}, SOON)
    say(line("dispatch", "n1"))
    assert watch.settle({"dispatch": 2}, LATER)


def test_what_nobody_hears_is_not_waited_for(watch, say):
    say(line("feedback", "call-3", ("member-changed", "m1")))
    assert watch.settle({"feedback": 1}, LATER)


def test_what_comes_from_outside_is_waited_for(watch, say):
    watch.expect("points-posted", "e9")
    assert not watch.settle({}, SOON)
    say(line("milestone_check", "e9"))
    assert watch.settle({}, LATER)


@pytest.mark.parametrize("outcome", ["again", "failed"])
def test_what_has_to_come_again_is_not_handled(watch, say, outcome):
    watch.expect("points-posted", "e1")
    say(line("milestone_check", "e1", outcome=outcome))
    assert not watch.settle({}, SOON)
    say(line("milestone_check", "e1"))
    assert watch.settle({}, LATER)


def test_other_lines_are_passed_over(watch, say):
    say("[INFO] Booting worker")
    say('{"function": "ingest", "event": "call-1", "message": "signature refused"}')
    assert not watch.settle({"ingest": 1}, SOON)
    say(line("ingest", "call-1"))
    assert watch.settle({"ingest": 1}, LATER)
