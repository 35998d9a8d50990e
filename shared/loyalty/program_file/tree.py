"""The program file as a tree of words, each with its place: YAML without its dangers.

Nothing is converted: a value is the text as written, so that `1.00` stays exact and `NO` stays
Norway. Aliases, anchors and tags are refused, and so are files too large or too deep.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, TypeAlias

import yaml

from loyalty.program_file.mistakes import Found, Path, Place

LARGEST_FILE = 256 * 1024
DEEPEST = 12
MOST_VALUES = 5_000
# The same parser in C where PyYAML was built with it: a large file is read 20 times faster.
_LOADER: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)


@dataclass(frozen=True, slots=True)
class Scalar:
    """A single value. `plain` is False when it is in quotes."""

    place: Place
    text: str
    plain: bool = True

    @property
    def empty(self) -> bool:
        """Whether this is YAML's word for nothing."""
        return self.plain and self.text in ("", "~", "null", "Null", "NULL")


@dataclass(frozen=True, slots=True)
class Branch:
    """Keys and their values, in the order of the file."""

    place: Place
    entries: dict[str, tuple[Scalar, Node]]

    def get(self, key: str) -> Node | None:
        """Return the key's value, or None."""
        return self.entries[key][1] if key in self.entries else None


@dataclass(frozen=True, slots=True)
class Items:
    """A list."""

    place: Place
    nodes: tuple[Node, ...]


@dataclass(frozen=True, slots=True)
class Refused:
    """Something whose mistake is noted already."""

    place: Place


Node: TypeAlias = Scalar | Branch | Items | Refused


def grow(text: str, found: Found) -> Node | None:
    """Read the file; None (with the mistake noted) if it is no YAML. Raises Enough."""
    if len(text.encode("utf-8", "surrogatepass")) > LARGEST_FILE:
        size = f"the file is larger than {LARGEST_FILE // 1024} kB"
        raise found.stop((), Place(1, 1), size, "a program takes a few kB: is this the right file?")
    try:
        return _Grower(yaml.parse(text, Loader=_LOADER), found).document()
    except UnicodeError:
        problem = "the file holds a character that is not Unicode"
        found.add((), Place(1, 1), problem, "save it as UTF-8")
    except yaml.YAMLError as error:
        found.add((), _place(error), f"this is not YAML: {_reason(error)}", _ADVICE)
    return None


_ADVICE = "look at the indentation, the quotes and the brackets here and on the line above"


def _place(error: yaml.YAMLError) -> Place:
    mark = getattr(error, "problem_mark", None)
    return Place(mark.line + 1, mark.column + 1) if mark else Place(1, 1)


def _reason(error: yaml.YAMLError) -> str:
    return str(getattr(error, "problem", None) or str(error).partition("\n")[0])


class _Grower:
    """Builds the tree from the parser's events; recursion ends at DEEPEST."""

    def __init__(self, events: Iterator[Any], found: Found) -> None:
        self._events = events
        self._found = found
        self._left = MOST_VALUES

    def document(self) -> Node | None:
        """Return the root of the only document."""
        next(self._events)
        first = next(self._events)
        if isinstance(first, yaml.StreamEndEvent):
            self._found.add(
                (), Place(1, 1), "the file is empty", "`loyalty init` writes a first one"
            )
            return None
        root = self._node(next(self._events), (), None)
        next(self._events)
        self._alone(next(self._events))
        return root

    def _alone(self, event: Any) -> None:
        if not isinstance(event, yaml.StreamEndEvent):
            hint = "keep one program per file, without a line of `---` inside"
            raise self._found.stop((), _start(event), "a second document begins here", hint)

    def _node(self, event: Any, path: Path, key: Place | None) -> Node:
        place = _start(event)
        if isinstance(event, yaml.AliasEvent):
            self._refuse(path, place, f"the alias `*{event.anchor}` is not allowed")
            return Refused(place)
        self._unmarked(event, path, place)
        self._count(path, place)
        if isinstance(event, yaml.ScalarEvent):
            self._found.places[path] = place
            return Scalar(place, event.value, plain=not event.style)
        self._found.places[path] = key or place
        return self._inner(event, path, key or place)

    def _inner(self, event: Any, path: Path, place: Place) -> Node:
        if isinstance(event, yaml.SequenceStartEvent):
            return Items(place, tuple(self._items(path)))
        return Branch(place, self._entries(path))

    def _items(self, path: Path) -> Iterator[Node]:
        index = 0
        while not isinstance(event := next(self._events), yaml.SequenceEndEvent):
            yield self._node(event, (*path, str(index)), None)
            index += 1

    def _entries(self, path: Path) -> dict[str, tuple[Scalar, Node]]:
        entries: dict[str, tuple[Scalar, Node]] = {}
        while not isinstance(event := next(self._events), yaml.MappingEndEvent):
            key = self._node(event, (*path, "?"), None)
            name = key.text if isinstance(key, Scalar) else "?"
            value = self._node(next(self._events), (*path, name), key.place)
            if not isinstance(key, Scalar):
                self._no_word(key, path)
            elif name in entries:
                self._twice(key, entries[name][0], path)
            else:
                entries[name] = (key, value)
        return entries

    def _no_word(self, key: Node, path: Path) -> None:
        if not isinstance(key, Refused):
            hint = "write one word, a colon and a space, then the value"
            self._found.add((*path, "?"), key.place, "a key must be a single word", hint)

    def _twice(self, key: Scalar, first: Scalar, path: Path) -> None:
        hint = f"keep one of the two; the first is on line {first.place.line}"
        self._found.add((*path, key.text), key.place, "this key is there twice", hint)

    def _unmarked(self, event: Any, path: Path, place: Place) -> None:
        if event.anchor is not None:
            self._refuse(path, place, f"the anchor `&{event.anchor}` is not allowed")
        if event.tag is not None:
            hint = "write the value alone"
            self._found.add(path, place, f"the tag `{event.tag}` is not allowed", hint)

    def _refuse(self, path: Path, place: Place, problem: str) -> None:
        self._found.add(path, place, problem, "write the value out at each place")

    def _count(self, path: Path, place: Place) -> None:
        self._left -= 1
        if self._left < 0:
            problem = f"the file holds more than {MOST_VALUES} values"
            raise self._found.stop((), place, problem, "a program needs a few hundred")
        if len(path) > DEEPEST:
            hint = "no key of a program lies so deep: look at the brackets and the indentation"
            raise self._found.stop(path, place, "this is nested too deeply", hint)


def _start(event: Any) -> Place:
    return Place(event.start_mark.line + 1, event.start_mark.column + 1)
