"""Bugs planted on purpose in the source that moves points: the simulator must find each."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from importlib import import_module
from pathlib import Path
from types import FunctionType, ModuleType

import msgspec

LIST = Path(__file__).with_name("bugs.yaml")
WITHIN = 300
"""So many seeds at most the simulator takes to find one of them."""


class Bug(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A change to the text of one module. `before` is there exactly once."""

    name: str
    module: str
    before: str
    after: str


@contextmanager
def planted(bug: Bug) -> Iterator[None]:
    """Let a module's functions run as its changed text has them, and heal them again.

    Only the code of functions is exchanged, so that whoever holds one runs the changed one.
    Raises LookupError if the text is not what the bug expects, or nothing came of the change.
    """
    module = import_module(f"loyalty.{bug.module}")
    healthy, sick = _functions(module), _functions(_changed(module, bug))
    changed = {n: f.__code__ for n, f in healthy.items() if not _same(f, sick.get(n))}
    if not changed:
        raise LookupError(f"{bug.name}: no function changed")
    try:
        for name in changed:
            healthy[name].__code__ = sick[name].__code__
        yield
    finally:
        for name, code in changed.items():
            healthy[name].__code__ = code


def _changed(module: ModuleType, bug: Bug) -> ModuleType:
    path = Path(module.__file__ or "")
    text = path.read_text("utf-8")
    if text.count(bug.before) != 1:
        raise LookupError(f"{bug.name}: {text.count(bug.before)} places for it in {bug.module}")
    copy = ModuleType(module.__name__)
    copy.__dict__.update(__package__=module.__package__, __file__=module.__file__)
    source = compile(text.replace(bug.before, bug.after), str(path), "exec")
    exec(source, copy.__dict__)  # nosec B102 # noqa: S102 - our own text, with one known change
    return copy


def _functions(module: ModuleType) -> dict[str, FunctionType]:
    """Name a module's own functions, and those of its classes."""
    found: dict[str, FunctionType] = {}
    for name, value in vars(module).items():
        if isinstance(value, FunctionType) and value.__module__ == module.__name__:
            found[name] = value
        if isinstance(value, type) and value.__module__ == module.__name__:
            methods = {k: v for k, v in vars(value).items() if isinstance(v, FunctionType)}
            found |= {f"{name}.{method}": function for method, function in methods.items()}
    return found


def _same(one: FunctionType, other: FunctionType | None) -> bool:
    return other is None or one.__code__ == other.__code__


@cache
def bugs() -> tuple[Bug, ...]:
    """Read the list of bugs."""
    return msgspec.yaml.decode(LIST.read_bytes(), type=tuple[Bug, ...])
