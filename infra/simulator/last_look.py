"""What was so at the last look before a message left: whether there was still a reason for it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import timedelta
from typing import TYPE_CHECKING, Any, TypeVar

import msgspec

from infra.simulator.what_waits import ZONE
from loyalty.campaigns.campaign_records import CampaignRecord, Switch
from loyalty.connectors.spec import Mail, Text
from loyalty.domain import campaigns as rules
from loyalty.domain.account import Account
from loyalty.ports import Key
from loyalty.records import AccountRecord, accounts, campaigns, switches

if TYPE_CHECKING:
    from infra.simulator.world import World

T = TypeVar("T")
SLOW = timedelta(seconds=5)
"""So long after the switch was thrown, something may still leave."""


def needless(world: World, asked: Text | Mail) -> Iterator[str]:
    """Say why a message need not have left, as things stood right before it did."""
    if not world.schedule.waits:
        return
    switch = _read(world.looked, switches.key("messages"), Switch)
    if switch and switch.stopped and world.looked_at - switch.at >= SLOW:
        yield "after all messages were stopped"
    about = asked.reference.split(":")
    if about[:2] != ["message", "journey"]:
        return
    if about[2] == "win_back":
        account = _home(world.looked, about[3])
        if account and _last_visit(account) > int(about[4]):
            yield "to somebody who came back"
    if about[2] == "campaign":
        yield from _of_a_campaign(world, about[3])


def _of_a_campaign(world: World, name: str) -> Iterator[str]:
    record = _read(world.looked, campaigns.key(name), CampaignRecord)
    if record is None or record.state not in ("scheduled", "running"):
        yield f"of a campaign that is {record.state if record else 'not there'}"
    elif world.looked_at >= rules.instant(record.campaign.ends, ZONE):
        yield "after its campaign ended"


def _home(looked: Mapping[Key, bytes], member: str) -> Account | None:
    found = _read(looked, accounts.key(member), AccountRecord)
    while found and found.account.into:
        found = _read(looked, accounts.key(found.account.into), AccountRecord)
    return found.account if found else None


def _last_visit(account: Account) -> int:
    return max((fact.minute for fact in account.facts if fact.counts), default=0)


def _read(looked: Mapping[Key, bytes], key: Key, kind: type[T]) -> T | None:
    body: Any = looked.get(key)
    return msgspec.json.decode(body, type=kind) if body else None
