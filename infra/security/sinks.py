"""Everything that a shop leaves behind outside the people's database, after a day at work."""

from __future__ import annotations

import io
import sqlite3
from collections.abc import Sequence
from contextlib import closing
from pathlib import Path
from typing import NamedTuple

import requests
from rich.console import Console

from infra.demo.saturday import Json, Saturday, Scenario
from infra.demo.story import Story
from infra.local import Local
from infra.sandbox.server import Sandbox
from loyalty.adapters.clock import VirtualClock
from loyalty.collections import COLLECTIONS
from loyalty.logs import Log
from loyalty.ports import Bus

DAY = "art_cafe"
TIMEOUT = 30
PERSONAL = ("name", "phone", "email")
SHORT = 6
"""Letters of a word that could stand anywhere by chance."""


class Left(NamedTuple):
    """What a day left behind by the name of the place, and what must not be in it."""

    sinks: dict[str, bytes]
    values: list[str]


class _Overheard:
    """A bus that keeps a copy of everything published."""

    def __init__(self, inner: Bus, heard: io.BytesIO) -> None:
        self._inner, self._heard = inner, heard

    def publish(self, topic: str, events: Sequence[bytes]) -> None:
        """Publish, and keep."""
        self._inner.publish(topic, events)
        self._heard.writelines(events)


def left(folder: Path, events: int | None = None) -> Left:
    """Play a day, or its first events, with every log line written; then call in bad manners."""
    scenario, log, heard = Scenario(DAY), io.StringIO(), io.BytesIO()
    clock = VirtualClock(scenario.begins)
    with Sandbox(clock=clock.now, seed=DAY) as sandbox:
        settings = scenario.settings(sandbox) | {"PORT": "0", "LOYALTY_DATA": str(folder)}
        local = Local(
            settings, clock=clock, log=Log("debug", log), workers=1,
            wrap=lambda shop: shop._replace(bus=_Overheard(shop.bus, heard)),
        )  # fmt: skip
        local.start(ticks=False)
        try:
            day = Saturday(scenario, local, sandbox, clock, Story(Console(quiet=True)))
            day.play([each] for each in scenario.day["events"][:events])
            answers = _ill_mannered(local, scenario.day["members"])
            ledger = _ledger(folder)
        finally:
            local.stop()
    sinks = {
        "the log": log.getvalue().encode(), "the events": heard.getvalue(),
        "the errors": answers, "the ledger's file": ledger,
    }  # fmt: skip
    return Left(sinks, sorted(_known(scenario.day)))


def _known(day: Json) -> set[str]:
    """List what is known of guests and strangers and is long enough to be nobody else's."""
    strangers = [event["guest"] for event in day["events"] if isinstance(event.get("guest"), dict)]
    told = (p.get(name) for p in (*day["members"], *strangers) for name in PERSONAL)
    return {value for value in told if value and len(value) > SHORT}


def _ill_mannered(local: Local, members: Sequence[Json]) -> bytes:
    """Send what is known of guests where it is refused; return all that was answered."""
    told, key = b"", {"Authorization": f"Bearer {local.key}"}
    for member in members:
        person = {name: member[name] for name in PERSONAL if member[name]}
        for path, body, head in (
            ("transaction-ingest/generic", {"guest": person}, {}),
            ("message-feedback/twilio", person, {}),
            ("member-api/v1/members", {**person, "points": 1}, key),
            ("member-api/v1/members", {**person, "birthday": member["name"]}, key),
            (f"member-api/v1/members/{member['name']}", None, key),
        ):
            url = f"{local.url}/{path}"
            answer = requests.request(
                "POST" if body else "GET", url, json=body, headers=head, timeout=TIMEOUT
            )
            if answer.ok:
                raise RuntimeError(f"{path} took what it must refuse")
            told += answer.content
    return told


def _ledger(folder: Path) -> bytes:
    """Copy the store as it is now, its WAL with it, take the people out, and read what is left."""
    copy = folder / "copy.db"
    with (
        closing(sqlite3.connect(folder / "loyalty.db")) as db,
        closing(sqlite3.connect(copy)) as to,
    ):
        db.backup(to)
        _without_people(to)
    return copy.read_bytes()


def _without_people(db: sqlite3.Connection) -> None:
    people = [name for name, each in COLLECTIONS.items() if each.database == "people"]
    db.execute("PRAGMA secure_delete = ON")
    for table in ("documents", "field_values"):
        db.executemany(f"DELETE FROM {table} WHERE collection = ?", [(name,) for name in people])  # noqa: S608 - our own two tables
    db.commit()
    db.execute("VACUUM")
