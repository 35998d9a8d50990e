"""What is known of a guest stays with the people, and the search for it can find it."""

from __future__ import annotations

import base64

import pytest
from infra.security.leaks import leaks
from infra.security.sinks import left

PHONE = "+4915799988877"
EVENTS = 25


@pytest.mark.parametrize(
    "sink",
    [
        b'{"to":"+4915799988877"}',
        b"GET /v1/members?phone=%2B4915799988877",
        base64.b64encode(b"to: +4915799988877\n"),
        base64.b64encode(b"a: +4915799988877\n"),
        base64.b64encode(b"an: +4915799988877\n"),
        b"+4915799988877".hex().encode(),
    ],
)
def test_a_guest_is_found_in_every_form(sink):
    assert len(leaks({"a sink": sink}, [PHONE])) >= 1


@pytest.mark.parametrize("sink", [b"kanaria@VOGEL.example", b"kanaria%40vogel.example"])
def test_an_address_is_found_in_other_letters(sink):
    assert leaks({"a sink": sink}, ["Kanaria@vogel.example", "kanaria@vogel.example"])


def test_where_nothing_is_nothing_is_found():
    assert leaks({"a sink": b"+4915799988878"}, [PHONE]) == []


def test_no_guest_is_known_outside_the_people_database(tmp_path):
    sinks, values = left(tmp_path, EVENTS)
    assert all(len(sink) > 1000 for sink in sinks.values())
    everything = (tmp_path / "loyalty.db").read_bytes()
    known = {number for number, value in enumerate(values) if value.encode() in everything}
    assert len(known) > 10, "the day's guests are in the file as a whole"
    assert leaks(sinks, values) == []
