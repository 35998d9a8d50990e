"""Trouble is spread over a day: each strike once, while a group of events is played."""

from __future__ import annotations

import pytest
from infra.cloud_local.trouble import Trouble


def played(strikes, groups, *, busy=True):
    """Play so many groups; return what struck, and in which group."""
    struck, now = [], []
    named = [lambda name=name: struck.append((name, now[-1])) for name in strikes]
    trouble = Trouble(named, groups, lambda: busy, patience=0.0)
    for number in range(groups):
        now.append(number)
        with trouble.during(number):
            pass
    assert (trouble.struck, trouble.at_work) == (len(struck), len(struck) if busy else 0)
    return struck


def test_each_strike_comes_once_and_in_turn():
    assert played(["kill", "pause"], 9) == [("kill", 3), ("pause", 6)]


def test_without_strikes_there_is_peace():
    assert played([], 5) == []


def test_more_strikes_than_groups_begin_after_the_first_group():
    assert played(["a", "b", "c"], 3) == [("a", 1), ("b", 2)]


def test_a_strike_at_rest_does_not_count_as_one_at_work():
    assert played(["kill"], 4, busy=False) == [("kill", 2)]


def test_a_strike_that_fails_is_no_strike():
    def fails():
        raise OSError("no such process")

    trouble = Trouble([fails], 2, lambda: True)
    with pytest.raises(OSError, match="no such process"), trouble.during(1):
        pass
    assert trouble.struck == 0
