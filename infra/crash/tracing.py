"""What strace wrote down, as values: each change of a file, each word to the world outside."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

from infra.crash.place import Folders

CALLS = ("openat", "pwrite64", "write", "fdatasync", "fsync", "ftruncate", "unlink")
SYNCS = ("fdatasync", "fsync")
FOLDER = "."
SHARED = "-shm"
"""Ends the name of SQLite's shared memory, which no disk keeps and nobody reads after a cut."""


class Written(NamedTuple):
    """Bytes put somewhere in a file, which is made if need be."""

    file: str
    offset: int = 0
    body: bytes = b""

    def done_to(self, image: dict[str, bytearray]) -> None:
        """Put them there."""
        data = image.setdefault(self.file, bytearray())
        data.extend(bytes(max(0, self.offset - len(data))))
        data[self.offset : self.offset + len(self.body)] = self.body


class Resized(NamedTuple):
    """A file brought to a size."""

    file: str
    size: int

    def done_to(self, image: dict[str, bytearray]) -> None:
        """Bring it to that size."""
        data = image.setdefault(self.file, bytearray())
        data.extend(bytes(max(0, self.size - len(data))))
        del data[self.size :]


class Removed(NamedTuple):
    """A file that is gone."""

    file: str

    def done_to(self, image: dict[str, bytearray]) -> None:
        """Remove it."""
        image.pop(self.file, None)


class Synced(NamedTuple):
    """All that was done to a file before is on the disk now; of a folder, that files are gone."""

    file: str

    def covers(self, act: Act) -> bool:
        """Tell whether it makes an act sure. A folder has the name `FOLDER`."""
        return act.file == self.file or (self.file == FOLDER and isinstance(act, Removed))

    def done_to(self, image: dict[str, bytearray]) -> None:
        """Change nothing that could be read."""


class Said(NamedTuple):
    """A line that the world outside got: it cannot be taken back."""

    file: str
    body: bytes

    def done_to(self, image: dict[str, bytearray]) -> None:
        """Change nothing here."""


Act = Written | Resized | Removed | Synced | Said
_CALL = re.compile(r"^(\d+) +(\w+)\((.*)$")
_RESUMED = re.compile(r"^(\d+) +<\.\.\. (\w+) resumed>")
_QUOTED = re.compile(r'"((?:\\x[0-9a-f]{2})*)"')
_OPENED = re.compile(r"<((?:\\x[0-9a-f]{2})+)>")
_UNFINISHED = "<unfinished ...>"


def acts(log: Path, folders: Folders) -> Iterator[Act]:
    """Read a log. A call counts from its beginning, but a sync only from its end."""
    syncing: dict[str, Act] = {}
    for line in log.read_text("ascii").splitlines():
        if resumed := _RESUMED.match(line):
            if act := syncing.pop(resumed[1], None):
                yield act
        elif (call := _CALL.match(line)) and (act := _act(call[2], call[3], folders)):
            if isinstance(act, Synced) and line.endswith(_UNFINISHED):
                syncing[call[1]] = act
            else:
                yield act


def _act(call: str, rest: str, folders: Folders) -> Act | None:
    path = _path(call, rest)
    if path is None or path.name.endswith(SHARED):
        return None
    if path.parent == folders.outside and call == "write":
        return Said(path.name, _bytes(_QUOTED, rest))
    if path == folders.data and call in SYNCS:
        return Synced(FOLDER)
    return _of_data(call, rest, path.name) if path.parent == folders.data else None


def _of_data(call: str, rest: str, name: str) -> Act | None:
    numbers = [int(each) for each in re.findall(r", (\d+)", _QUOTED.sub("", rest))]
    match call:
        case "openat" if "O_CREAT" in rest:
            return Written(name)
        case "pwrite64":
            return Written(name, numbers[1], _bytes(_QUOTED, rest))
        case "ftruncate":
            return Resized(name, numbers[0])
        case "unlink":
            return Removed(name)
    return Synced(name) if call in SYNCS else None


def _path(call: str, rest: str) -> Path | None:
    pattern = _QUOTED if call in ("openat", "unlink") else _OPENED
    found = _bytes(pattern, rest).decode(errors="replace")
    return Path(found) if found else None


def _bytes(pattern: re.Pattern[str], text: str) -> bytes:
    found = pattern.search(text)
    return bytes.fromhex(found[1].replace("\\x", "")) if found else b""
