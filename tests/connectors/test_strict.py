"""Strict JSON: one meaning or none, in time that grows with the body only."""

from __future__ import annotations

import json
import time
from contextlib import suppress
from decimal import Decimal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.connectors.vendor import LETTERS

from loyalty.connectors.strict import DEEPEST, parse
from loyalty.errors import Problem

many = settings(max_examples=30, deadline=None, database=None)

REFUSED = {
    b"": "invalid_body",
    b"null": "invalid_body",
    b"true": "invalid_body",
    b"12": "invalid_body",
    b'"text"': "invalid_body",
    b"{} {}": "invalid_body",
    b'{"a":1,}': "invalid_body",
    b"{'a':1}": "invalid_body",
    b'{"a":01}': "invalid_body",
    b'{"a":+1}': "invalid_body",
    b'{"a":1_000}': "invalid_body",
    '{"a":١٢}'.encode(): "invalid_body",
    b'{"a":"tab\tinside"}': "invalid_body",
    b'{"a":"no end': "invalid_body",
    b"[1": "invalid_body",
    b"]": "invalid_body",
    b'\xef\xbb\xbf{"a":1}': "invalid_encoding",
    '{"a":1}'.encode("utf-16"): "invalid_encoding",
    b'{"a":"\xff"}': "invalid_encoding",
    b'{"a":"\xc0\xaf"}': "invalid_encoding",
    b'{"a":"\xed\xa0\x80"}': "invalid_encoding",
    b'{"a":1,"a":2}': "duplicate_key",
    b'{"b":{"a":1,"\\u0061":2}}': "duplicate_key",
    b'{"a":NaN}': "invalid_number",
    b'{"a":Infinity}': "invalid_number",
    b'{"a":-Infinity}': "invalid_number",
    b'{"a":-0}': "invalid_number",
    b'{"a":1.0}': "invalid_number",
    b'{"a":1e400}': "invalid_number",
    b'{"a":9223372036854775808}': "out_of_range",
    b'{"a":-9223372036854775809}': "out_of_range",
    b'{"a":' + b"9" * 5000 + b"}": "out_of_range",
    b'{"a":"\\u0000"}': "invalid_text",
    b'{"a":["\\ud800"]}': "invalid_text",
    b'{"\\udc00":1}': "invalid_text",
    b'{"a":"\\ude00\\ud83d"}': "invalid_text",
    b'{"a":"\x00"}': "invalid_text",
    b'{"a":"\x1b[31m"}': "invalid_text",
    b"[" * 33 + b"]" * 33: "too_deep",
    b'{"a":' * 5000 + b"1" + b"}" * 5000: "too_deep",
    b"[" * 100_000: "too_deep",
}


@pytest.mark.parametrize("body", REFUSED, ids=lambda body: repr(body[:24]))
def test_what_can_be_misread_is_refused_with_its_code_and_not_quoted(body):
    with pytest.raises(Problem) as refusal:
        parse(body, floats=False)
    problem = refusal.value
    assert (problem.status, problem.code) == (400, REFUSED[body])
    assert problem.errors == ()
    assert problem.__cause__ is None
    assert problem.__suppress_context__ or problem.__context__ is None


@pytest.mark.parametrize(
    ("body", "value"),
    [
        (b"[]", []),
        (b' {"a": [1, -2, "x\\n", true, null]}\r\n', {"a": [1, -2, "x\n", True, None]}),
        (b'{"a":9223372036854775807}', {"a": 2**63 - 1}),
        (b'{"a":-9223372036854775808}', {"a": -(2**63)}),
        (b'{"a":"\\ud83d\\ude00"}', {"a": "😀"}),
        ('{"a":"Café ☕"}'.encode(), {"a": "Café ☕"}),
        (b'{"a":"\\\\u0000 is only text"}', {"a": "\\u0000 is only text"}),
        (b'{"brackets":"[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[["}', {"brackets": "[" * 38}),
        (b'{"quotes":"\\"[\\"{\\\\"}', {"quotes": '"["{\\'}),
    ],
)
def test_plain_json_is_read(body, value):
    assert parse(body, floats=False) == value


def test_the_limit_of_depth_is_included():
    assert parse(b"[" * DEEPEST + b"]" * DEEPEST, floats=False)


def test_with_floats_their_digits_are_kept_exactly():
    body = b'{"a":0.1,"b":1.10,"c":-2.5e3,"d":3}'
    found = parse(body, floats=True)
    assert found == {"a": Decimal("0.1"), "b": Decimal("1.10"), "c": Decimal(-2500), "d": 3}
    assert isinstance(found["d"], int)
    assert str(found["b"]) == "1.10"


@pytest.mark.parametrize("number", [b"NaN", b"1e400", b"1e-400", b"1e999999999", b"0." + b"1" * 80])
def test_with_floats_numbers_out_of_all_bounds_are_still_refused(number):
    with pytest.raises(Problem) as refusal:
        parse(b'{"a":' + number + b"}", floats=True)
    assert refusal.value.code == "invalid_number"


DECENT = st.text(LETTERS.replace("\0", "").replace("\ud800", ""), max_size=12)
VALUES = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**63), 2**63 - 1) | DECENT,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(DECENT, inner, max_size=4),
    max_leaves=8,
)


@many
@given(value=st.lists(VALUES, max_size=4) | st.dictionaries(DECENT, VALUES, max_size=4))
def test_what_a_decent_sender_writes_comes_back_as_it_was(value):
    for escaped in (True, False):
        body = json.dumps(value, ensure_ascii=escaped).encode()
        assert parse(body, floats=False) == value


@many
@given(body=st.binary(max_size=60) | st.text('{}[]",:\\u0d8n1-.e ', max_size=60).map(str.encode))
def test_anything_else_is_a_problem_and_nothing_but_a_problem(body):
    with suppress(Problem):
        assert isinstance(parse(body, floats=False), dict | list)


@pytest.mark.parametrize(
    "shape",
    [
        lambda n: b'"\\' + b'"\\' * (n // 2),
        lambda n: b'{"a":"' + b"\\" * (n + 1),
        lambda n: b"[" + b"[]," * (n // 3) + b"[]]",
        lambda n: b'{"a":' + b"1" * n + b"}",
        lambda n: b"[" + b",".join(b'"\\u0041"' for _ in range(n // 10)) + b"]",
        lambda n: b"{" + b",".join(b'"k%d":0' % k for k in range(n // 10)) + b"}",
        lambda n: b"[" + b"1e9," * (n // 4) + b"0]",
    ],
    ids=range(7),
)
def test_the_worst_body_costs_as_much_as_it_is_long(shape):
    """Eight times as long may cost eight times as much, not sixty-four."""
    short, long = shape(12_500), shape(100_000)
    assert min(cost(long) for _ in range(3)) < 30 * min(cost(short) for _ in range(5)) + 0.01


def cost(body):
    start = time.process_time()
    with suppress(Problem):
        parse(body, floats=True)
    return time.process_time() - start
