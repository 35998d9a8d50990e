"""Square: what its webhooks hint at, and what its orders and refunds come to in our words."""

from __future__ import annotations

import copy
import json
import re
from datetime import UTC, datetime, timedelta
from random import Random
from urllib.parse import parse_qs, urlsplit

import pytest
from tests.connectors.vendor import NOW, Reply

from loyalty.connectors import square_facts
from loyalty.connectors.engine import Engine
from loyalty.connectors.spec import Config, Guest, Hint, Incoming, Span
from loyalty.connectors.square import CONNECTOR, EVENTS
from loyalty.connectors.square_facts import moment
from loyalty.connectors.square_json import Order
from loyalty.connectors.square_json import read as read_json
from loyalty.domain.transaction import Line, Refund, RefundLine, Sale, Void, eligible, kept
from loyalty.errors import Problem, TryAgain, VendorRefused

TOKEN = "EAAA-made-up-token"
KEY = "sq-made-up-signature-key"
URL = "https://hooks.example.test/v1/in/square"


def eur(amount, currency="EUR"):
    return {"amount": amount, "currency": currency}


def a_line(uid="li1", amount=1400, discount=0, tax=0, **more):
    return {
        "uid": uid,
        "name": "Cut and style",
        "quantity": "1",
        "item_type": "ITEM",
        "base_price_money": eur(amount),
        "gross_sales_money": eur(amount),
        "total_tax_money": eur(tax),
        "total_discount_money": eur(discount),
        "total_money": eur(amount - discount),
        **more,
    }


# The fact sheet's example, completed by what it says in words.
PAYMENT = {
    "id": "PAYTEST0001",
    "status": "COMPLETED",
    "order_id": "ORDTEST0001",
    "location_id": "LTEST01",
    "customer_id": "CUSTEST01",
    "amount_money": eur(1250),
    "tip_money": eur(100),
    "total_money": eur(1350),
    "source_type": "CARD",
    "team_member_id": "TM1",
}
ORDER = {
    "id": "ORDTEST0001",
    "location_id": "LTEST01",
    "customer_id": "CUSTEST01",
    "state": "COMPLETED",
    "version": 4,
    "source": {"name": "Point of Sale"},
    "line_items": [a_line(discount=150, catalog_object_id="VARTEST01")],
    "tenders": [{"id": "PAYTEST0001", "payment_id": "PAYTEST0001", "amount_money": eur(1350)}],
    "total_money": eur(1350),
    "total_tax_money": eur(0),
    "total_discount_money": eur(150),
    "total_tip_money": eur(100),
    "created_at": "2026-11-20T09:14:50.000Z",
    "updated_at": "2026-11-20T09:15:31.000Z",
    "closed_at": "2026-11-20T09:15:31.482913077Z",
}
CUSTOMER = {"id": "CUSTEST01", "phone_number": "+4915112345678", "email_address": "g@example.com"}
CATALOG = {
    "VARTEST01": {
        "type": "ITEM_VARIATION",
        "item_variation_data": {"item_id": "I1", "sku": "CUT-L"},
    },
    "I1": {"type": "ITEM", "item_data": {"name": "Cut", "categories": [{"id": "C1"}]}},
    "C1": {"type": "CATEGORY", "category_data": {"name": "Hair Dressing"}},
}
REFUND = {
    "id": "PAYTEST0001_REF1",
    "payment_id": "PAYTEST0001",
    "order_id": "RETURN0001",
    "status": "COMPLETED",
    "amount_money": eur(700),
    "location_id": "LTEST01",
    "created_at": "2026-11-20T10:00:00Z",
    "updated_at": "2026-11-20T10:01:00Z",
}
RETURN = {
    "id": "RETURN0001",
    "location_id": "LTEST01",
    "state": "COMPLETED",
    "created_at": "2026-11-20T10:00:00Z",
    "updated_at": "2026-11-20T10:00:01Z",
    "returns": [
        {
            "source_order_id": "ORDTEST0001",
            "return_line_items": [{"source_line_item_uid": "li1", "quantity": "0.5"}],
            "return_amounts": {"total_money": eur(700)},
        }
    ],
    "refunds": [{"id": "REF1"}],
    "total_money": eur(0),
}


