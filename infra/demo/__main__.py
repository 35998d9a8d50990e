"""Play two Saturdays and a week of three shops, and check every point and text."""

from __future__ import annotations

import argparse
import os
import sys
import tempfile
import time
from pathlib import Path

from rich.console import Console

from infra.demo import diary, faults, report
from infra.demo.saturday import SHOPS, Scenario
from infra.demo.story import Listening, Story
from infra.demo.week import Week, player
from infra.local import Local
from infra.sandbox.server import Sandbox
from loyalty.adapters.clock import VirtualClock
from loyalty.adapters.http import RequestsHttp
from loyalty.connectors.engine import Engine
from loyalty.delivery import Shop
from loyalty.logs import QUIET


def main() -> int:
    """Play what is asked for; 0 if every sum and every text is right."""
    parser = argparse.ArgumentParser(prog="make demo", description=__doc__)
    parser.add_argument("--quiet", action="store_true", help="show the totals only")
    parser.add_argument("--days", nargs="+", choices=SHOPS, default=SHOPS, help="what to play")
    asked, fault = parser.parse_args(), os.environ.get("FAULT", "")
    if fault and fault not in faults.FAULTS:
        sys.exit(f"FAULT is one of {', '.join(faults.FAULTS)}")
    console, began = Console(highlight=False, soft_wrap=True), time.monotonic()
    story = Story(Console(quiet=asked.quiet, highlight=False))
    wrong = [line for name in asked.days for line in _played(name, console, story, fault)]
    console.print(f"took {time.monotonic() - began:.1f} s")
    if fault:
        console.print(f"FAULT={fault}: {faults.FAULTS[fault]}. The checks have to find it.")
    return report.conclude(console, wrong)


def _played(name: str, console: Console, story: Story, fault: str) -> list[str]:
    scenario = Scenario(name)
    console.rule(scenario.title)
    clock = VirtualClock(scenario.begins)
    with (
        tempfile.TemporaryDirectory(prefix="regulars-demo-", dir=_fast_folder()) as folder,
        Sandbox(clock=clock.now, seed=name) as sandbox,
    ):
        aside = Story(Console(quiet=True)) if scenario.is_week else story  # it is told at its end
        local = _system(scenario, sandbox, folder, clock, aside, fault)
        local.start(ticks=False)
        try:
            day = player(scenario)(scenario, local, sandbox, clock, aside)
            day.play([event] for event in scenario.day["events"])
            if isinstance(day, Week):
                diary.tell(story.console, day)
            if fault == "forge-one":
                faults.forge(local.shop.store)
            return report.tell(console, name, day, local.shop)
        finally:
            local.stop()


def _system(
    scenario: Scenario, sandbox: Sandbox, folder: str, clock: VirtualClock, story: Story, fault: str
) -> Local:
    given = {"PORT": "0", "LOYALTY_DATA": folder}
    settings = {**scenario.settings(sandbox), **given}

    def wrap(shop: Shop) -> Shop:
        # A day's calls are spread over the day, so that nobody has to wait to spare a vendor.
        vendors = Engine(RequestsHttp(), clock, settings, sleep=lambda _: None)
        told = shop._replace(bus=Listening(shop.bus, story), vendors=vendors)
        return faults.put_in(told, fault)

    return Local(settings, clock=clock, log=QUIET, wrap=wrap, workers=1)


def _fast_folder() -> str | None:
    """Choose memory over disk where there is such a folder: nothing of a demo is to be kept."""
    memory = Path("/dev/shm")  # nosec B108 # noqa: S108 - a fresh folder is made in it
    return str(memory) if memory.is_dir() and os.access(memory, os.W_OK) else None


if __name__ == "__main__":
    sys.exit(main())
