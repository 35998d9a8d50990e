"""Bugs planted on purpose in the source that moves points: the simulator must find each."""

from __future__ import annotations

import inspect
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from importlib import import_module
from pathlib import Path
from types import FunctionType, ModuleType

import msgspec

LIST = Path(__file__).with_name("bugs.yaml")
WITHIN = 2000
"""So many seeds at most the simulator takes to find one of them: three want a rare story."""


class Bug(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A change to the text of one module. `before` is there exactly once."""

    name: str
    module: str
    before: str
    after: str


@contextmanager
def planted(bug: Bug) -> Iterator[None]:
    """Let a module's functions run as a bug has them, and heal them again.

    Raises LookupError if the text is not what the bug expects, or nothing came of the change.
    """
    text = source(bug.module)
    if text.count(bug.before) != 1:
        raise LookupError(f"{bug.name}: {text.count(bug.before)} places for it in {bug.module}")
    with exchanged(bug.module, text.replace(bug.before, bug.after)):
        yield


def source(module: str) -> str:
    """Read the text of one of our modules."""
    return Path(import_module(f"loyalty.{module}").__file__ or "").read_text("utf-8")


@contextmanager
def exchanged(name: str, text: str) -> Iterator[None]:
    """Let a module's functions run as another text of it has them, and heal them again.

    Only the code of functions is exchanged, so that whoever holds one runs the changed one. Not
    to be nested in one module: the inner one brings what it does not change back to the file.
    Raises LookupError if no function is another.
    """
    module = import_module(f"loyalty.{name}")
    healthy, sick = _functions(module), _functions(_made(module, text))
    changed = {n: f.__code__ for n, f in healthy.items() if not _same(f, sick.get(n))}
    if not changed:
        raise LookupError(f"no function of {name} changed")
    try:
        for function in changed:
            healthy[function].__code__ = sick[function].__code__
        yield
    finally:
        for function, code in changed.items():
            healthy[function].__code__ = code


def _made(module: ModuleType, text: str) -> ModuleType:
    copy = ModuleType(module.__name__)
    copy.__dict__.update(__package__=module.__package__, __file__=module.__file__)
    code = compile(text, module.__file__ or "", "exec")
    exec(code, copy.__dict__)  # nosec B102 # noqa: S102 - our own text, with one known change
    return copy


def _functions(module: ModuleType) -> dict[str, FunctionType]:
    """Name a module's own functions, and those of its classes."""
    found = dict(_of(module, module.__name__))
    for name, value in vars(module).items():
        if isinstance(value, type) and value.__module__ == module.__name__:
            found |= {f"{name}.{k}": each for k, each in _of(value, module.__name__)}
    return found


def _of(owner: ModuleType | type, module: str) -> Iterator[tuple[str, FunctionType]]:
    for name, value in vars(owner).items():
        plain = value.fget if isinstance(value, property) else inspect.unwrap(value)
        if isinstance(plain, FunctionType) and plain.__module__ == module:
            yield name, plain


def _same(one: FunctionType, other: FunctionType | None) -> bool:
    return other is None or one.__code__ == other.__code__


@cache
def bugs() -> tuple[Bug, ...]:
    """Read the list of bugs."""
    return msgspec.yaml.decode(LIST.read_bytes(), type=tuple[Bug, ...])
