"""The form any till can post: what it means, and how each mistake is answered."""

from __future__ import annotations

import json
from datetime import UTC, datetime

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.connectors.vendor import SOUND

from loyalty.connectors import strict
from loyalty.connectors.card_data import card_numbers
from loyalty.connectors.generic import CONNECTOR
from loyalty.connectors.spec import Config, Guest, Incoming
from loyalty.domain.transaction import Line, Refund, RefundLine, Sale, Void, eligible
from loyalty.errors import Problem

many = settings(max_examples=40, deadline=None, database=None)

NOW = datetime(2026, 11, 20, 9, 15, 35, tzinfo=UTC)
CONFIG = Config(connector="generic", values={"webhook_secret": "whsec_eA=="})
CANARY = "canary-4711"
VISA = "4111111111111111"

SALE = {
    "receipt": "R-1001",
    "store": "Main street",
    "occurred_at": "2026-11-20T10:14:50+01:00",
    "currency": "EUR",
    "total": 1350,
    "tip": 100,
    "revision": 2,
    "channel": "app",
    "lines": [
        {"name": "Flat white", "sku": "FW", "category": "coffee", "quantity": 2, "amount": 800},
        {"id": "tea", "name": "Tea", "quantity": "0.25", "amount": 600, "discount": 150},
        {"name": "Voucher", "kind": "gift_card", "amount": 0},
    ],
    "guest": {"phone": "+49 151 23456789", "email": "g@example.com", "customer": "c.1"},
    "staff": "Ana",
}
REFUND = {
    "refund": "F-1",
    "receipt": "R-1001",
    "amount": 400,
    "lines": [{"line": "1", "quantity": 1}],
    "occurred_at": "2026-11-20T12:00:00Z",
    "currency": "EUR",
    "store": "Main street",
}
VOID = {"receipt": "R-1001", "occurred_at": "2026-11-20T12:00:00Z", "store": "Main street"}


def read(kind, data, config=CONFIG, *, floats=False):
    body = json.dumps({"type": kind, "timestamp": "2026-11-20T09:15:35Z", "data": data}).encode()
    incoming = Incoming(url="", headers={}, body=body, now=NOW)
    return CONNECTOR.webhooks["read_sale"].read(config, incoming, strict.parse(body, floats))


def sale(**changes):
    return read("sale.completed", {**SALE, **changes})[0].transaction


def refused(kind, data, *, floats=False):
    with pytest.raises(Problem) as refusal:
        read(kind, data, floats=floats)
    problem = refusal.value
    assert CANARY not in f"{problem} {problem.title} {problem.errors} {problem.__cause__}"
    assert problem.__suppress_context__ or problem.__context__ is None
    assert problem.errors[0][1] == problem.code
    return problem


def but(data, path, value):
    """Copy with one place changed, as in `lines.0.amount`."""
    copy = json.loads(json.dumps(data))
    place = copy
    *parents, last = path.split(".")
    for key in parents:
        place = place[int(key)] if isinstance(place, list) else place.setdefault(key, {})
    place[int(last) if isinstance(place, list) else last] = value
    return copy


def test_a_sale_is_read_field_by_field():
    [heard] = read("sale.completed", SALE)
    assert heard.guest == Guest(phone="+49 151 23456789", email="g@example.com", customer="c.1")
    assert heard.transaction == Sale(
        source="generic",
        receipt="R-1001",
        revision=2,
        store="Main street",
        channel="app",
        occurred_at=datetime(2026, 11, 20, 9, 14, 50, tzinfo=UTC),
        currency="EUR",
        lines=(
            Line(
                id="1",
                amount=800,
                name="Flat white",
                sku="FW",
                category="coffee",
                quantity=2000,
            ),
            Line(id="tea", amount=600, name="Tea", quantity=250, discount=150),
            Line(id="3", amount=0, name="Voucher", kind="gift_card"),
        ),
        total=1350,
        tip=100,
        staff="Ana",
    )


def test_a_sale_of_a_further_account_says_so():
    config = Config(connector="generic", account="second", values={})
    [heard] = read("sale.completed", SALE, config)
    assert heard.transaction.receipt_id == "generic.second:R-1001"


def test_tax_is_on_top_unless_it_is_said_to_be_included():
    assert (sale(tax=90).tax, sale(tax=90).included_tax) == (90, 0)
    included = sale(tax=90, tax_included=True)
    assert (included.tax, included.included_tax) == (0, 90)


def test_a_receipt_without_lines_counts_as_one_line_of_all_that_was_paid_for():
    whole = sale(lines=[], tax=50, discount=70, reward_discount=30)
    assert whole.lines == (Line(id="1", amount=1300),)
    assert eligible(whole) == [1200]  # 1350 less tip 100 less tax 50


