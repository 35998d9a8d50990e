"""Where a till's files lie: listed, read in pieces, answered, whoever keeps them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from datetime import timedelta
from typing import Any, Literal, NamedTuple

from loyalty.connectors.spec import Listed, Listing, Piece, Writing
from loyalty.delivery import Shop
from loyalty.domain import calendar
from loyalty.domain.nightly import Files, named
from loyalty.domain.program import Program
from loyalty.errors import TryAgain
from loyalty.files import forms
from loyalty.files.forms import Manifest, Place, Unreadable
from loyalty.files.receipts import Till

PIECE = 1 << 19
PATIENCE = 30.0
"""Seconds that a list, or a piece of a file, may take."""


class Source(NamedTuple):
    """A till with nightly files. `reader` keeps them, mostly the connector that names them."""

    till: Till
    files: Files
    reader: tuple[str, str]


class Found(NamedTuple):
    """A file of sales that lies there, and its manifest if it has one."""

    place: Place
    file: Listed
    manifest: Listed | None
    twin: bool = False
    """Another file of its day has this name with another ending."""

    @property
    def version(self) -> str:
        """Name what would be read: another file or another manifest is another version."""
        return f"{self.file.version} {self.manifest.version if self.manifest else ''}"


class Odd(NamedTuple):
    """What lies in a till's folder and is not read, and why."""

    file: Listed
    day: str
    code: Literal["UNKNOWN_NAME", "NO_MANIFEST", "NO_FILE"]


def sources(program: Program, reader: str = "") -> list[Source]:
    """List the tills of a program that have nightly files; `reader` is put in place of theirs."""
    return [_source(name, files, reader) for name, files in program.files.items()]


def _source(name: str, files: Files, reader: str) -> Source:
    told, place = named(name, files)
    connector, _, account = told.partition(".")
    keeper, _, bucket = files.via.partition(".")
    till = Till(connector, account, place, name, files)
    return Source(till, files, (reader, "") if reader else (keeper, bucket))


class Shelf:
    """The files of one till."""

    def __init__(self, source: Source, shop: Shop) -> None:
        self._reader, self._till, self._files = source.reader, source.till.folder, source.files
        self._vendors, self._clock = shop.vendors, shop.clock
        self._config = shop.vendors.config(*self._reader, "list_files")
        self.odd: list[Odd] = []

    def found(self, program: Program) -> list[Found]:
        """List the files of sales of the last days, the oldest business day first.

        `odd` is from then on what lies beside them.
        """
        today = calendar.local(self._clock.now(), program.zone).date()
        after = f"in/{self._till}/{today - timedelta(days=self._files.days)}"
        asked = Listing(prefix=f"in/{self._till}/", after=after)
        listed = self._run("list_files", asked)
        by_name = {each.name: each for each in listed}
        places = {each.name: forms.place(each.name) for each in listed}
        stems = Counter(place.manifest for place in places.values() if place)
        self.odd = [odd for each in listed if (odd := self._odd(each, places, by_name, stems))]
        return [
            Found(place, by_name[name], by_name.get(place.manifest), stems[place.manifest] > 1)
            for name, place in sorted(places.items())
            if place and place.till == self._till
        ]

    def _odd(
        self, file: Listed, places: Mapping[str, Place | None], by_name: Mapping[str, Listed],
        stems: Mapping[str, int],
    ) -> Odd | None:  # fmt: skip
        """Say why a file is not read; None if it is, or is nobody's work."""
        place, parts = places[file.name], file.name.split("/")
        if parts[-1].startswith(".") or not parts[-1]:
            return None
        if forms.is_manifest(file.name):
            return None if stems[file.name] else Odd(file, _day(parts), "NO_FILE")
        if place is None:
            return Odd(file, _day(parts), "UNKNOWN_NAME")
        waits = self._files.manifest and place.manifest not in by_name
        return Odd(file, place.day, "NO_MANIFEST") if waits else None

    def manifest(self, found: Found) -> Manifest | None:
        """Read a file's manifest. Raises Unreadable."""
        if found.manifest is None:
            return None
        if found.manifest.size > forms.LONGEST_MANIFEST:
            raise Unreadable("BAD_MANIFEST")
        body = b"".join(self.pieces(found.manifest))
        secrets = self._config.secrets("manifest_secret")
        return forms.manifest(body, found.place.name.rpartition("/")[2], secrets)

    def pieces(self, file: Listed) -> Iterator[bytes]:
        """Read a file, a piece at a time. Raises TryAgain if it changes on the way."""
        for start in range(0, file.size, PIECE):
            asked = Piece(name=file.name, version=file.version, start=start, length=PIECE)
            piece: bytes = self._run("read_file", asked)
            if len(piece) != min(PIECE, file.size - start):
                raise TryAgain("a file has become shorter")
            yield piece

    def write(self, name: str, body: bytes) -> bool:
        """Write an answer once; false if it is there."""
        done: bool = self._run("write_file", Writing(name=name, body=body))
        return done

    def _run(self, verb: Literal["list_files", "read_file", "write_file"], argument: object) -> Any:
        connector, account = self._reader
        return self._vendors.run(connector, verb, argument, account, PATIENCE)


def _day(parts: Sequence[str]) -> str:
    """Tell in which day's folder something lies; "" if in none."""
    return parts[2] if len(parts) == 4 and forms.is_day(parts[2]) else ""  # noqa: PLR2004 - see Place
