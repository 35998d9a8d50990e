"""Play a Saturday of the art cafe, then one of the momo house, and check every point and text."""

from __future__ import annotations

import argparse
import json
import os
import sys
import tempfile
import time
from datetime import datetime
from pathlib import Path
from typing import Any

import requests
import yaml
from rich.console import Console
from rich.table import Table

from infra import vendors
from infra.demo import checking, faults
from infra.demo.story import Listening, Story
from infra.demo.till import HTTP_TIMEOUT, Tills
from infra.local import Local
from infra.sandbox.server import Sandbox
from infra.topology import TOP
from loyalty.adapters.clock import VirtualClock
from loyalty.delivery import Shop
from loyalty.logs import QUIET
from loyalty.records import Timer, timers

Json = dict[str, Any]
SHOPS = ("art_cafe", "momo_house")
PATIENCE = 30.0
"""Seconds until an event that is not settled is called stuck."""


class Saturday:
    """One shop's day: a system of its own, its vendors, its tills and a clock that is moved."""

    def __init__(self, name: str, folder: Path, console: Console, fault: str) -> None:
        self.name, self.fault, self.console = name, fault, console
        self.scenario = _read(TOP / f"infra/demo/scenario/{name}.json")
        self.expected = _read(TOP / f"tests/expected/{name}.json")
        self.clock = VirtualClock(_instant(self.scenario["events"][0]["at"]))
        self.sandbox = Sandbox(clock=self.clock.now, seed=name).start()
        self.story = Story(console)
        program = TOP / f"infra/programs/{self.scenario['program']}.yaml"
        given = vendors.environment(self.sandbox, "http://the-system")
        settings = {"PORT": "0", "LOYALTY_DATA": str(folder), "LOYALTY_PROGRAM": str(program)}
        self.local = Local(
            {**given, **settings}, clock=self.clock, log=QUIET, wrap=self._wrapped,
            workers=1,
        )  # fmt: skip
        self.stores = yaml.safe_load(program.read_text("utf-8"))
        self.members: dict[str, str] = {}
        self._shown = 0

    def play(self) -> tuple[Tills, list[str]]:
        """Play all events; return the tills, and every difference from what was expected."""
        self.local.start(ticks=False)
        vendors.connect(self.sandbox, "http://the-system")
        self.sandbox.routes["http://the-system"] = self.local.url
        self.scenario["currency"] = self.stores["currency"]
        tills = Tills(self.sandbox, self.local.url, self.scenario, self.stores["stores"])
        for event in self.scenario["events"]:
            self._until(_instant(event["at"]))
            self._do(event, tills)
            self._settle()
        if self.fault == "forge-one":
            faults.forge(self.local.shop.store)
        ended = checking.found(self.local.shop, self.members, tills.receipts, self.sandbox.outbox)
        wrong = checking.differences(self.expected, ended)
        findings = checking.audited(self.local.shop).findings
        return tills, wrong + [f"ledger: {each.what} of {each.account}" for each in findings]

    def stop(self) -> None:
        """Stop the system and its vendors."""
        self.local.stop()
        self.sandbox.stop()

    def _wrapped(self, shop: Shop) -> Shop:
        told = shop._replace(bus=Listening(shop.bus, self.story))
        return faults.put_in(told, self.fault)

    def _do(self, event: Json, tills: Tills) -> None:
        if event["do"] == "join":
            self._join(next(m for m in self.scenario["members"] if m["key"] == event["member"]))
        elif event["do"] != "clock":
            tills.play(event)

    def _join(self, member: Json) -> None:
        names = ("name", "phone", "email", "language", "consents")
        body = {name: member[name] for name in names if member[name]}
        if member["birthday"]:
            body["birthday"] = member["birthday"][-5:]
        answer = requests.post(
            f"{self.local.url}/member-api/v1/members", json=body, timeout=HTTP_TIMEOUT,
            headers={"Authorization": f"Bearer {self.local.key}"},
        )  # fmt: skip
        answer.raise_for_status()
        self.members[member["key"]] = answer.json()["id"]

    def _until(self, at: datetime) -> None:
        """Move the clock on, stopping wherever something is due on the way."""
        while (timer := self._next_due()) and timer.due_at <= at:
            self.clock.set(max(timer.due_at, self.clock.now()))
            self.local.sweep()
            self._settle()
        self.clock.set(max(at, self.clock.now()))

    def _next_due(self) -> Timer | None:
        return next(iter(timers.find(self.local.shop.store, order="due_at", limit=1)), None)

    def _settle(self) -> None:
        """Wait until nothing moves any more, then show the messages that went out."""
        if not (self.local.bus.wait_idle(PATIENCE) and self.sandbox.settle(PATIENCE)):
            raise RuntimeError("the system did not come to rest")
        for message in self.sandbox.outbox[self._shown :]:
            to = "" if message.channel == "staff" else message.to
            self.story.message(message.channel, to, message.text)
        self._shown = len(self.sandbox.outbox)