def test_a_refund_and_a_void_are_read():
    [heard] = read("sale.refunded", REFUND)
    noon = datetime(2026, 11, 20, 12, tzinfo=UTC)
    assert heard.transaction == Refund(
        source="generic",
        receipt="R-1001",
        id="F-1",
        amount=400,
        occurred_at=noon,
        currency="EUR",
        store="Main street",
        lines=(RefundLine(line="1", quantity=1000),),
    )
    [heard] = read("sale.voided", VOID)
    assert heard.transaction == Void(
        source="generic", receipt="R-1001", occurred_at=noon, store="Main street"
    )


def test_a_ping_says_nothing():
    assert read("test.ping", {"anything": "at all"}) == []


def test_unknown_fields_are_ignored_and_give_no_points():
    assert sale(points=1_000_000, tier="gold", is_staff=True) == sale()


@pytest.mark.parametrize(
    ("kind", "path", "value", "code", "where"),
    [
        ("sale.completed", "total", "10", "invalid_type", "$.data.total"),
        ("sale.completed", "total", True, "invalid_type", "$.data.total"),
        ("sale.completed", "total", None, "invalid_type", "$.data.total"),
        ("sale.completed", "total", CANARY, "invalid_type", "$.data.total"),
        ("sale.completed", "total", 2**53, "out_of_range", "$.data.total"),
        ("sale.completed", "total", 0, "amount_sign", "$.data.total"),
        ("sale.completed", "total", -1350, "amount_sign", "$.data.total"),
        ("sale.completed", "tip", -1, "amount_sign", "$.data.tip"),
        ("sale.completed", "tip", 1351, "invalid_sum", "$.data.total"),
        ("sale.completed", "revision", -1, "out_of_range", "$.data.revision"),
        ("sale.completed", "lines.0.amount", -1, "amount_sign", "$.data.lines[0].amount"),
        ("sale.completed", "lines.1.discount", -1, "amount_sign", "$.data.lines[1].discount"),
        ("sale.completed", "lines.0.amount", 2**53 - 1, "out_of_range", "$.data.lines"),
        ("sale.completed", "discount", 2**53 - 1, "out_of_range", "$.data.total"),
        ("sale.completed", "lines.0.id", "tea", "duplicate_line", "$.data.lines[1].id"),
        ("sale.completed", "lines.0.kind", CANARY, "invalid_value", "$.data.lines[0].kind"),
        ("sale.completed", "lines.0.quantity", 0, "out_of_range", "$.data.lines[0].quantity"),
        ("sale.completed", "lines.0.quantity", "0", "invalid_quantity", "$.data.lines[0].quantity"),
        ("sale.completed", "lines.0.quantity", "1e3", "invalid_quantity", None),
        ("sale.completed", "lines.0.quantity", "1.2345", "invalid_quantity", None),
        ("sale.completed", "lines.0.quantity", "\u0661", "invalid_quantity", None),
        ("sale.completed", "lines.0.name", "a\nb", "invalid_text", "$.data.lines[0].name"),
        ("sale.completed", "lines.0.name", "end\n", "invalid_text", "$.data.lines[0].name"),
        ("sale.completed", "lines.0.name", "x" * 201, "too_long", "$.data.lines[0].name"),
        ("sale.completed", "lines", [{"amount": 1}] * 501, "too_many", "$.data.lines"),
        ("sale.completed", "lines", {}, "invalid_type", "$.data.lines"),
        ("sale.completed", "channel", CANARY, "invalid_value", "$.data.channel"),
        ("sale.completed", "currency", "eur", "invalid_currency", "$.data.currency"),
        ("sale.completed", "currency", "EUR\n", "invalid_currency", "$.data.currency"),
        ("sale.completed", "receipt", "", "invalid_id", "$.data.receipt"),
        ("sale.completed", "receipt", "a/b", "invalid_id", "$.data.receipt"),
        ("sale.completed", "receipt", "a\n", "invalid_id", "$.data.receipt"),
        ("sale.completed", "receipt", f"é{CANARY}", "invalid_id", "$.data.receipt"),
        ("sale.completed", "receipt", "x" * 129, "invalid_id", "$.data.receipt"),
        ("sale.completed", "receipt", {"$ne": 1}, "invalid_type", "$.data.receipt"),
        ("sale.completed", "guest.member", "a b", "invalid_id", "$.data.guest.member"),
        ("sale.completed", "guest.email", "x" * 255, "too_long", "$.data.guest.email"),
        ("sale.completed", "store", "", "invalid_text", "$.data.store"),
        ("sale.completed", "occurred_at", "2026-02-31T00:00:00Z", "invalid_date", None),
        ("sale.completed", "occurred_at", "2026-11-20T10:14:50", "invalid_date", None),
        ("sale.completed", "occurred_at", "2026-11-20T23:59:60Z", "invalid_date", None),
        ("sale.completed", "occurred_at", "9999-12-31T23:59:59-23:00", "invalid_date", None),
        ("sale.completed", "occurred_at", "0001-01-01T00:00:00+23:00", "invalid_date", None),
        ("sale.completed", "occurred_at", "1999-12-31T23:59:59Z", "invalid_date", None),
        ("sale.completed", "occurred_at", 1795166135, "invalid_date", "$.data.occurred_at"),
        ("sale.refunded", "amount", 0, "amount_sign", "$.data.amount"),
        ("sale.refunded", "amount", -400, "amount_sign", "$.data.amount"),
        ("sale.refunded", "refund", "a/b", "invalid_id", "$.data.refund"),
        ("sale.refunded", "lines.0.line", "", "invalid_id", "$.data.lines[0].line"),
        ("sale.refunded", "occurred_at", "2101-01-01T00:00:00Z", "invalid_date", None),
        ("sale.voided", "occurred_at", CANARY, "invalid_date", "$.data.occurred_at"),
    ],
)
def test_a_mistake_is_answered_by_its_place_and_a_code(kind, path, value, code, where):
    data = {"sale.completed": SALE, "sale.refunded": REFUND, "sale.voided": VOID}[kind]
    problem = refused(kind, but(data, path, value))
    assert problem.code == code
    assert problem.status == (422 if code == "amount_sign" else 400)
    if where:
        assert problem.errors == ((where, code),)


