"""Which events of a day may be on their way at the same time, with the same outcome."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import datetime, timedelta
from itertools import groupby
from operator import itemgetter
from typing import Any

Json = dict[str, Any]
QUARTER = timedelta(minutes=15)
"""Business days, quiet and happy hours begin at full quarters of an hour, in any zone."""


def groups(events: list[Json]) -> Iterator[list[Json]]:
    """Group neighbors of one quarter of an hour that have no guest and no receipt in common."""
    owners = {each["receipt"]: str(each["guest"]) for each in events if each.get("guest")}
    group: list[Json] = []
    touched: set[str] = set()
    for event in events:
        about = _about(events[event["of"]] if "of" in event else event, owners)
        if group and (touched & about or _quarter(group[0]) != _quarter(event)):
            yield group
            group, touched = [], set()
        group.append(event)
        touched |= about
    if group:
        yield group


def at_once(events: list[Json]) -> Iterator[list[Json]]:
    """Group neighbors of one instant: when somebody is told of each is known to the minute."""
    for _, group in groupby(events, key=itemgetter("at")):
        yield list(group)


def _about(event: Json, owners: Mapping[str, str]) -> set[str]:
    """Name whom and what an event is about: its receipt, and the guest of that, or who joins."""
    receipt = event.get("receipt", "")
    return {receipt, owners.get(receipt, ""), event.get("member", "")} - {""}


def _quarter(event: Json) -> datetime:
    at = datetime.fromisoformat(event["at"])
    return at - (at - datetime.min.replace(tzinfo=at.tzinfo)) % QUARTER
