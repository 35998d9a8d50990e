"""The 55 kinds of bad input, each through the real front door, with its exact answer."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import NamedTuple

import pytest
from tests.functions.serving import PHONE
from tests.inputs.catalogue import LATER, ROWS, UNHEARD, Row
from tests.inputs.house import Answer, House, house
from tests.inputs.senders import Endless

from loyalty import wording
from loyalty.errors import Problem
from loyalty.events import Said
from loyalty.guests import members
from loyalty.records import contacts, entries, identities, quarantine, reviews
from loyalty.web.floodgate import Floodgate

REFUSED = range(400, 500)
every_row = pytest.mark.parametrize("row", ROWS, ids=lambda r: f"{r.number} {r.what}")
refusals = pytest.mark.parametrize(
    "row", [r for r in ROWS if r.status in REFUSED], ids=lambda r: f"{r.number} {r.what}"
)


class Tried(NamedTuple):
    """A house in which every row was tried, in turn, and what came of each."""

    house: House
    answers: dict[Row, Answer]
    left: set[Row]
    """Those that published or stored anything."""


@pytest.fixture(scope="module")
def tried(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Tried]:
    with house(tmp_path_factory.mktemp("house")) as opened:
        opened.rig.join(phone=PHONE, consents={})
        done, before = Tried(opened, {}, set()), opened.kept()
        for row in ROWS:
            done.answers[row] = row.send(opened)
            now = opened.kept()
            done.left.update({row} if now != before else ())
            before = now
        opened.rig.run()
        yield done


# -- the table --------------------------------------------------------------------------------


def test_each_of_the_55_kinds_is_answered_or_named_as_to_come():
    there = {row.number for row in ROWS}
    assert sorted([*there, *LATER]) == list(range(1, 56))


@every_row
def test_an_input_has_exactly_its_answer(tried, row):
    answer = tried.answers[row]
    assert (answer.status, answer.code) == (row.status, row.code), answer.text


@refusals
def test_a_refusal_is_a_problem_that_quotes_nothing(tried, row):
    answer = tried.answers[row]
    assert not any(heard in answer.text for heard in UNHEARD)
    if answer.code:
        told = json.loads(answer.text)
        assert answer.headers["Content-Type"] == "application/problem+json"
        assert {"type", "title", "status", "code", "request_id"} <= told.keys()
        assert told["status"] == row.status


@refusals
def test_what_is_refused_leaves_no_trace(tried, row):
    if row.status != 429:  # calls before it were fine
        assert row not in tried.left


# -- what became of that which is not refused -------------------------------------------------


def sale(tried: Tried, receipt: str):
    return entries.get(tried.house.rig.store, f"sale:generic:{receipt}")


def joined(tried: Tried, number: int):
    """Find the one whom a row made a member."""
    [answer] = [a for row, a in tried.answers.items() if row.number == number and a.status == 201]
    return contacts.get(tried.house.rig.store, json.loads(answer.text)["id"])


def contact_of(tried: Tried, phone: str):
    rig = tried.house.rig
    return contacts.get(rig.store, members.find(rig.shop, phone=phone))


def test_row_2_a_body_without_an_end_is_read_to_a_bound(tried):
    wire = {"wsgi.input": Endless(), "wsgi.input_terminated": True, "CONTENT_LENGTH": ""}
    tried.house.till(b"", environ_overrides=wire)
    assert wire["wsgi.input"].read_so_far < 1_000_000


def test_row_10_a_replay_is_booked_once(tried):
    events = [b for topic, b in tried.house.rig.bus.published if b"generic:again" in b]
    assert len(set(events)) < len(events)
    record = sale(tried, "again")
    own = entries.find(tried.house.rig.store, ("members", "contains", record.entry.members[0]))
    assert [each.entry.id for each in own].count(record.entry.id) == 1


def test_row_11_a_sale_of_another_store_is_put_aside(tried):
    assert "unknown-store" in {each.code for each in quarantine.find(tried.house.rig.store)}
    assert sale(tried, "R11") is None


def test_row_18_a_receipt_above_the_ceiling_earns_nothing_yet(tried):
    assert reviews.get(tried.house.rig.store, "generic:R18").state == "open"
    assert sale(tried, "R18").entry.points == 0


def test_row_21_a_till_cannot_say_how_many_points(tried):
    assert sale(tried, "R21").entry.points < 100


def test_row_24_a_name_is_short_and_holds_nothing_unseen(tried):
    name = joined(tried, 24).name
    assert name.startswith("Sita")
    assert len(name) <= 100


def test_row_26_a_name_is_said_literally(tried):
    rig, contact = tried.house.rig, joined(tried, 26)
    program = rig.shop.programs.current().program
    said = wording.text(program, [Said(message="earned")], contact, rig.shop.pepper)
    assert contact.name == "{{7*7}}{points}%s{0.__class__}"
    assert contact.name in said


def test_row_37_a_push_that_cannot_be_read_is_kept(tried):
    assert "unreadable-event" in {each.code for each in quarantine.find(tried.house.rig.store)}


def test_row_38_a_strangers_receipt_waits_for_them(tried):
    rig = tried.house.rig
    found = identities.get(rig.store, rig.shop.pepper.hash("phone", "+4915123450038"))
    assert found.waiting == ("generic:R38",)


def test_row_47_the_seventh_receipt_of_an_hour_waits_for_a_person(tried):
    waiting = [each for each in reviews.find(tried.house.rig.store) if "R47" in each.receipt]
    assert len(waiting) == 1


def test_row_51_a_stop_in_any_spelling_stops_texts_at_once(tried):
    for place, said in enumerate(row.what for row in ROWS if row.number == 51):
        if not said.startswith("please"):
            assert (said, contact_of(tried, f"+491512345010{place}").suppressed) == (
                said,
                {"sms": "opted-out"},
            )


def test_row_51_what_is_not_plainly_a_stop_is_left_to_a_person(tried):
    assert contact_of(tried, "+4915123450109").suppressed == {}


def test_row_52_a_start_is_no_consent(tried):
    assert contact_of(tried, "+4915123450052").consents == {}


def test_row_55_one_accounts_flood_is_told_when_to_come_back(tried):
    [flood] = [answer for row, answer in tried.answers.items() if row.number == 55]
    assert int(flood.headers["Retry-After"]) > 0


def test_row_55_one_accounts_flood_takes_nothing_from_another():
    gate = Floodgate(per_minute=2)
    for _ in range(2):
        gate.admit("generic", "")
    with pytest.raises(Problem) as refusal:
        gate.admit("generic", "")
    assert refusal.value.status == 429
    gate.admit("generic", "second")