class Till:
    """Square's API over what a test puts in."""

    def __init__(self) -> None:
        self.kept = {
            "payments": {"PAYTEST0001": copy.deepcopy(PAYMENT)},
            "orders": {"ORDTEST0001": copy.deepcopy(ORDER)},
            "customers": {"CUSTEST01": copy.deepcopy(CUSTOMER)},
            "refunds": {},
        }
        self.page = 500
        self.related = True

    @property
    def order(self):
        return self.kept["orders"]["ORDTEST0001"]

    def pay(self, id_, amount, status="COMPLETED", **more):
        """Add a tender to the order."""
        payment = {"id": id_, "order_id": "ORDTEST0001", "status": status, **more}
        self.kept["payments"][id_] = payment
        self.order["tenders"].append({"id": id_, "payment_id": id_, "amount_money": eur(amount)})

    def refund(self, refund=REFUND, own=RETURN):
        self.kept["refunds"][refund["id"]] = refund
        if own:
            self.kept["orders"][own["id"]] = own
        return Hint(kind="refund", id=refund["id"])

    def __call__(self, asked):
        if asked.headers.get("authorization") != f"Bearer {TOKEN}":
            return refusal(401, "UNAUTHORIZED")
        assert asked.headers["square-version"] == "2026-09-16"
        path = urlsplit(asked.path)
        what, _, id_ = path.path.removeprefix("/v2/").partition("/")
        if asked.method == "POST":
            assert asked.headers["content-type"] == "application/json"
            return getattr(self, re.sub(r"\W", "_", f"{what}_{id_}"))(asked.json)
        if not id_:
            return getattr(self, f"all_{what}")(parse_qs(path.query))
        if id_ not in self.kept[what]:
            return refusal(404, "NOT_FOUND")
        return Reply(200, {what.removesuffix("s"): self.kept[what][id_]})

    def catalog_batch_retrieve(self, body):
        found = {id_: CATALOG[id_] for id_ in body["object_ids"] if id_ in CATALOG}
        items = [one.get("item_variation_data", {}).get("item_id") for one in found.values()]
        related = {id_: CATALOG[id_] for id_ in items if id_ in CATALOG}
        return Reply(
            200,
            {
                "objects": [{"id": id_, **one} for id_, one in found.items()],
                "related_objects": [{"id": id_, **one} for id_, one in related.items()],
            },
        )

    def orders_search(self, body):
        changed = body["query"]["filter"]["date_time_filter"]["updated_at"]
        assert body["query"]["sort"] == {"sort_field": "UPDATED_AT", "sort_order": "ASC"}
        found = [
            order
            for order in self.kept["orders"].values()
            if order["location_id"] in body["location_ids"]
            and order["state"] in body["query"]["filter"]["state_filter"]["states"]
            and changed["start_at"] <= order["updated_at"] <= changed["end_at"]
        ]
        return self.paged("orders", found, int(body.get("cursor", 0)))

    def all_refunds(self, query):
        found = [
            refund
            for refund in self.kept["refunds"].values()
            if query["begin_time"][0] <= refund["created_at"] <= query["end_time"][0]
            and refund["status"] == query["status"][0]
        ]
        return self.paged("refunds", found, int(query.get("cursor", ["0"])[0]))

    def all_locations(self, _query):
        return Reply(200, {"locations": [{"id": "LTEST01"}, {"id": "LTEST02"}]})

    def webhooks_subscriptions(self, body):
        assert len(body["idempotency_key"]) <= 45
        return Reply(
            200, {"subscription": {**body["subscription"], "id": "w1", "signature_key": KEY}}
        )

    def paged(self, name, found, start):
        page = found[start : start + self.page]
        more = {"cursor": str(start + self.page)} if start + self.page < len(found) else {}
        return Reply(200, {name: page, **more} if page else more)


def refusal(status, code):
    return Reply(status, {"errors": [{"category": "X", "code": code, "detail": "g@example.com"}]})


@pytest.fixture
def till(vendor):
    vendor.script = till = Till()
    return till


@pytest.fixture
def ask(http, time, vendor):
    environment = {
        "SQUARE_ACCESS_TOKEN": TOKEN,
        "SQUARE_WEBHOOK_URL": URL,
        "SQUARE_BASE_URL": vendor.url,
        "SQUARE_ACCESS_TOKEN__SECOND": TOKEN,
        "SQUARE_WEBHOOK_URL__SECOND": URL,
    }
    engine = Engine(http, time, environment, time.sleep, Random(1))

    def run(verb, argument=None, account=""):
        return engine.run("square", verb, argument, account)

    return run


