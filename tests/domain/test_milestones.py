"""Milestones: lines that an act crosses, upwards or back down."""

from __future__ import annotations

import pytest
from tests.domain.cafe import program

from loyalty.domain.account import Totals
from loyalty.domain.milestones import Crossing, crossings
from loyalty.domain.program import Milestone


def found(milestone, before, after):
    rules = program(milestones={"line": milestone})
    low, high = (Totals(**{milestone.metric: value}) for value in (before, after))
    return [(each.number, each.up) for each in crossings(rules, low, high)]


def once(at, metric="visits"):
    return Milestone(title={"en": "Line"}, metric=metric, at=at, award=1)


def every(step, metric="visits"):
    return Milestone(title={"en": "Line"}, metric=metric, every=step, award=1)


@pytest.mark.parametrize(
    ("before", "after", "crossed"),
    [
        (8, 9, []),
        (9, 10, [(10, True)]),
        (10, 11, []),
        (0, 30, [(10, True)]),
        (10, 9, [(10, False)]),
        (11, 10, []),
        (9, 9, []),
    ],
)
def test_a_line_is_crossed_when_before_is_below_and_after_is_not(before, after, crossed):
    assert found(once(10), before, after) == crossed


@pytest.mark.parametrize(
    ("before", "after", "crossed"),
    [
        (0, 5, [(5, True)]),
        (4, 16, [(5, True), (10, True), (15, True)]),
        (5, 9, []),
        (9, 10, [(10, True)]),
        (16, 4, [(5, False), (10, False), (15, False)]),
    ],
)
def test_a_repeating_line_is_crossed_at_each_multiple(before, after, crossed):
    assert found(every(5), before, after) == crossed


def test_below_zero_there_are_no_lines():
    # A receipt's share of a carried sum can make a member's points negative for a while.
    assert found(every(5, "points"), -7, 4) == []
    assert found(every(5, "points"), -7, 5) == [(5, True)]


@pytest.mark.parametrize("metric", ["visits", "spend", "points"])
def test_each_metric_has_its_own_lines(metric):
    assert found(once(3, metric), 2, 3) == [(3, True)]
    other = {"visits": "spend", "spend": "points", "points": "visits"}[metric]
    rules = program(milestones={"line": once(3, metric)})
    assert crossings(rules, Totals(), Totals(**{other: 9})) == []


def test_one_act_can_cross_several_milestones():
    rules = program(milestones={"a": once(1), "b": every(1)})
    assert crossings(rules, Totals(), Totals(visits=1)) == [
        Crossing("a", 1, up=True),
        Crossing("b", 1, up=True),
    ]
