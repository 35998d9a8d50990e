"""What a log line tells: enough to follow a purchase, and nothing of what it was about."""

from __future__ import annotations

import io
import json
from typing import Any

import pytest
from tests.functions.test_mains import PHONE, PROGRAM, SETTINGS, a_sale, push, served, signed
from tests.rig import NOON, Rig, opened

from loyalty import app as composition
from loyalty.errors import TryAgain
from loyalty.events import SweepRequested
from loyalty.logs import Log
from loyalty.reporting import TRACE, trace_of

PROJECT = "regulars-test"
REQUEST = "4bf92f3577b34da6a3ce929d0e0e4736"
HEARS = {
    "points_calculation",
    "milestone_check",
    "notification_dispatch",
    "partner_sync",
    "journey_start",
}


class Told:
    """A shop whose log is read."""

    def __init__(self, rig: Rig, out: io.StringIO) -> None:
        self.rig, self._out = rig, out

    def lines(self) -> list[dict[str, Any]]:
        return [json.loads(line) for line in self._out.getvalue().splitlines()]

    def forget(self) -> None:
        """Start anew with an empty log."""
        self._out.seek(0)
        self._out.truncate()

    def text(self) -> str:
        return self._out.getvalue()


@pytest.fixture
def told(tmp_path):
    out = io.StringIO()
    log = Log("debug", out, PROJECT)
    with opened(
        tmp_path, PROGRAM, environment=SETTINGS, wrap=lambda shop: shop._replace(log=log)
    ) as rig:
        composition.use(composition.App(rig.shop, composition.everybody))
        yield Told(rig, out)
        composition._APP.clear()


def ingest(body: bytes, headers: dict[str, str], path: str = "/generic") -> Any:
    client = served("transaction_ingest")
    return client.post(path, data=body, headers=headers, content_type="application/json")


def bought(told: Told, **sale: Any) -> None:
    """A guest buys, and every step does its part."""
    body = a_sale(**sale)
    assert ingest(body, signed(body)).status_code in (200, 202)
    told.rig.run()


def joined_and_bought(told: Told) -> None:
    """A member who agreed to no message buys: each step does its part, and no vendor is asked."""
    told.rig.join(phone=PHONE, consents={})
    told.rig.run()
    told.forget()
    bought(told)


def ended(told: Told) -> list[dict[str, Any]]:
    return [line for line in told.lines() if "outcome" in line]


def test_every_function_tells_of_a_purchase_in_one_line(told):
    joined_and_bought(told)
    lines = ended(told)
    assert {line["function"] for line in lines} == HEARS | {"transaction_ingest"}
    assert all(line["message"] == line["function"] for line in lines)
    assert {line["outcome"] for line in lines} == {"done"}
    assert all(line["ms"] >= 0 for line in lines)


def test_one_subject_and_one_trace_lead_through_all_functions(told):
    joined_and_bought(told)
    assert {line["subject"] for line in told.lines()} == {"generic:R1"}
    trace = f"projects/{PROJECT}/traces/{trace_of('generic:R1')}"
    assert {line[TRACE] for line in told.lines()} == {trace}


def test_each_line_names_what_it_published_and_the_next_one_handled(told):
    joined_and_bought(told)
    published = {each["id"] for line in told.lines() for each in line["published"]}
    handled = {line["event"] for line in told.lines() if line["function"] in HEARS}
    topics = {each["topic"] for line in told.lines() for each in line["published"]}
    assert handled <= published
    assert {"transaction-recorded", "points-posted", "notification-requested"} <= topics


def test_ingest_names_connector_and_store_and_counts(told):
    bought(told)
    bought(told, receipt="R2", store="elsewhere")
    lines = [line for line in ended(told) if line["function"] == "transaction_ingest"]
    assert [
        (x["connector"], x["store"], x["recorded"], x["quarantined"], x["outcome"]) for x in lines
    ] == [("generic", "atelier", 1, 0, "done"), ("generic", "", 0, 1, "quarantined")]


def test_no_line_holds_a_phone_a_name_or_an_amount(told):
    told.rig.join("Sita Rai", phone=PHONE)
    bought(told, total=98765)
    bought(told, receipt="R2", store="a strange place", total=98765)
    assert len(told.lines()) > 4
    assert not [word for word in (PHONE[3:], "Sita", "98765", "strange") if word in told.text()]


def test_a_request_is_logged_under_the_trace_the_platform_gave_it(told):
    for header in (
        {"traceparent": f"00-{REQUEST}-00f067aa0ba902b7-01"},
        {"X-Cloud-Trace-Context": f"{REQUEST}/123456;o=1"},
    ):
        assert ingest(a_sale(), header).status_code == 401
    assert {(x["event"], x["request"], x[TRACE]) for x in ended(told)} == {
        (REQUEST, REQUEST, f"projects/{PROJECT}/traces/{REQUEST}")
    }


def test_a_header_that_is_no_trace_is_not_logged(told):
    ingest(a_sale(), {"traceparent": "who bought what"})
    assert "who bought" not in told.text()
    assert told.lines()


def test_a_refusal_is_found_by_the_id_that_the_caller_was_given(told):
    answer = ingest(a_sale(), {})
    [line] = ended(told)
    assert line["event"] == answer.get_json()["request_id"]
    assert (line["code"], line["status"], line["severity"]) == ("unauthorized", 401, "INFO")


def test_a_message_that_comes_again_is_a_warning(told):
    event = SweepRequested(id="sweep:1", at=NOON, subject="sweep")
    assert push("lifecycle_sweep", event, dataschemaversion=2).status_code == 503
    [line] = ended(told)
    assert (line["outcome"], line["severity"], line["error"]) == ("again", "WARNING", "TryAgain")


def test_a_sweep_that_did_its_work_is_told_only_to_who_debugs(told):
    push("lifecycle_sweep", SweepRequested(id="sweep:1", at=NOON, subject="sweep"))
    assert [(line["outcome"], line["severity"]) for line in ended(told)] == [("done", "DEBUG")]


def test_the_line_is_written_after_publishing_and_before_the_answer(told):
    """What fails to be published is not told as published, and the sender is asked to come back."""

    class Down:
        def publish(self, _topic: str, _events: Any) -> None:
            raise TryAgain("the bus is down")

    composition.use(composition.App(told.rig.shop._replace(bus=Down()), composition.everybody))
    body = a_sale()
    assert ingest(body, signed(body)).status_code == 503
    [line] = ended(told)
    assert (line["outcome"], line["published"]) == ("again", [])


def test_whatever_is_not_foreseen_is_an_error_with_its_place_and_no_value(told):
    class Broken:
        def publish(self, _topic: str, _events: Any) -> None:
            raise RuntimeError("a secret in words")

    composition.use(composition.App(told.rig.shop._replace(bus=Broken()), composition.everybody))
    body = a_sale()
    assert ingest(body, signed(body)).status_code == 503
    [line] = ended(told)
    assert (line["outcome"], line["severity"], line["error"]) == (
        "failed",
        "ERROR",
        "RuntimeError",
    )
    assert line["where"].startswith("reporting.py:")
    assert "secret" not in told.text()