def sold(**changes):
    """Turn an order into a sale without asking anybody."""
    body = json.dumps({"order": {**ORDER, **changes}}).encode()
    config = Config(connector="square", values={})
    return square_facts.sale(config, read_json(body, "order", Order), {}, "")


PAID = Hint(kind="payment", id="PAYTEST0001")


def told(ask, hint=PAID):
    return [heard.transaction for heard in ask("fetch_sale", hint)]


def paths(vendor):
    return [f"{asked.method} {asked.path.removeprefix('/v2/')}" for asked in vendor.asked]


# Webhooks


def hints(type_, **thing):
    kind = type_.partition(".")[0]
    body = {"type": type_, "event_id": "e1", "data": {"type": kind, "object": {kind: thing}}}
    return read(body)


def read(body):
    config = Config(connector="square", values={})
    incoming = Incoming(url=URL, headers={}, body=b"", now=NOW)
    return CONNECTOR.webhooks["read_sale"].read(config, incoming, body)


@pytest.mark.parametrize("change", ["created", "updated"])
def test_completed_payments_and_refunds_are_worth_asking_for(change):
    payment = hints(f"payment.{change}", **PAYMENT)
    assert payment == [Hint(kind="payment", id="PAYTEST0001")]
    refund = hints(f"refund.{change}", **REFUND)
    assert refund == [Hint(kind="refund", id="PAYTEST0001_REF1")]


def test_a_canceled_payment_may_have_taken_its_order_with_it():
    assert hints("payment.updated", id="P1", status="CANCELED") == [Hint(kind="payment", id="P1")]


@pytest.mark.parametrize(
    ("type_", "status"),
    [
        ("payment.created", "APPROVED"),
        ("payment.updated", "PENDING"),
        ("payment.updated", "FAILED"),
        ("refund.created", "PENDING"),
        ("refund.updated", "REJECTED"),
        ("refund.updated", "FAILED"),
        ("order.updated", "COMPLETED"),
        ("customer.created", ""),
        ("loyalty.event.created", ""),
        ("payment.something.new", "COMPLETED"),
    ],
)
def test_everything_else_says_nothing_about_a_sale(type_, status):
    assert hints(type_, id="X1", status=status) == []


def test_a_test_notification_has_no_object_and_says_nothing():
    assert read({"type": "webhooks.test_notification", "data": {"type": "webhooks"}}) == []
    assert read({"type": "oauth.authorization.revoked"}) == []


@pytest.mark.parametrize(
    "body",
    [
        [],
        {},
        {"type": 5},
        {"type": "payment.updated"},
        {"type": "payment.updated", "data": {"object": []}},
        {"type": "payment.updated", "data": {"object": {"payment": {"status": "COMPLETED"}}}},
        {"type": "payment.updated", "data": {"object": {"payment": {"id": "../x"}}}},
        {"type": "payment.updated", "data": {"object": {"payment": {"id": "g@example.com"}}}},
    ],
)
def test_what_square_would_not_send_is_a_problem_without_an_echo(body):
    with pytest.raises(Problem) as problem:
        read(body)
    assert (problem.value.status, problem.value.code) == (400, "invalid_body")
    assert "example.com" not in str(problem.value) + problem.value.title
    assert problem.value.__suppress_context__


# Sales


def test_a_payment_leads_to_its_order_with_everything_about_it(ask, till, vendor):
    [heard] = ask("fetch_sale", PAID)
    assert till.order["version"] == 4
    assert heard.guest == Guest(phone="+4915112345678", email="g@example.com", customer="CUSTEST01")
    assert heard.transaction == Sale(
        source="square",
        receipt="ORDTEST0001",
        revision=4,
        store="LTEST01",
        channel="in_store",
        occurred_at=datetime(2026, 11, 20, 9, 15, 31, 482913, tzinfo=UTC),
        currency="EUR",
        lines=(
            Line(
                id="li1",
                amount=1400,
                name="Cut and style",
                sku="CUT-L",
                category="hair dressing",
                discount=150,
            ),
        ),
        total=1350,
        tip=100,
        staff="TM1",
    )
    assert paths(vendor) == [
        "GET payments/PAYTEST0001",
        "GET orders/ORDTEST0001",
        "POST catalog/batch-retrieve",
        "POST catalog/batch-retrieve",  # the category: related objects go one level deep only
        "GET customers/CUSTEST01",
    ]


