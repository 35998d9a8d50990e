"""Each main.py as the platform serves it: the real framework, a real push, a shop behind it."""

from __future__ import annotations

import base64
import json
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from tests.functions.serving import (
    FEEDBACK,
    PHONE,
    PROGRAM,
    SETTINGS,
    TOKEN,
    a_sale,
    pushed,
    served,
    signed,
)
from tests.rig import NOON, Rig, opened, sale
from twilio.request_validator import RequestValidator

from loyalty import app as composition
from loyalty.domain.account import Totals
from loyalty.events import (
    Event,
    FilesDue,
    MemberChanged,
    NotificationRequested,
    PointsPosted,
    Said,
    SalesDue,
    SweepRequested,
    TransactionRecorded,
    encode,
)
from loyalty.records import claims, contacts, entries, quarantine
from loyalty.web import auth

EVENT_FUNCTIONS = (
    "points_calculation", "milestone_check", "journey_start", "notification_dispatch",
    "lifecycle_sweep", "partner_sync", "file_import", "transaction_pull",
)  # fmt: skip


@pytest.fixture
def rig(tmp_path: Path) -> Iterator[Rig]:
    with opened(tmp_path, PROGRAM, environment=SETTINGS) as rig:
        composition.use(composition.App(rig.shop, composition.everybody))
        yield rig
        composition._APP.clear()


# -- event functions --------------------------------------------------------------------------


def push(name: str, event: Event, **changes: Any) -> Any:
    envelope = json.loads(encode(event)) | changes
    data = base64.b64encode(json.dumps(envelope).encode()).decode()
    return served(name).post("/", json=pushed(name, data))


def recorded(rig: Rig) -> Event:
    guest = (rig.shop.pepper.hash("phone", PHONE),)
    fact = sale("R1", 5000, store="atelier", guest=guest)
    return TransactionRecorded(id="sale:generic:R1:0", at=NOON, subject="R1", transaction=fact)


def posted(rig: Rig) -> Event:
    member = rig.join(phone="+4915123456780")
    return PointsPosted(
        id="posted:sale:generic:R2", at=NOON, subject="R2", entry="sale:generic:R2", kind="sale",
        account=member, member=member, seq=1, points=5, balance=5, pending=0, before=Totals(),
        after=Totals(visits=1, points=5), reason="a test",
    )  # fmt: skip


def requested(rig: Rig) -> Event:
    return NotificationRequested(
        id="message:sale:generic:R3", at=NOON, subject="R3", says=(Said(message="earned"),),
        version=rig.shop.programs.current().hash, member="m_nobody", account="m_nobody",
        useful_until=NOON + timedelta(hours=1),
    )  # fmt: skip


def swept(_: Rig) -> Event:
    return SweepRequested(id="sweep:1", at=NOON, subject="sweep")


def gone(_: Rig) -> Event:
    return MemberChanged(
        id="erased:m_nobody", at=NOON, subject="m_nobody", member="m_nobody", what="erased"
    )


def due(_: Rig) -> Event:
    return FilesDue(id="files:1", at=NOON, subject="files")


def asked(_: Rig) -> Event:
    return SalesDue(id="catch_up:1:square", at=NOON, subject="square")


GOOD = {
    "points_calculation": recorded,
    "milestone_check": posted,
    "journey_start": posted,
    "notification_dispatch": requested,
    "lifecycle_sweep": swept,
    "partner_sync": gone,
    "file_import": due,
    "transaction_pull": asked,
}


def codes(rig: Rig) -> list[str]:
    return [each.code for each in quarantine.find(rig.store)]


@pytest.mark.parametrize("name", EVENT_FUNCTIONS)
def test_an_event_is_done_and_acknowledged(rig, name):
    answer = push(name, GOOD[name](rig))
    assert (answer.status_code, answer.data) == (204, b"")
    assert codes(rig) == []


def test_points_are_booked_by_the_function(rig):
    member = rig.join(phone=PHONE)
    push("points_calculation", recorded(rig))
    assert rig.account(member).totals.points == 50
    assert entries.get(rig.store, "sale:generic:R1").entry.points == 50
    assert [topic for topic, _ in rig.bus.published][-1] == "points-posted"


