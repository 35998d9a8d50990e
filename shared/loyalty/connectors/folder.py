"""A folder on this machine: nightly files that a till, or a person, puts there."""

from __future__ import annotations

import os
from collections.abc import Generator
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path

from loyalty.connectors.spec import Config, Connector, Listed, Listing, Piece, Setting, Writing
from loyalty.errors import TryAgain, VendorRefused
from loyalty.ports import HttpRequest, HttpResponse

_NEXT = chr(ord("/") + 1)
"""After a folder's name: beyond every name in it."""


def list_files(
    config: Config, asked: Listing
) -> Generator[HttpRequest, HttpResponse, tuple[Listed, ...]]:
    """List what lies in the folder, and in folders below it; those of long ago are not opened."""
    top, found = _top(config), []
    for folder, below, names in os.walk(top / asked.prefix):
        here = Path(folder).relative_to(top).as_posix()
        below[:] = [each for each in below if f"{here}/{each}{_NEXT}" > asked.after]
        for name in (f"{here}/{each}" for each in names):
            with suppress(FileNotFoundError):  # it may be taken away meanwhile
                path = top / name
                if name > asked.after and path.is_file() and not path.is_symlink():
                    found.append(_listed(name, path))
    yield from ()
    return tuple(sorted(found, key=lambda each: each.name))


def read_file(config: Config, piece: Piece) -> Generator[HttpRequest, HttpResponse, bytes]:
    """Read some bytes of a file, if it is still the same. Raises TryAgain if it is not."""
    yield from ()
    try:
        with _inside(config, piece.name).open("rb") as file:
            if _version(os.fstat(file.fileno())) != piece.version:
                raise TryAgain("folder: the file was changed")
            file.seek(piece.start)
            return file.read(piece.length)
    except OSError as error:
        raise TryAgain(f"folder: {type(error).__name__}") from None


def write_file(config: Config, new: Writing) -> Generator[HttpRequest, HttpResponse, bool]:
    """Write a file that is not there yet, whole or not at all; False if it is there."""
    yield from ()
    path = _inside(config, new.name)
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        started = path.with_name(f".{path.name}.{os.getpid()}")
        started.write_bytes(new.body)
        try:
            os.link(started, path)
        finally:
            started.unlink()
    except FileExistsError:
        return False
    except OSError as error:
        raise VendorRefused("credentials", type(error).__name__) from None
    return True


def check(config: Config, _: None) -> Generator[HttpRequest, HttpResponse, str]:
    """See that the folder is there."""
    yield from ()
    return f"There is a folder {_top(config)}."


def _top(config: Config) -> Path:
    top = Path(config["path"]).resolve()
    if not top.is_dir():
        raise VendorRefused("credentials", "no-such-folder")
    return top


def _inside(config: Config, name: str) -> Path:
    top = _top(config)
    path = (top / name).resolve()
    if not path.is_relative_to(top):
        raise VendorRefused("refused", "outside-the-folder")
    return path


def _listed(name: str, path: Path) -> Listed:
    told = path.stat()
    modified = datetime.fromtimestamp(told.st_mtime, UTC)
    return Listed(name=name, size=told.st_size, version=_version(told), modified=modified)


def _version(told: os.stat_result) -> str:
    return f"{told.st_mtime_ns}-{told.st_size}-{told.st_ino}"


CONNECTOR = Connector(
    name="folder",
    title="A folder",
    docs="https://docs.python.org/3/library/pathlib.html",
    settings=(
        Setting("path", "Where it is; tills write below `in/`, answers are put below `out/`."),
        Setting(
            "manifest_secret",
            "If set, a manifest counts only with the `hmac` that this makes.",
            secret=True,
            default="",
        ),
    ),
    operations={
        "list_files": list_files,
        "read_file": read_file,
        "write_file": write_file,
        "check": check,
    },
)
