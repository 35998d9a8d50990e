"""The week's expected results: worked out by a walk through time, and by hand."""

from __future__ import annotations

import ast
import re
from pathlib import Path

import pytest
import yaml
from tests.expected import week as reference

HERE = Path(__file__).parent.parent
PROGRAM = HERE.parent / "infra/programs/three-harbors.yaml"
NOT_OURS = {
    "__future__", "base64", "collections", "dataclasses", "datetime", "hashlib", "json",
    "pathlib", "zoneinfo",
}  # fmt: skip


@pytest.fixture(scope="module")
def week():
    return reference.Week(reference.scenario()).run()


@pytest.fixture(scope="module")
def expected(week):
    return week.expected()


@pytest.fixture
def told(week):
    """Tell what a guest read in the week, each with its time by their own clock."""
    guests = week.guests

    def of(key):
        return [
            (text["at"], text["text"])
            for text in guests[key].told
            if text["at"][4:] >= "2027-02-22"
        ]

    return of


def test_the_reference_of_the_week_imports_nothing_of_ours():
    tree = ast.parse((HERE / "expected/week.py").read_text("utf-8"))
    whole = {a.name for n in ast.walk(tree) if isinstance(n, ast.Import) for a in n.names}
    parts = {n.module for n in ast.walk(tree) if isinstance(n, ast.ImportFrom)}
    assert whole | parts == NOT_OURS


def test_the_expected_file_is_what_the_reference_says(expected):
    written = (HERE / "expected/three_harbors.json").read_text("utf-8")
    assert written == reference.text(expected)


def test_the_reference_draws_as_the_program_says():
    campaign = yaml.safe_load(PROGRAM.read_text("utf-8"))["campaigns"]["carnival"]
    assert (campaign["salt"], campaign["holdout"]) == ("confetti 720", 30)


def test_who_came_back_at_noon_is_not_told_in_the_evening(told, expected):
    assert told("ines") == [
        ("Mon 2027-02-22 12:00", "Ines, it has been 30 days. Your cup is here."),
        ("Wed 2027-02-24 12:00", "Ines, +12 points. Balance 24."),
        ("Thu 2027-02-25 09:00", "Ines, it is carnival: 15 points are on your card."),
        ("Fri 2027-02-26 18:00", "Ines, carnival ends on Saturday at six."),
    ]
    assert expected["acts"]["ines"] == {"award": [15], "sale": [12, 12]}


def test_a_visit_that_an_offline_till_tells_of_late_ends_it_too(told, expected):
    assert told("karin") == [
        ("Mon 2027-02-22 12:20", "Karin, it has been 30 days. Your cup is here."),
        ("Wed 2027-02-24 17:00", "Karin, +4 points. Balance 16."),
    ]
    assert expected["ended_by_a_visit"] == ["ines", "karin"]


def test_who_stays_away_is_told_twice(told, expected):
    assert told("jonas")[:2] == [
        ("Mon 2027-02-22 12:10", "Jonas, it has been 30 days. Your cup is here."),
        ("Wed 2027-02-24 18:00", "Jonas, 5 points are on your card, and wait for you."),
    ]
    assert expected["acts"]["jonas"] == {"award": [5, 15], "sale": [12]}


@pytest.mark.parametrize("key", ["bela", "camille", "duarte"])
def test_a_birthday_is_told_in_the_morning_of_each_ones_own_clock(told, key):
    words = f"Happy birthday, {key.title()}! 20 points are on your card."
    assert told(key) == [("Tue 2027-02-23 08:00", words)]


def test_who_was_born_on_a_leap_day_celebrates_on_the_28th(told):
    assert [at for at, _ in told("elin")] == ["Sun 2027-02-28 08:00"]


def test_a_birthday_told_twelve_days_before_is_not_kept_this_year(told, expected):
    assert told("finn") == []
    assert expected["acts"]["finn"] == {}


def test_points_lapse_after_a_warning_and_the_rest_stays(told, expected):
    assert told("lea")[:2] == [
        ("Wed 2027-02-24 08:00", "Lea, 40 points lapse after 25 February 2027."),
        ("Fri 2027-02-26 08:00", "Lea, 40 points lapsed. Balance 35."),
    ]
    assert expected["acts"]["max"] == {"award": [15], "expire": [-40], "sale": [40, 12, 4, 4]}


def test_nobody_held_out_is_told_and_each_other_once_unless_they_said_no(week, expected):
    heard = re.compile("it is carnival")
    times = {key: sum(bool(heard.search(text["text"])) for text in guest.told)
             for key, guest in week.guests.items()}  # fmt: skip
    assert expected["campaign"]["held"] == ["karin", "sven", "tess", "udo"]
    assert {key for key, count in times.items() if count} == {
        "ines", "jonas", "oda", "quinn", "rosa", "vera",
    }  # fmt: skip
    assert max(times.values()) == 1


def test_a_stop_in_between_is_the_end_of_it(told):
    assert told("piet") == []
    assert [at for at, _ in told("rosa")] == ["Thu 2027-02-25 12:00"]


def test_a_text_that_would_come_at_night_waits_for_the_morning_there(told):
    assert [at for at, _ in told("vera")] == ["Thu 2027-02-25 12:00", "Sat 2027-02-27 08:00"]
    assert [at for at, _ in told("quinn")] == ["Thu 2027-02-25 08:00", "Fri 2027-02-26 16:00"]


def test_the_sums_of_the_week(expected):
    assert expected["totals"] == {"points": 356, "entries": 40, "messages": 47}
