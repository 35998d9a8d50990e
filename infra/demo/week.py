"""A week of a brand, played by the clock: what is due is done, night jobs run, guests text back."""

from __future__ import annotations

import time
from collections import defaultdict
from contextlib import suppress
from datetime import datetime
from zoneinfo import ZoneInfo

import requests

from infra.demo import checking
from infra.demo.saturday import Json, Saturday, Scenario
from infra.sandbox.outbox import Message
from loyalty import cron, schedules
from loyalty.records import Claim, claims, entries, journeys

CAMPAIGN = "campaign:carnival"
TEXTED = 10
"""A guest's text is sent so often while a function is being killed."""


class Week(Saturday):
    """Plays months quickly, from visit to visit, and then a week by the clock."""

    def differences(self, *, ordered: bool) -> list[str]:
        """Compare the rest too: which acts, told when, who was held out, what ended early."""
        wrong = super().differences(ordered=ordered)
        return wrong + checking.differences(self.scenario.expected, self.found())

    def found(self) -> Json:
        """Collect what only a week has, under the scenario's own names."""
        keys = {member: key for key, member in self.members.items()}
        begun = [each for each in journeys.each(self.shop.store) if each.member in keys]
        arms = [(each.arm, keys[each.member]) for each in begun if each.automation == CAMPAIGN]
        return {
            "acts": {key: self._acts(member) for key, member in self.members.items()},
            "campaign": {arm: sorted(k for a, k in arms if a == arm) for arm in ("told", "held")},
            "ended_by_a_visit": sorted(keys[j.member] for j in begun if j.why == "visit"),
            "totals": self._totals(),
            "times": self._times(),
        }

    def _acts(self, member: str) -> dict[str, list[int]]:
        acts = defaultdict(list)
        found = entries.find(self.shop.store, ("members", "contains", member), limit=1000)
        booked = [record.entry for record in found if record.entry]
        for entry in sorted(booked, key=lambda entry: entry.seq):
            acts[entry.kind].append(entry.points)
        return dict(sorted(acts.items()))

    def _totals(self) -> dict[str, int]:
        accounts = [checking.balance(self.shop, member) for member in self.members.values()]
        return {
            "points": sum(account["points"] for account in accounts),
            "entries": sum(1 for record in entries.each(self.shop.store) if record.entry),
            "messages": len(self.sandbox.outbox),
        }

    # -- who was told what, and when ------------------------------------------------------------

    def of(self, message: Message) -> Json:
        """Find whom a message was for."""
        people = self.scenario.day["members"]
        found: Json = next(p for p in people if message.to in (p["phone"], p["email"]))
        return found

    def local(self, at: datetime, member: Json) -> datetime:
        """Tell what the clock shows where a guest joined."""
        store = self.scenario.stores[member["store"]]
        return at.astimezone(ZoneInfo(store.get("zone") or self.scenario.zone))

    def home(self, at: datetime) -> datetime:
        """Tell what the brand's clock shows."""
        return at.astimezone(ZoneInfo(self.scenario.zone))

    def _times(self) -> dict[str, list[str]]:
        """List when each guest was told something, by their own clock."""
        times = defaultdict(list)
        for message in self.sandbox.outbox:
            there = self.local(message.at, self.of(message))
            times[message.to].append(f"{there:%a %Y-%m-%d %H:%M}")
        return dict(times)

    def kept_back(self) -> list[tuple[str, Claim]]:
        """List the messages that did not leave, by the guest they were for."""
        keys = {member: key for key, member in self.members.items()}
        dropped = (each for each in claims.each(self.shop.store) if each.state == "dropped")
        return [(keys[each.member], each) for each in dropped if each.member in keys]

    # -- playing --------------------------------------------------------------------------------

    def _do(self, event: Json) -> None:
        if event["do"] != "text":
            super()._do(event)
            return
        phone = next(
            m["phone"] for m in self.scenario.day["members"] if m["key"] == event["member"]
        )
        for _ in range(TEXTED):  # as a guest does whose phone says that it was not sent
            with suppress(requests.ConnectionError):
                answer = self.sandbox.twilio.inbound(phone, event["text"])
                if answer is not None and answer.ok:
                    return
            time.sleep(0.5)
        raise RuntimeError("the system did not take the text")

    def _until(self, at: datetime) -> None:
        """Move the clock on; within the week, stop also when a job of the table comes."""
        begins = datetime.fromisoformat(self.scenario.day["from"])
        while (stop := self._next_job(max(self._clock.now(), begins))) <= at:
            super()._until(stop)
            self.system.look()
            self.settle()
        super()._until(at)

    def _next_job(self, after: datetime) -> datetime:
        table = schedules.table(self.shop.programs.current().program)
        jobs = [job for job in table if job.name != schedules.TICK]
        return min(cron.following(job.cron, job.zone, after) for job in jobs)


def player(scenario: Scenario) -> type[Saturday]:
    """Choose who plays a scenario."""
    return Week if scenario.is_week else Saturday
