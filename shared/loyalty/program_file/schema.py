"""The program file's JSON Schema: editors complete the file by it and mark mistakes."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

from msgspec import inspect as mi

from loyalty.program_file.forms import FORMS, MOST_DIGITS, WHOLE
from loyalty.program_file.kinds import (
    Kind,
    choices,
    default_of,
    kind_of,
    parts_of,
    program_kind,
    tag_of,
)
from loyalty.program_file.meanings import meaning_of

Schema = dict[str, Any]
DIALECT = "https://json-schema.org/draft/2020-12/schema"


def schema() -> Schema:
    """Return the JSON Schema (2020-12) of a program file read as YAML 1.2, as editors do."""
    top, *rest = parts()
    named = {part.cls.__name__: _part(part) for part in rest}
    return {"$schema": DIALECT, "title": "A Regulars program", **_part(top), "$defs": named}


def parts() -> list[mi.StructType]:
    """Return every part of the program, the whole first, each once, in the order of its keys."""
    found: dict[str, mi.StructType] = {}
    _collect(program_kind(), found)
    return list(found.values())


def _collect(kind: Kind, found: dict[str, mi.StructType]) -> None:
    for part in parts_of(kind):
        if part.cls.__name__ not in found:
            found[part.cls.__name__] = part
            for field in part.fields:
                _collect(innermost(kind_of(field.type)), found)


def innermost(kind: Kind) -> Kind:
    """Return what a list or group holds, at any depth; another kind is returned as it is."""
    inner = getattr(kind.type, "value_type", None) or getattr(kind.type, "item_type", None)
    return innermost(kind_of(inner)) if inner else kind


def _part(part: mi.StructType) -> Schema:
    tag = tag_of(part)
    required = [field.encode_name for field in part.fields if field.required]
    told = {key: {"const": word} for key, word in tag.items()}
    return {
        "type": "object",
        "description": (part.cls.__doc__ or "").partition("\n")[0],
        "properties": {**told, **dict(_properties(part))},
        "required": [*tag, *required],
        "additionalProperties": False,
    }


def _properties(part: mi.StructType) -> Iterator[tuple[str, Schema]]:
    for field in part.fields:
        told = {"description": meaning_of(part.cls.__name__, field.name)}
        yield field.encode_name, {**told, **_optional(kind_of(field.type)), **_default(field)}


def _default(field: mi.Field) -> Schema:
    if field.required or not isinstance(default_of(field), str | bool):
        return {}
    return {"default": default_of(field)}


def _optional(kind: Kind) -> Schema:
    return {"anyOf": [_value(kind), {"type": "null"}]} if kind.optional else _value(kind)


def _value(kind: Kind) -> Schema:
    return _SCHEMAS[type(kind.type)](kind)


def _number(kind: Kind) -> Schema:
    form = kind.form or WHOLE
    if form is WHOLE:
        return {"type": "integer", "maximum": 10**MOST_DIGITS - 1, **_bounds(kind, 1)}
    text: Schema = {"type": "string", "pattern": form.pattern}
    if not form.unit:
        return text | {"examples": [form.show(form.example, "")]}
    return {"anyOf": [{"type": "number", **_bounds(kind, form.unit)}, text]}


def _bounds(kind: Kind, unit: int) -> Schema:
    # What one cent is depends on the currency: above 0 is all that holds for each of them.
    if kind.form is FORMS["money"]:
        return {"exclusiveMinimum" if _limit(kind, "ge") else "minimum": 0}
    asked = ((name, _limit(kind, limit)) for limit, name in _BOUNDS.items())
    return {name: bound / unit if unit > 1 else bound for name, bound in asked if bound is not None}


def _limit(kind: Kind, name: str) -> int | None:
    limit: int | None = getattr(kind.type, name)
    return limit


_BOUNDS = {
    "ge": "minimum",
    "gt": "exclusiveMinimum",
    "le": "maximum",
    "lt": "exclusiveMaximum",
}


def _text(kind: Kind) -> Schema:
    pattern = getattr(kind.type, "pattern", None)
    if pattern is None:
        # A bare number is text too: `read` takes it as it is written.
        return {"type": ["string", "number"], "pattern": r"\S"}
    examples = {"examples": [kind.example]} if kind.example else {}
    return {"type": "string", "pattern": pattern, **examples}


def _choice(kind: Kind) -> Schema:
    values: tuple[Any, ...] = kind.type.values  # type: ignore[attr-defined]
    named = {str(value): value for value in values}
    return {"enum": [named[choice] for choice in choices(kind)]}


def _list(kind: Kind) -> Schema:
    least = getattr(kind.type, "min_length", None)
    items = _value(kind_of(kind.type.item_type))  # type: ignore[attr-defined]
    return {"type": "array", "items": items, **({"minItems": least} if least else {})}


def _names(kind: Kind) -> Schema:
    key = kind_of(kind.type.key_type)  # type: ignore[attr-defined]
    value = _value(kind_of(kind.type.value_type))  # type: ignore[attr-defined]
    if isinstance(key.type, mi.LiteralType):
        named = dict.fromkeys(choices(key), value)
        return {"type": "object", "properties": named, "additionalProperties": False}
    pattern = getattr(key.type, "pattern", None) or r"\S"
    names = {"propertyNames": {"pattern": pattern}}
    return {"type": "object", **names, "additionalProperties": value}


_SCHEMAS: dict[type[mi.Type], Callable[[Kind], Schema]] = {
    mi.StrType: _text,
    mi.IntType: _number,
    mi.BoolType: lambda _: {"type": "boolean"},
    mi.LiteralType: _choice,
    mi.VarTupleType: _list,
    mi.DictType: _names,
    mi.StructType: lambda kind: _pointer(*parts_of(kind)),
    mi.UnionType: lambda kind: {"oneOf": [_pointer(part) for part in parts_of(kind)]},
}


def _pointer(part: mi.StructType) -> Schema:
    return {"$ref": f"#/$defs/{part.cls.__name__}"}
