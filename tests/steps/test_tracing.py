"""The way of a purchase as `loyalty trace` tells it: what happened, what waits, what is missing."""

from __future__ import annotations

from datetime import UTC, datetime

from tests.rig import refund, sale
from tests.steps.cafe import SITA

from loyalty import tracing
from loyalty.records import entries

NIGHT = datetime(2026, 11, 21, 20, 0, tzinfo=UTC)  # 21:00 in Berlin
MORNING = datetime(2026, 11, 22, 7, 0, tzinfo=UTC)


def traced(cafe, receipt):
    record = entries.get(cafe.rig.store, f"sale:generic:{receipt}")
    others = entries.each(cafe.rig.store, ("members", "contains", record.receipt.member))
    return tracing.way(record, list(others), cafe.rig.store, cafe.shop.programs)


def told(cafe, receipt):
    return [(step.function, step.what) for step in traced(cafe, receipt)]


def missing(cafe, receipt):
    return [(step.function, step.what) for step in traced(cafe, receipt) if step.missing(cafe.now)]


def test_a_purchase_is_followed_to_the_receipt_of_delivery(cafe):
    cafe.join()
    cafe.buys("A", 1250)
    cafe.hears("sale:generic:A", "delivered")
    assert told(cafe, "A") == [
        ("(till)", "sold"),
        ("transaction_ingest", "recorded revision 0"),
        ("points_calculation", "booked sale:generic:A: +12 points"),
        (
            "notification_dispatch",
            "message:sale:generic:A: accepted by the vendor by sms over twilio",
        ),
        ("message_feedback", "message:sale:generic:A: delivered"),
    ]
    assert missing(cafe, "A") == []


def test_every_step_that_is_kept_with_its_instant_has_it(cafe):
    cafe.join()
    cafe.buys("A", 1250)
    at = {step.function: step.at for step in traced(cafe, "A")}
    assert at["points_calculation"] == at["notification_dispatch"] == cafe.now


def test_an_award_is_part_of_the_way_and_asks_for_the_message(cafe):
    cafe.join()
    cafe.buys("A", 6000)
    assert ("milestone_check", _award(cafe)) in told(cafe, "A")
    assert "message:sale:generic:A" in told(cafe, "A")[-2][1]


def _award(cafe):
    (name,) = [x.entry.id for x in entries.each(cafe.rig.store) if x.entry and x.kind == "award"]
    return f"booked {name}: +5 points"


def test_no_receipt_of_delivery_is_said_to_be_missing(cafe):
    cafe.join()
    cafe.buys("A", 1250)
    assert missing(cafe, "A") == [
        ("message_feedback", "message:sale:generic:A: no receipt of delivery yet")
    ]


def test_a_message_that_nobody_claimed_is_said_to_be_missing(cafe):
    cafe.join()
    cafe.told(sale("A", 1250, at=cafe.now))
    cafe.bus.run(_without("notification_dispatch", cafe))
    assert missing(cafe, "A") == [
        ("notification_dispatch", "message:sale:generic:A: not claimed yet")
    ]


def test_a_milestone_that_nobody_looked_at_is_said_to_be_missing(cafe):
    cafe.join()
    cafe.told(sale("A", 6000, at=cafe.now))
    cafe.bus.run(_without("milestone_check", cafe))
    assert ("milestone_check", "fifty 50 is to be looked at") in missing(cafe, "A")


def _without(function, cafe):
    def handler(subscription, body, attempt):
        if subscription != function:
            cafe.rig.handler(subscription, body, attempt)

    return handler


def test_a_message_of_the_night_waits_until_the_morning(cafe):
    cafe.join()
    cafe.is_now(NIGHT)
    cafe.buys("A", 1250)
    (step,) = [step for step in traced(cafe, "A") if step.waits]
    assert missing(cafe, "A") == []
    assert step.what == "message:sale:generic:A: waits for its time"
    assert step.at == MORNING
    assert step.missing(MORNING)


def test_a_message_that_may_not_be_sent_says_why(cafe):
    cafe.join(consents={})
    cafe.buys("A", 1250)
    what = told(cafe, "A")[-1][1]
    assert what.startswith("message:sale:generic:A: not sent")
    assert what.endswith("(no-consent)")
    assert missing(cafe, "A") == []


def test_refunds_are_on_the_way_too(cafe):
    cafe.join()
    cafe.buys("A", 1250)
    cafe.tells(refund("F1", "A", 500, at=cafe.now))
    names = [what for function, what in told(cafe, "A") if function == "points_calculation"]
    assert names == [
        "booked sale:generic:A: +12 points",
        "booked refund:generic:A:F1: -5 points",
    ]


def test_a_strangers_receipt_waits_for_its_guest(cafe):
    cafe.buys("A", 1250)
    assert missing(cafe, "A") == [
        ("points_calculation", "waits: nobody can be credited: its guest has not joined")
    ]


def test_what_was_put_aside_is_found_by_its_receipt(cafe):
    cafe.buys("A", 1250, store="garden")
    (step,) = tracing.put_aside("A", cafe.rig.store)
    assert step.what == "unknown-store: no store of the program has this till"


def test_no_address_and_no_name_is_told(cafe):
    cafe.join("Sita Rai")
    cafe.buys("A", 6000)
    words = str(traced(cafe, "A"))
    assert SITA[3:] not in words
    assert "Sita" not in words
