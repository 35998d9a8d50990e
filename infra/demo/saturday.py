"""One shop's day, played on a running system and compared with what it must come to."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from datetime import datetime
from pathlib import Path
from typing import Any, Protocol

import requests
import yaml

from infra import vendors
from infra.demo import checking
from infra.demo.story import Story
from infra.demo.till import HTTP_TIMEOUT, Tills, insistently
from infra.sandbox.server import Sandbox
from infra.topology import TOP
from loyalty.delivery import Shop
from loyalty.records import Timer, timers

Json = dict[str, Any]
SHOPS = ("art_cafe", "momo_house", "three_harbors")
PUBLIC = "http://the-system"
"""The address that vendors know; the sandbox's letters are led from there to where it listens."""
PATIENCE = 60.0
"""Seconds that callbacks of vendors may take."""


class System(Protocol):
    """All functions, wherever they run."""

    key: str

    @property
    def shop(self) -> Shop:
        """What steps have at hand: the store that results are read from, and the clock."""
        ...

    def start(self) -> None:
        """Publish the program and serve; returns once it answers."""
        ...

    def address(self, function: str) -> str:
        """Tell where a public function listens."""
        ...

    def sweep(self) -> None:
        """Ask for everything that is due by now."""
        ...

    def look(self) -> object:
        """Ask for every job whose time has come by the table of schedules."""
        ...

    def settle(self, calls: Mapping[str, int]) -> bool:
        """Wait until so many calls of each function, and all they led to, are done."""
        ...

    def unfinished(self) -> str:
        """Name what is still on its way."""
        ...

    def stop(self) -> None:
        """Stop it."""
        ...


class MovedClock(Protocol):
    """A clock that stands still until it is moved."""

    def now(self) -> datetime:
        """Return the instant it was moved to last."""
        ...

    def set(self, instant: datetime) -> None:
        """Move it."""
        ...


class Scenario:
    """A day as it is written down, and what it must come to."""

    def __init__(self, name: str) -> None:
        self.name = name
        self.day = _read(TOP / f"infra/demo/scenario/{name}.json")
        self.expected = _read(TOP / f"tests/expected/{name}.json")
        self.program = TOP / f"infra/programs/{self.day['program']}.yaml"
        shop = yaml.safe_load(self.program.read_text("utf-8"))
        self.stores, self.zone = shop["stores"], shop["zone"]
        self.day["currency"] = shop["currency"]
        self.begins = datetime.fromisoformat(self.day["events"][0]["at"])

    @property
    def is_week(self) -> bool:
        """Whether it is a week, which is played by the clock from an instant on."""
        return "from" in self.day

    @property
    def title(self) -> str:
        """Name it, as in `A Saturday of the art cafe`."""
        return f"A {'week' if self.is_week else 'Saturday'} of the {self.name.replace('_', ' ')}"

    @property
    def waited(self) -> dict[str, str]:
        """Name the receipts of guests who joined later, and the phone by which they were known."""
        phones = {member["phone"] for member in self.day["members"]}
        guests = {event["receipt"]: event["guest"] for event in self.day["events"]
                  if isinstance(event.get("guest"), dict)}  # fmt: skip
        return {name: guest["phone"] for name, guest in guests.items() if guest["phone"] in phones}

    def settings(self, sandbox: Sandbox) -> dict[str, str]:
        """Give a system what it needs to play this day with this sandbox."""
        given = vendors.environment(sandbox, PUBLIC)
        return {**given, "LOYALTY_PROGRAM": str(self.program)}


class Saturday:
    """Plays a scenario: moves the clock, posts what tills tell, lets everything come to rest."""

    def __init__(
        self, scenario: Scenario, system: System, sandbox: Sandbox, clock: MovedClock, story: Story
    ) -> None:
        self.scenario, self.system, self._clock = scenario, system, clock
        self.sandbox, self._story = sandbox, story
        self.members: dict[str, str] = {}
        self._shown = 0
        vendors.connect(sandbox, PUBLIC)
        for function in ("transaction_ingest", "message_feedback"):
            public = f"{PUBLIC}/{function.replace('_', '-')}"
            sandbox.routes[public] = system.address(function)
        ingest = system.address("transaction_ingest")
        self.tills = Tills(sandbox, ingest, scenario.day, scenario.stores)

    @property
    def shop(self) -> Shop:
        """What results are read from."""
        return self.system.shop

    def play(self, together: Iterable[list[Json]]) -> None:
        """Play events in groups; those of a group are on their way at the same time."""
        for events in together:
            for event in events:
                self._until(datetime.fromisoformat(event["at"]))
                self._do(event)
            self.settle()

    def differences(self, *, ordered: bool) -> list[str]:
        """Compare what there is with what was expected, and recount the ledger."""
        shop, expected = self.system.shop, self.scenario.expected
        ended = checking.found(shop, self.members, self.tills.receipts, self.sandbox.outbox)
        findings = checking.audited(shop).findings
        waited = self.scenario.waited
        wrong = checking.differences(expected, ended, ordered=ordered, waited=waited)
        return wrong + [f"ledger: {each.what} of {each.account}" for each in findings]

    def settle(self) -> None:
        """Wait until nothing moves any more, then show the messages that went out."""
        calls = {"transaction_ingest": self.tills.posted, "member_api": len(self.members)}
        if not self.system.settle(calls):
            raise RuntimeError(f"the system did not come to rest: {self.system.unfinished()}")
        if not self.sandbox.settle(PATIENCE):
            raise RuntimeError("the vendors did not come to rest")
        for message in self.sandbox.outbox[self._shown :]:
            to = "" if message.channel == "staff" else message.to
            self._story.message(message.channel, to, message.text)
        self._shown = len(self.sandbox.outbox)

    def _do(self, event: Json) -> None:
        if event["do"] == "join":
            people = self.scenario.day["members"]
            self._join(next(m for m in people if m["key"] == event["member"]))
        elif event["do"] != "clock":
            self.tills.play(event)

    def _join(self, member: Json) -> None:
        names = ("name", "phone", "email", "language", "store", "consents")
        body = {name: member[name] for name in names if member.get(name)}
        if member["birthday"]:
            body["birthday"] = member["birthday"][-5:]
        url = f"{self.system.address('member_api')}/v1/members"
        known = {
            "Authorization": f"Bearer {self.system.key}",
            "Idempotency-Key": f"join-{member['key']}",
        }
        [answer] = insistently(
            lambda: [requests.post(url, json=body, timeout=HTTP_TIMEOUT, headers=known)]
        )
        answer.raise_for_status()
        self.members[member["key"]] = answer.json()["id"]

    def _until(self, at: datetime) -> None:
        """Move the clock on, stopping wherever something is due on the way."""
        while (timer := self._next_due()) and timer.due_at <= at:
            self._clock.set(max(timer.due_at, self._clock.now()))
            self.system.sweep()
            self.settle()
        self._clock.set(max(at, self._clock.now()))

    def _next_due(self) -> Timer | None:
        return next(iter(timers.find(self.system.shop.store, order="due_at", limit=1)), None)


def _read(path: Path) -> Json:
    found: Json = json.loads(path.read_text("utf-8"))
    return found
