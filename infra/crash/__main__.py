"""Kills the shop at every write, cuts its power, fills its disk: nothing acknowledged is lost."""

from __future__ import annotations

import argparse
import logging
import shlex
import sys
import tempfile
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import NamedTuple

from rich.progress import Progress, TaskID

from infra import evidence
from infra.crash import child, cuts, full, kills
from infra.crash.kills import Ground
from infra.crash.scenarios import SCENARIOS, named
from infra.evidence import Row

MEMORY = Path("/dev/shm")  # nosec B108 # noqa: S108 - a folder of our own is made in it
"""Where folders are made: the kernel keeps files of killed processes here too, and it is fast."""


class Bar(NamedTuple):
    """One line of progress. Nothing draws by itself: a process that forks has one thread."""

    progress: Progress
    task: TaskID

    def step(self, broken: Iterable[str]) -> None:
        """Count one more, and tell what was broken."""
        for each in broken:
            self.progress.console.print(each, markup=False, soft_wrap=True)
        self.progress.update(self.task, advance=1)
        self.progress.refresh()


def killed(grounds: Iterable[Ground], bars: Progress) -> Iterator[Row]:
    """Kill every story before each of its calls."""
    for ground in grounds:
        name = ground.scenario.name
        bar, lost, number = Bar(bars, bars.add_task(f"Kills: {name}", total=None)), 0, 0
        for each in kills.kills(ground):
            number, lost = number + 1, lost + bool(each.wrong)
            bar.step(f"{name}, {each.call}: {wrong}" for wrong in each.wrong)
        bars.update(bar.task, total=number)
        yield Row(f"kill -9 before each call: {name}", "0 broken", f"{lost} of {number}", not lost)


def cut(grounds: Iterable[Ground], number: int, seed: int, bars: Progress) -> Iterator[Row]:
    """Cut the power in every story, so many times in all."""
    every = number // len(SCENARIOS)
    for ground in grounds:
        name = ground.scenario.name
        bar, lost = Bar(bars, bars.add_task(f"Power cuts: {name}", total=every)), 0
        for each in cuts.cuts(cuts.recorded(ground), seed, every):
            lost += bool(each.wrong)
            bar.step(f"{name}, cut before act {each.act}: {wrong}" for wrong in each.wrong)
        yield Row(f"power cuts: {name}", "0 broken", f"{lost} of {every:,}", not lost)


def rows(chosen: argparse.Namespace, folder: Path) -> Iterator[Row]:
    """Do all of it, one thing after the other; what is done soonest first."""
    yield from full.rows(folder)
    stories = [named(name) for name in chosen.scenario] or SCENARIOS
    grounds = [kills.ready(each, folder / each.name.replace(" ", "-")) for each in stories]
    with Progress(auto_refresh=False) as bars:
        if chosen.kills:
            yield from killed(grounds, bars)
        yield from cut(grounds, chosen.cuts, chosen.seed, bars)


def main() -> int:
    """Do what is asked for. Returns 1 if a promise was broken, 2 if nothing could be watched."""
    parser = argparse.ArgumentParser(prog="python -m infra.crash", description=__doc__)
    parser.add_argument(
        "--cuts", type=int, default=5000, help="how many power cuts, in all stories"
    )
    parser.add_argument("--seed", type=int, default=1, help="what the cuts are drawn from")
    parser.add_argument(
        "--no-kills", dest="kills", action="store_false", help="leave the kills out"
    )
    parser.add_argument(
        "--scenario", action="append", default=[], choices=[each.name for each in SCENARIOS],
        help="only this story; may be given again",
    )  # fmt: skip
    chosen = parser.parse_args()
    if reason := child.why_not():
        print(reason)
        return 2
    logging.disable(logging.ERROR)  # what fails here was made to fail
    with tempfile.TemporaryDirectory(dir=MEMORY if MEMORY.is_dir() else None) as folder:
        found = list(rows(chosen, Path(folder)))
    command = shlex.join(["python", "-m", "infra.crash", *sys.argv[1:]])
    return 0 if evidence.keep("crash", command, NOTES, found) else 1


NOTES = (
    "Five short stories on the real store, bus and steps. Whoever got no answer tells again; then\n"
    "every document and every message must be those of a run that nobody disturbed."
)


if __name__ == "__main__":
    sys.exit(main())
