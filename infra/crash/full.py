"""A disk that is full, and a second process on the same folder: refused clearly, nothing lost."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import closing, suppress
from itertools import count
from pathlib import Path

from infra.crash import judging
from infra.crash.place import Folders, Place
from infra.crash.scenarios import KNOWN, sale, tells
from infra.evidence import Row
from loyalty.adapters.local_bus import Backoff
from loyalty.adapters.sqlite_writer import InUse, Writer
from loyalty.errors import TryAgain

SPARE = 8
"""So many pages are left when it begins to matter."""
PLENTY = 1_000_000
REST = Backoff(1.0, 10.0)
"""As the shop really waits: a disk that is full for a moment must not use up every attempt."""


def rows(folder: Path) -> Iterator[Row]:
    """Fill a disk, free it again, and open the folder twice."""
    folders = Folders(folder / "full" / "data", folder / "full" / "outside")
    for path in folders:
        path.mkdir(parents=True)
    place = Place(folders, REST)
    with closing(place):
        place.play(KNOWN)
        acknowledged, told = fill(place)
        yield Row("full disk: a sale is refused, to be told again", "yes", told, told == "yes")
        yield _sound("full disk: integrity and sums", place)
        yield from freed(place, acknowledged)
        said = second(folders)
        yield Row("a second process on the folder is refused", "by name", said, said == "by name")


def fill(place: Place) -> tuple[int, str]:
    """Sell until the disk is full; how many sales were acknowledged, and whether one was not."""
    limit(place, spare=SPARE)
    for number in count():
        try:
            tells(sale(f"F{number}", 100))(place.shop)
        except TryAgain:
            return number, "yes"
    raise AssertionError("a disk without end")


def freed(place: Place, acknowledged: int) -> Iterator[Row]:
    """Make room, tell again what was refused, and look for the text of each receipt."""
    limit(place, spare=PLENTY)
    tells(sale(f"F{acknowledged}", 100))(place.shop)
    place.settle()
    place.rest()
    texts, wanted = len(judging.seen(place)["outbox"]), acknowledged + 1
    yield Row("space again: a text for each receipt", str(wanted), str(texts), texts == wanted)
    yield _sound("space again: integrity and sums", place)


def limit(place: Place, spare: int) -> int:
    """Let the file grow by so many pages and no more; returns how many it may have."""
    with suppress(TryAgain):  # once it is full, whoever writes at the same moment fails with them
        (pages,) = place.store.writer.run(lambda db: db.execute("PRAGMA page_count").fetchone())
        most = f"PRAGMA max_page_count = {pages + spare}"
        return int(place.store.writer.run(lambda db: db.execute(most).fetchone())[0])
    return limit(place, spare)


def second(folders: Folders) -> str:
    """Open a folder that is in use; say whether it was refused with the number of its owner."""
    try:
        Writer(folders.data / "loyalty.db").close()
    except InUse as refused:
        return "by name" if f"by process {os.getpid()}." in str(refused) else str(refused)
    return "not refused"


def _sound(what: str, place: Place) -> Row:
    wrong = list(judging.whole(place))
    return Row(what, "0 broken", f"{len(wrong)} broken", not wrong)
