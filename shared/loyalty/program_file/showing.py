"""A program's values as they are written in the file, on one line each."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable
from typing import Any

import msgspec
from msgspec import inspect as mi

from loyalty.program_file.kinds import Kind, Scope, default_of, kind_of, part_of, tag_of

_PLAIN = re.compile(r"[^\W\d][\w ./+-]*|\d\d:\d\d")
"""Text that YAML reads as itself without quotes, here and inside brackets."""


def show(kind: Kind, value: Any, scope: Scope) -> str:
    """Write a value as in the file: parts and lists in brackets, defaults left out."""
    if value is None:
        return "none"
    if isinstance(value, msgspec.Struct):
        return _part(kind, value, scope)
    if isinstance(value, dict):
        inner = kind_of(kind.type.value_type)  # type: ignore[attr-defined]
        return _group(f"{_word(key)}: {show(inner, one, scope)}" for key, one in value.items())
    if isinstance(value, tuple):
        inner = kind_of(kind.type.item_type)  # type: ignore[attr-defined]
        return f"[{', '.join(show(inner, one, scope) for one in value)}]"
    return _scalar(kind, value, scope)


def scope_in(value: msgspec.Struct, outer: Scope) -> Scope:
    """Return what a part says about how the values in it are written."""
    currency = getattr(value, "currency", None) or outer.currency
    return Scope(currency, getattr(value, "metric", outer.metric))


def _part(kind: Kind, value: msgspec.Struct, outer: Scope) -> str:
    part, scope = part_of(kind, value), scope_in(value, outer)
    tag = [f"{key}: {word}" for key, word in tag_of(part).items()]
    said = [field for field in part.fields if is_said(field, value)]
    return _group([*tag, *(f"{field.encode_name}: {_at(field, value, scope)}" for field in said)])


def is_said(field: mi.Field, value: msgspec.Struct) -> bool:
    """Whether a part says this key: it must, or it differs from what holds without it."""
    return field.required or getattr(value, field.name) != default_of(field)


def _at(field: mi.Field, value: msgspec.Struct, scope: Scope) -> str:
    kind = kind_of(field.type).within(field.encode_name, scope)
    return show(kind, getattr(value, field.name), scope)


def _scalar(kind: Kind, value: Any, scope: Scope) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    if kind.form:
        return kind.form.show(value, scope.currency)
    return _word(value) if isinstance(value, str) else str(value)


def _word(text: str) -> str:
    return text if _PLAIN.fullmatch(text) else json.dumps(text, ensure_ascii=False)


def _group(entries: Iterable[str]) -> str:
    return "{" + ", ".join(entries) + "}"
