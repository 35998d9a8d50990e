"""Square's API: who may ask, what a question must hold, how pages join, what a webhook says."""

import json

import pytest
from infra.sandbox import line, signatures

UPDATED = {"sort_field": "UPDATED_AT", "sort_order": "ASC"}


@pytest.mark.parametrize(
    ("headers", "status", "code"),
    [
        ({"Authorization": None}, 401, "UNAUTHORIZED"),
        ({"Authorization": "Bearer wrong"}, 401, "UNAUTHORIZED"),
        ({"Authorization": "EAAA-sandbox-square-access-token"}, 401, "UNAUTHORIZED"),
        ({"Square_Version": None}, 400, "MISSING_REQUIRED_PARAMETER"),
        ({"Square_Version": "latest"}, 400, "INVALID_SQUARE_VERSION_FORMAT"),
        ({"Square_Version": "2026-9-16"}, 400, "INVALID_SQUARE_VERSION_FORMAT"),
    ],
)
def test_a_request_without_a_good_token_and_version_is_refused(
    square, sandbox, headers, status, code
):
    answer = square("/locations", **headers)

    assert (answer.status_code, answer.json()["errors"][0]["code"]) == (status, code)
    assert answer.json()["errors"][0].keys() >= {"category", "code", "detail"}
    assert len(sandbox.requests.refused("square")) == 1


@pytest.mark.parametrize(
    "path", ["/orders/X", "/payments/X", "/refunds/X", "/customers/X", "/merchants/X", "/poems"]
)
def test_what_is_not_there_is_not_found(square, path):
    answer = square(path)

    assert (answer.status_code, answer.json()["errors"][0]["code"]) == (404, "NOT_FOUND")


def ranged(**ranges):
    return {"filter": {"date_time_filter": ranges}, "sort": UPDATED}


SINCE = {"start_at": "2026-11-20T00:00:00Z"}
REFUSALS = {
    "no location": ({}, "MISSING_REQUIRED_PARAMETER"),
    "an empty list of locations": ({"location_ids": []}, "VALUE_TOO_SHORT"),
    "eleven locations": ({"location_ids": ["L"] * 11}, "VALUE_TOO_LONG"),
    "a misspelt field": ({"location_ids": ["L"], "querry": {}}, "BAD_REQUEST"),
    "a limit of 1001": ({"location_ids": ["L"], "limit": 1001}, "INVALID_VALUE"),
    "a sort without a field": (
        {"location_ids": ["L"], "query": {"sort": {"sort_order": "ASC"}}},
        "MISSING_REQUIRED_PARAMETER",
    ),
    "a state filter without states": (
        {"location_ids": ["L"], "query": {"filter": {"state_filter": {}}}},
        "MISSING_REQUIRED_PARAMETER",
    ),
    "an unknown state": (
        {"location_ids": ["L"], "query": {"filter": {"state_filter": {"states": ["PAID"]}}}},
        "INVALID_VALUE",
    ),
    "a filter on one time, sorted by another": (
        {"location_ids": ["L"], "query": ranged(created_at=SINCE)},
        "BAD_REQUEST",
    ),
    "two time ranges": (
        {"location_ids": ["L"], "query": ranged(created_at=SINCE, updated_at=SINCE)},
        "BAD_REQUEST",
    ),
    "closed orders without a state filter": (
        {"location_ids": ["L"], "query": {"sort": {"sort_field": "CLOSED_AT"}}},
        "BAD_REQUEST",
    ),
    "a time without a zone": (
        {"location_ids": ["L"], "query": ranged(updated_at={"start_at": "2026-11-20T00:00:00"})},
        "INVALID_TIME",
    ),
    "a made-up cursor": ({"location_ids": ["L"], "cursor": "next"}, "INVALID_CURSOR"),
}


@pytest.mark.parametrize(("body", "code"), REFUSALS.values(), ids=REFUSALS)
def test_a_search_that_breaks_a_rule_is_refused(square, body, code):
    answer = square("/orders/search", body)

    assert (answer.status_code, answer.json()["errors"][0]["code"]) == (400, code)


