"""Play the demo's days in the cloud's shape: a process per function, Google's emulators between.

The same events, the same expected sums and texts as in the demo.
"""

from __future__ import annotations

import argparse
import os
import sys
import time
from contextlib import ExitStack
from pathlib import Path
from tempfile import TemporaryDirectory

from rich.console import Console
from rich.progress import track

from infra import emulators
from infra.cloud_local.processes import unpacked
from infra.cloud_local.system import CloudLocal
from infra.cloud_local.trouble import Trouble, strikes
from infra.demo import report
from infra.demo.saturday import SHOPS, Json, Saturday, Scenario
from infra.demo.story import Story
from infra.demo.together import at_once, groups
from infra.demo.week import player
from infra.emulators import Emulator
from infra.sandbox.server import Sandbox
from infra.topology import topology
from loyalty.adapters.clock import FileClock

EMULATED = {
    "FIRESTORE_EMULATOR_HOST": emulators.firestore,
    "PUBSUB_EMULATOR_HOST": emulators.pubsub,
}
"""What is run, by the variable that tells Google's clients where."""


def main() -> int:
    """Play the days asked for; 0 if every sum and every text is right."""
    parser = argparse.ArgumentParser(prog="make cloud-local", description=__doc__)
    parser.add_argument("--days", nargs="+", choices=SHOPS, default=SHOPS, help="what to play")
    parser.add_argument(
        "--trouble",
        action="store_true",
        help="kill each function and pause each emulator along the way: nothing may change",
    )
    asked, began = parser.parse_args(), time.monotonic()
    console = Console(highlight=False, soft_wrap=True)
    with ExitStack() as stack:
        services = _emulators(stack)
        packages = unpacked(topology(), Path(stack.enter_context(TemporaryDirectory())))
        wrong = []
        for name in asked.days:
            console.rule(f"{Scenario(name).title}, a process per function")
            wrong += _played(name, console, packages, services if asked.trouble else [])
    console.print(f"took {time.monotonic() - began:.1f} s")
    return report.conclude(console, wrong)


def _emulators(stack: ExitStack) -> list[Emulator]:
    """Run both, and name them in the environment, where Google's clients look."""
    try:
        services = {name: stack.enter_context(run()) for name, run in EMULATED.items()}
    except emulators.NotInstalled as why:
        sys.exit(f"make cloud-local {why}.")
    os.environ |= {name: service.host for name, service in services.items()}
    return list(services.values())


def _played(
    name: str, console: Console, packages: dict[str, Path], troubled: list[Emulator]
) -> list[str]:
    scenario = Scenario(name)
    with TemporaryDirectory(prefix="regulars-cloud-") as folder:
        clock = _clock(Path(folder) / "clock", scenario)
        with Sandbox(clock=clock.now, seed=name) as sandbox:
            settings = {**os.environ, **scenario.settings(sandbox)}
            system = CloudLocal(settings, Path(folder) / "clock", packages)
            try:
                system.start()
                day = player(scenario)(scenario, system, sandbox, clock, Story(Console(quiet=True)))
                striking = troubled and not scenario.is_week  # between its acts lie quiet hours
                struck = strikes(system.functions, troubled) if striking else []
                events = scenario.day["events"]
                together = list(at_once(events) if scenario.is_week else groups(events))
                trouble = Trouble(struck, len(together), system.busy)
                _play(console, day, together, trouble)
                return report.tell(console, name, day, system.shop, ordered=scenario.is_week)
            finally:
                system.stop()


def _clock(file: Path, scenario: Scenario) -> FileClock:
    file.write_text(scenario.begins.isoformat(), "ascii")
    return FileClock(file)


def _play(console: Console, day: Saturday, together: list[list[Json]], trouble: Trouble) -> None:
    for number, group in enumerate(track(together, "Playing", console=console)):
        with trouble.during(number):
            day.play([group])
    if trouble.struck:
        console.print(f"struck {trouble.struck} times, {trouble.at_work} of them at work")


if __name__ == "__main__":
    sys.exit(main())
