"""Vendors who answer as a schedule has them: accepted, refused, slow, silent, too busy, down."""

from __future__ import annotations

import random
from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from typing import Any, Literal, NamedTuple

from loyalty.adapters.clock import VirtualClock
from loyalty.connectors.spec import Delivery, Mail, Sent, StaffNote, Text, Verb
from loyalty.errors import InDoubt, TryAgain, VendorRefused

REFUSALS = ("refused", "credentials", "opted-out", "bad-address")
TOOK_IT = ("", "slow", "lost answer")
STATES: tuple[Literal["accepted", "sent", "delivered", "read"], ...] = (
    "accepted", "sent", "delivered", "read",
)  # fmt: skip
SLOWNESS = timedelta(seconds=8)

Asked = Text | Mail | StaffNote


class Taken(NamedTuple):
    """A message that a vendor took."""

    id: str
    channel: str
    reference: str
    to: str
    body: str
    at: datetime


class Vendors:
    """Every vendor at once, in the place of the engine. `answers` are by the number of the call."""

    def __init__(
        self,
        clock: VirtualClock,
        answers: Mapping[int, str],
        call_back: Callable[[datetime, Delivery], None],
        watch: Callable[[Asked], None],
    ) -> None:
        self._clock, self._answers = clock, answers
        self._call_back, self._watch = call_back, watch
        self._calls = 0
        self.asked: dict[str, Asked] = {}
        self.outbox: list[Taken] = []

    def run(self, connector: str, verb: Verb, argument: Any, *_: Any) -> Sent | None:
        """Answer a call. Raises TryAgain, InDoubt or VendorRefused, as the schedule has it."""
        answer = self._answers.get(self._calls, "")
        self._calls += 1
        self.asked[argument.reference] = argument
        if verb == "find_sms":
            return self._found(argument, answer)
        self._watch(argument)
        if answer in TOOK_IT:
            return self._take(connector, verb, argument, answer)
        if answer == "silence":
            raise InDoubt("no answer")
        if answer in REFUSALS:
            raise VendorRefused(answer)
        raise TryAgain(answer)

    def _found(self, text: Text, answer: str) -> Sent | None:
        if answer in ("down", "busy", "silence", "lost answer"):
            raise TryAgain(answer)
        known = (m for m in self.outbox if (m.to, m.body) == (text.to, text.body))
        return next((Sent(id=m.id) for m in known if text.since and m.at >= text.since), None)

    def _take(self, connector: str, verb: Verb, asked: Asked, answer: str) -> Sent:
        if answer == "slow":
            self._clock.advance(SLOWNESS)
        to = "staff" if isinstance(asked, StaffNote) else asked.to
        body = asked.text if isinstance(asked, StaffNote) else asked.body
        name, now = f"{connector}-{len(self.outbox)}", self._clock.now()
        self.outbox.append(Taken(name, verb.partition("_")[2], asked.reference, to, body, now))
        if not isinstance(asked, StaffNote):
            self._tell_of(name, asked.reference, now)
        if answer == "lost answer":
            raise InDoubt("no answer")
        return Sent(id=name)

    def _tell_of(self, name: str, reference: str, now: datetime) -> None:
        """Call back about it, in any order, late, or more than once."""
        chance = random.Random(name)  # noqa: S311 - it must be reproducible
        for _ in range(chance.choice((0, 1, 2, 4))):
            state = chance.choice(STATES)
            at = now + timedelta(seconds=chance.choice((0, 3, 60, 1200)))
            self._call_back(at, Delivery(reference=reference, state=state, id=name))
