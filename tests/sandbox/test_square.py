"""Square's till prices, takes payments, edits and refunds as Square does."""

import pytest
from infra.sandbox import line, money


def amounts(thing, *names):
    return [thing[f"{name}_money"]["amount"] for name in names]


def test_an_order_is_priced_as_squares_own_forum_shows_it(sandbox):
    """915 yen less 10 %, less 4 yen: Square answers 91 + 4 off, 820 to pay."""
    sandbox.square.add_location("LTOKYO", "Kissa", "JPY", "JP", "Asia/Tokyo")

    sale = sandbox.square.ring_up(
        {
            "location_id": "LTOKYO",
            "line_items": [line("Fanta", 915, currency="JPY")],
            "discounts": [{"percentage": "10"}, {"amount_money": money(4, "JPY")}],
        }
    )

    order = sandbox.square.orders[sale.order_id]
    (fanta,) = order["line_items"]
    assert amounts(fanta, "gross_sales", "total_discount", "total") == [915, 95, 820]
    assert [d["applied_money"]["amount"] for d in order["discounts"]] == [91, 4]
    assert amounts(order, "total_discount", "total") == [95, 820]


def test_an_added_tax_is_on_top_and_an_included_one_inside(sandbox):
    added = sandbox.square.ring_up(
        {"line_items": [line("Tea", 1000)], "taxes": [{"percentage": "20"}]}
    )
    included = sandbox.square.ring_up(
        {"line_items": [line("Tea", 1200)], "taxes": [{"percentage": "20", "type": "INCLUSIVE"}]}
    )

    for sale, gross in ((added, 1000), (included, 1200)):
        order = sandbox.square.orders[sale.order_id]
        (tea,) = order["line_items"]
        assert amounts(tea, "gross_sales", "total_tax", "total") == [gross, 200, 1200]
        assert amounts(order, "total_tax", "total") == [200, 1200]


def test_in_the_us_an_included_tax_is_left_out_of_gross_sales(sandbox):
    sale = sandbox.square.ring_up(
        {
            "location_id": "LMOMO01",
            "line_items": [line("Momo", 1200, currency="USD")],
            "taxes": [{"percentage": "20", "type": "INCLUSIVE"}],
        }
    )

    (momo,) = sandbox.square.orders[sale.order_id]["line_items"]
    assert amounts(momo, "gross_sales", "total_tax", "total") == [1000, 200, 1200]


def test_gift_cards_are_touched_by_no_discount_tax_or_service_charge(sandbox):
    sale = sandbox.square.ring_up(
        {
            "line_items": [line("Lunch", 2000), line("Gift card", 5000, item_type="GIFT_CARD")],
            "discounts": [{"percentage": "50"}],
            "taxes": [{"percentage": "10"}],
            "service_charges": [{"name": "Service", "percentage": "12.5"}],
        }
    )

    order = sandbox.square.orders[sale.order_id]
    lunch, card = order["line_items"]
    assert amounts(lunch, "total_discount", "total_tax", "total") == [1000, 100, 1100]
    assert amounts(card, "total_discount", "total_tax", "total") == [0, 0, 5000]
    assert amounts(order, "total_service_charge", "total") == [125, 1100 + 5000 + 125]


def test_a_service_charge_may_be_taxed_come_after_tax_or_be_shared_out(sandbox):
    sale = sandbox.square.ring_up(
        {
            "line_items": [line("A", 1000), line("B", 3000)],
            "taxes": [{"percentage": "10"}],
            "service_charges": [
                {"amount_money": money(400), "taxable": True},
                {"percentage": "1", "calculation_phase": "TOTAL_PHASE"},
                {"amount_money": money(40), "calculation_phase": "APPORTIONED_AMOUNT_PHASE"},
            ],
        }
    )

    order = sandbox.square.orders[sale.order_id]
    shared = [x["total_service_charge_money"]["amount"] for x in order["line_items"]]
    assert shared == [10, 30]
    assert [x["total_money"]["amount"] for x in order["line_items"]] == [1111, 3333]
    taxed, late, _ = order["service_charges"]
    assert amounts(taxed, "applied", "total_tax", "total") == [400, 40, 440]
    assert amounts(late, "applied") == [44]
    assert amounts(order, "total_service_charge", "total") == [484, 1111 + 3333 + 440 + 44]


