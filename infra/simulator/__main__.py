"""Simulates shops in trouble (`make simulate`), or finds planted bugs (`make mutants`)."""

from __future__ import annotations

import argparse
import multiprocessing
import os
import platform
import sys
import time
from collections.abc import Iterable
from datetime import UTC, datetime
from typing import NamedTuple

from rich.box import SIMPLE_HEAD
from rich.console import Console
from rich.progress import track
from rich.table import Table

from infra.simulator import programs
from infra.simulator.planted import WITHIN, bugs
from infra.simulator.playing import caught, play, shrunk, story
from infra.simulator.schedule import made
from infra.topology import TOP

EVIDENCE = TOP / "docs/evidence"
MOST = 3
"""So many failing schedules are made small and told."""


class Result(NamedTuple):
    """What came of one seed: what it broke, and how much happened."""

    seed: int
    wrong: list[str]
    facts: int
    faults: int
    commits: int


def simulated(seed: int) -> Result:
    """Play one seed."""
    played = play(made(seed))
    world = played.world
    sizes = (len(world.schedule.events), len(world.schedule.faults), len(world.commits))
    return Result(seed, played.wrong, *sizes)


def simulate(seeds: range, jobs: int) -> int:
    """Play many seeds, show and keep what came of it. Returns 1 if a promise was broken."""
    began = time.monotonic()
    for number in range(programs.COUNT):
        programs.parsed(number)  # once, before the processes part
    with multiprocessing.get_context("fork").Pool(jobs) as pool:
        found = pool.imap_unordered(simulated, seeds, chunksize=20)
        results = list(track(found, "Simulating", total=len(seeds)))
    seconds = time.monotonic() - began
    failed = sorted(result for result in results if result.wrong)
    rows = [
        ("schedules played", f"{len(seeds):,}", f"{len(results):,}", len(results) == len(seeds)),
        ("schedules that broke a promise", "0", f"{len(failed):,}", not failed),
    ]
    spent = f"{1000 * seconds * jobs / max(1, len(seeds)):.0f} ms each on {jobs} processes"
    lived = f"{_sum(r.facts for r in results)} events, {_sum(r.faults for r in results)} faults"
    command = f"python -m infra.simulator --seeds {len(seeds)} --seed {seeds.start} --jobs {jobs}"
    notes = f"{lived}, {_sum(r.commits for r in results)} commits; {spent}"
    _keep("simulate", _console(command, notes), _table(rows))
    for result in failed:
        print(f"seed {result.seed}: {result.wrong[0]}", flush=True)
    for result in failed[:MOST]:
        _tell(result)
    return 1 if failed else 0


def _sum(numbers: Iterable[int]) -> str:
    return f"{sum(numbers):,}"


def _tell(result: Result) -> None:
    small = shrunk(made(result.seed))
    print(f"\nseed {result.seed}: {result.wrong[0]}")
    print(f"again: python -m infra.simulator --seed {result.seed} --show; at its smallest:")
    print("\n".join(story(play(small))))


def hunt(seeds: int) -> int:
    """Plant each bug, and find the first seed that catches it. Returns 1 if one gets away."""
    rows = []
    for bug in track(bugs(), "Hunting"):
        seed = caught(bug, range(seeds))
        rows.append((bug.name, f"within {seeds}", _said(seed), seed is not None))
    found = sum(row[3] for row in rows)
    console = _console("make mutants", f"{found} of {len(rows)} planted bugs are caught")
    _keep("mutants", console, _table(rows, "bug", "seed"))
    return 0 if found == len(rows) else 1


def _said(seed: int | None) -> str:
    return "never" if seed is None else str(seed)


def _table(
    rows: Iterable[tuple[str, str, str, bool]], what: str = "what", measured: str = "measured"
) -> Table:
    table = Table(what, "promised", measured, "pass", box=SIMPLE_HEAD)
    for *texts, passed in rows:
        table.add_row(*map(str, texts), "yes" if passed else "NO")
    return table


def _console(command: str, notes: str) -> Console:
    machine = f"{os.cpu_count()} cores, Python {platform.python_version()}"
    console = Console(record=True, width=100, highlight=False)
    console.print(f"{command}\n{datetime.now(UTC):%Y-%m-%d}, {machine}\n{notes}")
    return console


def _keep(name: str, console: Console, table: Table) -> None:
    console.print(table)
    (EVIDENCE / f"{name}.txt").write_text(console.export_text(), "utf-8")


def main() -> int:
    """Do what is asked for."""
    parser = argparse.ArgumentParser(prog="python -m infra.simulator", description=__doc__)
    parser.add_argument("--seeds", type=int, default=1, help="how many schedules")
    parser.add_argument("--seed", type=int, default=0, help="the first of them")
    parser.add_argument("--jobs", type=int, default=os.cpu_count() or 1, help="processes")
    parser.add_argument("--show", action="store_true", help="tell the story of one schedule")
    parser.add_argument("--mutants", action="store_true", help="plant bugs and catch them")
    chosen = parser.parse_args()
    if chosen.show:
        print("\n".join(story(play(made(chosen.seed)))))
        return 0
    if chosen.mutants:
        return hunt(max(chosen.seeds, WITHIN))
    return simulate(range(chosen.seed, chosen.seed + chosen.seeds), chosen.jobs)


if __name__ == "__main__":
    sys.exit(main())
