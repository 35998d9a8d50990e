"""What must be so after a crash: whole files, whole units, and in the end the same world."""

from __future__ import annotations

import re
import sqlite3
from collections import Counter
from collections.abc import Iterator
from contextlib import closing
from itertools import zip_longest
from typing import Any

import msgspec

from infra.crash.place import Folders, Place, opened
from infra.crash.scenarios import Scenario
from infra.crash.vendors import Taken, outbox
from loyalty.adapters.sqlite_reader import SqliteReader
from loyalty.audit import audit
from loyalty.collections import COLLECTIONS
from loyalty.ports import Query
from loyalty.records import accounts, entries

TWICE = 2
"""So often staff may hear of a thing when we crash: their vendor cannot be asked."""
AROUND, LONGEST = 40, 120
_TIME = re.compile(r"T\d\d:\d\d:\d\d(\.\d+)?(Z|\+00:00)")
_DIGEST = re.compile(r'"digest":"[0-9a-f]+"')
Seen = dict[str, Any]


def judged(folders: Folders, scenario: Scenario, expected: Seen) -> list[str]:
    """Reopen what a crash left, finish the story, and list every promise that was broken."""
    try:
        with opened(folders) as place:
            wrong = [*whole(place)]
            place.play(scenario.inputs)
            return [*wrong, *whole(place), *differences(seen(place), expected)]
    except Exception as error:  # noqa: BLE001 - whatever keeps a shop shut is a promise broken
        return [f"{type(error).__name__}: {error}"]


def whole(place: Place) -> Iterator[str]:
    """Check the file's own integrity, and that every sum follows from its entries."""
    path = place.store.writer.path
    with closing(sqlite3.connect(path)) as db:  # a writer whose disk is full refuses even to look
        if (found := db.execute("PRAGMA integrity_check").fetchall()) != [("ok",)]:
            yield f"integrity: {found}"
    counted = audit(entries.each(place.store), accounts.each(place.store), lambda _day: 60)
    yield from (f"{each.what}: {each.expected}, not {each.found}" for each in counted.findings)
    with closing(SqliteReader(path)) as reader:
        yield from (f"dead letter: {each.error}" for each in reader.dead_letters())


def seen(place: Place) -> Seen:
    """Take every document and every message that a vendor took; of instants only the day."""
    documents = {
        name: sorted(_told(document) for _, document in place.store.query(Query(name, limit=1000)))
        for name in COLLECTIONS
    }
    documents["consents"] = sorted(
        set(documents["consents"])
    )  # asked again, a guest says yes again
    return {**documents, "outbox": outbox(place.folders.outbox)}


def _told(document: Any) -> str:
    text = msgspec.json.encode(document, order="sorted").decode()
    return _DIGEST.sub("", _TIME.sub("", text))


def differences(found: Seen, expected: Seen) -> Iterator[str]:
    """Tell what differs: guests hear a thing exactly once, staff perhaps twice."""
    for name in expected.keys() - {"outbox"}:
        if found[name] != expected[name]:
            yield f"{name}: {_apart(found[name], expected[name])}"
    sent, wanted = Counter(_heard(found["outbox"])), Counter(_heard(expected["outbox"]))
    for each in sent.keys() | wanted.keys():
        most = TWICE * wanted[each] if each[0] == "staff" else wanted[each]
        if not wanted[each] <= sent[each] <= most:
            yield f"{each} left {sent[each]} times, not {wanted[each]}"


def _apart(found: list[str], expected: list[str]) -> str:
    """Show the first document that differs, from shortly before it does."""
    pairs = zip_longest(found, expected, fillvalue="nothing")
    mine, theirs = next(pair for pair in pairs if pair[0] != pair[1])
    same = next(n for n, pair in enumerate(zip_longest(mine, theirs)) if pair[0] != pair[1])
    begin = max(0, same - AROUND)
    return f"…{theirs[begin:][:LONGEST]}, not …{mine[begin:][:LONGEST]}"


def _heard(taken: list[Taken]) -> Iterator[tuple[str, str, str]]:
    yield from (each[:3] for each in taken)
