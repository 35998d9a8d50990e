"""A guest tells their birthday on their own page, changes it once a year, and can take it back."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta

import pytest
from tests.functions.serving import application
from tests.pages.guest import Guest

from loyalty.records import profiles, timers
from loyalty.web.pages.texts import TEXTS

DAY = timedelta(days=1)
LOCKED = "You can change it again from 2027-11-21 on."


@pytest.fixture
def cafe(opened):
    """A cafe that gives something three days before birthdays; it is November."""
    return opened("journeys")


@pytest.fixture
def guest(cafe):
    guest = Guest(cafe, application("member_page").test_client)
    return guest.joins()


def born(cafe, guest):
    return profiles.get(cafe.shop.store, guest.member()).birthday


def says(guest, birthday):
    guest.goes("/me").sends("/me/birthday", birthday=birthday)
    guest.cafe.rig.run()
    return guest


def waits(cafe):
    return [each.due_at for each in timers.each(cafe.rig.store) if each.kind == "yearly"]


def test_a_birthday_told_on_the_page_is_kept_and_waited_for(cafe, guest):
    assert says(guest, "03-31").answer.headers["Location"].endswith("/me?done=saved")
    assert born(cafe, guest) == "03-31"
    assert waits(cafe) == [datetime(2027, 3, 27, 23, tzinfo=UTC)]
    assert "Saved." in guest.follows().text


def test_the_page_says_before_it_is_sent_how_often_it_can_be_changed(guest):
    shown = guest.goes("/me").text
    assert "Once told, it can be changed again after 365 days." in shown
    assert "A day within the next 30 days counts from next year on." in shown


def test_who_changed_it_sees_the_day_from_which_on_it_can_be_changed_and_no_field(cafe, guest):
    says(guest, "03-31")
    shown = guest.goes("/me").text
    assert LOCKED in shown
    assert "03-31" in shown
    assert 'id="birthday"' not in shown
    cafe.is_now(cafe.now + 364 * DAY)
    assert LOCKED in guest.joins().goes("/me").text
    cafe.is_now(cafe.now + DAY)
    shown = guest.goes("/me").text
    assert re.search(r'<input id="birthday"[^>]* value="03-31"', shown)
    says(guest, "05-05")
    assert born(cafe, guest) == "05-05"


def test_a_change_too_early_is_refused_and_says_where_to_look(cafe, guest):
    guest.goes("/me")
    early = guest.text
    says(guest, "03-31")
    guest.answer.set_data(early)
    guest.sends("/me/birthday", birthday="05-05")
    assert (guest.status, born(cafe, guest)) == (409, "03-31")
    assert "Your birthday was changed lately" in guest.text


def test_the_same_day_sent_twice_is_no_change(cafe, guest):
    says(guest, "03-31")
    cafe.is_now(cafe.now + 30 * DAY)
    guest.joins()
    guest.goes("/me")
    assert "from 2027-11-21 on" in guest.text


def test_a_birthday_told_at_joining_can_be_put_right_once(cafe, guest):
    other = guest.another().joins("anna@momo.example", birthday="03-13")
    assert 'value="03-13"' in other.goes("/me").text
    says(other, "03-31")
    assert born(cafe, other) == "03-31"
    assert LOCKED in other.goes("/me").text


def test_a_birthday_can_be_taken_back_at_any_time_but_not_told_anew_at_once(cafe, guest):
    says(guest, "03-31")
    guest.goes("/me").sends("/me/birthday")
    cafe.rig.run()
    assert (born(cafe, guest), waits(cafe)) == ("", [])
    assert LOCKED in guest.goes("/me").text
    assert guest.text.count("/me/birthday") == 0, "there is nothing to take back"


@pytest.mark.parametrize("birthday", ["02-30", "1990-03-31", "31.03.", "13-01", "٠٣-٣١"])
def test_a_day_that_no_year_has_is_refused_in_words(cafe, guest, birthday):
    says(guest, birthday)
    assert (guest.status, born(cafe, guest)) == (422, "")
    assert TEXTS["invalid_date"]["en"] in guest.text


def test_a_leap_day_is_a_birthday(cafe, guest):
    says(guest, "02-29")
    assert born(cafe, guest) == "02-29"


def test_another_site_changes_no_birthday_and_a_stranger_is_asked_in(cafe, guest):
    guest.goes("/me").sends("/me/birthday", {"Origin": "https://evil.example"}, birthday="03-31")
    assert (guest.status, born(cafe, guest)) == (403, "")
    stranger = guest.another().goes("/join").sends("/join", address="anna@momo.example")
    stranger.last = ("/me/birthday", {**stranger.last[1], "birthday": "03-31"})
    assert stranger.again().answer.headers["Location"].endswith("/join")


def test_the_form_is_there_without_a_script_and_its_words_in_every_language(guest):
    assert "<script" not in guest.goes("/me").text
    for key in ("birthday_rule", "birthday_notice", "birthday_again", "birthday_changed"):
        assert set(TEXTS[key]) == {"en", "de", "ne"}
