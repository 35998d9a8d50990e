"""One zip per cloud function, named by its content: the same bytes from every clone.

In each: its main.py, the modules of `loyalty` that it can reach, compiled, with their templates,
and requirements.txt with the locked packages that those import, by hash. Beside them packages.json,
for the deployment: which zip is whose, and the runtime of the Python that compiled them.
"""

from __future__ import annotations

import ast
import hashlib
import importlib.metadata
import json
import re
import sys
import tempfile
import zipfile
from collections.abc import Iterable, Mapping
from functools import cache
from pathlib import Path

from packaging.requirements import Requirement
from rich.console import Console
from rich.table import Table

from infra import children
from infra.topology import TOP, dashed, topology
from loyalty import connectors

SHARED = TOP / "shared"
MADE = (1980, 1, 1, 0, 0, 0)
"""The earliest time a zip can tell: nothing in it may say when it was made."""
ALWAYS = frozenset({"functions-framework", "tzdata"})
"""What nobody imports by name: what serves the function, and the zones."""
PUBLISHING = frozenset({"loyalty.cron"})
"""What only the publishing of a program needs: no function does that, they reread what was checked.
"""
BY_NAME = "loyalty.connectors"
"""A package whose modules are found by their names: who reaches it may need any of them."""

LARGE = frozenset({"s3"})
"""Connectors whose SDK goes only with functions that run one of their operations."""

_COMPILE = """
import json, py_compile, sys
for source, made, place in json.loads(sys.argv[1]):
    mode = py_compile.PycInvalidationMode.UNCHECKED_HASH
    py_compile.compile(source, made, dfile=place, doraise=True, invalidation_mode=mode)
"""
Modules = dict[str, Path]


def build(name: str, folder: Path) -> Path:
    """Write a function's zip into a folder; return its path."""
    content = dict(sorted(contents(name).items()))
    digest = hashlib.sha256()
    for place, data in content.items():
        digest.update(f"{place}\n{len(data)}\n".encode() + data)
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / f"{dashed(name)}-{digest.hexdigest()[:16]}.zip"
    with zipfile.ZipFile(path, "w") as made:
        for place, data in content.items():
            made.writestr(_entry(place), data, compresslevel=9)
    return path


def write_list(made: Mapping[str, Path], folder: Path) -> None:
    """Write packages.json beside the zips that were made."""
    zips = {name: path.name for name, path in made.items()}
    listed = {"runtime": "python{}{}".format(*sys.version_info), "zips": zips}
    (folder / "packages.json").write_text(json.dumps(listed, indent=2) + "\n", "utf-8")


def contents(name: str) -> dict[str, bytes]:
    """Collect what goes into a function's zip, by its place in there."""
    main = TOP / "functions" / name / "main.py"
    modules = reached([main])
    needing = [each for each in modules if not _idle(each, name)]
    found = {"main.py": main.read_bytes(), "requirements.txt": requirements([main, *needing])}
    for source in (*modules, *templates(modules)):
        place = source.relative_to(SHARED).as_posix()
        found[place] = source.read_bytes()
    return found | _compiled(modules)


def _idle(source: Path, function: str) -> bool:
    """Tell whether a module is of a connector whose SDK this function never imports.

    boto3 is large, and imported by operations only: who runs none of them does without it.
    """
    name = source.stem
    if source.parent.name != "connectors" or name not in LARGE:
        return False
    return not set(connectors.load(name).operations) & set(topology().functions[function].vendors)


def templates(modules: Iterable[Path]) -> list[Path]:
    """List what modules show: the files of a folder `templates` beside them."""
    folders = {source.parent / "templates" for source in modules}
    return sorted(path for folder in folders for path in folder.glob("*") if path.is_file())


def reached(sources: Iterable[Path]) -> list[Path]:
    """Follow the imports of some files through our own package, wherever they are written."""
    ours, found, left = _modules(), set[str](), [n for s in sources for n in imported(s)]
    while left:
        name = left.pop()
        for each in _with_parents(name) & ours.keys() - found - PUBLISHING:
            found.add(each)
            left += imported(ours[each])
            left += [other for other in ours if each == BY_NAME and other.startswith(f"{each}.")]
    return sorted(ours[name] for name in found)


@cache
def imported(source: Path) -> list[str]:
    """Name everything that a file imports, also inside functions: `loyalty.ports.Store`."""
    tree = ast.parse(source.read_text("utf-8"))
    names = []
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            names += [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom) and node.module:
            names += [f"{node.module}.{alias.name}" for alias in node.names]
    return names