def test_a_further_account_keeps_its_receipts_apart(ask, till):
    assert till
    [heard] = ask("fetch_sale", PAID, "second")
    assert heard.transaction.receipt_id == "square.second:ORDTEST0001"


def test_an_anonymous_sale_has_at_most_the_address_its_receipt_went_to(ask, till, vendor):
    del till.order["customer_id"]
    payment = till.kept["payments"]["PAYTEST0001"]
    del payment["customer_id"]
    assert ask("fetch_sale", PAID)[0].guest == Guest()
    payment["buyer_email_address"] = "b@example.com"
    assert ask("fetch_sale", PAID)[0].guest == Guest(email="b@example.com")
    assert not any("customers" in path for path in paths(vendor))


def test_the_guest_may_be_named_by_the_payment_or_the_tender_alone(ask, till):
    del till.order["customer_id"]
    assert ask("fetch_sale", PAID)[0].guest.customer == "CUSTEST01"
    del till.kept["payments"]["PAYTEST0001"]["customer_id"]
    till.order["tenders"][0]["customer_id"] = "CUSTEST01"
    assert ask("fetch_sale", PAID)[0].guest.phone == "+4915112345678"


def test_a_guest_who_was_deleted_at_square_keeps_the_id(ask, till):
    till.kept["customers"].clear()
    assert ask("fetch_sale", PAID)[0].guest == Guest(customer="CUSTEST01")


def test_nulls_count_as_left_out(ask, till):
    before = told(ask)
    till.order.update({"returns": None, "taxes": None, "net_amount_due_money": None})
    till.order["line_items"][0]["applied_taxes"] = None
    assert told(ask) == before


def test_a_split_bill_is_one_sale_once_all_of_it_is_paid(ask, till, vendor):
    till.order.update({"state": "OPEN", "total_money": eur(2000), "net_amount_due_money": eur(650)})
    assert told(ask) == []
    till.order["net_amount_due_money"] = eur(0)
    till.pay("PAYTEST0002", 650, status="APPROVED")
    assert told(ask) == []
    till.order["state"] = "COMPLETED"
    assert told(ask) == []
    till.kept["payments"]["PAYTEST0002"]["status"] = "COMPLETED"
    [first] = told(ask)
    assert first.receipt == "ORDTEST0001"
    assert told(ask, Hint(kind="payment", id="PAYTEST0002")) == [first]
    assert "GET payments/PAYTEST0002" in paths(vendor)


def test_an_open_order_that_is_paid_for_is_a_sale(ask, till):
    till.order["state"] = "OPEN"
    del till.order["closed_at"]
    [sale] = told(ask)
    assert sale.occurred_at == datetime(2026, 11, 20, 9, 14, 50, tzinfo=UTC)


def test_a_canceled_tender_pays_for_nothing(ask, till):
    till.order.update({"state": "OPEN"})
    till.kept["payments"]["PAYTEST0001"]["status"] = "CANCELED"
    assert told(ask) == []
    till.pay("PAYTEST0002", 1350)
    assert len(told(ask)) == 1


def test_a_draft_and_a_payment_without_an_order_are_no_sale(ask, till):
    till.order["state"] = "DRAFT"
    assert told(ask) == []
    del till.kept["payments"]["PAYTEST0001"]["order_id"]
    assert told(ask) == []


def test_a_canceled_order_is_a_void(ask, till):
    till.order.update({"state": "CANCELED", "tenders": []})
    assert told(ask) == [
        Void(
            source="square",
            receipt="ORDTEST0001",
            occurred_at=datetime(2026, 11, 20, 9, 15, 31, 482913, tzinfo=UTC),
            store="LTEST01",
        )
    ]


def test_what_was_given_away_is_no_purchase(ask, till):
    till.order.update({"total_money": eur(0), "total_tip_money": eur(0)})
    assert told(ask) == []


