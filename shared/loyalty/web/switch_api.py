"""The member API's switch that stops every message to guests: thrown, looked at, let go again."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated

import msgspec
from msgspec import Meta

from loyalty import silence
from loyalty.campaigns.campaign_records import Switch
from loyalty.records import switches
from loyalty.web.api import Body, Call, Operation
from loyalty.web.bodies import Nothing

SCOPE = "messages:stop"


class Stopping(Body, frozen=True):
    """What went wrong: name nobody."""

    why: Annotated[str, Meta(max_length=200)] = ""


class MessagesShown(msgspec.Struct, frozen=True, kw_only=True):
    """Whether all messages to guests are stopped; if so, since when, by whom and why."""

    stopped: bool
    since: datetime | None = None
    by: str = ""
    why: str = ""


def show(call: Call) -> MessagesShown:
    """Show whether messages to guests are stopped."""
    return _shown(switches.get(call.shop.store, silence.NAME))


def stop(call: Call) -> MessagesShown:
    """Stop every message to guests, within seconds. Stopped already, it changes nothing."""
    asked: Stopping = call.body
    return _turned(call, asked.why, stopped=True)


def resume(call: Call) -> MessagesShown:
    """Let messages to guests go again: those from now on, none that was dropped."""
    return _turned(call, "", stopped=False)


def _turned(call: Call, why: str, *, stopped: bool) -> MessagesShown:
    asked = Switch(stopped=stopped, at=call.shop.clock.now(), by=call.by, why=why)
    return _shown(silence.turn(call.shop.store, asked))


def _shown(found: Switch | None) -> MessagesShown:
    if found is None or not found.stopped:
        return MessagesShown(stopped=False)
    return MessagesShown(stopped=True, since=found.at, by=found.by, why=found.why)


OPERATIONS = (
    Operation("GET", "/v1/messages", SCOPE, show, {200: MessagesShown}),
    Operation("POST", "/v1/messages/stop", SCOPE, stop, {200: MessagesShown}, takes=Stopping),
    Operation("POST", "/v1/messages/resume", SCOPE, resume, {200: MessagesShown}, takes=Nothing),
)