def requirements(sources: Iterable[Path]) -> bytes:
    """Take from the lock what these files import, and what that needs in turn."""
    homes = _homes()
    names = {name for source in sources for name in imported(source)}
    direct = {_plain(home) for name in names for home in homes.get(name.partition(".")[0], ())}
    if any(name.startswith("google.") for name in names):  # a name that many packages share
        direct = {each for each in direct if not _is_google(each)}
        direct |= {_plain(f"google-{part}") for part in _google(names)}
    needed = _closure((direct | ALWAYS) - {"loyalty"})
    kept = [block for name, block in _locked() if name in needed]
    return "".join(kept).encode()


@cache
def _homes() -> Mapping[str, list[str]]:
    return importlib.metadata.packages_distributions()


def _google(names: Iterable[str]) -> set[str]:
    libraries = {
        "google.cloud.firestore": "cloud-firestore", "google.cloud.pubsub": "cloud-pubsub",
        "google.pubsub": "cloud-pubsub", "google.auth": "auth", "google.api_core": "api-core",
    }  # fmt: skip
    asked = {name for name in names if name.startswith("google.")}
    if lost := [name for name in asked if not name.startswith(tuple(libraries))]:
        raise LookupError(f"say which package these come from: {', '.join(sorted(lost))}")
    return {lib for start, lib in libraries.items() if any(n.startswith(start) for n in asked)}


def _is_google(distribution: str) -> bool:
    return distribution.startswith(("google", "grpc", "proto")) or distribution == "protobuf"


def _closure(names: Iterable[str]) -> set[str]:
    found, left = set[str](), list(names)
    while left:
        name = left.pop()
        if name not in found:
            found.add(name)
            left += [_plain(each.name) for each in _requires(name)]
    return found


@cache
def _requires(name: str) -> tuple[Requirement, ...]:
    asked = map(Requirement, importlib.metadata.requires(name) or ())
    extras = ("", "grpc")  # what the Google libraries ask of their core
    return tuple(
        each
        for each in asked
        if not each.marker or any(each.marker.evaluate({"extra": extra}) for extra in extras)
    )


@cache
def _locked() -> list[tuple[str, str]]:
    """Read the lock: each package's name, and its lines with their hashes."""
    text = (TOP / "requirements.lock").read_text("utf-8")
    blocks = re.findall(r"^[a-z0-9][^\n]*\n(?:    [^\n]*\n)*", text, re.MULTILINE)
    return [(_plain(re.split(r"[=\[ ]", block)[0]), block) for block in blocks]


@cache
def _modules() -> Modules:
    found = {}
    for path in sorted(SHARED.glob("loyalty/**/*.py")):
        parts = path.relative_to(SHARED).with_suffix("").parts
        found[".".join(parts[:-1] if parts[-1] == "__init__" else parts)] = path
    return found


def _with_parents(name: str) -> set[str]:
    parts = name.split(".")
    return {".".join(parts[:end]) for end in range(1, len(parts) + 1)}


def _cached(place: str) -> str:
    path = Path(place)
    return (
        path.parent / "__pycache__" / f"{path.stem}.{sys.implementation.cache_tag}.pyc"
    ).as_posix()


def _compiled(sources: list[Path]) -> dict[str, bytes]:
    """Compile modules, by their place in the zip; bytecode names that place and is trusted.

    In a process of its own with a fixed hash seed: what a process did before shows in the bytes.
    """
    places = [source.relative_to(SHARED).as_posix() for source in sources]
    with tempfile.TemporaryDirectory() as folder:
        made = [str(Path(folder) / str(number)) for number in range(len(sources))]
        jobs = list(zip(map(str, sources), made, places, strict=True))
        command = [sys.executable, "-S", "-c", _COMPILE, json.dumps(jobs)]
        children.run(command, env={"PYTHONHASHSEED": "0"}).check_returncode()
        return {
            _cached(place): Path(file).read_bytes()
            for place, file in zip(places, made, strict=True)
        }


def _entry(place: str) -> zipfile.ZipInfo:
    entry = zipfile.ZipInfo(place, MADE)
    entry.compress_type = zipfile.ZIP_DEFLATED
    entry.external_attr = 0o100644 << 16
    entry.create_system = 3  # the same on every system
    return entry


def _plain(name: str) -> str:
    return re.sub(r"[-_.]+", "-", name).lower()


def main() -> None:
    """Write all zips and say what is in them."""
    folder = TOP / "build/packages"
    made = {name: build(name, folder) for name in topology().functions}
    write_list(made, folder)
    table = Table("function", "zip", "=kB".lstrip("="))
    for name, path in made.items():
        table.add_row(name, path.name, f"{path.stat().st_size / 1000:.0f}")
    Console(width=100).print(table)


if __name__ == "__main__":
    main()
