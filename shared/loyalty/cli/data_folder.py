"""The data folder of one machine: looked at while the server runs, changed while it does not."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing, contextmanager
from pathlib import Path
from typing import TypeVar

import click

from loyalty import timekeeping
from loyalty.adapters.clock import SystemClock, clock_from
from loyalty.adapters.http import RequestsHttp
from loyalty.adapters.sqlite import SqliteStore
from loyalty.adapters.sqlite_reader import SqliteReader
from loyalty.adapters.sqlite_writer import InUse
from loyalty.connectors.engine import Engine
from loyalty.delivery import Shop
from loyalty.identity import Pepper, digest
from loyalty.logs import QUIET
from loyalty.ports import Clock, Store
from loyalty.programs import Programs
from loyalty.records import Outgoing
from loyalty.settings import Settings

Command = TypeVar("Command", bound=Callable[..., object])


class DataFolder:
    """Where a machine keeps its ledger, and what commands need to read or change it."""

    def __init__(self, named: str | None) -> None:
        self.settings = Settings()
        self.path = Path(named or self.settings["LOYALTY_DATA"])
        self.file = self.path / "loyalty.db"
        elsewhere = self.settings.environment.get("LOYALTY_STORE", "")
        if elsewhere and not named:
            self.file = _file_of(elsewhere)

    def clock(self) -> Clock:
        """Return the clock that the server would go by."""
        return clock_from(self.settings["LOYALTY_CLOCK"])

    @contextmanager
    def reading(self) -> Iterator[SqliteReader]:
        """Look at the ledger as it is at this moment, whether or not the server runs."""
        try:
            with closing(SqliteReader(self.file)) as store:
                yield store
        except FileNotFoundError:
            raise click.ClickException(self._nothing()) from None
        except sqlite3.Error as error:
            raise click.ClickException(f"{self.file} cannot be read: {error}.") from None

    @contextmanager
    def writing(self, *, fresh: bool = False) -> Iterator[SqliteStore]:
        """Have the ledger to oneself; `fresh` starts one where there is none."""
        if not (fresh or self.file.is_file()):
            raise click.ClickException(self._nothing())
        try:
            store = SqliteStore(self.file)
        except InUse:
            raise click.ClickException(self._taken()) from None
        except (OSError, sqlite3.Error) as error:
            raise click.ClickException(f"{self.file} cannot be written: {error}.") from None
        with closing(store):
            yield store

    def shop(self, store: Store) -> Shop:
        """Put together what the steps have at hand, around a store."""
        clock = self.clock()
        return Shop(
            store=store, bus=LaterBus(store, clock), clock=clock, programs=Programs(store, clock),
            vendors=Engine(RequestsHttp(), SystemClock(), {}), pepper=self._pepper(), log=QUIET,
        )  # fmt: skip

    def _pepper(self) -> Pepper:
        kept = self.path / "pepper"
        given = self.settings["LOYALTY_PEPPER"] or (
            kept.read_text("ascii") if kept.exists() else ""
        )
        if not given:
            told = f"There is no {kept}. Set LOYALTY_PEPPER to the secret that the server has."
            raise click.ClickException(told)
        return Pepper(given)

    def _nothing(self) -> str:
        return (
            f"There is no ledger at {self.file}. Name its folder with --data, or start one:"
            " `loyalty program publish FILE`, or `make run`."
        )

    def _taken(self) -> str:
        return (
            f"The server has the data folder {self.file.parent}: only one process can write it."
            " Stop the server, give this command again, then start the server."
        )


class LaterBus:
    """A Bus for commands: what they publish goes out when the server looks at what is due."""

    def __init__(self, store: Store, clock: Clock) -> None:
        self._store = store
        self._clock = clock

    def publish(self, topic: str, events: Sequence[bytes]) -> None:
        """Keep the events as a timer that is due at once."""
        outcome = tuple(Outgoing(topic=topic, body=event.decode()) for event in events)
        name = f"command:{topic}:{digest(b''.join(events))}"
        now = self._clock.now()
        self._store.atomically(
            "ledger", lambda unit: timekeeping.publish_at(unit, name, outcome, now)
        )


def data_option(command: Command) -> Command:
    """Add `--data` to a command; it gets the folder as `folder`."""
    option = click.option(
        "--data",
        "folder",
        metavar="FOLDER",
        callback=lambda _context, _option, named: DataFolder(named),
        help="The data folder.  [default: LOYALTY_DATA, else `data`]",
    )
    return option(command)


def _file_of(address: str) -> Path:
    kind, _, path = address.partition(":")
    if kind != "sqlite":
        told = f"LOYALTY_STORE={address} is no data file. Name a folder with --data."
        raise click.ClickException(told)
    return Path(path)
