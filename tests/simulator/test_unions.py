"""In every third simulated shop guests come together and part; what goes wrong there is seen."""

from __future__ import annotations

import pytest
from infra.simulator.planted import bugs, planted
from infra.simulator.playing import play
from infra.simulator.schedule import Join, Tell, made
from infra.simulator.together import Merge, Part

SEEDS = {
    "a merge forgets what is owed": 62,
    "a merge forgets what is carried": 80,
    "a refund does not follow to where the points are": 14,
    "who parts takes more than remains": 8,
    "who parts leaves the progress since behind": 143,
    "a merge does not take over what was refused": 65,
    "a STOP while they were one is forgotten when they part": 704,
    "a receipt claimed before a merge is put aside after it": 149,
}
"""The first shop in which each bug shows."""


def test_every_third_shop_merges_shares_and_parts():
    shops = [made(seed) for seed in range(90)]
    acts = [[e for e in shop.events if isinstance(e, Merge | Part)] for shop in shops]
    assert [bool(each) for each in acts] == [seed % 3 == 2 for seed in range(90)]
    every = [act for each in acts for act in each]
    assert {type(act) for act in every} == {Merge, Part}
    merges = [act for act in every if isinstance(act, Merge)]
    assert {act.shared for act in merges} == {True, False}
    assert len(set(merges)) < len(merges)  # some are told twice


def test_a_shop_with_one_guest_has_another_who_joins():
    shops = [made(seed) for seed in range(2, 90, 3)]
    assert all(len([e for e in shop.events if isinstance(e, Join)]) > 1 for shop in shops)


def test_they_come_together_in_the_middle_of_what_is_told():
    shops = [made(seed).events for seed in range(2, 90, 3)]
    places = [[isinstance(event, Tell) for event in events] for events in shops]
    firsts = [next(n for n, e in enumerate(events) if isinstance(e, Merge)) for events in shops]
    told = [any(each[:n]) and any(each[n:]) for each, n in zip(places, firsts, strict=True)]
    assert sum(told) > len(told) // 3


@pytest.mark.parametrize("name", SEEDS)
def test_a_bug_of_merging_is_seen(name):
    bug, schedule = next(bug for bug in bugs() if bug.name == name), made(SEEDS[name])
    with planted(bug):
        assert play(schedule).wrong
    assert play(schedule).wrong == []
