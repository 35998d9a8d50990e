"""The types of the program, as the reader, the schema and the documentation walk them."""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache
from typing import Any, Literal, NamedTuple, get_args, get_origin, get_type_hints

import msgspec
from msgspec import NODEFAULT
from msgspec import inspect as mi

from loyalty.domain.parts import Part
from loyalty.domain.program import Program
from loyalty.program_file.forms import FORMS, WHOLE, Form

_MEASURED = frozenset({"at", "every"})
"""Keys measured in their part's `metric`: money for spend, else a whole number."""
_PATTERNS = {
    "^[A-Z]{3}$": "in three capital letters, as `EUR`",
    "^[A-Z]{2}$": "in two capital letters, as `DE`",
    "^[a-z][a-z0-9_]{0,39}$": "in small letters, digits and `_`, a letter first, at most 40",
}


class Scope(NamedTuple):
    """What the parts around a value say about how it is written."""

    currency: str
    """The nearest part's; "KWD" where it is unknown, which allows the most digits."""
    metric: str = "spend"


class Kind(NamedTuple):
    """A type without its wrappers. A union that is left is one of parts told apart by a tag."""

    type: mi.Type
    form: Form | None = None
    example: str = ""
    optional: bool = False

    def within(self, key: str, scope: Scope) -> Kind:
        """Return this kind as it is written at `key` of a part with this scope."""
        if key in _MEASURED and scope.metric != "spend":
            return self._replace(form=WHOLE)
        return self


@cache
def program_kind() -> Kind:
    """Return the whole program's kind."""
    return kind_of(mi.type_info(Program))


def kind_of(found: mi.Type) -> Kind:
    """Take off what msgspec wraps around a type: notes on how it is written, and None."""
    if isinstance(found, mi.Metadata):
        return _noted(found)
    if isinstance(found, mi.UnionType) and any(isinstance(one, mi.NoneType) for one in found.types):
        rest = tuple(one for one in found.types if not isinstance(one, mi.NoneType))
        inner = rest[0] if len(rest) == 1 else mi.UnionType(rest)
        return kind_of(inner)._replace(optional=True)
    return Kind(found, WHOLE if isinstance(found, mi.IntType) else None)


def _noted(found: mi.Metadata) -> Kind:
    kind = kind_of(found.type)
    written = (found.extra or {}).get("written")
    examples = (found.extra_json_schema or {}).get("examples", [kind.example])
    return kind._replace(form=FORMS[written] if written else kind.form, example=examples[0])


def default_of(field: mi.Field) -> Any:
    """What holds when an optional key is left out."""
    return field.default if field.default is not NODEFAULT else field.default_factory()


def tag_of(part: mi.StructType) -> dict[str, str]:
    """Return the key that names the variant and its word, as in `{"earn": "spend"}`."""
    return {part.tag_field: str(part.tag)} if part.tag_field else {}


def variants(kind: Kind) -> dict[str, mi.StructType]:
    """Return the parts of a union by their tag."""
    parts = kind.type.types if isinstance(kind.type, mi.UnionType) else ()
    return {str(part.tag): part for part in parts if isinstance(part, mi.StructType)}


def parts_of(kind: Kind) -> tuple[mi.StructType, ...]:
    """Return the part, or all parts of a union; none for a plain value."""
    return (kind.type,) if isinstance(kind.type, mi.StructType) else tuple(variants(kind).values())


def part_of(kind: Kind, value: msgspec.Struct) -> mi.StructType:
    """Return which of a kind's parts a value is."""
    return next(part for part in parts_of(kind) if isinstance(value, part.cls))


def hint_of(kind: Kind, currency: str) -> str:
    """Tell how a value of this kind is written."""
    if kind.form:
        return kind.form.hint(currency)
    return _HINTS[type(kind.type)](kind)


def noun_of(kind: Kind) -> str:
    """What a value of this kind is called."""
    return kind.form.noun if kind.form else _NOUNS[type(kind.type)]


def words_for(pattern: str, example: str) -> str:
    """Tell in words how text of this pattern is written."""
    return f"like `{example}`" if example else _PATTERNS.get(pattern, f"to match `{pattern}`")


def _hint_of_text(kind: Kind) -> str:
    pattern = getattr(kind.type, "pattern", None)
    return f"write it {words_for(pattern, kind.example)}" if pattern else "write some text"


def _hint_of_list(kind: Kind) -> str:
    return f"write a list in brackets, as in `[{_sample(kind)}]`"


def _hint_of_names(kind: Kind) -> str:
    if is_words(kind):
        return "write one text per language, as in `{en: Hello}`"
    return "write each on a line of its own, further to the right: its name, a colon, its value"


def _hint_of_variant(kind: Kind) -> str:
    key = next(part.tag_field for part in variants(kind).values())
    return f"write its keys below it, first of all `{key}:` with one of {', '.join(variants(kind))}"


def is_words(kind: Kind) -> bool:
    """Whether this is one text per language."""
    inner = kind.type
    return isinstance(inner, mi.DictType) and isinstance(kind_of(inner.value_type).type, mi.StrType)


def _sample(kind: Kind) -> str:
    inner = kind_of(kind.type.item_type).type if isinstance(kind.type, mi.VarTupleType) else None
    sample = list(choices(Kind(inner)))[:2] if isinstance(inner, mi.LiteralType) else []
    return ", ".join(sample or ("one", "two"))


def choices(kind: Kind) -> Iterator[str]:
    """Return the words a closed choice allows, as written, in the order of their definition."""
    values = kind.type.values if isinstance(kind.type, mi.LiteralType) else ()
    return (str(value) for value in _defined_order().get(frozenset(values), values))


@cache
def _defined_order() -> dict[frozenset[Any], tuple[Any, ...]]:
    # msgspec sorts the choices; days of the week should not come in the order of the alphabet.
    hints = (get_type_hints(part) for part in [Part, *_descendants(Part)])
    found = (values for hint in hints for one in hint.values() for values in _literals(one))
    return {frozenset(values): values for values in found}


def _descendants(part: type[Part]) -> Iterator[type[Part]]:
    for below in part.__subclasses__():
        yield below
        yield from _descendants(below)


def _literals(hint: Any) -> Iterator[tuple[Any, ...]]:
    if get_origin(hint) is Literal:
        yield get_args(hint)
    else:
        for inner in get_args(hint):
            yield from _literals(inner)


_HINTS = {
    mi.StrType: _hint_of_text,
    mi.BoolType: lambda _: "write `true` or `false`",
    mi.LiteralType: lambda kind: f"write one of {', '.join(choices(kind))}",
    mi.VarTupleType: _hint_of_list,
    mi.DictType: _hint_of_names,
    mi.StructType: lambda _: "write its keys below it, further to the right",
    mi.UnionType: _hint_of_variant,
}
_NOUNS: dict[type[mi.Type], str] = {
    mi.StrType: "text",
    mi.BoolType: "true or false",
    mi.LiteralType: "one of the words allowed here",
    mi.VarTupleType: "a list",
    mi.DictType: "keys with values",
    mi.StructType: "keys with values",
    mi.UnionType: "keys with values",
}
