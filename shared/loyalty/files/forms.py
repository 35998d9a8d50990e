"""How a nightly file is written: what its manifest says, else the program, else the usual."""

from __future__ import annotations

import hmac
import re
from collections.abc import Iterable, Mapping
from typing import Annotated, Any, Literal, NamedTuple
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import msgspec
from msgspec import Meta

from loyalty.domain import money
from loyalty.domain.nightly import Files
from loyalty.domain.program import Program

LONGEST_MANIFEST = 20_000
DELIMITERS = {"semicolon": ";", "comma": ",", "tab": "\t", "bar": "|"}
_DECIMALS = {"comma": ",", "point": "."}
_PLAIN = re.compile(r"[A-Za-z0-9_-][A-Za-z0-9_.-]{0,99}")
_DAY = re.compile(r"20[0-9]{2}-[01][0-9]-[0-3][0-9]")
_KINDS: Mapping[str, Literal["csv", "json", "jsonl"]] = {
    ".csv": "csv", ".json": "json", ".jsonl": "jsonl",
}  # fmt: skip
_MANIFEST = ".manifest.json"


class Unreadable(Exception):  # noqa: N818 - says what a file is
    """The file as a whole cannot be read. `code` says why, `field` where."""

    def __init__(self, code: str, field: str = "") -> None:
        super().__init__(code)
        self.code = code
        self.field = field

    @property
    def told(self) -> str:
        """Write both in one word, as it is kept and answered."""
        return f"{self.code}:{self.field}" if self.field else self.code


class Manifest(msgspec.Struct, frozen=True, kw_only=True):
    """What a till writes last, beside its file: that it is whole, and how it is written."""

    format: Literal["loyalty-sales/1"]
    file: str
    rows: Annotated[int, Meta(ge=0)]
    sha256: Annotated[str, Meta(pattern=r"^[0-9a-f]{64}\Z")]
    bytes: Annotated[int, Meta(ge=0)]
    business_date: Annotated[str, Meta(pattern=r"^(20[0-9]{2}-[01][0-9]-[0-3][0-9])?\Z")] = ""
    timezone: str = ""
    currency: str = ""
    minor_unit: int | None = None
    decimal: Literal[",", ".", ""] = ""
    delimiter: Literal[";", ",", "\t", "|", ""] = ""
    encoding: str = ""
    test: bool = False
    hmac: str = ""


class Form(NamedTuple):
    """How a file is written, and what its rows leave out."""

    kind: Literal["csv", "json", "jsonl"] = "csv"
    packed: bool = False
    delimiter: str = ";"
    decimal: str = ","
    encoding: str = "utf-8"
    zone: str = "UTC"
    currency: str = ""
    dates: str = "iso"
    columns: Mapping[str, str] = {}
    test: bool = False
    day: str = ""


class Place(NamedTuple):
    """Where a file lies, as its name tells: `in/{till}/{day}/sales-01.csv.gz`."""

    name: str
    till: str
    day: str
    stem: str
    kind: Literal["csv", "json", "jsonl"]
    packed: bool

    @property
    def manifest(self) -> str:
        """Name the manifest beside it."""
        return f"in/{self.till}/{self.day}/{self.stem}{_MANIFEST}"

    def answer(self, sha256: str, edition: int, *, twin: bool = False) -> str:
        """Name the file that answers it: another content under its name has an answer too.

        So has a twin, which has its name with another ending.
        """
        more = f".{sha256[:12] or edition}" if edition else ""
        ending = f".{self.kind}{'.gz' if self.packed else ''}" if twin else ""
        return f"out/{self.till}/{self.day}/{self.stem}{ending}{more}.result.json"


def is_day(text: str) -> bool:
    """Tell whether a folder is of a business day."""
    return bool(_DAY.fullmatch(text))


def is_manifest(name: str) -> bool:
    """Tell whether a file is a manifest, by its name."""
    return name.endswith(_MANIFEST)


def place(name: str) -> Place | None:
    """Read a file's name; None for what is no file of sales."""
    parts = name.split("/")
    if len(parts) != 4 or parts[0] != "in" or name.endswith(_MANIFEST):  # noqa: PLR2004 - see Place
        return None
    _, till, day, file = parts
    packed = file.endswith(".gz")
    stem, dot, ending = file.removesuffix(".gz").rpartition(".")
    kind = _KINDS.get(dot + ending)
    plain = _PLAIN.fullmatch(stem) and _PLAIN.fullmatch(till) and _DAY.fullmatch(day)
    return Place(name, till, day, stem, kind, packed) if kind and plain else None


def manifest(body: bytes, file: str, secrets: Iterable[str]) -> Manifest:
    """Read the manifest of a file. Raises Unreadable for a wrong one, or an unsigned one."""
    try:
        found = msgspec.json.decode(body.removeprefix(b"\xef\xbb\xbf"), type=Manifest)
    except ValueError:  # its text may quote the file
        raise Unreadable("BAD_MANIFEST") from None
    if found.file != file:
        raise Unreadable("BAD_MANIFEST", "file")
    keys = list(secrets)
    if keys and not any(_signed(found, key) for key in keys):
        raise Unreadable("BAD_SIGNATURE", "hmac")
    return found


def _signed(found: Manifest, secret: str) -> bool:
    wanted = hmac.new(secret.encode(), found.sha256.encode(), "sha256").hexdigest()
    return hmac.compare_digest(wanted.encode(), found.hmac.encode())


def form(place: Place, files: Files, told: Manifest | None, store: str, program: Program) -> Form:
    """Put together how a file is written. Raises Unreadable for what nobody can read."""
    said: Any = told or _NOTHING
    encoding = _encoding(said.encoding or files.encoding)
    currency = said.currency or program.currency_of(store)
    if said.minor_unit not in (None, money.exponent(currency)):
        raise Unreadable("BAD_MANIFEST", "minor_unit")
    return Form(
        kind=place.kind,
        packed=place.packed,
        delimiter=said.delimiter or DELIMITERS[files.delimiter],
        decimal=said.decimal or _DECIMALS[files.decimal],
        encoding=encoding,
        zone=_zone(said.timezone) or program.zone_of(store),
        currency=currency,
        dates=files.dates,
        columns={str(ours): theirs for ours, theirs in files.columns.items()},
        test=said.test,
        day=said.business_date or place.day,
    )


_NOTHING = Manifest(format="loyalty-sales/1", file="", rows=0, sha256="0" * 64, bytes=0)


def _zone(name: str) -> str:
    """Check a manifest's zone. `Europe` is a folder of zones, and a long name no file's."""
    try:
        return name and ZoneInfo(name).key
    except (ValueError, OSError, ZoneInfoNotFoundError):
        raise Unreadable("BAD_MANIFEST", "timezone") from None


def _encoding(name: str) -> str:
    plain = name.lower().replace("_", "-")
    if plain in ("utf-8", "utf8", "utf-8-sig"):
        return "utf-8-sig"
    if plain in ("windows-1252", "cp1252"):
        return "cp1252"
    raise Unreadable("UNKNOWN_ENCODING", "encoding")