def test_gift_cards_quantities_and_custom_amounts(ask, till):
    till.order["line_items"] = [
        a_line("g", 2000, item_type="GIFT_CARD"),
        a_line("w", 500, quantity="0.33333"),
        a_line("c", 300, item_type="CUSTOM_AMOUNT", quantity="2"),
    ]
    [sale] = told(ask)
    assert [(line.id, line.kind, line.quantity) for line in sale.lines] == [
        ("g", "gift_card", 1000),
        ("w", "item", 333),
        ("c", "item", 2000),
    ]
    assert eligible(sale) == [0, 500, 300]


def taxed(amount, inclusive=0, additive=0, **more):
    applied = [
        {"tax_uid": "in", "applied_money": eur(inclusive)},
        {"tax_uid": "add", "applied_money": eur(additive)},
    ]
    total = more.pop("total", amount + additive)
    line = a_line(amount=amount, tax=inclusive + additive, applied_taxes=applied, **more)
    return {**line, "total_money": eur(total)}


TAXES = [{"uid": "in", "type": "INCLUSIVE"}, {"uid": "add", "type": "ADDITIVE"}]


@pytest.mark.parametrize(
    ("line", "included", "on_top"),
    [
        (taxed(1190, inclusive=190), 190, 0),  # Europe: inside gross sales
        (taxed(1000, additive=80), 0, 80),
        (taxed(1190, inclusive=190, additive=24), 190, 24),
        (taxed(1000, inclusive=190, total=1190), 0, 190),  # US, Canada, Japan: taken off before
        (taxed(1000, inclusive=190, additive=20, total=1210), 0, 210),
        (taxed(1190, inclusive=190, total=1250, total_service_charge_money=eur(60)), 190, 0),
    ],
)
def test_only_tax_that_is_inside_the_price_is_taken_off_it(line, included, on_top):
    tax = line["total_tax_money"]
    sale = sold(line_items=[line], taxes=TAXES, total_tax_money=tax)
    assert sale.lines[0].included_tax == included
    assert sale.tax == on_top
    assert eligible(sale) == [line["gross_sales_money"]["amount"] - included]


@pytest.mark.parametrize(
    ("source", "ways", "channel"),
    [
        ("Point of Sale", [], "in_store"),
        ("Square Point of Sale", ["PICKUP"], "in_store"),
        ("Square for Restaurants", [], "in_store"),
        ("Square Appointments", [], "in_store"),
        ("Kiosk", [], "in_store"),
        ("Corner POS", [], "in_store"),
        ("", [], "in_store"),
        ("Somebody's integration", [], "in_store"),
        ("Point of Sale", ["DELIVERY"], "delivery"),
        ("DoorDash", [], "delivery"),
        ("Uber Eats", ["PICKUP"], "delivery"),
        ("Postmates", [], "delivery"),
        ("Momo House App", ["PICKUP"], "app"),
        ("MomoApp", [], "app"),
        ("Momo House App", ["DELIVERY"], "delivery"),
        ("Square Online", [], "online"),
        ("Web shop", [], "online"),
        ("Square Checkout", [], "online"),
        ("Somebody's integration", ["PICKUP"], "online"),
        ("Somebody's integration", ["SHIPMENT"], "online"),
    ],
)
def test_where_an_order_came_from(source, ways, channel):
    fulfillments = [{"type": way, "uid": "f"} for way in ways]
    assert sold(source={"name": source}, fulfillments=fulfillments).channel == channel


@pytest.mark.parametrize("digits", range(10))
def test_times_have_any_number_of_digits_and_are_cut_not_rounded(digits):
    fraction = f".{'9' * digits}" if digits else ""
    found = moment(f"2026-11-20T09:15:31{fraction}Z")
    assert found == datetime(2026, 11, 20, 9, 15, 31, int(("9" * digits)[:6].ljust(6, "0")), UTC)


def test_an_order_square_gave_no_version_is_the_first_revision(ask, till):
    del till.order["version"]
    assert told(ask)[0].revision == 0


# Refunds


def test_an_itemized_refund_names_the_sales_own_lines(ask, till):
    [refund] = told(ask, till.refund())
    assert refund == Refund(
        source="square",
        receipt="ORDTEST0001",
        id="PAYTEST0001_REF1",
        amount=700,
        currency="EUR",
        occurred_at=datetime(2026, 11, 20, 10, tzinfo=UTC),
        store="LTEST01",
        lines=(RefundLine(line="li1", quantity=500),),
    )
    [sale] = told(ask)
    assert kept(sale, eligible(sale), [refund]) == [625]  # half of 1400 - 150


