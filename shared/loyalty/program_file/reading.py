"""From the tree of words to the program's values, one function per kind of value.

A value that cannot be read is noted and something harmless stands in for it, so that the rest
of the file is still read and every mistake is told at once.
"""

from __future__ import annotations

import operator
import re
from collections.abc import Callable
from typing import Any, Final, NamedTuple

from msgspec import inspect as mi

from loyalty.program_file.forms import WHOLE, Unreadable
from loyalty.program_file.kinds import (
    Kind,
    Scope,
    choices,
    default_of,
    hint_of,
    kind_of,
    noun_of,
    tag_of,
    variants,
    words_for,
)
from loyalty.program_file.mistakes import Found, Path, closest, short
from loyalty.program_file.stand_ins import stand_in
from loyalty.program_file.tree import Branch, Items, Node, Refused, Scalar

UNKNOWN_CURRENCY: Final = "KWD"
"""Stands in where the currency is a mistake itself; it allows the most digits."""
_BAD: Final = object()
"""Instead of a value whose mistake is noted."""


_CONTROL = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f]")


class At(NamedTuple):
    """A value's words and all that is known about where they stand."""

    found: Found
    node: Node
    path: Path
    scope: Scope

    def wrong(self, problem: str, hint: str) -> Any:
        """Note a mistake here; the value is bad."""
        self.found.add(self.path, self.node.place, problem, hint)
        return _BAD

    def inside(self, key: str, node: Node) -> At:
        """Return the same for a value below this one."""
        return self._replace(node=node, path=(*self.path, key))


def values(kind: Kind, root: Node, found: Found, currency: str = UNKNOWN_CURRENCY) -> Any:
    """Read the whole tree. With mistakes noted, the result holds stand-ins."""
    result = _value(kind, At(found, root, (), Scope(currency)))
    return stand_in(kind) if result is _BAD else result


def _value(kind: Kind, at: At) -> Any:
    if isinstance(at.node, Refused):
        return _BAD
    if isinstance(at.node, Scalar) and at.node.empty:
        return None if kind.optional else at.wrong("is empty", hint_of(kind, at.scope.currency))
    wanted = _NODES.get(type(kind.type), Scalar)
    if not isinstance(at.node, wanted):
        return _not(kind, _shown(at.node), at)
    return _READERS[type(kind.type)](kind, at.node, at)


def _not(kind: Kind, shown: str, at: At) -> Any:
    return at.wrong(f"{shown} is not {noun_of(kind)}", hint_of(kind, at.scope.currency))


def _shown(node: Node) -> str:
    if isinstance(node, Scalar):
        return short(node.text)
    return "a list" if isinstance(node, Items) else "a group of keys"


def _text(kind: Kind, node: Scalar, at: At) -> Any:
    if not node.text.strip():
        return at.wrong("is empty", "write a text, or leave the key out if it may be left out")
    if node.plain and node.text.lower() in ("true", "false"):
        return _not(kind, short(node.text), at)
    if _CONTROL.search(node.text):
        return at.wrong("holds a control character", "write only what can be read")
    pattern = getattr(kind.type, "pattern", None)
    return node.text if _matches(pattern, kind.example, node.text, at) else _BAD


def _matches(pattern: str | None, example: str, text: str, at: At) -> bool:
    # The whole text and ASCII only: `$` alone lets a line end in, `\d` the digits of any script.
    if pattern is None or re.compile(pattern, re.ASCII).fullmatch(text):
        return True
    hint = f"write it {words_for(pattern, example)}"
    at.wrong(f"{short(text)} is not written as it should be", hint)
    return False


def _number(kind: Kind, node: Scalar, at: At) -> Any:
    form = kind.form or WHOLE
    if form is WHOLE and not node.plain:
        return at.wrong(f"{short(node.text)} is text, not a whole number", "leave out the quotes")
    try:
        value = form.read(node.text, at.scope.currency)
    except Unreadable as error:
        return at.wrong(error.problem, error.hint)
    return value if _in_range(kind, value, at) else _BAD


_LIMITS: tuple[tuple[str, Callable[[int, int], bool], str], ...] = (
    ("ge", operator.ge, "at least"),
    ("gt", operator.gt, "more than"),
    ("le", operator.le, "at most"),
    ("lt", operator.lt, "less than"),
)


def _in_range(kind: Kind, value: int, at: At) -> bool:
    show = (kind.form or WHOLE).show
    for name, holds, words in _LIMITS:
        limit = getattr(kind.type, name, None)
        if limit is not None and not holds(value, limit):
            said, bound = (show(number, at.scope.currency) for number in (value, limit))
            at.wrong(f"`{said}` is out of range", f"write {words} `{bound}`")
            return False
    return True


