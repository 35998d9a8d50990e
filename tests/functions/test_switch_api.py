"""The switch that stops all messages to guests, by the member API: thrown, shown, with a right."""

from __future__ import annotations

from tests.functions.test_member_api import Till, till

from loyalty.silence import CACHE
from loyalty.web.auth import TILL

__all__ = ["till"]


def test_all_messages_are_stopped_shown_and_let_go_again(till: Till):
    assert till.gets("GET", "/v1/messages") == {
        "stopped": False,
        "since": None,
        "by": "",
        "why": "",
    }
    stopped = till.gets("POST", "/v1/messages/stop", {"why": "a wrong price"})
    assert (stopped["stopped"], stopped["by"], stopped["why"]) == (
        True, "key:local", "a wrong price",
    )  # fmt: skip
    assert till.gets("GET", "/v1/messages") == stopped
    till.rig.clock.advance(CACHE)
    assert till.rig.shop.silence.why("+4915112345671") == "all-stopped"
    assert till.gets("POST", "/v1/messages/resume", {})["stopped"] is False
    assert till.gets("GET", "/v1/messages")["stopped"] is False


def test_stopping_what_is_stopped_keeps_who_did_it_first_and_when(till: Till):
    first = till.gets("POST", "/v1/messages/stop", {"why": "a wrong price"})
    assert till.gets("POST", "/v1/messages/stop", {"why": "again"}) == first


def test_only_a_key_with_the_right_throws_the_switch(till: Till):
    till.has("rk_till", scopes=(*TILL, "campaigns:run"))
    for method, path in (("GET", ""), ("POST", "/stop"), ("POST", "/resume")):
        body = {} if method == "POST" else None
        assert till.refused(method, f"/v1/messages{path}", body) == (403, "forbidden")
    assert "switches" not in till.rig.dump()


def test_why_they_are_stopped_is_short_and_an_unknown_field_is_a_mistake(till: Till):
    too_long = {"why": "x" * 201}
    assert till.refused("POST", "/v1/messages/stop", too_long) == (400, "invalid_body")
    assert till.refused("POST", "/v1/messages/stop", {"reason": "x"}) == (400, "invalid_body")
