"""Harmless values in the place of those that could not be read, so that reading can go on."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from msgspec import inspect as mi

from loyalty.program_file.kinds import Kind, kind_of, variants


def stand_in(kind: Kind) -> Any:
    """Return a value of this kind that breaks nothing; it never reaches a caller of `read`."""
    part = next(iter(variants(kind).values()), kind.type)
    if isinstance(part, mi.StructType):
        required = [field for field in part.fields if field.required]
        return part.cls(**{field.name: stand_in(kind_of(field.type)) for field in required})
    return _STAND_INS[type(part)](part)


_STAND_INS: dict[type[mi.Type], Callable[[Any], Any]] = {
    mi.StrType: lambda _: "",
    mi.IntType: lambda found: found.ge or 0,
    mi.BoolType: lambda _: False,
    mi.LiteralType: lambda found: found.values[0],
    mi.VarTupleType: lambda _: (),
    mi.DictType: lambda _: {},
}
