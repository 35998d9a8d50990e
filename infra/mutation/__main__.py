"""Makes small mistakes in the code that moves points, and counts those that no test sees."""

from __future__ import annotations

import argparse
import os
import random
import sys
from collections import Counter
from collections.abc import Sequence

import pytest
from rich.progress import Progress

from infra import evidence
from infra.evidence import Row
from infra.mutation.hunting import SEEN, Hunter, Seen
from infra.mutation.mutations import Mutation, mutations
from infra.topology import TOP

MUTATED = ("domain", "steps")
TESTS = (
    "tests/domain", "tests/steps", "tests/functions", "tests/inputs", "tests/proof/test_days.py",
)  # fmt: skip
"""Those that take seconds: what none of them sees the simulator may, after minutes."""
OPTIONS = (
    "-q", "-s", "-p", "no:cacheprovider", "-p", "no:xdist",
    "-m", "not slow and not long", "-k", "not on_firestore",
    f"--ignore={TOP / 'tests/inputs/test_cost.py'}",
)  # fmt: skip
"""All tests in one process, without what takes longer than all the others, or is timed."""
PROMISED = 0.9


def every() -> list[Mutation]:
    """List every mutation of what is mutated."""
    found: list[Mutation] = []
    for package in MUTATED:
        for path in sorted((TOP / "shared/loyalty" / package).glob("*.py")):
            found += mutations(f"{package}.{path.stem}", path.read_text("utf-8"))
    return found


def hunted(chosen: list[Mutation], jobs: int, tests: Sequence[str] = TESTS) -> list[Seen]:
    """Run the tests against mutations; ends the program if they fail without any."""
    os.environ["CI"] = "true"  # hypothesis then draws the same each time, and keeps nothing
    # No thread may draw while processes part: what it holds then nobody in the child lets go.
    with Progress(auto_refresh=False, redirect_stdout=False, redirect_stderr=False) as progress:
        task = progress.add_task("Mutations", total=len(chosen))
        hunter = Hunter(chosen, jobs, lambda: progress.update(task, advance=1, refresh=True))
        files = (str(TOP / each) for each in tests)
        pytest.main([*OPTIONS, f"--rootdir={TOP}", *files], plugins=[hunter])
    if hunter.trouble or len(hunter.found) < len(chosen):
        sys.exit(f"Nothing was mutated: {hunter.trouble or 'the tests cannot be collected'}.")
    return hunter.found


def main() -> int:
    """Mutate as much as is asked for; 1 if too many live."""
    chosen = _parser().parse_args()
    known = every()
    count = min(chosen.mutations or len(known), len(known))
    drawn = random.Random(chosen.seed).sample(known, count)  # noqa: S311 - must be reproducible
    seen = hunted(drawn, chosen.jobs)
    states = Counter(each.state for each in seen)
    killed = sum(states[each] for each in SEEN) / max(1, len(seen))
    rows = [
        Row("mutations drawn", f"of {len(known):,}", f"{len(seen):,}", None),
        Row("killed by a test", f"≥ {PROMISED:.0%}", f"{killed:.1%}", killed >= PROMISED),
    ]
    alive = sorted(f"  {each.state}: {each.mutation}" for each in seen if each.state not in SEEN)
    told = "\n".join(["what no test sees:", *alive])
    command = f"python -m infra.mutation --mutations {count} --seed {chosen.seed}"
    return 0 if evidence.keep("mutations", command, told, rows) else 1


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m infra.mutation", description=__doc__)
    parser.add_argument("--mutations", type=int, default=300, help="how many; 0 for all")
    parser.add_argument("--seed", type=int, default=0, help="which are drawn")
    parser.add_argument("--jobs", type=int, default=os.cpu_count() or 1, help="processes")
    return parser


if __name__ == "__main__":
    sys.exit(main())
