"""Throws bad input at everything that reads it, and nearly right signatures at every check."""

from __future__ import annotations

import argparse
import sys
import tempfile
from collections import Counter
from pathlib import Path

from infra import evidence
from infra.evidence import Row
from rich.progress import Progress, track
from tests.fuzz import doors, guided, signatures, targets
from tests.fuzz.playing import Result, play

HEADS = ("what", "promised", "measured")


def main() -> int:
    """Do what is asked for. Returns 1 if a promise was broken."""
    parser = argparse.ArgumentParser(prog="python -m tests.fuzz", description=__doc__)
    parser.add_argument("--inputs", type=int, default=2000, help="for each target")
    parser.add_argument("--signatures", type=int, default=1_000_000, help="for all checks together")
    parser.add_argument("--led", type=int, default=20, help="seconds led by coverage, each reader")
    parser.add_argument("--seed", type=int, default=0, help="another seed is other input")
    chosen = parser.parse_args()
    opened, results = signed(chosen.signatures, chosen.seed), thrown(chosen.inputs, chosen.seed)
    results += led(chosen.led, chosen.seed)
    command = f"python -m tests.fuzz --inputs {chosen.inputs} --signatures {chosen.signatures}"
    tried = f"{sum(result.tried for result in results):,} inputs for {len(results)} targets"
    promise = "broken is an uncaught error, an answer of 500 or more, or a second of the processor"
    kept = evidence.keep(
        "fuzz", f"{command} --seed {chosen.seed}", f"{tried}\n{promise}",
        [*_told(opened), *map(_row, results)], HEADS,
    )  # fmt: skip
    for result in results:
        if result.broken:
            print(f"\n{result.name}: {result.broken}")
    return 0 if kept else 1


def signed(count: int, seed: int) -> Counter[tuple[str, bool]]:
    """Try forgeries; count them by connector, and by whether they opened it."""
    found: Counter[tuple[str, bool]] = Counter()
    for told, made in track(signatures.tries(count, seed), "Forging", total=count):
        opened = signatures.accepted(told, made)
        found[told.config.connector, opened] += 1
        if opened:
            print(f"accepted by {told.config.connector}: {made[1].headers} {made[1].body!r}")
    return found


def thrown(count: int, seed: int) -> list[Result]:
    """Throw so many inputs at every target."""
    with tempfile.TemporaryDirectory() as folder, Progress() as progress:
        rig = doors.open_house(Path(folder))
        found = targets.targets(rig)
        bar = progress.add_task("Throwing", total=count * len(found))
        results = [play(each, count, seed, lambda: progress.advance(bar)) for each in found]
        rig.close()
    return results


def led(seconds: int, seed: int) -> list[Result]:
    """Fuzz what reads without HTTP around it, led by coverage where the fuzzer installs."""
    names = [each.name for each in targets.readers()] if guided.HERE and seconds else []
    return [guided.guided(name, seconds, seed) for name in track(names, "Led by coverage")]


def _told(opened: Counter[tuple[str, bool]]) -> list[Row]:
    names = sorted({name for name, _ in opened})
    return [
        Row(
            f"signatures: {name}", "0 accepted",
            f"{opened[name, True]:,} of {opened[name, True] + opened[name, False]:,} accepted",
            not opened[name, True],
        )
        for name in names
    ]  # fmt: skip


def _row(result: Result) -> Row:
    said = "1" if result.broken else "0"
    slowest = f", at most {result.slowest:.2f} s" if result.slowest else ""
    measured = f"{said} of {result.tried:,} broken{slowest}"
    return Row(result.name, "0 broken, < 1 s", measured, not result.broken)


if __name__ == "__main__":
    sys.exit(main())