def test_pages_of_a_search_join_without_gap_or_repetition(square, sandbox, clock):
    rung = []
    for _ in range(5):
        rung.append(sandbox.square.ring_up({"line_items": [line("Tea", 500)]}).order_id)
        clock.pass_by(seconds=1)
    sandbox.square.ring_up(
        {"location_id": "LMOMO01", "line_items": [line("Momo", 500, currency="USD")]}
    )
    body = {"location_ids": ["LCAFE01"], "limit": 2, "query": ranged(updated_at=SINCE)}
    pages = []

    while not pages or "cursor" in pages[-1]:
        pages.append(square("/orders/search", body).json())
        body["cursor"] = pages[-1].get("cursor", body.get("cursor"))

    assert [order["id"] for page in pages for order in page["orders"]] == rung
    assert len(pages) == 3
    other = body | {"query": {}}
    assert square("/orders/search", other).json()["errors"][0]["code"] == "INVALID_CURSOR"


def returned(sandbox, clock, times):
    """Sell and give back so often, a second after the other; give the refunds' ids."""
    refunds = []
    for _ in range(times):
        sale = sandbox.square.ring_up({"line_items": [line("Tea", 500)]})
        refunds.append(sandbox.square.refund(sale.payment_ids[0])["id"])
        clock.pass_by(seconds=1)
    return refunds


def test_pages_of_refunds_join_without_gap_or_repetition(square, sandbox, clock):
    made = returned(sandbox, clock, 5)
    for order, expected in (("ASC", made), ("DESC", made[::-1])):
        path, pages = f"/refunds?sort_order={order}&limit=2", []
        while not pages or "cursor" in pages[-1]:
            more = f"&cursor={pages[-1]['cursor']}" if pages else ""
            pages.append(square(path + more).json())
        assert [refund["id"] for page in pages for refund in page["refunds"]] == expected
        assert len(pages) == 3


def test_refunds_are_listed_by_when_they_were_made_and_how_they_are(square, sandbox, clock):
    first, second = returned(sandbox, clock, 2)
    sandbox.square.settle_refund(second)

    def found(query):
        return [refund["id"] for refund in square(f"/refunds?{query}").json().get("refunds", [])]

    assert found("status=COMPLETED") == [second]
    assert found("end_time=2026-11-20T09:00:00Z") == [first]
    assert found("begin_time=2026-11-20T09:00:01Z&location_id=LCAFE01") == [second]
    assert found("location_id=LMOMO01") == []
    assert square("/refunds?status=REJECTED").json() == {}


@pytest.mark.parametrize(
    "query",
    ["limit=101", "sort_order=UP", "status=DONE", "begin_time=yesterday", "since=1", "cursor=x"],
)
def test_a_list_of_refunds_that_breaks_a_rule_is_refused(square, query):
    answer = square(f"/refunds?{query}")
    assert (answer.status_code, len(answer.json()["errors"])) == (400, 1)


def test_a_search_by_closing_time_finds_closed_orders_only_both_ends_included(
    square, sandbox, clock
):
    done = sandbox.square.ring_up({"line_items": [line("Tea", 500)]})
    sandbox.square.ring_up({"line_items": [line("Tea", 500)]}, [])
    clock.pass_by(hours=1)

    def found(start, end):
        times = {"closed_at": {"start_at": start, "end_at": end}}
        query = {
            "filter": {"state_filter": {"states": ["COMPLETED"]}, "date_time_filter": times},
            "sort": {"sort_field": "CLOSED_AT"},
        }
        return square("/orders/search", {"location_ids": ["LCAFE01"], "query": query}).json()

    nine = "2026-11-20T09:00:00Z"
    assert [o["id"] for o in found(nine, nine)["orders"]] == [done.order_id]
    assert found("2026-11-20T09:00:01Z", "2026-11-20T10:00:00Z") == {}


def test_known_orders_come_in_a_batch_and_unknown_ones_are_left_out(square, sandbox):
    sale = sandbox.square.ring_up({"line_items": [line("Tea", 500)]})

    found = square("/orders/batch-retrieve", {"order_ids": [sale.order_id, "X"]}).json()

    assert [order["id"] for order in found["orders"]] == [sale.order_id]
    assert square("/orders/batch-retrieve", {"order_ids": ["X"]}).json() == {}
    assert square("/orders/batch-retrieve", {}).status_code == 400


