"""What changes from one version of a program to the next, in words."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, NamedTuple

import msgspec

from loyalty.domain.program import Program
from loyalty.program_file.kinds import (
    Kind,
    Scope,
    default_of,
    kind_of,
    part_of,
    program_kind,
    tag_of,
)
from loyalty.program_file.reading import UNKNOWN_CURRENCY
from loyalty.program_file.showing import scope_in, show


class _Side(NamedTuple):
    """One version's value with the scope it is written in; None stands for a value left out."""

    value: Any
    scope: Scope

    def below(self, value: Any) -> _Side:
        return _Side(value, self.scope)

    def inside(self) -> _Side:
        return _Side(self.value, scope_in(self.value, self.scope)) if self.value else self


def difference(old: Program | None, new: Program) -> list[str]:
    """Tell every changed key, as in `earning.rules.spend.per: 1.00 -> 0.80`.

    Without an old version everything that the new one says is added.
    """
    scope = Scope(UNKNOWN_CURRENCY)
    return list(_changes("", program_kind(), _Side(old, scope), _Side(new, scope)))


def _changes(key: str, kind: Kind, old: _Side, new: _Side) -> Iterator[str]:
    if _written(kind, old) == _written(kind, new):
        return
    if new.value is None:
        yield f"{key}: removed"
    elif isinstance(new.value, msgspec.Struct):
        yield from _part_changes(key, kind, old, new)
    elif isinstance(new.value, dict):
        yield from _name_changes(key, kind, old, new)
    else:
        added = old.value is None
        yield f"{key}: {'added' if added else _written(kind, old) + ' ->'} {_written(kind, new)}"


def _written(kind: Kind, side: _Side) -> str:
    return show(kind, side.value, side.scope)


def _part_changes(key: str, kind: Kind, old: _Side, new: _Side) -> Iterator[str]:
    part = part_of(kind, new.value)
    if not isinstance(old.value, part.cls):
        if old.value is not None:
            yield f"{key}: removed"
        old = old.below(None)
        yield from (f"{_dotted(key, tag)}: added {word}" for tag, word in tag_of(part).items())
    before, after = old.inside(), new.inside()
    for field in part.fields:
        value = getattr(new.value, field.name)
        # In a part that is new, only what it says is told; left out is what it leaves out.
        default = value if not field.required and value == default_of(field) else None
        was = getattr(old.value, field.name) if old.value is not None else default
        inner = kind_of(field.type).within(field.encode_name, after.scope)
        yield from _changes(
            _dotted(key, field.encode_name), inner, before.below(was), after.below(value)
        )


def _name_changes(key: str, kind: Kind, old: _Side, new: _Side) -> Iterator[str]:
    was, now = old.value or {}, new.value
    inner = kind_of(kind.type.value_type)  # type: ignore[attr-defined]
    for name in [*now, *(gone for gone in was if gone not in now)]:
        below = old.below(was.get(name)), new.below(now.get(name))
        yield from _changes(_dotted(key, name), inner, *below)
    if set(was) == set(now) and list(was) != list(now):
        yield f"{key}: in another order"


def _dotted(key: str, name: str) -> str:
    return f"{key}.{name}" if key else name
