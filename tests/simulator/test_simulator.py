"""Random schedules break no promise; and what is broken is found, made small, and told again."""

from __future__ import annotations

import time

import pytest
from infra.simulator.at_the_counter import Act, Hold
from infra.simulator.planted import WITHIN, Bug, bugs, planted
from infra.simulator.playing import caught, first_broken, is_broken, play, shrunk, story
from infra.simulator.schedule import made

from loyalty.domain import lots

OF_A_CHUNK = 25
AT_FIRST, IN_ALL = 3, 80
"""Chunks that everybody plays, and that `make test` plays: two thousand schedules."""
CHUNKS = [*range(AT_FIRST)]
CHUNKS += [pytest.param(n, marks=pytest.mark.slow) for n in range(AT_FIRST, IN_ALL)]
QUICK = (
    "no duplicate check for a sale",
    "publish before commit",
    "acknowledge an exhausted transaction",
    "an edit books its whole worth again",
    "a bonus counts as progress",
    "an entry is left out of the digest",
    "a message that waits is forgotten",
    "a capture that is undone keeps the voucher",
    "the points of a hold stay in the balance",
)
"""Bugs that the first few seeds find; the others want minutes."""
AT_ONCE = 20


def named(name):
    return next(bug for bug in bugs() if bug.name == name)


@pytest.mark.parametrize("chunk", CHUNKS)
def test_random_schedules_break_no_promise(chunk, capsys):
    """Each chunk can have a core of its own; `make simulate` plays many more."""
    seeds, began = range(chunk * OF_A_CHUNK, (chunk + 1) * OF_A_CHUNK), time.process_time()
    broken = {seed: wrong for seed in seeds if (wrong := play(made(seed)).wrong)}
    spent = 1000 * (time.process_time() - began) / len(seeds)
    with capsys.disabled():
        print(f"\n{seeds.start}-{seeds.stop - 1}: {len(seeds)} schedules, {spent:.0f} ms each")
    assert broken == {}


def test_schedules_hold_every_kind_of_trouble():
    faults = [fault for seed in range(300) for fault in made(seed).faults]
    assert {(fault.where, fault.what) for fault in faults} >= {
        ("boundary", "crash before"), ("boundary", "crash after"), ("boundary", "failure before"),
        ("boundary", "failure after"), ("boundary", "news first"), ("delivery", "lost"),
        ("delivery", "not acknowledged"), ("vendor", "lost answer"), ("vendor", "credentials"),
    }  # fmt: skip


def test_every_other_shop_has_a_counter_at_which_everything_happens():
    shops = [made(seed) for seed in range(100)]
    acts = [{type(e) for e in shop.events if isinstance(e, Act)} for shop in shops]
    assert [bool(each) for each in acts] == [seed % 2 == 0 for seed in range(100)]
    assert set().union(*acts) == set(Act.__args__)
    held = [event for shop in shops for event in shop.events if isinstance(event, Hold)]
    assert {each.reward or each.given for each in held} >= {"cake", "money", "pay", "first:1"}


def test_one_seed_always_tells_the_same_story():
    assert list(story(play(made(11)))) == list(story(play(made(11))))


@pytest.mark.parametrize("name", QUICK)
def test_a_planted_bug_is_found_at_once(name):
    assert caught(named(name), range(AT_ONCE)) is not None


@pytest.mark.parametrize("bug", bugs(), ids=lambda bug: bug.name)
def test_every_planted_bug_fits_its_text(bug):
    with planted(bug):
        pass


@pytest.mark.long
@pytest.mark.parametrize("bug", bugs(), ids=lambda bug: bug.name)
def test_every_planted_bug_is_found(bug):
    assert caught(bug, range(WITHIN)) is not None


def test_a_failing_schedule_shrinks_to_what_it_takes_to_fail():
    with planted(named("an edit books its whole worth again")):
        whole = made(first_broken(range(AT_ONCE)))
        small = shrunk(whole)
        assert is_broken(small)
        shorter = [small.events[:n] + small.events[n + 1 :] for n in range(len(small.events))]
        assert not any(is_broken(small._replace(events=events)) for events in shorter)
    assert len(small.events) < len(whole.events)
    assert small.faults == ()


def test_a_planted_bug_is_gone_afterwards():
    bug, healthy = named("more is taken back than is there"), lots._take.__code__
    with planted(bug):
        assert lots._take.__code__ != healthy
    assert lots._take.__code__ == healthy


@pytest.mark.parametrize("before", ["not in the text", "part"])
def test_a_bug_must_fit_its_text(before):
    bug = Bug(name="none", module="domain.lots", before=before, after="")
    with pytest.raises(LookupError), planted(bug):
        pass