def test_a_lines_sku_item_and_category_are_found_in_the_catalog(square, sandbox):
    large = sandbox.square.menu.add(
        "Momo", 900, sku="MOMO-L", category="Food", variation="Large", currency="EUR"
    )
    sale = sandbox.square.ring_up({"line_items": [{"catalog_object_id": large, "quantity": "1"}]})

    bought = sandbox.square.orders[sale.order_id]["line_items"][0]
    assert (bought["name"], bought["variation_name"]) == ("Momo", "Large")
    assert "sku" not in bought
    body = {"object_ids": [large], "include_related_objects": True}
    found = square("/catalog/batch-retrieve", body).json()
    variation = found["objects"][0]["item_variation_data"]
    item, category = found["related_objects"]
    assert variation["sku"] == "MOMO-L"
    assert variation["item_id"] == item["id"]
    assert item["item_data"]["categories"][0]["id"] == category["id"]
    assert category["category_data"]["name"] == "Food"
    assert (
        "related_objects" not in square("/catalog/batch-retrieve", {"object_ids": [large]}).json()
    )
    assert square("/catalog/batch-retrieve", {}).status_code == 400


def test_the_merchant_and_its_locations_can_be_asked_for(square, sandbox):
    names = [place["name"] for place in square("/locations").json()["locations"]]

    assert names == ["Art Cafe", "Momo House"]
    merchant = square("/merchants/me").json()["merchant"]
    assert merchant["id"] == sandbox.secrets.square_merchant_id
    assert square(f"/merchants/{merchant['id']}").json()["merchant"] == merchant


def test_a_webhook_covers_the_registered_address_and_the_raw_body(sandbox):
    sandbox.square.notification_url = "https://shop.example/in/square?x=1"
    sale = sandbox.square.ring_up({"line_items": [line("Café crème", 500)]})
    payment = sandbox.square.payments[sale.payment_ids[0]]

    headers, body = sandbox.square.webhook("payment.updated", payment)

    signed = signatures.square(
        sandbox.secrets.square_signature_key, "https://shop.example/in/square?x=1", body
    )
    assert headers["x-square-hmacsha256-signature"] == signed
    event = json.loads(body)
    assert event.keys() == {"merchant_id", "type", "event_id", "created_at", "data"}
    assert event["created_at"] == "2026-11-20T09:00:00.000000000Z"
    assert event["data"] == {
        "type": "payment",
        "id": payment["id"],
        "object": {"payment": payment},
    }


def test_an_order_event_is_thin_and_a_customer_event_may_tell_of_a_merge(sandbox):
    sale = sandbox.square.ring_up({"line_items": [line("Tea", 500)]}, None, {"given_name": "Pat"})
    merge = {"merge": {"from_customer_ids": ["A"], "to_customer_id": sale.customer_id}}
    customer = sandbox.square.customers[sale.customer_id]

    _, order = sandbox.square.webhook("order.updated", sandbox.square.orders[sale.order_id])
    _, merged = sandbox.square.webhook("customer.created", customer, context=merge)
    _, test = sandbox.square.webhook("webhooks.test_notification", {})

    assert json.loads(order)["data"]["object"]["order_updated"].keys() == {
        "order_id", "location_id", "version", "state", "created_at", "updated_at",
    }  # fmt: skip
    assert json.loads(order)["data"]["type"] == "order_updated"
    assert json.loads(merged)["data"]["object"]["event_context"] == merge
    assert "object" not in json.loads(test)["data"]


def test_the_same_event_can_come_twice_and_a_forged_one_once(sandbox, shop):
    sandbox.square.notification_url = f"{shop.url}/in"
    sale = sandbox.square.ring_up({"line_items": [line("Tea", 500)]})
    payment = sandbox.square.payments[sale.payment_ids[0]]

    sandbox.square.post("payment.updated", payment, times=2)
    sandbox.square.post("payment.updated", payment, forged=True)

    first, second, forged = shop.heard
    assert first.body == second.body
    key, url = sandbox.secrets.square_signature_key, f"{shop.url}/in"
    good = [
        heard.headers["x-square-hmacsha256-signature"] == signatures.square(key, url, heard.body)
        for heard in (first, second, forged)
    ]
    assert good == [True, True, False]


def test_a_payment_is_announced_as_created_and_updated_and_faults_apply(sandbox, shop):
    sandbox.square.notification_url = f"{shop.url}/in"
    sale = sandbox.square.ring_up({"line_items": [line("Tea", 500)]})

    answers = sandbox.square.announce(sale.payment_ids[0])
    assert [answer.status_code for answer in answers] == [200, 200]
    assert [json.loads(heard.body)["type"] for heard in shop.heard] == [
        "payment.created",
        "payment.updated",
    ]

    sandbox.fault("square", "no_callbacks", times=2)
    assert sandbox.square.announce(sale.payment_ids[0]) == []
    sandbox.fault("square", "duplicate_callbacks", times=2)
    assert len(sandbox.square.announce(sale.payment_ids[0])) == 4
