"""What is wrong with a program file, said so that its owner can put it right."""

from __future__ import annotations

from collections.abc import Iterable
from difflib import get_close_matches
from typing import Literal, NamedTuple

import msgspec

Path = tuple[str, ...]
"""The keys that lead to a value, as in `("earning", "rules", "spend", "per")`."""

MOST_MISTAKES = 200
_LONGEST_WORD = 60
_MOST_CANDIDATES = 200
_SHOWN_IN_FULL = 12
_TELLING = 4
"""So many letters that are a part of a name were meant to be it."""


class Place(NamedTuple):
    """Where something stands in the file; both count from 1."""

    line: int
    column: int


class Mistake(msgspec.Struct, frozen=True):
    """One thing to put right (or, as a warning, to think about) and how."""

    path: str
    """The dotted key, as in `earning.rules.spend.per`; empty for the file as a whole."""
    line: int
    column: int
    problem: str
    hint: str
    severity: Literal["mistake", "warning"] = "mistake"

    def __str__(self) -> str:
        """Show it on one line, the place first."""
        named = f"{self.path}: " if self.path else ""
        word = "warning: " if self.severity == "warning" else ""
        return f"{self.line}:{self.column}: {word}{named}{self.problem} ({self.hint})"


class Mistakes(ValueError):  # noqa: N818 - it holds all of them, not one error
    """A program file cannot be used. `mistakes` has every reason, in the order of the file."""

    def __init__(self, mistakes: Iterable[Mistake], path: str = "program.yaml") -> None:
        self.mistakes = tuple(mistakes)
        self.path = path
        super().__init__("\n".join(f"{path}:{mistake}" for mistake in self.mistakes))


class Enough(Exception):  # noqa: N818 - reading ends here; what was found is told
    """There is no sense in looking further."""


class Found:
    """The mistakes found so far, and where each key of the file stands."""

    def __init__(self) -> None:
        self.mistakes: list[Mistake] = []
        self.places: dict[Path, Place] = {}
        self._wrong: set[Path] = set()
        self._above_wrong: set[Path] = set()

    def add(self, path: Path, place: Place, problem: str, hint: str) -> None:
        """Note a mistake. Raises Enough once there are more than anyone reads at a time."""
        self._wrong.add(path)
        self._above_wrong.update(path[:end] for end in range(len(path) + 1))
        self._note(path, place, problem, hint)
        if len(self.mistakes) >= MOST_MISTAKES:
            self._note((), place, "more mistakes may follow", "put these right first")
            raise Enough

    def stop(self, path: Path, place: Place, problem: str, hint: str) -> Enough:
        """Note a mistake after which reading cannot go on; raise what this returns."""
        self.add(path, place, problem, hint)
        return Enough()

    def pass_over(self, path: Path) -> None:
        """Note that nothing below a key was read: whatever would be said of it is no news."""
        self._wrong.add(path)

    def warn(self, path: Path, problem: str, hint: str) -> None:
        """Note what is no mistake but should be known."""
        line, column = self.place_of(path)
        self.mistakes.append(Mistake(_dotted(path), line, column, problem, hint, "warning"))

    def place_of(self, path: Path) -> Place:
        """Where the key stands, or else the nearest key above it."""
        tries = (self.places.get(path[:end]) for end in range(len(path), -1, -1))
        return next((place for place in tries if place), Place(1, 1))

    def knows(self, path: Path) -> bool:
        """Whether a mistake at, above or below this key was found already."""
        return self.knows_above(path) or path in self._above_wrong

    def knows_above(self, path: Path) -> bool:
        """Whether a mistake at this key, or at one above it, was found already."""
        return any(path[:end] in self._wrong for end in range(len(path) + 1))

    def _note(self, path: Path, place: Place, problem: str, hint: str) -> None:
        self.mistakes.append(Mistake(_dotted(path), place.line, place.column, problem, hint))


def short(text: str) -> str:
    """Quote a word of the file on one line, cut if it is long."""
    return f"`{_cut(' '.join(text.split()))}`"


def closest(word: str, known: Iterable[str]) -> str:
    """Hint at the known word that was probably meant, or else at all that are known."""
    names = list(known)
    near = _near(word, names[:_MOST_CANDIDATES])
    if near:
        return f"did you mean `{near}`?"
    return f"known here: {_listed(names)}" if names else "there is none yet"


def _near(word: str, names: list[str]) -> str:
    # Comparing costs the product of both lengths: a word longer than any name is not compared.
    if len(word) > _LONGEST_WORD:
        return ""
    lowered = {name.lower(): name for name in reversed(names)}
    alike = get_close_matches(word.lower(), lowered, 1)
    part = [name for name in lowered if len(word) >= _TELLING and word.lower() in name]
    return next((lowered[near] for near in alike + part), "")


def _listed(names: list[str]) -> str:
    more = ", …" if len(names) > _SHOWN_IN_FULL else ""
    return ", ".join(names[:_SHOWN_IN_FULL]) + more


def _dotted(path: Path) -> str:
    return ".".join(_cut(key) for key in path)


def _cut(text: str) -> str:
    # A terminal must not obey what a file holds: what cannot be seen is shown as a dot.
    seen = "".join(one if one.isprintable() else "·" for one in text[:_LONGEST_WORD])
    return seen if len(text) <= _LONGEST_WORD else f"{seen}…"
