"""The data folder of one machine: looked at while the server runs, changed while it does not."""

from __future__ import annotations

import shlex
import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import click

from loyalty.adapters.clock import clock_from
from loyalty.adapters.local_bus import LocalBus
from loyalty.adapters.sqlite import SqliteStore
from loyalty.adapters.sqlite_reader import SqliteReader
from loyalty.adapters.sqlite_writer import InUse
from loyalty.ports import Store
from loyalty.settings import Settings


class DataFolder:
    """Where one machine keeps its ledger."""

    soon = "once the server runs"

    def __init__(self, settings: Settings, named: str | None = None) -> None:
        self._settings = settings
        self.path = Path(named or settings["LOYALTY_DATA"])
        self.file = self.path / "loyalty.db"
        elsewhere = settings.environment.get("LOYALTY_STORE", "")
        if elsewhere and not named:
            self.file = _file_of(elsewhere)

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
    def writing(self, *, fresh: bool = False, call: str = "") -> Iterator[SqliteStore]:
        """Have the ledger to oneself; `fresh` starts one where there is none.

        While the server has it, `call` of the member API does the same.
        """
        if not (fresh or self.file.is_file()):
            raise click.ClickException(self._nothing())
        try:
            clock = clock_from(self._settings["LOYALTY_CLOCK"])
            store = SqliteStore(self.file, clock=clock)
        except InUse:
            raise click.ClickException(self._taken(call)) from None
        except (OSError, sqlite3.Error) as error:
            raise click.ClickException(f"{self.file} cannot be written: {error}.") from None
        with closing(store):
            yield store

    def letters(self, store: Store) -> SqliteReader | LocalBus:
        """Return what keeps the dead letters, from the store that was lent."""
        if isinstance(store, SqliteReader):
            return store
        assert isinstance(store, SqliteStore)  # noqa: S101 - `writing` lent it
        return LocalBus(store.writer, {})

    def pepper(self) -> str:
        """Return the secret that keys hashes: as set, or as the server made it for itself."""
        kept = self.path / "pepper"
        given = self._settings["LOYALTY_PEPPER"] or (
            kept.read_text("ascii") if kept.exists() else ""
        )
        if not given:
            told = (
                f"There is no {kept} yet: the server makes it when it first starts (`make run`). If"
                " it has a LOYALTY_PEPPER of its own, set the same one here."
            )
            raise click.ClickException(told)
        return given

    def _nothing(self) -> str:
        return (
            f"There is no ledger at {self.file}. Name its folder with --data, or start one:"
            " `loyalty program publish FILE`, or `make run`."
        )

    def _taken(self, call: str) -> str:
        waits = "What cannot wait can be asked of the server itself"
        instead = f"{waits}:\n{self._curl(call)}" if call else f"{waits}: docs/member-api.md."
        return (
            f"The server has the data folder {self.file.parent}: only one process can write it."
            f" Stop the server, give this command again, then start the server. {instead}"
        )

    def _curl(self, call: str) -> str:
        """Write a call of the member API as it can be given here, with the server's own key."""
        key = shlex.quote(str(self.path / "api-key"))
        host, port = self._settings["HOST"], self._settings["PORT"]
        return (
            f"curl -sS {shlex.quote(f'http://{host}:{port}/member-api{call}')} -d '{{}}'"
            f' -H "Authorization: Bearer $(cat {key})" -H "Content-Type: application/json"'
        )


def _file_of(address: str) -> Path:
    kind, _, path = address.partition(":")
    if kind != "sqlite":
        told = f"LOYALTY_STORE={address} is neither `sqlite:PATH` nor `firestore:PROJECT`."
        raise click.ClickException(told)
    return Path(path)