@pytest.mark.parametrize("field", ["total", "receipt", "store", "currency", "occurred_at"])
def test_what_a_sale_must_have_is_named_when_it_is_missing(field):
    left = {name: value for name, value in SALE.items() if name != field}
    assert refused("sale.completed", left).errors == ((f"$.data.{field}", "missing"),)


def test_an_amount_with_a_point_is_no_amount_however_the_body_was_parsed():
    data = {**SALE, "total": 13.5}
    with pytest.raises(Problem) as refusal:
        read("sale.completed", data)
    assert refusal.value.code == "invalid_number"
    assert refused("sale.completed", data, floats=True).code == "invalid_number"


@pytest.mark.parametrize("body", [[], [1], ["sale.completed"]])
def test_a_list_is_no_body(body):
    incoming = Incoming(url="", headers={}, body=b"", now=NOW)
    with pytest.raises(Problem) as refusal:
        CONNECTOR.webhooks["read_sale"].read(CONFIG, incoming, body)
    assert (refusal.value.status, refusal.value.code) == (400, "invalid_body")


@pytest.mark.parametrize("kind", [CANARY, "sale.completed\n", ""])
def test_a_type_we_do_not_have_is_a_mistake(kind):
    assert refused(kind, SALE).errors == (("$.type", "unknown_type"),)


@pytest.mark.parametrize(
    ("path", "text"),
    [
        ("lines.0.name", f"paid with {VISA}"),
        ("lines.0.name", "4111 1111 1111 1111"),
        ("lines.0.name", "card 4111-1111-1111-1111 exp 12 27"),
        ("lines.1.name", "378282246310005"),
        ("lines.0.category", "4222222222222"),
        ("staff", "6304000000000000 "),
        ("store", "5555555555554444"),
        ("receipt", VISA),
        ("guest.phone", VISA),
        ("guest.email", f"{VISA}@example.com"),
        ("something_unknown", {"deep": [VISA]}),
    ],
)
def test_a_card_number_in_any_text_is_refused_before_anything_else(path, text):
    problem = refused("sale.completed", {**but(SALE, path, text), "total": "wrong as well"})
    assert (problem.status, problem.code) == (422, "card_data")
    assert path.replace(".0", "[0]").replace(".1", "[1]") in problem.errors[0][0]


@pytest.mark.parametrize(
    ("path", "text"),
    [
        ("lines.0.sku", "4006381333924"),  # a pencil's EAN, whose digits would pass for a card's
        ("guest.phone", "+49 1512 3456 787"),
        ("receipt", "1795166135482"),
        ("lines.0.name", "4111111111111112"),
        ("lines.0.name", "2026-11-20 09:15:35"),
        ("lines.0.name", "41111111111111114111111111111111"),
    ],
)
def test_other_numbers_are_no_cards(path, text):
    assert read("sale.completed", but(SALE, path, text))


def test_a_card_number_as_an_unknown_key_is_not_repeated_in_the_answer():
    assert list(card_numbers({VISA: {"x": VISA}})) == ["$.*.x"]


JSON = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**63), 2**63 - 1) | st.text(SOUND, max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(SOUND, max_size=5), inner),
    max_leaves=3,
)


@many
@given(
    kind=st.sampled_from(["sale.completed", "sale.refunded", "sale.voided"]),
    changes=st.dictionaries(st.sampled_from(sorted({*SALE, *REFUND})), JSON, max_size=3),
)
def test_any_value_anywhere_is_either_read_or_a_problem(kind, changes):
    data = {"sale.completed": SALE, "sale.refunded": REFUND, "sale.voided": VOID}[kind]
    incoming = Incoming(url="", headers={}, body=b"", now=NOW)
    body = {"type": kind, "timestamp": "2026-11-20T09:15:35Z", "data": {**data, **changes}}
    try:
        [heard] = CONNECTOR.webhooks["read_sale"].read(CONFIG, incoming, body)
    except Problem as problem:
        assert problem.status in {400, 422}  # noqa: PT017 - both outcomes are good ones
    else:
        assert msgspec.json.encode(heard)
