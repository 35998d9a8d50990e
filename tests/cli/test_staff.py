"""`loyalty staff` as the owner sees it: a PIN or a code is shown once."""

from __future__ import annotations

import re

import pytest

from loyalty.counter import screening, staffing
from loyalty.errors import Problem
from loyalty.identity import LETTERS
from loyalty.records import staff


def made(loyalty, *words: str) -> str:
    return loyalty.run("staff", *words).stdout.strip()


def person(rig, name="Maya"):
    return next(each for each in staff.each(rig.store) if each.name == name)


def test_somebody_is_let_in_by_a_pin_that_is_shown_once(changing):
    pin = made(changing, "add", "Maya", "--store", "main", "--role", "manager")
    assert re.fullmatch(r"\d{6}", pin)
    with changing.rig() as rig:
        maya = staffing.identified(person(rig).id, pin, "t_1", "main", rig.shop)
        assert (maya.role, maya.store) == ("manager", "main")
    said = changing("staff", "list")
    assert "Maya manager main" in said
    assert pin not in said


def test_another_pin_makes_the_old_one_worthless(changing):
    old = made(changing, "add", "Maya")
    new = made(changing, "pin", "Maya")
    with changing.rig() as rig:
        name = person(rig).id
        assert staffing.identified(name, new, "t_1", "main", rig.shop)
        if old != new:
            with pytest.raises(Problem):
                staffing.identified(name, old, "t_1", "main", rig.shop)


def test_a_code_makes_a_screen_of_a_store_that_can_be_locked(changing):
    code = made(changing, "screen", "--store", "main")
    assert re.fullmatch(rf"[{LETTERS}]{{4}}-[{LETTERS}]{{4}}", code)
    with changing.rig() as rig:
        cookie = screening.set_up(code, "", rig.shop)
        name = screening.screen(cookie, rig.store).id
    assert f"{name} main" in changing("staff", "list")
    assert f"Locked {name}." in changing("staff", "lock", name)
    with changing.rig() as rig:
        assert screening.screen(cookie, rig.store) is None


def test_somebody_who_is_removed_is_listed_no_more(changing):
    made(changing, "add", "Maya", "--guest", changing.member)
    with changing.rig() as rig:
        assert person(rig).guest == changing.member
    assert "Removed Maya." in changing("staff", "remove", "Maya")
    assert changing("staff", "list").startswith("Nobody can sign in yet.")


@pytest.mark.parametrize(
    ("words", "told", "code"),
    [
        (("add", "Maya", "--store", "garden"), "there is no store `garden`", 2),
        (("screen", "--store", "garden"), "there is no store `garden`", 2),
        (("remove", "Asha"), "There is nobody called Asha.", 1),
        (("pin", "Asha"), "There is nobody called Asha.", 1),
        (("lock", "t_404"), "There is no screen t_404.", 1),
    ],
)
def test_what_is_not_there_is_said_plainly(changing, words, told, code):
    assert told in changing("staff", *words, code=code)


def test_a_name_is_given_once(changing):
    made(changing, "add", "Maya")
    assert "somebody called Maya already" in changing("staff", "add", " Maya ", code=1)
