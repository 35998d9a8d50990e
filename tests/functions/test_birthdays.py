"""A birthday told late, and changed once a year: by the API, and its timer waits for it."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from tests.functions.test_member_api import PHONE, Till
from tests.rig import opened, sale

from loyalty import app as composition
from loyalty.connectors.spec import Guest
from loyalty.records import contacts, timers
from loyalty.web import auth

DAY = timedelta(days=1)
PROGRAM = Path("tests/programs/journeys.yaml").read_text("utf-8")


@pytest.fixture
def till(tmp_path):
    """A till of a cafe that gives something three days before birthdays; it is November."""
    with opened(tmp_path, PROGRAM, copies=2) as rig:
        composition.use(composition.App(rig.shop))
        auth.seed(rig.store, "rk_test")
        yield Till(rig)
        composition._APP.clear()


def is_born(till, birthday):
    till.gets("PATCH", f"/v1/members/{till.member}", {"birthday": birthday})
    till.rig.run()


def waits_for(till):
    return [each.due_at for each in timers.each(till.rig.store) if each.kind == "yearly"]


def test_a_birthday_told_later_is_waited_for(till):
    assert waits_for(till) == []
    is_born(till, "03-31")
    assert waits_for(till) == [datetime(2027, 3, 27, 23, tzinfo=UTC)]


def test_a_birthday_told_a_few_days_before_counts_from_the_next_year_on(till):
    is_born(till, "12-10")
    assert waits_for(till) == [datetime(2027, 12, 6, 23, tzinfo=UTC)]


def test_it_is_changed_once_a_year_and_the_same_again_is_no_change(till):
    path = f"/v1/members/{till.member}"
    is_born(till, "03-31")
    is_born(till, "03-31")
    till.rig.clock.advance(364 * DAY)
    asked = {"birthday": "05-05", "consents": {"sms": True}}
    assert till.refused("PATCH", path, asked) == (409, "birthday_changed")
    till.rig.clock.advance(DAY)
    is_born(till, "05-05")
    assert waits_for(till) == [datetime(2028, 5, 1, 22, tzinfo=UTC)]


def test_who_was_given_something_and_writes_another_day_has_no_second_birthday_that_year(till):
    is_born(till, "03-31")
    till.rig.clock.set(datetime(2027, 3, 28, tzinfo=UTC))
    till.rig.sweep()
    till.rig.clock.set(datetime(2027, 12, 1, tzinfo=UTC))
    is_born(till, "01-20")
    assert waits_for(till) == [datetime(2029, 1, 16, 23, tzinfo=UTC)], "2028-01-20 is too near"


@pytest.mark.parametrize("birthday", ["02-30", "1990-03-31", "13-01"])
def test_a_day_that_no_year_has_is_refused(till, birthday):
    asked = {"birthday": birthday}
    assert till.refused("PATCH", f"/v1/members/{till.member}", asked) == (400, "invalid_body")


def test_what_is_left_out_stays(till):
    is_born(till, "03-31")
    till.gets("PATCH", f"/v1/members/{till.member}", {"language": "en"})
    assert len(waits_for(till)) == 1
    assert till.rig.join(phone=PHONE) == till.member


THREE_HARBORS = Path("infra/programs/three-harbors.yaml").read_text("utf-8")


@pytest.fixture
def harbor(tmp_path):
    """A till of a brand with stores on three clocks."""
    with opened(tmp_path, THREE_HARBORS) as rig:
        composition.use(composition.App(rig.shop))
        auth.seed(rig.store, "rk_test")
        yield Till(rig)
        composition._APP.clear()


def joins(harbor, **more):
    about = {"phone": "+491713921099", "birthday": "03-31", "consents": {"sms": True}}
    about |= {name: value for name, value in more.items() if value}
    found = harbor.gets("POST", "/v1/members", about)
    harbor.rig.run()
    return found["id"]


@pytest.mark.parametrize(
    ("store", "begins"),
    [
        ("azores", datetime(2027, 3, 31, 0, tzinfo=UTC)),  # summer time, as from the 28th
        ("hamburg", datetime(2027, 3, 30, 22, tzinfo=UTC)),
        ("reunion", datetime(2027, 3, 30, 20, tzinfo=UTC)),
        ("", datetime(2027, 3, 30, 22, tzinfo=UTC)),
    ],
)
def test_a_till_says_where_a_guest_joined_and_the_birthday_begins_by_that_clock(
    harbor, store, begins
):
    joins(harbor, store=store)
    assert [due for due in waits_for(harbor) if due.month == 3] == [begins]


def test_nights_are_quiet_by_the_clock_of_the_store_where_a_guest_joined(harbor):
    member = joins(harbor, store="reunion")
    contact = contacts.get(harbor.rig.store, member)
    assert contact
    assert contact.zone == "Indian/Reunion"
    harbor.rig.clock.set(datetime(2026, 11, 25, 17, 30, tzinfo=UTC))  # half past nine there
    harbor.rig.tell(sale("L1", 500, store="reunion"), Guest(phone="+491713921099"))
    harbor.rig.run()
    [waits] = [each for each in timers.each(harbor.rig.store) if each.kind == "publish"]
    assert waits.due_at == datetime(2026, 11, 26, 4, tzinfo=UTC)


def test_nobody_joins_at_a_store_that_is_none_of_the_brands(harbor):
    about = {"phone": "+491713921099", "store": "bergen"}
    assert harbor.refused("POST", "/v1/members", about) == (422, "unknown_store")
