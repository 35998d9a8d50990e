"""What guests are told: slots, quiet hours, consent and the cap."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.domain.cafe import few, program

from loyalty.domain.messages import Decision, Recipient, cap_window, decide, event_of, fill, gift
from loyalty.domain.program import Message, Milestone, QuietHours, Reward, Sending

TEXT = {"en": "Hi"}
SENDING = Sending(quiet_hours=QuietHours(start="21:00", end="08:00"), marketing_cap=2)
CAFE = program(sending=SENDING)


def utc(*parts):
    return datetime(*parts, tzinfo=UTC)


NOON = utc(2026, 11, 21, 11)


def asked(now=NOON, *, channels=("sms", "email"), purpose="service", zone="Europe/Berlin", **more):
    """Decide about a message for a guest who takes `may` and had `sent` marketing messages."""
    may = more.get("may", {"sms", "email"})
    guest = Recipient(lambda channel, _: channel in may, zone, more.get("sent", 0))
    message = Message(on="points-earned", text=TEXT, channels=channels, purpose=purpose)
    return decide(CAFE, message, guest, now, more.get("until", now + timedelta(hours=24)))


# -- slots --------------------------------------------------------------------------------


def test_slots_are_filled_by_name():
    assert fill("Hi {name}, +{points}!", {"name": "Sita", "points": "4"}) == "Hi Sita, +4!"


def test_a_value_is_never_a_template_itself():
    values = {"name": "{balance} {0} {name.__class__} %s", "balance": "99"}
    assert fill("Hi {name}.", values) == "Hi {balance} {0} {name.__class__} %s."


def test_a_slot_without_a_value_stays_as_it_is():
    assert fill("{nobody} {name}", {"name": "Sita"}) == "{nobody} Sita"


@few
@given(st.text(), st.text())
def test_whatever_a_guest_is_called_is_said_literally(name, after):
    assert fill("{name}|{points}", {"name": name, "points": after}) == f"{name}|{after}"


# -- consent, usefulness, quiet hours, the cap: in this order -----------------------------


def test_the_first_channel_that_may_be_used_is_used():
    assert asked() == Decision("send", "sms")
    assert asked(may={"email"}) == Decision("send", "email")
    assert asked(channels=("email", "sms")) == Decision("send", "email")


def test_without_consent_nothing_leaves():
    assert asked(may=set()) == Decision("drop", why="no-consent")


def test_consent_is_asked_for_the_messages_own_purpose():
    seen = []
    guest = Recipient(lambda *each: seen.append(each) or False, "Europe/Berlin", 0)
    message = Message(on="points-earned", text=TEXT, channels=("sms",), purpose="marketing")
    decide(CAFE, message, guest, NOON, NOON + timedelta(1))
    assert seen == [("sms", "marketing")]


def test_what_is_no_longer_useful_is_dropped():
    assert asked(until=NOON) == Decision("drop", why="too-late")
    assert asked(until=NOON + timedelta(seconds=1)).act == "send"


@pytest.mark.parametrize(
    ("at", "act"),
    [
        (utc(2026, 11, 21, 19, 59, 59), "send"),  # 20:59:59 in Berlin
        (utc(2026, 11, 21, 20, 0), "wait"),
        (utc(2026, 11, 22, 6, 59, 59), "wait"),
        (utc(2026, 11, 22, 7, 0), "send"),
    ],
)
def test_quiet_hours_begin_at_their_start_and_are_over_at_their_end(at, act):
    assert asked(at).act == act


def test_in_quiet_hours_a_message_waits_for_their_end():
    assert asked(utc(2026, 11, 21, 20, 30)).until == utc(2026, 11, 22, 7)


def test_quiet_hours_are_those_of_the_guests_own_clock():
    late = utc(2026, 11, 21, 15, 30)  # 16:30 in Berlin, 21:15 in Kathmandu
    assert asked(late).act == "send"
    found = asked(late, zone="Asia/Kathmandu")
    assert (found.act, found.until) == ("wait", utc(2026, 11, 22, 2, 15))


def test_a_message_that_would_be_too_late_after_the_night_is_dropped_at_once():
    night, morning = utc(2026, 11, 21, 20, 30), utc(2026, 11, 22, 7)
    assert asked(night, until=morning) == Decision("drop", why="too-late")
    assert asked(night, until=morning + timedelta(seconds=1)).act == "wait"


def test_the_cap_holds_marketing_and_nothing_else():
    assert asked(purpose="marketing", sent=1).act == "send"
    assert asked(purpose="marketing", sent=2) == Decision("drop", why="cap")
    assert asked(purpose="service", sent=9).act == "send"


def test_consent_comes_before_everything_and_the_cap_last():
    night = utc(2026, 11, 21, 20, 30)
    assert asked(night, may=set(), until=night, purpose="marketing", sent=9).why == "no-consent"
    assert asked(night, until=night, purpose="marketing", sent=9).why == "too-late"
    assert asked(night, purpose="marketing", sent=9).act == "wait"


def test_the_caps_window_reaches_back_its_days():
    assert cap_window(CAFE, NOON) == NOON - timedelta(days=7)


# -- what an entry says -------------------------------------------------------------------


@pytest.mark.parametrize(
    ("kind", "points", "on"),
    [
        ("sale", 4, "points-earned"),
        ("sale", 0, None),
        ("sale", -1, None),
        ("edit", 4, "points-corrected"),
        ("edit", -4, "points-corrected"),
        ("edit", 0, None),
        ("review", 4, "points-corrected"),
        ("refund", -4, "points-clawed-back"),
        ("refund", 0, None),
        ("refund", 1, None),
        ("void", -4, "points-clawed-back"),
        ("void", 0, None),
        ("release", 4, "points-released"),
        ("expire", -4, "points-expired"),
        ("award", 4, None),
        ("withdrawal", -4, None),
        ("extend", 0, None),
        ("tier", 0, None),
    ],
)
def test_an_entry_says_what_it_did_and_nothing_of_nothing(kind, points, on):
    assert event_of(kind, points) == on


# -- gifts --------------------------------------------------------------------------------

GIVING = program(
    rewards={"coffee": Reward(title={"en": "a coffee on the house", "de": "ein Kaffee aufs Haus"})},
    milestones={
        "points": Milestone(title=TEXT, metric="visits", at=1, award=15),
        "coffee": Milestone(title=TEXT, metric="visits", at=1, reward="coffee"),
        "both": Milestone(title=TEXT, metric="visits", at=1, award=15, reward="coffee"),
    },
)


@pytest.mark.parametrize(
    ("name", "language", "said"),
    [
        ("points", "en", "+15 points"),
        ("coffee", "en", "a coffee on the house, code ABCD-EFGH"),
        ("both", "en", "+15 points and a coffee on the house, code ABCD-EFGH"),
        ("both", "de", "+15 Punkte und ein Kaffee aufs Haus, Code ABCD-EFGH"),
        ("both", "fr", "+15 points and a coffee on the house, code ABCD-EFGH"),
    ],
)
def test_a_gift_is_named_in_the_guests_language(name, language, said):
    points = GIVING.milestones[name].award
    assert gift(GIVING, name, points, "ABCD-EFGH", language) == said