def test_half_a_kilo_is_priced_by_its_decimal_text(sandbox):
    sale = sandbox.square.ring_up({"line_items": [line("Beans", 2401, "0.5")]})

    assert amounts(sandbox.square.orders[sale.order_id], "total") == [1200]


def test_two_people_share_a_bill_and_one_leaves_a_tip(sandbox, square):
    sale = sandbox.square.ring_up(
        {"line_items": [line("Dinner", 5000)]},
        [
            {"amount_money": money(2000), "source_type": "CASH"},
            {"tip_money": money(300)},
        ],
        {"given_name": "Pat", "phone_number": "+15005550001"},
    )

    order = square(f"/orders/{sale.order_id}").json()["order"]
    assert order["state"] == "COMPLETED"
    assert amounts(order, "total_tip", "total") == [300, 5300]
    assert [t["amount_money"]["amount"] for t in order["tenders"]] == [2000, 3300]
    assert [t["type"] for t in order["tenders"]] == ["CASH", "CARD"]
    card = square(f"/payments/{sale.payment_ids[1]}").json()["payment"]
    assert amounts(card, "amount", "tip", "total") == [3000, 300, 3300]
    assert card["order_id"] == sale.order_id
    customer = square(f"/customers/{sale.customer_id}").json()["customer"]
    assert customer["phone_number"] == "+15005550001"
    assert card["customer_id"] == order["customer_id"] == customer["id"]


def test_an_order_stays_open_until_every_payment_is_captured(sandbox):
    sale = sandbox.square.ring_up({"line_items": [line("Tea", 500)]}, [{"status": "APPROVED"}])
    assert sandbox.square.orders[sale.order_id]["state"] == "OPEN"

    sandbox.square.complete_payment(sale.payment_ids[0])

    order = sandbox.square.orders[sale.order_id]
    assert (order["state"], order["version"]) == ("COMPLETED", 2)


def test_a_canceled_payment_leaves_the_order_unpaid_and_canceled(sandbox):
    sale = sandbox.square.ring_up({"line_items": [line("Tea", 500)]}, [{"status": "APPROVED"}])

    payment = sandbox.square.cancel_payment(sale.payment_ids[0])

    assert payment["status"] == "CANCELED"
    assert "receipt_number" not in payment
    order = sandbox.square.orders[sale.order_id]
    assert (order["state"], order["tenders"]) == ("CANCELED", [])


def test_an_edit_prices_again_and_raises_the_version(sandbox, clock):
    sale = sandbox.square.ring_up({"line_items": [line("Tea", 500)]})
    before = dict(sandbox.square.orders[sale.order_id])
    clock.pass_by(minutes=5)

    after = sandbox.square.edit(sale.order_id, {"line_items": [line("Tea", 400)]})

    assert (before["version"], after["version"]) == (1, 2)
    assert amounts(after, "total") == [400]
    assert after["updated_at"] > before["updated_at"]


def test_a_tip_written_on_the_slip_comes_later(sandbox):
    sale = sandbox.square.ring_up({"line_items": [line("Tea", 500)]})

    payment = sandbox.square.tip(sale.payment_ids[0], 100)

    assert amounts(payment, "amount", "tip", "total") == [500, 100, 600]
    assert amounts(sandbox.square.orders[sale.order_id], "total_tip", "total") == [100, 600]


def test_an_order_taken_without_the_orders_api_has_no_version(sandbox):
    sale = sandbox.square.ring_up({"line_items": [line("Tea", 500)], "version": None})

    assert "version" not in sandbox.square.orders[sale.order_id]


