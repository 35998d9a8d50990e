"""The member API about campaigns, for whoever runs the brand: start, show, pause, resume, stop."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated

import msgspec
from msgspec import Meta

from loyalty import dispatches
from loyalty.campaigns import budgeting, commissioning
from loyalty.campaigns.campaign_records import CampaignRecord, CampaignState, Comparison, Note
from loyalty.delivery import Shop
from loyalty.domain import uplift
from loyalty.domain.campaigns import Campaign
from loyalty.domain.uplift import Arm, Verdict
from loyalty.errors import Problem
from loyalty.records import campaigns
from loyalty.web.api import Body, Call, Name, Operation, Reply
from loyalty.web.bodies import Nothing

SCOPE = "campaigns:run"


class Starting(Body, frozen=True):
    """A campaign and its name, which no other ever had; money in minor units."""

    name: Name
    campaign: Campaign


class ArmShown(msgspec.Struct, frozen=True, kw_only=True):
    """What guests of one arm did since they entered; money in minor units."""

    guests: int
    buyers: int
    visits: int
    spend: int
    spend_per_head: int


class Came(msgspec.Struct, frozen=True, kw_only=True):
    """Both arms as of an instant, and by how much more those who were told spent per head.

    The true difference is between `low` and `high` 95 times in 100; `final`: it is over.
    """

    at: datetime
    final: bool
    told: ArmShown
    held_out: ArmShown
    verdict: Verdict
    difference: int | None
    low: int | None
    high: int | None


class CampaignShown(msgspec.Struct, frozen=True, kw_only=True):
    """How far a campaign is; `spent` is what its budget has given, at `level` percent by now.

    `offer_points` of that were given on receipts; `came` is there once both arms were counted.
    """

    name: str
    state: CampaignState
    starts_at: datetime
    ends_at: datetime
    begun: bool
    told: int
    held_out: int
    level: int
    spent_points: int
    spent_money: int
    offer_level: int
    offer_points: int
    came: Came | None
    notes: tuple[Note, ...]


class GuestsAfter(Body, frozen=True):
    """So many of its guests, `after` those of the listing before."""

    after: Annotated[str, Meta(pattern=r"^([0-9a-f]{40})?\Z")] = ""
    limit: Annotated[int, Meta(ge=1, le=500)] = 100


class MessagesCounted(msgspec.Struct, frozen=True, kw_only=True):
    """What became of the messages to so many guests who were told; go on `after` it, to its end.

    `not_sent` and `failed` count by a word that says why, and so does `ended_early` guests whose
    way ended before its last step. What `waits` leaves later: by night, or after a pause.
    """

    guests: int
    sent: int
    waits: int
    on_its_way: int
    not_sent: dict[str, int]
    failed: dict[str, int]
    ended_early: dict[str, int]
    after: str


def start(call: Call) -> Reply:
    """Start a campaign at its time. The same campaign under its name changes nothing."""
    from loyalty.program_file.campaign_text import wrong  # noqa: PLC0415 - few calls need it

    asked: Starting = call.body
    program = call.shop.programs.current().program
    found = wrong({asked.name: asked.campaign}, program)
    if found:
        told = tuple((".".join(each.path[2:]), "cannot_be") for each in found[:20])
        raise Problem(
            422, "invalid_campaign", "The program has no such thing, or it cannot be.", told
        )
    return Reply(
        201, _shown(commissioning.start(asked.name, asked.campaign, call.by, call.shop), call.shop)
    )


def show(call: Call) -> CampaignShown:
    """Show how far a campaign is."""
    return _shown(_kept(call), call.shop)


def _kept(call: Call) -> CampaignRecord:
    record = campaigns.get(call.shop.store, call.id)
    if record is None:
        raise Problem(404, "unknown_campaign", "There is no campaign of this name.")
    return record


def messages(call: Call) -> MessagesCounted:
    """Count what became of a campaign's messages, a page of its guests at a time."""
    record, asked = _kept(call), call.body
    found = dispatches.of_campaign(record, call.shop.store, asked.after, asked.limit)
    return MessagesCounted(
        guests=found.guests, after=found.after, ended_early=dict(found.early),
        sent=found.sent,
        waits=found.of("waits").total(), on_its_way=found.of("on its way").total(),
        not_sent=dict(found.of("not sent")), failed=dict(found.of("failed")),
    )  # fmt: skip


def pause(call: Call) -> CampaignShown:
    """Hold a campaign: nothing of it is done or sent until it is resumed."""
    return _shown(commissioning.pause(call.id, call.by, call.shop), call.shop)


def resume(call: Call) -> CampaignShown:
    """Let a paused campaign go on where it was."""
    return _shown(commissioning.resume(call.id, call.by, call.shop), call.shop)


def stop(call: Call) -> CampaignShown:
    """Stop a campaign for good."""
    return _shown(commissioning.stop(call.id, call.by, call.shop), call.shop)


def _shown(record: CampaignRecord, shop: Shop) -> CampaignShown:
    spent = budgeting.spent(shop.store, record.id)
    return CampaignShown(
        name=record.id, state=record.state, starts_at=record.starts_at, ends_at=record.ends_at,
        begun=record.begun, told=record.told, held_out=record.held, level=record.level,
        spent_points=spent.points, spent_money=spent.money, notes=record.notes,
        offer_level=record.offer if record.campaign.offer else 0,
        offer_points=budgeting.of_offer(shop.store, record.id),
        came=_came(record.came) if record.came else None,
    )  # fmt: skip


def _came(found: Comparison) -> Came:
    told = uplift.compared(found.told, found.held)
    return Came(
        at=found.at, final=found.final, told=_arm(found.told), held_out=_arm(found.held),
        verdict=told.verdict, difference=told.difference, low=told.low, high=told.high,
    )  # fmt: skip


def _arm(arm: Arm) -> ArmShown:
    return ArmShown(
        guests=arm.guests, buyers=arm.buyers, visits=arm.visits, spend=arm.spend,
        spend_per_head=arm.per_head,
    )  # fmt: skip


OPERATIONS = (
    Operation("POST", "/v1/campaigns", SCOPE, start, {201: CampaignShown}, takes=Starting,
              problems=(409, 422)),
    Operation("GET", "/v1/campaigns/{id}", SCOPE, show, {200: CampaignShown}, problems=(404,)),
    Operation("GET", "/v1/campaigns/{id}/messages", SCOPE, messages, {200: MessagesCounted},
              asks=GuestsAfter, problems=(404,)),
    Operation("POST", "/v1/campaigns/{id}/pause", SCOPE, pause, {200: CampaignShown},
              takes=Nothing, problems=(404, 409)),
    Operation("POST", "/v1/campaigns/{id}/resume", SCOPE, resume, {200: CampaignShown},
              takes=Nothing, problems=(404, 409)),
    Operation("POST", "/v1/campaigns/{id}/stop", SCOPE, stop, {200: CampaignShown},
              takes=Nothing, problems=(404, 409)),
)  # fmt: skip
