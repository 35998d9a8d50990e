"""Power cuts: the files as a disk would have them that was told of some writes and synced fewer.

A story is recorded once, call by call. From that any number of cuts are rebuilt: what was synced is
there; of what was not, anything may be, whole or torn, in any order.
"""

from __future__ import annotations

import hashlib
import random
import shutil
import sqlite3
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing
from pathlib import Path
from typing import NamedTuple

from infra.crash import child, judging
from infra.crash.kills import Ground
from infra.crash.place import Folders, Place, opened
from infra.crash.tracing import CALLS, Act, Removed, Said, Synced, Written, acts

SECTOR, HEADER = 512, 24
DATA = "loyalty.db"
WHOLE = 50
"""Of so many cuts one is lived through to the end of its story; the others are compared."""
Image = dict[str, bytearray]


class Recording(NamedTuple):
    """What a child did to its disk, in order, and the states that were ever committed.

    `floors[n]` is the number of the state that was committed when the n-th act began.
    """

    ground: Ground
    acts: list[Act]
    states: list[str]
    floors: list[int]


class Cut(NamedTuple):
    """A power cut before an act, and every promise that was broken by it."""

    scenario: str
    act: int
    wrong: list[str]


def recorded(ground: Ground, live: Callable[[Place], None] | None = None) -> Recording:
    """Run a story to its end under strace, and work out every state it went through."""
    folders, log = ground.fresh(), ground.folder / "log"

    def run() -> None:
        with opened(folders) as place:
            (live or (lambda place: place.play(ground.scenario.inputs)))(place)

    child.recorded(run, CALLS, log)
    found = list(acts(log, folders))
    log.unlink()
    return Recording(ground, found, *_states(ground, found))


def cuts(recording: Recording, seed: int, number: int) -> Iterator[Cut]:
    """Cut the power so many times, spread over the whole story."""
    chance, ground = random.Random(seed), recording.ground  # noqa: S311 - it must be reproducible
    disk, done = Disk(begun(ground)), 0
    places = sorted(chance.randint(0, len(recording.acts)) for _ in range(number))
    for count, place in enumerate(places):
        for act in recording.acts[done:place]:
            disk.take(act)
        done = place
        folders = laid_out(ground, disk.survivors(chance), recording.acts[:place])
        wrong = compared(recording, place, folders)
        if not wrong and count % WHOLE == 0:
            wrong = judging.judged(folders, ground.scenario, ground.expected)
        yield Cut(ground.scenario.name, place, wrong)


def compared(recording: Recording, place: int, folders: Folders) -> list[str]:
    """Compare what is left with what was committed: never less than somebody was told of."""
    told = [n for n, act in enumerate(recording.acts[:place]) if isinstance(act, Said)]
    floor = recording.floors[told[-1]] if told else 0
    try:
        state = state_of(folders.data)
    except sqlite3.Error as broken:
        return [f"{type(broken).__name__}: {broken}"]
    if state not in recording.states:
        return ["what is left was never committed as it is"]
    if state not in recording.states[floor:]:
        return ["a write is lost that somebody was told of"]
    return []


class Disk:
    """What is surely on a disk, and what was written and not synced yet."""

    def __init__(self, image: Image) -> None:
        self._sure, self._loose = image, list[Act]()

    def take(self, act: Act) -> None:
        """Do the next act. A sync makes sure what was done to its file."""
        if not isinstance(act, Synced):
            self._loose.append(act)
            return
        for each in filter(act.covers, list(self._loose)):
            self._loose.remove(each)
            each.done_to(self._sure)

    def survivors(self, chance: random.Random) -> Image:
        """Draw what a power cut leaves: none of the loose writes, all, some, or parts of some."""
        image = {name: bytearray(body) for name, body in self._sure.items()}
        share = chance.choice((0.0, 0.5, 0.9, 1.0))
        for act in self._loose:
            if chance.random() < share:
                (torn(act, chance) if chance.random() < 1 - share else act).done_to(image)
        return image


def torn(act: Act, chance: random.Random) -> Act:
    """Leave only the first sectors of a write, or only the last ones."""
    if not isinstance(act, Written) or len(act.body) <= SECTOR:
        return act
    at = SECTOR * chance.randrange(1, len(act.body) // SECTOR + 1)
    if chance.random() < 1 / 2:
        return act._replace(body=act.body[:at])
    return act._replace(offset=act.offset + at, body=act.body[at:])


def begun(ground: Ground) -> Image:
    """Read the files the story begins with."""
    return {path.name: bytearray(path.read_bytes()) for path in ground.begun.iterdir()}


def laid_out(ground: Ground, image: Image, past: Sequence[Act]) -> Folders:
    """Write files down as a cut left them, and what the world outside was told before it."""
    folders = Folders(ground.folder / "cut", ground.folder / "cut-outside")
    for path in folders:
        shutil.rmtree(path, ignore_errors=True)
        path.mkdir()
    for name, body in image.items():
        (folders.data / name).write_bytes(body)
    for act in past:
        if isinstance(act, Said):
            with (folders.outside / act.file).open("ab") as file:
                file.write(act.body)
    return folders


def state_of(data: Path) -> str:
    """Name everything a data folder holds. Raises sqlite3.Error if the file is broken."""
    with closing(sqlite3.connect(data / DATA)) as db:
        db.execute("PRAGMA synchronous = OFF")  # nobody needs this copy any more
        if (found := db.execute("PRAGMA integrity_check").fetchall()) != [("ok",)]:
            raise sqlite3.DatabaseError(f"integrity: {found}")
        tables = db.execute("SELECT name FROM sqlite_master WHERE type = 'table' ORDER BY name")
        rows = [(name, db.execute(f'SELECT * FROM "{name}"').fetchall()) for (name,) in tables]  # noqa: S608 - a table's own name
    return hashlib.sha256(repr(rows).encode()).hexdigest()


def _states(ground: Ground, done: Sequence[Act]) -> tuple[list[str], list[int]]:
    """Look at the files after each commit, with every write in place: what others could read."""
    image, floors = begun(ground), list[int]()
    states = [state_of(laid_out(ground, image, ()).data)]
    before: Act = Synced(DATA)
    for act in done:
        floors.append(len(states) - 1)
        act.done_to(image)
        if _may_commit(before, act):
            state = state_of(laid_out(ground, image, ()).data)
            states += [state] if state != states[-1] else []
        before = act
    return states, floors


def _may_commit(before: Act, act: Act) -> bool:
    """Tell whether a page ends a transaction, as the header just before it says, or a file goes."""
    if not isinstance(before, Written) or len(before.body) != HEADER:
        return isinstance(act, Removed)
    return any(before.body[4:8])