def without_lines(**line):
    own = copy.deepcopy(RETURN)
    own["returns"][0]["return_line_items"].append({"quantity": "1", **line})
    return own


def test_a_refund_of_a_mere_sum_names_no_lines(ask, till):
    own = copy.deepcopy(RETURN)
    own["returns"][0]["return_line_items"] = [{"item_type": "CUSTOM_AMOUNT", "quantity": "1"}]
    assert told(ask, till.refund(own=own))[0].lines == ()
    assert told(ask, till.refund(own=without_lines(item_type="CUSTOM_AMOUNT")))[0].lines == ()
    no_order = {name: value for name, value in REFUND.items() if name != "order_id"}
    [refund] = told(ask, till.refund(no_order, own=None))
    assert (refund.amount, refund.lines) == (700, ())


@pytest.mark.parametrize(
    "change",
    [
        {"status": "PENDING"},
        {"status": "FAILED"},
        {"payment_id": None},
        {"payment_id": "", "unlinked": True},
    ],
)
def test_a_refund_that_waits_or_belongs_to_no_sale_says_nothing(ask, till, change):
    assert told(ask, till.refund({**REFUND, **change})) == []


def test_a_return_paid_back_in_two_parts_gives_its_lines_back_once(ask, till):
    own = {**RETURN, "refunds": [{"id": "REF1"}, {"id": "REF2"}]}
    first = till.refund({**REFUND, "amount_money": eur(400)}, own)
    second = till.refund({**REFUND, "id": "PAYTEST0002_REF2", "amount_money": eur(300)}, own)
    assert told(ask, first) == told(ask, second)
    [refund] = told(ask, first)
    assert (refund.id, refund.amount) == ("RETURN0001:ORDTEST0001", 700)
    assert refund.lines == (RefundLine(line="li1", quantity=500),)


def test_an_exchange_sells_anew_and_takes_back_without_any_refund(ask, till):
    till.kept["orders"]["ORDTEST0002"] = exchange = {
        **copy.deepcopy(ORDER),
        "id": "ORDTEST0002",
        "returns": RETURN["returns"],
        "net_amounts": {"total_money": eur(650)},
        "tenders": [{"payment_id": "PAYTEST0003", "amount_money": eur(650)}],
    }
    till.kept["payments"]["PAYTEST0003"] = {
        "id": "PAYTEST0003",
        "status": "COMPLETED",
        "order_id": "ORDTEST0002",
    }
    hint = Hint(kind="payment", id="PAYTEST0003")
    sale, back = told(ask, hint)
    assert (sale.receipt, sale.total) == ("ORDTEST0002", 1350)
    assert (back.id, back.amount) == ("ORDTEST0002:ORDTEST0001", 700)
    assert back.receipt == "ORDTEST0001"
    assert back.lines == (RefundLine(line="li1", quantity=500),)
    assert told(ask, till.refund({**REFUND, "order_id": "ORDTEST0002"}, exchange)) == [back]


# Catching up


SPAN = Span(
    start=datetime(2026, 11, 20, tzinfo=UTC),
    end=datetime(2026, 11, 21, tzinfo=UTC),
    locations=("LTEST01",),
)


def test_catching_up_finds_the_same_facts_as_the_hints(ask, till):
    hint = till.refund()
    expected = ask("fetch_sale", PAID) + ask("fetch_sale", hint)
    assert ask("list_sales", SPAN) == expected


def test_catching_up_turns_every_page_and_asks_for_nothing_twice(ask, till, vendor):
    till.page = 2
    for n in range(5):
        order = {**copy.deepcopy(ORDER), "id": f"ORD{n}", "tenders": []}
        till.kept["orders"][f"ORD{n}"] = order
        till.refund({**REFUND, "id": f"R{n}", "order_id": f"RET{n}"}, {**RETURN, "id": f"RET{n}"})
    heard = ask("list_sales", SPAN)
    assert len({each.transaction.receipt for each in heard}) == 6
    assert sum(isinstance(each.transaction, Refund) for each in heard) == 5
    assert paths(vendor).count("GET customers/CUSTEST01") == 1
    assert paths(vendor).count("POST catalog/batch-retrieve") == 2
    assert paths(vendor).count("POST orders/search") == 6