def test_the_till_takes_no_misspelt_field_and_no_foreign_money(sandbox):
    with pytest.raises(ValueError, match="discount"):
        sandbox.square.ring_up({"line_items": [], "discount": []})
    with pytest.raises(ValueError, match="USD only"):
        sandbox.square.ring_up({"location_id": "LMOMO01", "line_items": [line("Tea", 500)]})


def test_a_refund_has_an_order_of_its_own_that_names_the_returned_line(sandbox, square):
    sale = sandbox.square.ring_up(
        {
            "line_items": [line("Momo", 900, "3"), line("Tea", 300)],
            "taxes": [{"percentage": "10"}],
        }
    )
    momo = sandbox.square.orders[sale.order_id]["line_items"][0]["uid"]

    refund = sandbox.square.refund(sale.payment_ids[0], lines={momo: "1"}, reason="Cold")

    assert refund["status"] == "PENDING"
    assert refund["order_id"] != sale.order_id
    returned = square(f"/orders/{refund['order_id']}").json()["order"]
    (back,) = returned["returns"]
    (momo_back,) = back["return_line_items"]
    assert back["source_order_id"] == sale.order_id
    assert (momo_back["source_line_item_uid"], momo_back["quantity"]) == (momo, "1")
    assert amounts(momo_back, "gross_return", "total_tax", "total") == [900, 90, 990]
    assert amounts(returned["return_amounts"], "total", "tax") == [990, 90]
    assert amounts(returned["net_amounts"], "total") == [-990]
    assert amounts(returned, "total") == [0]
    assert returned["refunds"][0]["status"] == "PENDING"

    sandbox.square.settle_refund(refund["id"])

    assert square(f"/refunds/{refund['id']}").json()["refund"]["status"] == "COMPLETED"
    payment = square(f"/payments/{sale.payment_ids[0]}").json()["payment"]
    assert amounts(payment, "refunded") == [990]
    assert payment["refund_ids"] == [refund["id"]]
    returned = sandbox.square.orders[refund["order_id"]]
    assert (returned["state"], returned["refunds"][0]["status"]) == ("COMPLETED", "APPROVED")


def test_parts_returned_one_by_one_add_up_to_the_whole_line(sandbox):
    sale = sandbox.square.ring_up(
        {"line_items": [line("Set of three", 333, "3")], "discounts": [{"percentage": "10"}]}
    )
    uid = sandbox.square.orders[sale.order_id]["line_items"][0]["uid"]

    parts = [
        sandbox.square.refund(sale.payment_ids[0], lines={uid: "1"})["amount_money"]["amount"]
        for _ in range(3)
    ]

    assert sum(parts) == sandbox.square.payments[sale.payment_ids[0]]["total_money"]["amount"]
    with pytest.raises(ValueError, match="only 0 of line"):
        sandbox.square.refund(sale.payment_ids[0], lines={uid: "1"})


def test_money_can_go_back_without_goods_but_never_more_than_was_paid(sandbox):
    sale = sandbox.square.ring_up({"line_items": [line("Tea", 500)]})

    refund = sandbox.square.refund(sale.payment_ids[0], amount=200)
    (back,) = sandbox.square.orders[refund["order_id"]]["returns"][0]["return_line_items"]
    assert back["item_type"] == "CUSTOM_AMOUNT"
    assert "source_line_item_uid" not in back
    with pytest.raises(ValueError, match="only 300"):
        sandbox.square.refund(sale.payment_ids[0], amount=301)

    sandbox.square.settle_refund(refund["id"], "REJECTED")
    assert sandbox.square.refund(sale.payment_ids[0])["amount_money"]["amount"] == 500


def test_a_refund_may_belong_to_no_payment_at_all(sandbox):
    refund = sandbox.square.refund(None, amount=700)

    assert refund["unlinked"]
    assert "payment_id" not in refund
    assert "source_order_id" not in sandbox.square.orders[refund["order_id"]]["returns"][0]
