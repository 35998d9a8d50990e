"""Lives through a year of a thousand guests, and reckons it again without the product's code."""

from __future__ import annotations

import argparse
import sys
import tempfile
import time
from pathlib import Path

from infra import children, evidence
from infra.evidence import Row
from tests.year import judging
from tests.year.judging import Found
from tests.year.living import Year
from tests.year.plan import END, drawn
from tests.year.reference import reckoned

MOST = 20
"""So many differences are shown."""
SECONDS = 60


def lived(guests: int, seed: int) -> Found:
    """Live through the year of one shop, then reckon it."""
    plan = drawn(guests, seed)
    with tempfile.TemporaryDirectory() as folder:
        year = Year(plan, Path(folder))
        began = time.monotonic()
        year.live(END)
        seconds = time.monotonic() - began
    return judging.found(year, year.seen(), reckoned(plan, year.members), seconds)


def main() -> int:
    """Live, reckon, show and keep what came of it. Returns 1 if a promise was broken."""
    parser = argparse.ArgumentParser(prog="python -m tests.year", description=__doc__)
    parser.add_argument("--guests", type=int, default=1000, help="how many guests, in all shops")
    parser.add_argument("--seed", type=int, default=1, help="what their year is drawn from")
    parser.add_argument("--shops", type=int, default=2, help="shops, each a process of its own")
    chosen = parser.parse_args()
    with children.pool(chosen.shops) as pool:
        asked = [(chosen.guests // chosen.shops, chosen.seed + n) for n in range(chosen.shops)]
        year = judging.together(pool.starmap(lived, asked))
    return 0 if _kept(year, chosen) else 1


def _kept(year: Found, chosen: argparse.Namespace) -> bool:
    command = f"python -m tests.year --guests {chosen.guests} --seed {chosen.seed}"
    notes = (
        f"{chosen.shops} shops side by side, {year.facts:,} facts, {year.asked['timers']:,} sweeps "
        f"that found something due,\n{sum(year.fired.values()):,} timers, {year.texts:,} texts; no "
        "scheduler for three days, and every 97th call of a vendor failed"
    )
    took = Row("seconds", f"< {SECONDS}", f"{year.seconds:.0f}", year.seconds < SECONDS)
    kept = evidence.keep(
        "year", f"{command} --shops {chosen.shops}", notes, [took, *judging.rows(year)]
    )
    for what, (was, should) in list(year.different.items())[:MOST]:
        print(f"{what}: {was}, and should be {should}")
    for trouble in year.troubles[:MOST]:
        print(trouble)
    return kept


if __name__ == "__main__":
    sys.exit(main())
