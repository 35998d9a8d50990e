"""What a guest or the team is told: which messages an act calls for, and their words."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from typing import Literal, NamedTuple

from loyalty.domain import calendar
from loyalty.domain.entry import EntryKind
from loyalty.domain.program import Message, MessageOn, Program
from loyalty.domain.vocabulary import Purpose

ORDER: tuple[MessageOn, ...] = (
    "points-earned", "points-clawed-back", "points-corrected", "points-released",
    "points-expired", "points-adjusted", "tier-changed", "milestone-reached",
    "reward-redeemed", "reward-returned", "referral-paid",
    "activity-rewarded",
)  # fmt: skip
"""The order in which one message says several things."""

_BY_KIND: dict[EntryKind, MessageOn] = {
    "sale": "points-earned",
    "edit": "points-corrected",
    "review": "points-corrected",
    "move": "points-corrected",
    "refund": "points-clawed-back",
    "void": "points-clawed-back",
    "release": "points-released",
    "expire": "points-expired",
    "adjust": "points-adjusted",
    "capture": "reward-redeemed",
    "recapture": "reward-redeemed",
    "restore": "reward-returned",
    "referral": "referral-paid",
    "activity": "activity-rewarded",
}
_ALSO_FOR_NOTHING = ("reward-redeemed", "reward-returned")
"""A voucher costs no points, and its guest hears of it all the same."""
_AWARD = {"en": "+{n} points", "de": "+{n} Punkte", "ne": "+{n} अंक"}
_REWARD = {"en": "{r}, code {c}", "de": "{r}, Code {c}", "ne": "{r}, कोड {c}"}
_AND = {"en": " and ", "de": " und ", "ne": " र "}
_SLOT = re.compile(r"\{([a-z_]+)\}")


def event_of(kind: EntryKind, points: int) -> MessageOn | None:
    """Name what an entry is to a guest; None if it has nothing to say by itself."""
    on = _BY_KIND.get(kind)
    if on == "points-earned" and points <= 0:
        return None
    if on == "points-clawed-back" and points >= 0:
        return None
    return on if points or on in _ALSO_FOR_NOTHING else None


def fill(text: str, values: Mapping[str, str]) -> str:
    """Put values into the named slots of a text. A value is never read as a template itself."""
    return _SLOT.sub(lambda slot: values.get(slot[1], slot[0]), text)


def gift(program: Program, milestone: str, points: int, code: str, language: str) -> str:
    """Say what a milestone gave: points, a reward with its code, or both."""
    parts = []
    if points:
        parts.append(_AWARD.get(language, _AWARD["en"]).format(n=points))
    reward = program.milestones[milestone].reward
    if reward and code:
        title = program.words(program.rewards[reward].title, language)
        parts.append(_REWARD.get(language, _REWARD["en"]).format(r=title, c=code))
    return _AND.get(language, _AND["en"]).join(parts)


class Recipient(NamedTuple):
    """What the rules of sending need to know of a guest."""

    allowed: Callable[[str, Purpose], bool]
    """Whether this channel may be used for this purpose: consent, address, no suppression."""
    zone: str
    marketing_sent: int
    """How many marketing messages they had within the cap's days."""


class Decision(NamedTuple):
    """Send now over a channel, wait until an instant, or drop it and say why."""

    act: Literal["send", "wait", "drop"]
    channel: str = ""
    until: datetime | None = None
    why: str = ""


def decide(
    program: Program, message: Message, guest: Recipient, now: datetime, useful_until: datetime
) -> Decision:
    """Decide by consent, then usefulness, quiet hours and the cap, in this order."""
    channel = next((c for c in message.channels if guest.allowed(c, message.purpose)), None)
    if channel is None:
        return Decision("drop", why="no-consent")
    if now >= useful_until:
        return Decision("drop", why="too-late")
    quiet = program.sending.quiet_hours
    if calendar.within(now, guest.zone, quiet.start, quiet.end):
        until = calendar.end_of(now, guest.zone, quiet.end)
        return (
            Decision("drop", why="too-late")
            if until >= useful_until
            else Decision("wait", until=until)
        )
    capped = (
        message.purpose == "marketing" and guest.marketing_sent >= program.sending.marketing_cap
    )
    return Decision("drop", why="cap") if capped else Decision("send", channel)


def cap_window(program: Program, now: datetime) -> datetime:
    """Find the instant from which marketing messages count against the cap."""
    return now - timedelta(days=program.sending.cap_days)