def main() -> int:
    """Play both Saturdays; 0 if every sum and every text is right."""
    parser = argparse.ArgumentParser(prog="make demo", description=__doc__)
    parser.add_argument("--quiet", action="store_true", help="show the totals only")
    quiet, fault = parser.parse_args().quiet, os.environ.get("FAULT", "")
    if fault and fault not in faults.FAULTS:
        sys.exit(f"FAULT is one of {', '.join(faults.FAULTS)}")
    console, began = Console(highlight=False, soft_wrap=True), time.monotonic()
    wrong = [line for name in SHOPS for line in _played(name, console, fault, quiet=quiet)]
    console.print(f"took {time.monotonic() - began:.1f} s")
    if fault:
        console.print(f"FAULT={fault}: {faults.FAULTS[fault]}. The checks have to find it.")
    found = f"{len(wrong)} differences from what was expected; the first of each day are above."
    console.print(f"[red]{found}[/red]" if wrong else "Everything is as expected.", markup=True)
    return 1 if wrong else 0


def _played(name: str, console: Console, fault: str, *, quiet: bool) -> list[str]:
    title = name.replace("_", " ")
    console.rule(f"A Saturday of the {title}")
    told = Console(quiet=quiet, highlight=False)
    with tempfile.TemporaryDirectory(prefix="regulars-demo-", dir=_fast_folder()) as folder:
        day = Saturday(name, Path(folder), told, fault)
        try:
            tills, wrong = day.play()
            _totals(console, title, day, tills)
            _verdict(console, day, wrong)
        finally:
            day.stop()
    return wrong


def _fast_folder() -> str | None:
    """Choose memory over disk where there is such a folder: nothing of a demo is to be kept."""
    memory = Path("/dev/shm")  # noqa: S108 - a fresh folder is made in it
    return str(memory) if memory.is_dir() and os.access(memory, os.W_OK) else None


def _totals(console: Console, title: str, day: Saturday, tills: Tills) -> None:
    table = Table("what", "how many", title=f"Totals of the {title}")
    accounts = [checking.balance(day.local.shop, m) for m in day.members.values()]
    rows = {
        "webhooks posted": tills.posted,
        "refused as forged": tills.refused,
        "receipts": len(tills.receipts),
        "members": len(day.members),
        "points": sum(account["points"] for account in accounts),
        "pending points": sum(account["pending"] for account in accounts),
        "messages": sum(m.channel != "staff" for m in day.sandbox.outbox),
        "staff alerts": sum(m.channel == "staff" for m in day.sandbox.outbox),
    }
    for what, count in rows.items():
        table.add_row(what, str(count))
    console.print(table)


def _verdict(console: Console, day: Saturday, wrong: list[str]) -> None:
    for line in wrong[:20]:
        console.print(f"[red]DIFFERS[/red] {line}", markup=True)
    report = checking.audited(day.local.shop)
    over = f"{report.entries} entries, {report.accounts} accounts, {report.points} points"
    verdict = "the ledger does NOT add up" if report.findings else "ledger adds up"
    console.print(f"verify: {verdict} ({over})")
    same = "as expected, to the point and the word" if not wrong else f"{len(wrong)} differences"
    console.print(f"compared with tests/expected/{day.name}.json: {same}")


def _read(path: Path) -> Json:
    found: Json = json.loads(path.read_text("utf-8"))
    return found


def _instant(text: str) -> datetime:
    return datetime.fromisoformat(text)


if __name__ == "__main__":
    sys.exit(main())
