"""Campaigns by the member API: started once, shown, halted; only with the right to."""

from __future__ import annotations

import msgspec
import pytest
from tests.functions.test_member_api import Till, till
from tests.rig import NOON

from loyalty.campaigns.campaign_records import Comparison
from loyalty.domain.uplift import Arm
from loyalty.records import campaigns
from loyalty.web.auth import TILL

__all__ = ["till"]
GIFT = {"starts": "2026-12-01 10:00", "ends": "2026-12-24 18:00", "steps": {"x": {"award": 5}}}


def started(till: Till, **more):
    asked = {"name": "advent", "campaign": {**GIFT, **more}}
    return till.gets("POST", "/v1/campaigns", asked)


def test_a_campaign_is_started_shown_paused_resumed_and_stopped(till):
    assert started(till)["state"] == "scheduled"
    assert started(till) == till.gets("GET", "/v1/campaigns/advent")
    states = [
        till.gets("POST", f"/v1/campaigns/advent/{what}", {})["state"]
        for what in ("pause", "pause", "resume", "stop", "stop")
    ]
    assert states == ["paused", "paused", "scheduled", "stopped", "stopped"]
    shown = till.gets("GET", "/v1/campaigns/advent")
    assert [note["what"] for note in shown["notes"]] == [
        "published",
        "paused",
        "running",
        "stopped",
    ]


def test_what_came_of_a_campaign_is_shown_with_its_bounds_and_its_offer(till):
    assert started(till, holdout=10, offer={"factor": 20000})["came"] is None
    told, held = Arm(), Arm()
    for number in range(40):
        told = told.plus(1_000 if number < 20 else 0, 1)
        held = held.plus(1_000 if number < 10 else 0, 1)
    store, name = till.rig.store, "advent"
    found = msgspec.structs.replace(
        campaigns.get(store, name), came=Comparison(at=NOON, final=True, told=told, held=held)
    )
    store.atomically("ledger", lambda unit: campaigns.put(unit, name, found))
    shown = till.gets("GET", "/v1/campaigns/advent")
    arm = {"guests": 40, "buyers": 20, "visits": 40, "spend": 20_000, "spend_per_head": 500}
    assert shown["came"] == {
        "at": "2026-11-21T11:00:00Z", "final": True, "told": arm,
        "held_out": {**arm, "buyers": 10, "spend": 10_000, "spend_per_head": 250},
        "verdict": "more", "difference": 250, "low": 42, "high": 458,
    }  # fmt: skip
    assert (shown["offer_level"], shown["offer_points"]) == (100, 0)


def test_another_campaign_under_a_name_that_is_taken_is_refused(till):
    started(till)
    other = {"name": "advent", "campaign": {**GIFT, "holdout": 5}}
    assert till.refused("POST", "/v1/campaigns", other) == (409, "campaign_exists")
    assert till.refused("POST", "/v1/campaigns/nothing/stop", {}) == (404, "unknown_campaign")


@pytest.mark.parametrize(
    ("wrong", "code"),
    [
        ({"steps": {"x": {"send": "nothing"}}}, (422, "invalid_campaign")),
        ({"starts": "2026-02-30 10:00"}, (422, "invalid_campaign")),
        ({"segments": ["nobody"]}, (422, "invalid_campaign")),
        ({"starts": "2025-01-01 10:00", "ends": "2025-01-02 10:00"}, (422, "campaign_over")),
        ({"offer": {"factor": 20000, "points": 5}}, (422, "invalid_campaign")),
        ({"steps": {}}, (422, "invalid_campaign")),
        ({"offer": {"factor": 200000}}, (400, "invalid_body")),
        ({"channels": ["fax"]}, (400, "invalid_body")),
        ({"holdout": 91}, (400, "invalid_body")),
        ({"begins": "today"}, (400, "invalid_body")),
    ],
)
def test_a_campaign_that_cannot_be_is_refused(till, wrong, code):
    asked = {"name": "advent", "campaign": {**GIFT, **wrong}}
    assert till.refused("POST", "/v1/campaigns", asked) == code


def test_a_tills_key_runs_no_campaigns(till):
    started(till)
    till.has("rk_till", scopes=TILL)
    assert till.refused("POST", "/v1/campaigns/advent/stop", {}) == (403, "forbidden")
    assert till.refused("GET", "/v1/campaigns/advent") == (403, "forbidden")


def test_what_became_of_a_campaigns_messages_is_counted_page_by_page(till):
    started(till)
    asked = "/v1/campaigns/advent/messages"
    assert till.gets("GET", asked) == {
        "guests": 0, "sent": 0, "waits": 0, "on_its_way": 0, "not_sent": {}, "failed": {},
        "ended_early": {}, "after": "",
    }  # fmt: skip
    assert till.refused("GET", "/v1/campaigns/nothing/messages") == (404, "unknown_campaign")
    assert till.call("GET", asked, after="x").status_code == 400
    till.has("rk_till", scopes=TILL)
    assert till.refused("GET", asked) == (403, "forbidden")
