"""Campaigns by the member API: started once, shown, halted; only with the right to."""

from __future__ import annotations

import pytest
from tests.functions.test_member_api import Till, till

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
    assert states == ["paused", "paused", "running", "stopped", "stopped"]
    shown = till.gets("GET", "/v1/campaigns/advent")
    assert [note["what"] for note in shown["notes"]] == [
        "published",
        "paused",
        "running",
        "stopped",
    ]


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
