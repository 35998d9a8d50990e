"""Describes what a JSON body may look like, and finds everything that is wrong with one."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Protocol

INFINITE = 10**9


@dataclass(frozen=True)
class Problem:
    """One thing wrong at one place; `kind` is missing, unknown, type, short, long or value."""

    path: str
    kind: str
    words: str


class Shape(Protocol):
    """Anything that can look at a value and tell what is wrong with it."""

    def problems(self, value: object, path: str) -> Iterator[Problem]:
        """Yield what is wrong, nothing for a good value."""


@dataclass(frozen=True)
class Text:
    """A string of bounded length, perhaps of one pattern or out of a few."""

    least: int = 0
    most: int = INFINITE
    pattern: str = ""
    among: tuple[str, ...] = ()

    def problems(self, value: object, path: str) -> Iterator[Problem]:
        """Check type, length, choice and pattern."""
        if not isinstance(value, str):
            yield Problem(path, "type", f"The {leaf(path)} parameter must be a string.")
        elif len(value) < self.least:
            yield Problem(
                path, "short", f"The {leaf(path)} must be at least {self.least} characters long."
            )
        elif len(value) > self.most:
            yield Problem(
                path, "long", f"The {leaf(path)} may be at most {self.most} characters long."
            )
        elif self.among and value not in self.among:
            yield Problem(
                path, "value", f"The {leaf(path)} must be one of {', '.join(self.among)}."
            )
        elif self.pattern and not re.fullmatch(self.pattern, value):
            yield Problem(path, "value", f"The {leaf(path)} does not have a valid form.")


@dataclass(frozen=True)
class Whole:
    """A whole number within bounds; true and false are not numbers."""

    least: int = -INFINITE * INFINITE
    most: int = INFINITE * INFINITE

    def problems(self, value: object, path: str) -> Iterator[Problem]:
        """Check type and bounds."""
        if not isinstance(value, int) or isinstance(value, bool):
            yield Problem(path, "type", f"The {leaf(path)} parameter must be an integer.")
        elif not self.least <= value <= self.most:
            yield Problem(path, "value", f"The {leaf(path)} is out of range.")


@dataclass(frozen=True)
class Flag:
    """True or false and nothing that looks like it."""

    def problems(self, value: object, path: str) -> Iterator[Problem]:
        """Check the type."""
        if not isinstance(value, bool):
            yield Problem(path, "type", f"The {leaf(path)} parameter must be a boolean.")


@dataclass(frozen=True)
class Mapped:
    """An object with keys of the sender's choice; `of` is the shape of each value, if given."""

    of: Shape | None = None

    def problems(self, value: object, path: str) -> Iterator[Problem]:
        """Check that it is an object, and each value in it."""
        if not isinstance(value, Mapping):
            yield Problem(path, "type", f"The {leaf(path)} parameter must be an object.")
        elif self.of:
            for key, inner in value.items():
                yield from self.of.problems(inner, f"{path}.{key}")


@dataclass(frozen=True)
class Many:
    """A list of one shape with a bounded number of entries."""

    of: Shape
    least: int = 0
    most: int = INFINITE

    def problems(self, value: object, path: str) -> Iterator[Problem]:
        """Check type, number and each entry."""
        if not isinstance(value, list):
            yield Problem(path, "type", f"The {leaf(path)} parameter must be an array.")
            return
        if len(value) < self.least:
            yield Problem(
                path, "short", f"The {leaf(path)} array needs at least {self.least} entries."
            )
        if len(value) > self.most:
            yield Problem(path, "long", f"The {leaf(path)} array may hold {self.most} entries.")
        for place, inner in enumerate(value):
            yield from self.of.problems(inner, f"{path}.{place}")


@dataclass(frozen=True)
class Thing:
    """An object with known fields; some are required, and any other is refused."""

    fields: Mapping[str, Shape]
    required: frozenset[str] = field(default_factory=frozenset)

    def problems(self, value: object, path: str = "") -> Iterator[Problem]:
        """Check type, what is missing, what is unknown, and each field."""
        if not isinstance(value, Mapping):
            yield Problem(path, "type", f"The {leaf(path) or 'body'} must be an object.")
            return
        for name in sorted(self.required - value.keys()):
            yield Problem(_inside(path, name), "missing", f"The {name} parameter is required.")
        for name, inner in value.items():
            shape = self.fields.get(name)
            if shape is None:
                yield Problem(_inside(path, name), "unknown", f"The {name} parameter is not known.")
            else:
                yield from shape.problems(inner, _inside(path, name))


def leaf(path: str) -> str:
    """Give the name of the nearest named field on a path, without list places."""
    return next((part for part in reversed(path.split(".")) if not part.isdigit()), "")


def _inside(path: str, name: str) -> str:
    return f"{path}.{name}" if path else name
