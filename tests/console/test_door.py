"""The till screen's door: a set-up device, a PIN, and forms of its own; nothing else opens it."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import msgspec
import pytest
from infra.simulator.store import MemoryStore
from tests.console.till import HOST, HTML, Till
from tests.rig import Rig

from loyalty import app as composition
from loyalty.counter import screening, staffing
from loyalty.errors import Problem
from loyalty.identity import Pepper
from loyalty.records import screens, staff

PROGRAM = Path("tests/programs/rewards.yaml").read_text("utf-8")


@pytest.fixture
def rig():
    rig = Rig(Path(), PROGRAM, store=MemoryStore())
    rig.member = rig.join("Sita", phone="+4915112345671")
    composition.use(composition.App(rig.shop))
    yield rig
    composition._APP.clear()


@pytest.fixture
def till(rig):
    till = Till(rig)
    till.set_up()
    return till


@pytest.mark.parametrize(
    "accept", ["", "*/*", "text/html,*/*;q=0.8", "application/json, text/html"]
)
def test_who_comes_to_the_door_sees_it(rig, accept):
    answer = Till(rig).client.get("/", headers={"Accept": accept})
    assert (answer.status_code, answer.mimetype) == (401, "text/html")
    assert "Set up this screen" in answer.text


def test_a_pin_is_worth_nothing_where_no_screen_was_set_up(rig):
    till = Till(rig)
    person, pin = till.hire("Maya")
    answer = till.post("/sign-in", who=person.id, pin=pin)
    assert (answer.status, "Set up this screen" in answer.text) == (401, True)


def test_a_code_sets_up_one_device_once(rig):
    first, second = Till(rig), Till(rig)
    code = first.code()
    assert len(code) == 8
    assert first.post("/screen", code=f" {code[:4].lower()}-{code[4:]}").status == 303
    assert second.post("/screen", code=code).status == 401
    assert first.get().text.count("Sign in")
    assert "Set up this screen" in second.get().text


def test_a_code_is_good_for_15_minutes(rig):
    till = Till(rig)
    code = till.code()
    rig.clock.advance(timedelta(minutes=15))
    assert till.post("/screen", code=code).status == 401


def test_after_ten_wrong_codes_the_right_one_has_to_wait(rig):
    till = Till(rig)
    said = [till.post("/screen", code="WRNG-CDE" + letter).status for letter in "ABCDEFGHJK"]
    assert said == [401] * 10
    answer = till.post("/screen", code=till.code())
    assert (answer.status, "Too many wrong codes. Wait 15 minutes." in answer.text) == (429, True)
    rig.clock.advance(timedelta(minutes=15))
    assert till.post("/screen", code=till.code()).status == 303


def test_a_code_is_kept_so_that_who_reads_it_cannot_guess_it(rig):
    code, _ = screening.new_code("main", rig.clock.now())
    keys = {screening.key_of(code, Pepper(f"{name}:{name * 32}")) for name in ("p1", "p2")}
    assert len(keys) == 2


def test_a_locked_screen_opens_for_nobody(till):
    till.sign_in()
    name = screening.digest(till.cookie("screen"))
    till.rig.store.atomically("ledger", lambda unit: screens.delete(unit, name))
    assert "Set up this screen" in till.get().text


def test_after_five_wrong_pins_the_right_one_has_to_wait(till):
    person, pin = till.hire("Maya")
    other, others = till.hire("Ben")
    wrong = "000000" if pin != "000000" else "111111"
    said = [till.send("/sign-in", who=person.id, pin=wrong).status for _ in range(5)]
    assert said == [401] * 5
    assert till.send("/sign-in", who=person.id, pin=pin).status == 429
    assert till.send("/sign-in", who=other.id, pin=others).status == 429  # the screen waits too
    elsewhere = Till(till.rig)
    elsewhere.set_up()
    assert elsewhere.send("/sign-in", who=person.id, pin=pin).status == 429
    assert elsewhere.send("/sign-in", who=other.id, pin=others).status == 303
    till.rig.clock.advance(timedelta(minutes=16))
    assert till.send("/sign-in", who=person.id, pin=pin).status == 303


def test_right_pins_use_up_no_tries(till):
    person, pin = till.hire("Maya")
    for _ in range(6):
        assert staffing.identified(person.id, pin, "t_1", "main", till.rig.shop) == person


def test_nobody_has_no_pin(till):
    for who in ("nobody", "", "s_404"):
        with pytest.raises(Problem, match="401 wrong_pin"):
            staffing.identified(who, "000000", "t_1", "main", till.rig.shop)


def test_who_works_elsewhere_cannot_sign_in_here(till):
    till.hire("Maya")
    person, pin = till.hire("Asha", store="pier")
    assert "Asha" not in till.get().text
    assert till.send("/sign-in", who=person.id, pin=pin).status == 401


def test_a_shift_ends_by_a_tap_by_idleness_and_after_twelve_hours(till):
    person, pin = till.hire("Maya")
    clock = till.rig.clock

    def here():
        return "Sign out Maya" in till.get().text

    def sign_in():
        till.send("/sign-in", who=person.id, pin=pin)
        return here()

    assert sign_in()
    till.send("/sign-out")
    assert not here()
    assert sign_in()
    clock.advance(timedelta(minutes=15))
    assert not here()
    assert sign_in()
    stayed = 0
    while here() and stayed < 100:
        clock.advance(timedelta(minutes=10))
        stayed += 1
    assert stayed == 72


def test_who_is_removed_is_out_at_once(till):
    maya = till.sign_in()
    till.rig.store.atomically("people", lambda unit: staff.delete(unit, maya.id))
    assert till.get().status == 401


def test_pins_codes_and_cookies_are_kept_as_hashes_only(till):
    person, pin = till.hire("Maya")
    code = till.code()
    till.send("/sign-in", who=person.id, pin=pin)
    kept = str(till.rig.dump())
    secrets = (code, till.cookie("screen"), till.cookie("shift"))
    assert [secret for secret in secrets if not secret or secret in kept] == []
    assert pin not in msgspec.json.encode(staff.get(till.rig.store, person.id)).decode()


def test_cookies_stay_with_this_site_and_out_of_scripts(rig):
    made = Till(rig).set_up().headers["Set-Cookie"]
    assert made.startswith("__Host-till-screen=")
    assert {"Secure", "HttpOnly", "Path=/", "SameSite=Strict"} <= set(made.split("; "))


def test_a_page_is_never_kept_and_runs_nothing(till):
    till.sign_in()
    page = till.get(f"/guests/{till.rig.member}")
    assert page.headers["Cache-Control"] == "no-store"
    policy = page.headers["Content-Security-Policy"]
    assert policy.startswith("default-src 'none'; style-src 'nonce-")
    assert "<script" not in page.html


FORGED = {
    "another site": {**HTML, "Origin": "https://evil.example"},
    "no origin": HTML,
    "a sandboxed frame": {**HTML, "Origin": "null"},
    "a sibling": {**HTML, "Origin": HOST, "Sec-Fetch-Site": "same-site"},
}


@pytest.mark.parametrize("headers", FORGED.values(), ids=FORGED)
def test_a_form_from_elsewhere_does_nothing(till, headers):
    till.sign_in()
    answer = till.post("/sign-out", headers, token=till.get().token)
    assert (answer.status, "Sign out Maya" in till.get().text) == (403, True)


def test_a_form_needs_the_token_of_its_session(till):
    till.sign_in()
    old = till.get().token
    for token in ("", "0" * 32, "ä"):
        assert till.post("/sign-out", token=token).status == 403
    till.send("/sign-out")
    till.sign_in("Ben")
    assert till.post("/sign-out", token=old).status == 403


def test_looking_changes_nothing(till):
    till.sign_in()
    before = till.rig.dump()
    for path in ("/", f"/guests/{till.rig.member}", "/holds/H1", "/screen", "/sign-out", "/undo"):
        till.get(path)
    assert till.rig.dump() == before


@pytest.mark.parametrize("field", ["once", "act"])
def test_a_number_that_a_page_made_up_is_no_card(till, field):
    till.set_up()
    till.sign_in()
    answer = till.send("/sign-out", **{field: "4111111111111111"})
    assert answer.status == 303


@pytest.mark.parametrize(
    ("form", "status"),
    [
        (b"a=1&a=2", 400), (b"a=%ff", 400), (b"a=%00", 400), (b"a=" + b"x" * 300, 400),
        (b"&".join(b"a%d=" % n for n in range(50)), 400), (b"id=4111+1111+1111+1111", 422),
        (b"x" * 300_000, 413),
    ],
)  # fmt: skip
def test_a_form_that_no_page_of_ours_sends_is_refused(till, form, status):
    kind = "application/x-www-form-urlencoded"
    headers = {"Origin": HOST, "Content-Type": kind}
    answer = till.client.post("/find", base_url=HOST, data=form, headers=headers)
    assert answer.status_code == status


@pytest.mark.parametrize("accept", ["application/json", "application/problem+json, */*;q=0.1"])
def test_programs_that_ask_for_json_are_told_in_problems(rig, accept):
    answer = Till(rig).client.get("/", headers={"Accept": accept})
    assert (answer.status_code, answer.json["code"]) == (401, "unauthorized")