def _yes_or_no(kind: Kind, node: Scalar, at: At) -> Any:
    if node.plain and node.text in ("true", "false"):
        return node.text == "true"
    return _not(kind, short(node.text), at)


def _choice(kind: Kind, node: Scalar, at: At) -> Any:
    known = {str(value): value for value in getattr(kind.type, "values", ())}
    if node.text in known and (node.plain or isinstance(known[node.text], str)):
        return known[node.text]
    return at.wrong(f"{short(node.text)} is not known here", closest(node.text, choices(kind)))


def _list(kind: Kind, node: Items, at: At) -> Any:
    if len(node.nodes) < (getattr(kind.type, "min_length", None) or 0):
        return at.wrong("is empty", "name at least one")
    inner = kind_of(kind.type.item_type)  # type: ignore[attr-defined]
    read = (_value(inner, at.inside(str(i), one)) for i, one in enumerate(node.nodes))
    return tuple(value for value in read if value is not _BAD)


def _names(kind: Kind, node: Branch, at: At) -> Any:
    inner = kind_of(kind.type.value_type)  # type: ignore[attr-defined]
    named = {}
    for key, (word, below) in node.entries.items():
        _name(kind, at.inside(key, word))
        value = _value(inner, at.inside(key, below))
        # A part keeps its name even if nothing of it can be read: others may refer to it.
        named[key] = value if value is not _BAD else stand_in(inner)
    return named


def _name(kind: Kind, at: At) -> None:
    name = kind_of(kind.type.key_type)  # type: ignore[attr-defined]
    _READERS[type(name.type)](name, at.node, at)


def _variant(kind: Kind, node: Branch, at: At) -> Any:
    known = variants(kind)
    key = next(part.tag_field for part in known.values()) or ""
    word = node.get(key)
    if not (isinstance(word, Scalar) and word.text in known):
        at.found.pass_over(at.path)  # of what kind it is decides what can stand in it
    if word is None:
        return at.inside(key, node).wrong("is missing", f"write one of {', '.join(known)}")
    if isinstance(word, Scalar) and word.text in known:
        return _part(Kind(known[word.text]), node, at)
    shown = _shown(word)
    hint = closest(word.text if isinstance(word, Scalar) else "", known)
    return at.inside(key, word).wrong(f"{shown} is not known here", hint)


def _part(kind: Kind, node: Branch, at: At) -> Any:
    part: mi.StructType = kind.type  # type: ignore[assignment]
    within = at._replace(scope=_scope(part, node, at.scope))
    _unknown_keys(part, node, at)
    read = ((field, _field(field, node, within)) for field in part.fields)
    return part.cls(**{field.name: value for field, value in read if value is not _BAD})


def _field(field: mi.Field, node: Branch, at: At) -> Any:
    kind = kind_of(field.type).within(field.encode_name, at.scope)
    below = node.get(field.encode_name)
    if below is None and not field.required:
        return _BAD
    here = at.inside(field.encode_name, below or node)
    value = _value(kind, here) if below else here.wrong("is missing", _add(kind, here))
    return stand_in(kind) if value is _BAD and field.required else value


def _add(kind: Kind, at: At) -> str:
    return f"add `{at.path[-1]}:` and {hint_of(kind, at.scope.currency)}"


def _unknown_keys(part: mi.StructType, node: Branch, at: At) -> None:
    known = [*tag_of(part), *(field.encode_name for field in part.fields)]
    for key, (word, _) in node.entries.items():
        if key not in known:
            at.inside(key, word).wrong("this key is not known here", closest(key, known))


def _scope(part: mi.StructType, node: Branch, outer: Scope) -> Scope:
    fields = {field.encode_name: field for field in part.fields}
    currency = _said(fields.get("currency"), node) or outer.currency
    metric = _said(fields.get("metric"), node) or outer.metric
    return Scope(currency if re.fullmatch("[A-Z]{3}", currency) else UNKNOWN_CURRENCY, metric)


def _said(field: mi.Field | None, node: Branch) -> str | None:
    if field is None:
        return None
    word = node.get(field.encode_name)
    if isinstance(word, Scalar) and not word.empty:
        known = list(choices(kind_of(field.type)))
        return word.text if not known or word.text in known else None
    return None if field.required else default_of(field)


_NODES: dict[type[mi.Type], type[Node]] = {
    mi.VarTupleType: Items,
    mi.DictType: Branch,
    mi.StructType: Branch,
    mi.UnionType: Branch,
}
_READERS: dict[type[mi.Type], Callable[[Kind, Any, At], Any]] = {
    mi.StrType: _text,
    mi.IntType: _number,
    mi.BoolType: _yes_or_no,
    mi.LiteralType: _choice,
    mi.VarTupleType: _list,
    mi.DictType: _names,
    mi.StructType: _part,
    mi.UnionType: _variant,
}
