"""The worst that fits into a request costs a moment, whoever sends it."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable
from typing import Any

import pytest
from werkzeug.test import EnvironBuilder
from werkzeug.wrappers import Request

from loyalty import identity
from loyalty.connectors.card_data import card_numbers
from loyalty.connectors.twilio import _keyword
from loyalty.web import checking, reading

# Measuring coverage makes every line some twenty times slower.
SLOWER = 1 if sys.gettrace() is None else 20
MARKS = "\u0301\u0316" * 64_000


def cost(work: Callable[[], Any]) -> float:
    """Measure the processor's seconds, the better of two: the machine may be shared."""
    return min(_once(work) for _ in range(2)) / SLOWER


def _once(work: Callable[[], Any]) -> float:
    began = time.process_time()
    work()
    return time.process_time() - began


def test_a_name_of_marks_alone_is_cut_before_they_are_put_in_order():
    assert cost(lambda: identity.clean(MARKS, 100)) < 0.5


def test_a_text_longer_than_any_text_message_is_no_keyword():
    assert cost(lambda: _keyword(MARKS)) < 0.5
    assert _keyword(f"STOP{' ' * 1500}") == "stop"
    assert _keyword(f"STOP{' ' * 1600}") is None


def test_thousands_of_headers_are_counted_once():
    headers = [(f"X-{n}", "x") for n in range(10_000)]
    request: Any = Request(EnvironBuilder(headers=headers).get_environ())
    assert cost(lambda: reading.headers(request)) < 2  # in the square of their number: over ten
    assert reading.headers(request)["x-9"] == "x"


@pytest.mark.parametrize("text", ["3 " * 20_000, "33 " * 15_000, "3" * 40_000, "333-" * 10_000])
def test_digits_from_end_to_end_are_searched_for_cards_in_one_go(text):
    assert cost(lambda: list(card_numbers(text))) < 1  # one candidate after another: over five


@pytest.mark.parametrize(
    "text",
    ["x 4 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1 y", "99 4111 1111-1111 1111 5", "0000 378282246310005"],
)
def test_a_card_is_found_in_any_blocks_with_other_digits_around_it(text):
    assert list(card_numbers({"a": text})) == ["$.a"]


@pytest.mark.parametrize("name", ["cvv", "CVC", "cvv2"])
def test_a_check_code_is_found_by_its_fields_name(name):
    assert list(card_numbers({"payment": {name: 123}}))
    assert list(card_numbers({"payment": {name: ""}})) == []


def test_a_key_of_the_callers_is_named_only_if_it_is_a_plain_word():
    assert checking.shown("points") == "points"
    assert checking.shown("+49 151 2345") == "*"
