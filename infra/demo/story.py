"""The demo's story as it happens: receipt, points with the reason, tier, milestone, message."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from rich.console import Console
from rich.text import Text

from loyalty.domain.money import show
from loyalty.domain.transaction import Sale
from loyalty.events import (
    Event,
    MemberChanged,
    MilestoneReached,
    PointsPosted,
    TransactionRecorded,
    decode,
)
from loyalty.ports import Bus


class Story:
    """Tells what is published, in lines a person can follow."""

    def __init__(self, console: Console) -> None:
        self.console = console

    def tell(self, event: Event) -> None:
        """Say what one event means to people; most say nothing."""
        if isinstance(event, TransactionRecorded):
            self._receipt(event)
        elif isinstance(event, PointsPosted):
            self._points(event)
        elif isinstance(event, MemberChanged):
            self._line(event.at.strftime("%H:%M"), f"member {event.what}: {event.member}", "bold")
        elif isinstance(event, MilestoneReached):
            reward = f", voucher for {event.milestone}" if event.voucher else ""
            award = f", +{event.points} points" if event.points else ""
            self._line(
                "    ★", f"milestone {event.milestone} ({event.number}){award}{reward}", "magenta"
            )

    def message(self, channel: str, to: str, text: str) -> None:
        """Show a message as its reader sees it."""
        sign = {"sms": "✉ sms", "email": "✉ mail", "staff": "☎ staff"}[channel]
        self._line(f"    {sign}", f"{to}  “{text}”" if to else f"“{text}”", "cyan")

    def _receipt(self, event: TransactionRecorded) -> None:
        fact = event.transaction
        when = getattr(fact, "occurred_at", event.at).strftime("%H:%M")
        if isinstance(fact, Sale):
            money = show(fact.total, fact.currency)
            self._line(when, f"{fact.store} {fact.receipt} {fact.channel} {money}", "bold")
        else:
            kind = type(fact).__name__.lower()
            self._line(when, f"{kind} of {fact.receipt}", "bold")

    def _points(self, event: PointsPosted) -> None:
        style = "green" if event.points >= 0 else "yellow"
        what = f"{event.points:+d} points ({event.kind}) · {event.reason} · balance {event.balance}"
        self._line("    →", what, style)
        if event.tier_after != event.tier_before:
            self._line(
                "    ▲", f"tier {event.tier_before or 'none'} → {event.tier_after}", "magenta"
            )

    def _line(self, mark: str, text: str, style: str) -> None:
        self.console.print(Text(f"{mark} {text}", style=style), soft_wrap=True)


class Listening:
    """A bus with a listener: tells the story of everything that is published for the first time."""

    def __init__(self, inner: Bus, story: Story) -> None:
        self._inner = inner
        self._story = story
        self._told: set[str] = set()

    def publish(self, topic: str, events: Sequence[bytes]) -> None:
        """Publish, then tell."""
        self._inner.publish(topic, events)
        for body in events:
            event: Any = decode(body)
            if event.id not in self._told:
                self._told.add(event.id)
                self._story.tell(event)
