"""Kill -9 at every write: each story is run again and again, and dies one call later each time."""

from __future__ import annotations

import shutil
from collections.abc import Iterable, Iterator
from itertools import count
from pathlib import Path
from typing import NamedTuple

from infra.crash import child, judging
from infra.crash.place import Folders, opened
from infra.crash.scenarios import Scenario

CALLS = ("pwrite64", "fdatasync", "write", "ftruncate", "unlink")
"""All that a process does to its files here: SQLite calls no other, and never fsync. `write` is
what the world outside hears: acknowledgements, and messages that vendors take."""


class Kill(NamedTuple):
    """Where a child was killed, and every promise that was broken by it."""

    scenario: str
    call: str
    wrong: list[str]


class Ground(NamedTuple):
    """A story made ready: the folder it begins in, and the world it ends in undisturbed."""

    scenario: Scenario
    begun: Path
    expected: judging.Seen
    folder: Path

    def fresh(self) -> Folders:
        """Put everything back to where the story begins."""
        folders = Folders(self.folder / "data", self.folder / "outside")
        for path in folders:
            shutil.rmtree(path, ignore_errors=True)
        shutil.copytree(self.begun, folders.data)
        folders.outside.mkdir()
        return folders


def ready(scenario: Scenario, folder: Path) -> Ground:
    """Play the beginning, then the story once without any crash."""
    begun = Folders(folder / "begun", folder / "told")
    for path in begun:
        path.mkdir(parents=True)
    if scenario.before:
        with opened(begun) as place:
            place.play(scenario.before)
    ground = Ground(scenario, begun.data, {}, folder)
    with opened(ground.fresh()) as place:
        place.play(scenario.inputs)
        return ground._replace(expected=judging.seen(place))


def kills(ground: Ground, calls: Iterable[str] = CALLS, at: Iterable[int] = ()) -> Iterator[Kill]:
    """Kill before every such call, of the threads that work and of the one that opens and closes.

    With `at` only before those, of the threads that work.
    """
    for call in calls:
        for threads in (True,) if at else (True, False):
            for number in at or count(1):
                found = kill(ground, call, number, threads=threads)
                if found is None:
                    break
                yield found


def kill(ground: Ground, call: str, number: int, *, threads: bool) -> Kill | None:
    """Kill one child, and judge what it left; None if it lived to its end."""
    folders = ground.fresh()

    def live() -> None:
        with opened(folders) as place:
            place.play(ground.scenario.inputs)

    if not child.killed(live, call, number, threads=threads):
        return None
    name = f"{call} {number}" if threads else f"{call} {number} of the first thread"
    return Kill(
        ground.scenario.name, name, judging.judged(folders, ground.scenario, ground.expected)
    )
