"""What may be on its way at the same time: neighbors that have nothing to do with each other."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from infra.demo.together import at_once, groups

SCENARIOS = Path(__file__).parent.parent.parent / "infra/demo/scenario"


def sale(minute, receipt, guest=None, **other):
    return {"do": "sale", "at": f"2026-11-21T10:{minute:02d}:00Z", "receipt": receipt,
            "guest": guest, **other}  # fmt: skip


def sizes(*events):
    return [len(group) for group in groups(list(events))]


def test_sales_of_different_guests_go_together():
    assert sizes(sale(0, "R1", "sita"), sale(1, "R2", "ram"), sale(2, "R3")) == [3]


def test_two_sales_of_one_guest_come_one_after_the_other():
    assert sizes(sale(0, "R1", "sita"), sale(1, "R2", "sita")) == [1, 1]


def test_a_refund_waits_for_other_sales_of_its_guest():
    refund = {"do": "refund", "at": "2026-11-21T10:02:00Z", "receipt": "R1"}
    assert sizes(sale(0, "R1", "sita"), sale(1, "R2", "sita"), refund) == [1, 1, 1]


def test_a_duplicate_is_about_what_it_repeats():
    again = {"do": "duplicate", "at": "2026-11-21T10:02:00Z", "of": 0}
    assert sizes(sale(0, "R1", "sita"), sale(1, "R2", "ram"), again) == [2, 1]


def test_who_joins_buys_afterwards():
    join = {"do": "join", "at": "2026-11-21T10:00:00Z", "member": "sita"}
    assert sizes(join, sale(1, "R1", "sita")) == [1, 1]


def test_nothing_goes_together_across_a_quarter_of_an_hour():
    assert sizes(sale(14, "R1"), sale(15, "R2")) == [1, 1]


@pytest.mark.parametrize("day", ["art_cafe", "momo_house"])
def test_groups_keep_every_event_in_its_order(day):
    events = json.loads((SCENARIOS / f"{day}.json").read_text("utf-8"))["events"]
    assert [event for group in groups(events) for event in group] == events


def test_of_a_week_only_what_comes_at_one_instant_goes_together():
    events = [sale(0, "R1", "sita"), sale(0, "R2", "ram"), sale(1, "R3", "hari")]
    assert [len(group) for group in at_once(events)] == [2, 1]
