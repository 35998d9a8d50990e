"""Trouble is spread over a day: each strike once, while a group of events is played."""

from __future__ import annotations

from infra.cloud_local.trouble import Trouble


def played(strikes, groups):
    """Play so many groups; return what struck, and in which group."""
    struck, now = [], []
    named = [lambda name=name: struck.append((name, now[-1])) for name in strikes]
    trouble = Trouble(named, groups)
    for number in range(groups):
        now.append(number)
        with trouble.during(number):
            pass
    assert trouble.struck == len(struck)
    return struck


def test_each_strike_comes_once_and_in_turn():
    assert played(["kill", "pause"], 9) == [("kill", 3), ("pause", 6)]


def test_without_strikes_there_is_peace():
    assert played([], 5) == []


def test_more_strikes_than_groups_begin_after_the_first_group():
    assert played(["a", "b", "c"], 3) == [("a", 1), ("b", 2)]