def test_a_milestone_is_granted_by_the_function(rig):
    event = posted(rig)
    push("milestone_check", event)
    assert rig.points(event.member) == 10
    topics = {topic for topic, _ in rig.bus.published}
    assert {"milestone-reached", "points-posted", "notification-requested"} <= topics


def test_a_message_to_nobody_is_dropped_by_the_function(rig):
    push("notification_dispatch", requested(rig))
    assert claims.get(rig.store, "message:sale:generic:R3").word == "nobody"


@pytest.mark.parametrize("name", EVENT_FUNCTIONS)
def test_a_duplicate_changes_nothing_and_publishes_the_same_bytes(rig, name):
    rig.join(phone=PHONE)
    event = GOOD[name](rig)
    published: list[list[Any]] = []
    worlds = []
    for _ in range(2):
        before = len(rig.bus.published)
        assert push(name, event).status_code == 204
        published.append(rig.bus.published[before:])
        worlds.append(rig.dump())
    assert published[0] == published[1]
    assert worlds[0] == worlds[1]


@pytest.mark.parametrize("name", EVENT_FUNCTIONS)
@pytest.mark.parametrize("data", ["%%% no base64 %%%", "bm8gZXZlbnQ=", ""])
def test_what_is_no_event_is_put_aside_and_acknowledged(rig, name, data):
    answer = served(name).post("/", json=pushed(name, data))
    assert answer.status_code == 204
    assert codes(rig) == ["unreadable-event"]


@pytest.mark.parametrize("name", EVENT_FUNCTIONS)
@pytest.mark.parametrize("place", [b'"application/json', b'"2026-11-21', b'"subject":"'])
def test_an_event_whose_bytes_are_no_text_is_put_aside_and_acknowledged(rig, name, place):
    body = encode(GOOD[name](rig)).replace(place, place + b"\x80")
    data = base64.b64encode(body).decode()
    assert served(name).post("/", json=pushed(name, data)).status_code == 204
    assert codes(rig) == ["unreadable-event"]


@pytest.mark.parametrize("name", EVENT_FUNCTIONS)
def test_what_is_no_push_is_put_aside_and_acknowledged(rig, name):
    answer = served(name).post("/", data=b"\xff\x00 nothing", content_type="application/json")
    assert answer.status_code == 204
    assert codes(rig) == ["unreadable-event"]


@pytest.mark.parametrize("name", EVENT_FUNCTIONS)
def test_an_event_of_another_topic_is_put_aside_and_acknowledged(rig, name):
    other = swept(rig) if name != "lifecycle_sweep" else recorded(rig)
    assert push(name, other).status_code == 204
    assert codes(rig) == ["wrong-topic"]


@pytest.mark.parametrize("name", EVENT_FUNCTIONS)
def test_an_event_of_a_version_that_only_newer_code_knows_is_asked_for_again(rig, name):
    event = GOOD[name](rig)
    before = rig.dump()
    answer = push(name, event, dataschemaversion=2)
    assert answer.status_code == 503
    assert int(answer.headers["Retry-After"]) > 0
    assert rig.dump() == before


# -- functions that answer HTTP ---------------------------------------------------------------


def ingest(body: bytes, headers: dict[str, str], path: str = "/generic") -> Any:
    client = served("transaction_ingest")
    return client.post(path, data=body, headers=headers, content_type="application/json")


def same(answer: Any) -> dict[str, Any]:
    """Return what a stranger sees of an answer, but for the id that is new each time."""
    body = answer.get_json()
    assert body.pop("request_id")
    return {"status": answer.status_code, "type": answer.content_type, "body": body}


def test_a_signed_sale_is_published(rig):
    body = a_sale()
    answer = ingest(body, signed(body))
    assert (answer.status_code, answer.get_json()) == (200, {"recorded": 1, "quarantined": 0})
    [(topic, event)] = rig.bus.published
    assert topic == "transaction-recorded"
    assert PHONE not in event.decode()


