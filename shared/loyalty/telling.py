"""From an act to what is said about it: one message to the guest, and alerts to the team."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import NamedTuple

from loyalty.counter.till_records import Loss
from loyalty.domain.entry import EntryKind
from loyalty.domain.messages import ORDER, event_of
from loyalty.domain.milestones import Crossing
from loyalty.domain.money import show
from loyalty.domain.program import Alert, MessageOn, Program, Version
from loyalty.events import Event, NotificationRequested, PointsPosted, Said

_OF_REWARDS: dict[str, tuple[EntryKind, ...]] = {
    "redemption": ("capture", "recapture"),
    "late-redemption": ("recapture",),
    "reward-returned": ("restore",),
}
"""The acts that an alert about rewards is about."""


class Given(NamedTuple):
    """What one milestone gives (or takes back): the entry it is booked by, points, a voucher."""

    crossing: Crossing
    entry: str
    points: int
    voucher: str


def requests(
    event: PointsPosted, version: Version, balance: int, pending: int, given: Sequence[Given]
) -> list[Event]:
    """Ask for everything an act has to tell. Most acts ask for one message, many for none.

    What is said goes out as one, except that promotions never ride on what consent to service
    alone allows.
    """
    values = {
        "points": str(abs(event.points)),
        "balance": str(balance),
        "pending": str(pending),
        "reason": event.reason,
        "store": _store(event, version.program),
    }
    messages = version.program.messages
    spoken = {message.on for message in messages.values()}  # mostly few of what there is
    about = [on for on in ORDER if on in spoken]
    says = [said for on in about for said in _says(on, event, version.program, values, given)]
    asked: list[Event] = [
        _request(event, version, kind, part)
        for purpose, kind in (("service", "message"), ("marketing", "promotion"))
        if (part := [said for said in says if messages[said.message].purpose == purpose])
    ]
    return asked + _alerts(event, version)


def of_loss(name: str, loss: Loss, version: Version, now: datetime) -> list[Event]:
    """Alert the team to a reward that an offline till handed out for nothing."""
    known = version.program.stores.get(loss.store)
    values = {
        "store": known.title if known else "",
        "total": show(loss.value, loss.currency),
        **dict.fromkeys(("points", "visits"), ""),
    }
    words = {"reward": f"reward:{loss.reward}"}
    useful = timedelta(hours=version.program.sending.useful_hours)
    return [
        NotificationRequested(
            id=f"alert:{alert}:{name}", at=now, subject=name, version=version.hash,
            says=(Said(message=alert, values=values, words=words),), audience="staff",
            store=loss.store, useful_until=now + useful,
        )
        for alert, about in version.program.alerts.items() if about.on == "offline-loss"
    ]  # fmt: skip


def _says(
    on: MessageOn, event: PointsPosted, program: Program, values: dict[str, str],
    given: Sequence[Given],
) -> list[Said]:  # fmt: skip
    names = [name for name, message in program.messages.items() if message.on == on]
    if on == "milestone-reached":
        gifts = [each for each in given if each.crossing.up]
        return [
            Said(message=n, values=values | _gift(g), words=_words(g)) for g in gifts for n in names
        ]
    if on == "tier-changed":
        changed = event.tier_after is not None and event.tier_after != event.tier_before
        words = {"tier": f"tier:{event.tier_after}"}
        return [Said(message=n, values=values, words=words) for n in names if changed]
    happened = event_of(event.kind, event.points) == on
    return [Said(message=n, values=values, words=_reward(event)) for n in names if happened]


def _reward(event: PointsPosted) -> dict[str, str]:
    return {"reward": f"reward:{event.reward}"} if event.reward else {}


def _gift(given: Given) -> dict[str, str]:
    return {"award": str(given.points), "voucher": given.voucher}


def _words(given: Given) -> dict[str, str]:
    return {"milestone": f"milestone:{given.crossing.name}"}


def _request(
    event: PointsPosted, version: Version, kind: str, says: Sequence[Said]
) -> NotificationRequested:
    useful = timedelta(hours=version.program.sending.useful_hours)
    return NotificationRequested(
        id=f"{kind}:{event.entry}",
        at=event.at,
        subject=event.subject,
        says=tuple(says),
        version=version.hash,
        member=event.member,
        account=event.account,
        audience="staff" if kind.startswith("alert:") else "guest",
        store=event.store,
        seq=event.seq,
        useful_until=event.at + useful,
    )


def _alerts(event: PointsPosted, version: Version) -> list[Event]:
    found = version.program.alerts.items()
    return [
        _request(event, version, f"alert:{name}", [_alert_said(name, event, version.program)])
        for name, alert in found
        if _calls_for(alert, event)
    ]


def _calls_for(alert: Alert, event: PointsPosted) -> bool:
    if alert.on == "visit":
        came = event.after.visits > event.before.visits
        return came and (not alert.tiers or event.tier_before in alert.tiers)
    if alert.on in _OF_REWARDS:
        return event.kind in _OF_REWARDS[alert.on]
    counted = event.kind in ("sale", "review")  # one that was held counts once it is approved
    return alert.on == "sale" and counted and event.total >= max(1, alert.at_least)


def _alert_said(name: str, event: PointsPosted, program: Program) -> Said:
    values = {
        "store": _store(event, program),
        "visits": str(event.after.visits),
        "points": str(event.points),
        "total": show(event.total, event.currency or program.currency),
    }
    words = {"tier": f"tier:{event.tier_before}"} if event.tier_before else {}
    words |= _reward(event)
    return Said(message=name, values=values, words=words)


def _store(event: PointsPosted, program: Program) -> str:
    return program.stores[event.store].title if event.store in program.stores else ""
