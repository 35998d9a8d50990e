"""A campaign with a cron line comes in rounds: each a campaign of its own, named for its time."""

from __future__ import annotations

from datetime import datetime, timedelta

import msgspec

from loyalty.campaigns import commissioning
from loyalty.delivery import Outcome, Shop
from loyalty.domain import calendar
from loyalty.domain import campaigns as rules
from loyalty.domain.campaigns import Campaign
from loyalty.domain.program import Program
from loyalty.events import SweepRequested


def begin(event: SweepRequested, shop: Shop) -> Outcome:
    """Publish the round of a campaign whose time has come; asked for twice, it is there once.

    One that should have begun while nobody was asked begins late, unless it would be over by now.
    """
    version, now = shop.programs.current(), shop.clock.now()
    campaign = version.program.campaigns.get(event.cursor)
    if campaign is None or not campaign.cron:
        return ()  # it has left the program, and its schedule has not yet
    starts = _latest(campaign, version.program, now)
    if starts is None:
        shop.log("INFO", "no round of a campaign is due", campaign=event.cursor)
        return ()
    found = _round(campaign, starts, version.program)
    name = f"{event.cursor}-{found.starts.translate(_IN_NAMES)}"
    commissioning.publish(name, found, version, "program", shop)
    return ()


_IN_NAMES = str.maketrans({" ": "-", "-": None, ":": None})
"""`2026-12-07 10:00` is `20261207-1000` in a name; no name in a program has a hyphen."""


def _latest(campaign: Campaign, program: Program, now: datetime) -> datetime | None:
    """Find the beginning of the round that runs by now, if there is one."""
    from loyalty import cron  # noqa: PLC0415 - only for campaigns that have a line

    starts = cron.latest(campaign.cron, program.zone, now)
    first, last = (rules.instant(at, program.zone) for at in (campaign.starts, campaign.ends))
    runs = first <= starts < last and now < min(last, starts + _length(campaign))
    return starts if runs else None


def _length(campaign: Campaign) -> timedelta:
    return timedelta(hours=campaign.hours or 0)


def _round(campaign: Campaign, starts: datetime, program: Program) -> Campaign:
    """Make the round that begins at an instant, with the days and hours of its own."""
    ends = calendar.local(starts + _length(campaign), program.zone)
    return msgspec.structs.replace(
        campaign, cron="", hours=None, starts=_written(calendar.local(starts, program.zone)),
        ends=min(_written(ends), campaign.ends),
    )  # fmt: skip


def _written(local: datetime) -> str:
    return f"{local:%Y-%m-%d %H:%M}"