@pytest.mark.parametrize(("told", "kept"), [({}, False), ({"staff": "Ana"}, True)])
def test_who_sold_is_published_as_a_hash_and_nobody_as_nobody(rig, told, kept):
    body = a_sale(**told)
    ingest(body, signed(body))
    [(_, event)] = rig.bus.published
    staff = json.loads(event)["data"]["transaction"].get("staff", "")
    assert (bool(staff), "Ana" in event.decode()) == (kept, False)


def test_a_sale_at_a_strange_place_is_put_aside(rig):
    body = a_sale(store="elsewhere")
    answer = ingest(body, signed(body))
    assert (answer.status_code, answer.get_json()) == (202, {"recorded": 0, "quarantined": 1})
    assert codes(rig) == ["unknown-store"]


@pytest.mark.usefixtures("rig")
def test_no_signature_a_bad_one_and_an_unknown_account_are_answered_alike():
    body = a_sale()
    answers = [
        same(ingest(body, {})),
        same(ingest(body, signed(body, b"another key that nobody gave us."))),
        same(ingest(a_sale(total=99), signed(body))),
        same(ingest(body, signed(body), "/generic/nobody")),
    ]
    assert answers[0]["status"] == 401
    assert all(answer == answers[0] for answer in answers)


def test_what_is_not_signed_leaves_no_trace(rig):
    before = rig.dump()
    ingest(a_sale(), {})
    assert rig.bus.published == []
    assert rig.dump() == before


def feedback(form: dict[str, str], signature: str | None = None) -> Any:
    made = RequestValidator(TOKEN).compute_signature(FEEDBACK, form)
    headers = {"X-Twilio-Signature": made if signature is None else signature}
    return served("message_feedback").post("/twilio", data=form, headers=headers)


STOP = {"MessageSid": "SM1", "From": PHONE, "Body": "STOP"}


def test_a_signed_stop_blocks_the_channel(rig):
    member = rig.join(phone=PHONE)
    answer = feedback(STOP)
    assert (answer.status_code, answer.data) == (204, b"")
    assert contacts.get(rig.store, member).suppressed == {"sms": "opted-out"}
    assert rig.bus.published[-1][0] == "member-changed"


def test_an_unsigned_stop_is_refused(rig):
    member = rig.join(phone=PHONE)
    answers = [same(feedback(STOP, "")), same(feedback(STOP, "bm90aGluZw=="))]
    assert answers[0]["status"] == 401
    assert answers[0] == answers[1]
    assert contacts.get(rig.store, member).suppressed == {}


def call(rig: Rig, method: str, path: str, key: str | None, body: Any = None) -> Any:
    auth.seed(rig.store, "rk_test")
    headers = {"Authorization": f"Bearer {key}"} if key else {}
    return served("member_api").open(path, method=method, headers=headers, json=body)


def test_a_caller_with_a_key_joins_and_finds_a_member(rig):
    body = {"name": "Sita Rai", "phone": PHONE}
    made = call(rig, "POST", "/v1/members", "rk_test", body)
    again = call(rig, "POST", "/v1/members", "rk_test", body)
    assert (made.status_code, again.status_code) == (201, 200)
    assert made.get_json() == again.get_json()
    shown = call(rig, "GET", f"/v1/members/{made.get_json()['id']}", "rk_test")
    assert shown.get_json()["phone"] == PHONE


def test_a_caller_without_a_key_and_one_with_a_wrong_one_are_answered_alike(rig):
    answers = [same(call(rig, "GET", "/v1/members/m_1", key)) for key in (None, "rk_wrong")]
    assert answers[0]["status"] == 401
    assert answers[0] == answers[1]


@pytest.mark.usefixtures("rig")
@pytest.mark.parametrize(
    ("name", "path"), [("transaction_ingest", "/generic"), ("message_feedback", "/twilio")]
)
def test_a_webhook_takes_only_post(name, path):
    assert same(served(name).get(path))["status"] == 405


def test_the_member_api_takes_only_the_methods_it_has(rig):
    assert call(rig, "DELETE", "/v1/members", "rk_test").status_code == 405


@pytest.mark.usefixtures("rig")
@pytest.mark.parametrize("name", ["transaction_ingest", "message_feedback", "member_api"])
def test_what_is_not_there_is_not_found(name):
    assert same(served(name).post("/nothing/here"))["status"] == 404
