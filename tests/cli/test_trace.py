"""`loyalty trace` as people see it."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pytest
from tests.cli.conftest import PHONE, CommandLine
from tests.rig import NOON, opened, sale

from loyalty.cli.place import LaterBus
from loyalty.connectors.spec import Guest, Heard
from loyalty.steps import transaction_ingest

TEXTING = Path("tests/programs/texting.yaml").read_text("utf-8")
EVENING = NOON + timedelta(hours=9, minutes=30)


def test_the_way_of_a_receipt_is_shown_with_its_instants(loyalty):
    said = loyalty("trace", "R1")
    assert "21 Nov 2026 12:00:00 (till) sold" in said
    assert "points_calculation booked sale:generic:R1: +4 points" in said
    assert "points_calculation booked refund:generic:R1:F1: -1 points" in said
    assert said.endswith("Nothing is missing.")


def test_what_has_not_happened_yet_is_said_with_where_to_look(loyalty):
    said = loyalty("trace", "R2")
    assert "Not yet points_calculation: waits: a person has to review it" in said


def test_what_waits_for_the_morning_is_no_error(tmp_path):
    (tmp_path / "pepper").write_text("p1:a pepper for tests only")
    with opened(tmp_path, TEXTING) as rig:
        rig.join("Sita", phone=PHONE)
        rig.clock.advance(EVENING - rig.clock.now())
        rig.tell(sale("R9", 1200, at=EVENING), Guest(phone=PHONE))
        rig.run()
    said = CommandLine(tmp_path)("trace", "R9", at=EVENING)
    assert "Waits message:sale:generic:R9: waits for its time: 22 Nov 2026 08:00 in Europe" in said
    assert said.endswith("Nothing is missing.")
    assert "Not yet" not in said
    assert "deadletters" not in said


def test_a_receipt_that_was_put_aside_is_found(loyalty):
    said = loyalty("trace", "R4")
    assert "(quarantine) unknown-store: no store of the program has this till" in said
    assert "loyalty deadletters list" in said


def test_a_receipt_that_nobody_told_of_says_so(loyalty):
    assert "No till told of a receipt R404." in loyalty("trace", "R404", code=1)


@pytest.mark.parametrize("command", ["trace", "explain"])
def test_a_receipt_that_waits_for_the_server_is_told_so(changing, command):
    with changing.rig() as rig:
        shop = rig.shop._replace(bus=LaterBus(rig.store, rig.clock))
        heard = Heard(transaction=sale("R77", 100), guest=Guest())
        transaction_ingest.record("generic", "", [heard], "", shop)
    said = changing(command, "R77", code=1)
    assert "A till told of a receipt R77: it is booked once the server runs" in said
