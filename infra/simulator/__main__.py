"""Simulates shops in trouble (`make simulate`), or finds planted bugs (`make mutants`)."""

from __future__ import annotations

import argparse
import os
import sys
import time
from collections.abc import Iterable
from typing import NamedTuple

from rich.progress import track

from infra import children, evidence
from infra.evidence import Row
from infra.simulator import programs
from infra.simulator.planted import WITHIN, bugs
from infra.simulator.playing import caught, play, shrunk, story
from infra.simulator.schedule import made

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
    for number in range(programs.KINDS * programs.COUNT):
        programs.parsed(number)  # once, before the processes part
    with children.pool(jobs) as pool:
        found = pool.imap_unordered(simulated, seeds, chunksize=20)
        results = list(track(found, "Simulating", total=len(seeds)))
    seconds = time.monotonic() - began
    failed = sorted(result for result in results if result.wrong)
    rows = [
        Row("schedules played", f"{len(seeds):,}", f"{len(results):,}", len(results) == len(seeds)),
        Row("schedules that broke a promise", "0", f"{len(failed):,}", not failed),
    ]
    spent = f"{1000 * seconds * jobs / max(1, len(seeds)):.0f} ms each on {jobs} processes"
    lived = f"{_sum(r.facts for r in results)} events, {_sum(r.faults for r in results)} faults"
    command = f"python -m infra.simulator --seeds {len(seeds)} --seed {seeds.start} --jobs {jobs}"
    notes = f"{lived}, {_sum(r.commits for r in results)} commits; {spent}"
    evidence.keep("simulate", command, notes, rows)
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
        rows.append(Row(bug.name, f"within {seeds}", _said(seed), seed is not None))
    notes = f"{sum(row.kept is True for row in rows)} of {len(rows)} planted bugs are caught"
    heads = ("bug", "promised", "seed")
    return 0 if evidence.keep("mutants", "make mutants", notes, rows, heads) else 1


def _said(seed: int | None) -> str:
    return "never" if seed is None else str(seed)


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
