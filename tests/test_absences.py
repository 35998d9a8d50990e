"""A long absence is told of once, whatever goes back, and whoever turns out to be whom."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pytest
from infra.simulator.store import MemoryStore
from tests.rig import Rig, refund, sale

from loyalty.connectors.spec import Guest
from loyalty.guests import merging, parting
from loyalty.guests.merging import Wish
from loyalty.records import journeys

SITA, HARI = "+4915112345671", "+4915112345673"
DAY = timedelta(days=1)
PROGRAM = """
automations:
  missed:
    on: dormant
    {long}
    stop_when: [visit]
    steps: {{gift: {{award: 5}}}}
"""


PLAIN = Path("tests/programs/plain.yaml").read_text("utf-8")


def opened(long="days: 60", shop=PLAIN):
    rig = Rig(Path(), shop + PROGRAM.format(long=long), store=MemoryStore())
    rig.sita, rig.hari = rig.join(phone=SITA), rig.join(phone=HARI)
    rig.run()
    return rig


@pytest.fixture
def rig():
    return opened()


def buys(rig, receipt, phone=SITA):
    rig.tell(sale(receipt, 500, at=rig.clock.now()), Guest(phone=phone))
    rig.run()


def goes_back(rig, receipt):
    rig.tell(refund(f"back of {receipt}", receipt, 500, at=rig.clock.now()))
    rig.run()


def passes(rig, days):
    for _ in range(days):
        rig.clock.advance(DAY)
        rig.sweep()


def told(rig):
    return len([each for each in journeys.each(rig.store) if each.automation == "missed"])


def merges(rig):
    merging.merge(Wish("M1", rig.hari, rig.sita, "owner"), rig.shop)
    rig.run()


def part(rig):
    parting.unmerge(rig.hari, "owner", rig.shop)
    rig.run()


# -- receipts that go back ----------------------------------------------------------------


def test_who_was_missed_is_not_missed_again_when_the_last_receipt_goes_back(rig):
    buys(rig, "A")
    passes(rig, 10)
    buys(rig, "B")
    passes(rig, 61)
    goes_back(rig, "B")
    passes(rig, 90)
    assert told(rig) == 1


def test_who_was_missed_by_their_rhythm_is_not_missed_again_when_visits_after_it_go_back():
    rig = opened("rhythm: 3")
    for number in range(5):
        buys(rig, f"A{number}")
        passes(rig, 8)
    passes(rig, 20)
    assert told(rig) == 1
    buys(rig, "B")
    passes(rig, 22)  # by now it was looked at when that one is long
    goes_back(rig, "B")
    goes_back(rig, "A4")
    passes(rig, 30)
    assert told(rig) == 1


def test_a_rhythm_goes_by_the_visits_that_still_count_when_it_is_due():
    """With A1 they come every 15 days, without it every 10: 45 days are long, and then 30."""
    rig = opened("rhythm: 3")
    for number, days in enumerate((20, 20, 10, 10, 25)):
        buys(rig, f"A{number}")
        passes(rig, days)
    goes_back(rig, "A1")  # when that is long was found out on day 21, with A1
    passes(rig, 4)
    assert told(rig) == 0
    passes(rig, 1)
    assert told(rig) == 1


def test_who_gave_their_newest_receipt_back_is_missed_for_the_visit_before(rig):
    """That visit is not remembered any more: the end of its month stands for it."""
    buys(rig, "A")
    passes(rig, 50)
    buys(rig, "B")
    goes_back(rig, "B")
    passes(rig, 18)
    assert told(rig) == 0, "since the end of November it is not yet sixty days"
    passes(rig, 2)
    assert told(rig) == 1
    passes(rig, 100)
    assert told(rig) == 1


# -- tills that tell at night -------------------------------------------------------------


BY_FILE = Path("tests/programs/files.yaml").read_text("utf-8")
BY_FILE = BY_FILE.replace('tills: ["folder:main"', 'tills: ["generic:main", "folder:main"')
"""A shop whose one till leaves a file each night, and calls for these tests."""


@pytest.mark.parametrize(("long", "visits"), [("days: 60", 1), ("rhythm: 3", 5)])
def test_who_came_on_the_day_itself_is_not_missed_though_the_till_tells_a_night_later(long, visits):
    rig = opened(long, BY_FILE)
    for number in range(visits):
        buys(rig, f"A{number}")
        passes(rig, 20)
    came = rig.clock.now() + 40 * DAY - timedelta(hours=1)
    passes(rig, 41)
    rig.tell(sale("B", 500, at=came), Guest(phone=SITA))
    rig.run()
    passes(rig, 15)
    assert told(rig) == 0


def test_who_did_not_come_is_missed_once_that_is_known(rig):
    rig = opened(shop=BY_FILE)
    buys(rig, "A")
    passes(rig, 61)
    assert told(rig) == 0
    passes(rig, 2)
    assert told(rig) == 1


def test_also_after_a_parting_it_is_waited_for_what_a_till_tells_at_night(rig):
    """No receipt is remembered then, so nobody knows any more in which store they were."""
    rig = opened(shop=BY_FILE)
    buys(rig, "A", HARI)
    merges(rig)
    part(rig)
    passes(rig, 100)
    [at] = [each.at for each in journeys.each(rig.store)]
    plain = opened()
    buys(plain, "A", HARI)
    merges(plain)
    part(plain)
    passes(plain, 100)
    [sooner] = [each.at for each in journeys.each(plain.store)]
    assert DAY <= at - sooner <= 3 * DAY


# -- receipts that come late --------------------------------------------------------------


def test_one_absence_is_paid_for_once_however_many_older_receipts_are_told_late(rig):
    buys(rig, "A")
    first = rig.clock.now()
    passes(rig, 61)
    for days in (3, 9):
        rig.tell(sale(f"late {days}", 500, at=first + days * DAY), Guest(phone=SITA))
        rig.run()
        passes(rig, 10)
    passes(rig, 90)
    assert told(rig) == 1


def test_a_visit_after_the_telling_begins_another_absence(rig):
    buys(rig, "A")
    passes(rig, 62)
    buys(rig, "B")
    passes(rig, 61)
    assert told(rig) == 2


# -- two who are one ----------------------------------------------------------------------


def test_who_was_missed_under_one_name_is_not_missed_again_under_the_other(rig):
    buys(rig, "A")
    passes(rig, 5)
    buys(rig, "B", HARI)
    passes(rig, 62)
    assert told(rig) == 2
    merges(rig)
    passes(rig, 90)
    assert told(rig) == 2


def test_an_absence_that_nobody_told_of_is_told_after_a_merge(rig):
    buys(rig, "A")
    buys(rig, "B", HARI)
    passes(rig, 59)
    merges(rig)
    passes(rig, 2)
    assert told(rig) == 1


def test_who_part_again_are_missed_all_the_same(rig):
    """No receipt is remembered then; the end of the month stands for the last visit."""
    buys(rig, "A", HARI)
    merges(rig)
    part(rig)
    passes(rig, 100)
    assert [each.member for each in journeys.each(rig.store)] == [rig.hari]


def test_who_was_missed_before_they_part_is_not_missed_again(rig):
    buys(rig, "A")
    buys(rig, "B", HARI)
    merges(rig)
    passes(rig, 62)
    part(rig)
    passes(rig, 90)
    assert told(rig) == 1


def test_a_visit_after_a_merge_begins_a_new_absence(rig):
    passes(rig, 1)
    buys(rig, "A", HARI)
    passes(rig, 62)
    merges(rig)
    buys(rig, "B")
    passes(rig, 61)
    assert told(rig) == 2
