"""Measure speed beside the least that anybody would run, in one go on one machine.

Figures of different runs are not to be compared: machines swing. Ratios within a run are.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable

from infra import evidence
from infra.bench import cold, counter, ingest, latency, rate
from infra.evidence import Row

Chosen = argparse.Namespace
MEASURES: dict[str, Callable[[Chosen], list[Row]]] = {
    "rate": lambda chosen: rate.measured(chosen.purchases, chosen.rounds),
    "ingest": lambda chosen: ingest.measured(chosen.purchases, chosen.rounds),
    "latency": lambda chosen: [
        row for each in chosen.rates for row in latency.measured(each, chosen.seconds)
    ],
    "counter": lambda chosen: counter.measured(chosen.calls),
    "cold": lambda chosen: cold.measured(chosen.starts),
}


def main() -> int:
    """Measure what is asked for; 1 if a promise is not kept."""
    chosen = _parser().parse_args()
    kept = True
    for name in chosen.what:
        rows, command = MEASURES[name](chosen), f"make bench ARGS='{' '.join(sys.argv[1:])}'"
        kept &= evidence.keep(f"bench-{name}", command, "loopback only", rows)
    return 0 if kept else 1


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="make bench", description=__doc__)
    parser.add_argument(
        "--what", nargs="+", choices=MEASURES, default=list(MEASURES), help="what to measure"
    )
    parser.add_argument("--purchases", type=int, default=500, help="of a round of rate and ingest")
    parser.add_argument("--rounds", type=int, default=3, help="of rate and ingest, of each side")
    parser.add_argument("--calls", type=int, default=200, help="of each kind at the counter")
    parser.add_argument("--starts", type=int, default=7, help="of each function when cold")
    parser.add_argument("--rates", type=int, nargs="+", default=[10, 20, 50, 100],
                        help="purchases a second whose texts are waited for")  # fmt: skip
    parser.add_argument("--seconds", type=int, default=20, help="for how long at each rate")
    return parser


if __name__ == "__main__":
    sys.exit(main())