def test_catching_up_everywhere_asks_for_the_locations_first(ask, till):
    assert till
    everywhere = Span(start=SPAN.start, end=SPAN.end)
    assert ask("list_sales", everywhere) == ask("fetch_sale", PAID)


def test_catching_up_skips_what_is_not_of_the_span(ask, till):
    till.refund({**REFUND, "updated_at": "2026-11-21T00:00:00Z"})
    later = Span(start=SPAN.end, end=SPAN.end + timedelta(days=1), locations=("LTEST01",))
    assert [heard.transaction.receipt for heard in ask("list_sales", SPAN)] == ["ORDTEST0001"]
    [refund] = ask("list_sales", later)
    assert refund.transaction.id == "PAYTEST0001_REF1"
    elsewhere = Span(start=SPAN.start, end=SPAN.end, locations=("LTEST02",))
    assert ask("list_sales", elsewhere) == []


# Setting up, checking, failing


def test_set_up_makes_the_webhook_and_keeps_its_key_to_itself(ask, till, vendor):
    assert till
    done = ask("set_up")
    sent = vendor.asked[0].json["subscription"]
    assert sent["notification_url"] == URL
    assert sent["event_types"] == list(EVENTS)
    assert sent["api_version"] == "2026-09-16"
    assert "webhook_signature_key" in " ".join(done)
    assert KEY not in " ".join(done)
    ask("set_up")
    assert vendor.asked[0].json == vendor.asked[1].json


def test_check_says_whose_token_it_is(ask, vendor):
    merchant = {"business_name": "Art Cafe", "country": "DE", "status": "ACTIVE"}
    vendor.say(Reply(200, {"merchant": merchant}))
    assert ask("check") == "Square knows us as Art Cafe (DE, ACTIVE)."
    assert paths(vendor) == ["GET merchants/me"]


@pytest.mark.parametrize(
    ("status", "code", "word"),
    [
        (400, "BAD_REQUEST", "refused"),
        (404, "NOT_FOUND", "refused"),
        (401, "ACCESS_TOKEN_EXPIRED", "credentials"),
        (403, "INSUFFICIENT_SCOPES", "credentials"),
        (400, "MERCHANT_SUBSCRIPTION_NOT_FOUND", "credentials"),
    ],
)
def test_square_refuses_in_our_words(ask, vendor, status, code, word):
    vendor.say(refusal(status, code))
    with pytest.raises(VendorRefused) as refused:
        ask("check")
    assert (refused.value.word, refused.value.code) == (word, code)


@pytest.mark.parametrize(
    ("status", "code"),
    [(429, "RATE_LIMITED"), (500, "INTERNAL_SERVER_ERROR"), (503, ""), (400, "TEMPORARY_ERROR")],
)
def test_square_in_trouble_is_asked_again(ask, till, vendor, status, code):
    answers = [refusal(status, code)]
    vendor.script = lambda asked: answers.pop() if answers else till(asked)
    assert len(ask("fetch_sale", PAID)) == 1
    answers += [refusal(status, code)] * 9
    with pytest.raises(TryAgain):
        ask("fetch_sale", PAID)


def test_what_a_hint_is_about_may_not_be_there_yet(ask, till):
    hint = till.refund(own=None)
    with pytest.raises(TryAgain):
        ask("fetch_sale", hint)
    with pytest.raises(TryAgain):
        ask("fetch_sale", Hint(kind="payment", id="PAYTEST0009"))


def test_a_body_that_is_not_squares_is_asked_for_again_later(ask, vendor):
    for body in ({}, {"payment": []}, {"payment": {"id": 5}}, "x", {"payment": {"status": "X"}}):
        vendor.say(Reply(200, body))
        with pytest.raises(TryAgain):
            ask("fetch_sale", PAID)


def test_ids_are_quoted_in_addresses(ask, till, vendor):
    assert till
    with pytest.raises(TryAgain):
        ask("fetch_sale", Hint(kind="payment", id="a/../b?x"))
    assert json.dumps(paths(vendor)) == '["GET payments/a%2F..%2Fb%3Fx"]'
