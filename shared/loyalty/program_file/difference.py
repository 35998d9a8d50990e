"""What changes from one version of a program to the next, in words."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, NamedTuple

import msgspec
from msgspec import inspect as mi

from loyalty.domain.program import Program
from loyalty.program_file.kinds import (
    Kind,
    Scope,
    kind_of,
    part_of,
    program_kind,
    tag_of,
)
from loyalty.program_file.reading import UNKNOWN_CURRENCY
from loyalty.program_file.showing import is_said, scope_in, show


class _Side(NamedTuple):
    """One version's value and how it is written there; None stands for a value left out."""

    kind: Kind
    value: Any
    scope: Scope

    @property
    def written(self) -> str:
        return show(self.kind, self.value, self.scope)

    def named(self, name: str) -> _Side:
        inner = kind_of(self.kind.type.value_type)  # type: ignore[attr-defined]
        return self._replace(kind=inner, value=(self.value or {}).get(name))

    def at(self, field: mi.Field) -> _Side:
        scope = scope_in(self.value, self.scope) if self.value is not None else self.scope
        kind = kind_of(field.type).within(field.encode_name, scope)
        return _Side(kind, getattr(self.value, field.name, None), scope)

    def says(self, field: mi.Field) -> bool:
        return self.value is not None and is_said(field, self.value)


def difference(old: Program | None, new: Program) -> list[str]:
    """Tell every changed key, as in `earning.rules.spend.per: 1.00 -> 0.80`.

    Without an old version everything that the new one says is added.
    """
    before, after = (
        _Side(program_kind(), program, Scope(UNKNOWN_CURRENCY)) for program in (old, new)
    )
    return list(_changes("", before, after))


def _changes(key: str, old: _Side, new: _Side) -> Iterator[str]:
    if old.written == new.written:
        return
    if new.value is None:
        yield f"{key}: removed"
    elif isinstance(new.value, msgspec.Struct):
        yield from _part_changes(key, old, new)
    elif isinstance(new.value, dict):
        yield from _name_changes(key, old, new)
    else:
        added = old.value is None
        yield f"{key}: {'added' if added else old.written + ' ->'} {new.written}"


def _part_changes(key: str, old: _Side, new: _Side) -> Iterator[str]:
    part = part_of(new.kind, new.value)
    if not isinstance(old.value, part.cls):
        if old.value is not None:
            yield f"{key}: removed"
        old = old._replace(value=None)
        yield from (f"{_dotted(key, tag)}: added {word}" for tag, word in tag_of(part).items())
    for field in part.fields:
        if old.says(field) or new.says(field):
            yield from _changes(_dotted(key, field.encode_name), old.at(field), new.at(field))


def _name_changes(key: str, old: _Side, new: _Side) -> Iterator[str]:
    was, now = old.value or {}, new.value
    for name in [*now, *(gone for gone in was if gone not in now)]:
        yield from _changes(_dotted(key, name), old.named(name), new.named(name))
    if set(was) == set(now) and list(was) != list(now):
        yield f"{key}: in another order"


def _dotted(key: str, name: str) -> str:
    return f"{key}.{name}" if key else name
