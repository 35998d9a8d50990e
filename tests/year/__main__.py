"""Lives through a year of a thousand guests, and reckons it again without the product's code."""

from __future__ import annotations

import argparse
import sys
import tempfile
import time
from pathlib import Path

from infra import evidence
from infra.evidence import Row
from tests.year import judging
from tests.year.living import Year
from tests.year.plan import END, drawn
from tests.year.reference import reckoned

MOST = 20
"""So many differences are shown."""
SECONDS = 60


def main() -> int:
    """Live, reckon, show and keep what came of it. Returns 1 if a promise was broken."""
    parser = argparse.ArgumentParser(prog="python -m tests.year", description=__doc__)
    parser.add_argument("--guests", type=int, default=1000, help="how many guests")
    parser.add_argument("--seed", type=int, default=1, help="what their year is drawn from")
    chosen = parser.parse_args()
    plan = drawn(chosen.guests, chosen.seed)
    with tempfile.TemporaryDirectory() as folder:
        year = Year(plan, Path(folder))
        began = time.process_time()
        year.live(END)
        spent = time.process_time() - began
    seen, again = year.seen(), reckoned(plan, year.members)
    took = Row("seconds of one core", f"< {SECONDS}", f"{spent:.0f}", spent < SECONDS)
    command = f"python -m tests.year --guests {chosen.guests} --seed {chosen.seed}"
    notes = (
        f"{len(plan.facts):,} facts, {seen.asked['timers']:,} sweeps that found something due, "
        f"{sum(year.fired.values()):,} timers,\n{sum(seen.texts.values()):,} texts; no scheduler "
        "for three days, and every 97th call of a vendor failed"
    )
    kept = evidence.keep("year", command, notes, [took, *judging.rows(year, seen, again)])
    for what, (was, should) in list(judging.different(seen, again).items())[:MOST]:
        print(f"{what}: {was}, and should be {should}")
    return 0 if kept else 1


if __name__ == "__main__":
    sys.exit(main())
