"""What is wrong with what was sent: all of it at once, where its type tells the first mistake."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from itertools import islice
from typing import Annotated, Any, Literal, get_args, get_origin

import msgspec

from loyalty.connectors.card_data import shown
from loyalty.connectors.generic_body import mistake
from loyalty.web.mistakes import SENTENCES, Mistake

MOST = 20
"""So many mistakes are told at once."""
_SIZED = {"int": "a whole number,", "str": "a text, its length", "array": "a list, its length"}
_TOO_LITTLE = (
    ("Expected `array` of length >", "too_few"), ("Expected `str` of length >", "too_short"),
)  # fmt: skip
_TYPES = {
    "array": "a list", "bool": "true or false", "datetime": "an instant with an offset",
    "int": "a whole number", "object": "an object", "str": "a text",
}  # fmt: skip
_PLACE = re.compile(r" - at (?:`key` in )?`\$([^`]*)`\Z")
_TYPE = re.compile(r"Expected `([a-z |]+)`(?:, got| with)")
_SIZE = re.compile(r"Expected `(int|str|array)` (?:of length )?(>=|<=) (-?\d+)")
_WAYS = {">=": "at least", "<=": "at most"}


def everything(given: Any, kind: type[msgspec.Struct], *, strict: bool) -> tuple[Mistake, ...]:
    """Find the mistakes in an object, where its type alone would tell the first of them."""
    return tuple(islice(_in_fields(given, kind, "$" if strict else "?", strict), MOST))


def _in_fields(
    given: Mapping[str, Any], kind: type[msgspec.Struct], at: str, strict: bool  # noqa: FBT001 - as msgspec has it
) -> Iterator[Mistake]:  # fmt: skip
    fields = {field.encode_name: field for field in msgspec.structs.fields(kind)}
    step = f"{at}." if strict else at
    if kind.__struct_config__.forbid_unknown_fields:
        yield from ((step + shown(name), "unknown_field") for name in given if name not in fields)
    for name, field in fields.items():
        if name in given:
            yield from _in_value(given[name], field.type, step + name, strict)
        elif field.required:
            yield step + name, "missing"


def _in_value(given: Any, kind: Any, at: str, strict: bool) -> Iterator[Mistake]:  # noqa: FBT001 - as msgspec has it
    """Look into a list of things and into a thing; of anything else the first mistake is told."""
    try:
        msgspec.convert(given, kind, strict=strict)
    except msgspec.ValidationError as error:  # its text may quote a value
        inside = tuple(islice(_deeper(given, _plain(kind), at), MOST))
        yield from inside or [_said(str(error), kind, at)]


def _deeper(given: Any, kind: Any, at: str) -> Iterator[Mistake]:
    inside = _plain(next(iter(get_args(kind)), None)) if get_origin(kind) is tuple else None
    if _is_struct(kind) and isinstance(given, dict):
        yield from _in_fields(given, kind, at, strict=True)
    elif _is_struct(inside) and isinstance(given, list):
        for number, each in enumerate(given):
            yield from _in_value(each, inside, f"{at}[{number}]", strict=True)


def _is_struct(kind: Any) -> bool:
    return isinstance(kind, type) and issubclass(kind, msgspec.Struct)


def _plain(kind: Any) -> Any:
    return get_args(kind)[0] if get_origin(kind) is Annotated else kind


# -- one mistake in words -----------------------------------------------------------------------


def _said(message: str, kind: Any, at: str) -> Mistake:
    """Tell a mistake from how msgspec tells it, and from what its type wants."""
    place = _PLACE.search(message)
    where = f"{at}{place[1] if place else ''}"
    little = next((code for start, code in _TOO_LITTLE if message.startswith(start)), "")
    code = little or _named(message, kind) or mistake(message)[1]
    return where, code, next(filter(None, (way(message, kind) for way in _WORDS)), SENTENCES[code])


def _named(message: str, kind: Any) -> str:
    """Take the word that a type has for what is not written as it wants."""
    extras = (each.extra or {} for each in _within(kind) if isinstance(each, msgspec.Meta))
    words = (str(extra["code"]) for extra in extras if "code" in extra)
    return next(words, "") if "matching regex" in message else ""


def _described(_message: str, kind: Any) -> str:
    """Say what the type says of itself."""
    told = (each.description for each in _within(kind) if isinstance(each, msgspec.Meta))
    return next((f"Wanted: {words}." for words in told if words), "")


def _sized(message: str, _kind: Any) -> str:
    found = _SIZE.match(message)
    if not found:
        return ""
    what, way, bound = found.groups()
    return f"Wanted: {_SIZED[what]} {_WAYS[way]} {bound}."


def _typed(message: str, _kind: Any) -> str:
    found = _TYPE.match(message)
    names = found[1].split(" | ") if found else []
    known = [_TYPES[name] for name in names if name in _TYPES]
    return f"Wanted: {' or '.join(known)}." if known else ""


def _chosen(message: str, kind: Any) -> str:
    """List the values that can be, where it is one of several."""
    words = [each for each in _within(kind) if isinstance(each, str) and each]
    listed = ", ".join(dict.fromkeys(words))
    return f"Wanted: one of {listed}." if message.startswith("Invalid enum") and listed else ""


_WORDS: tuple[Callable[[str, Any], str], ...] = (_described, _chosen, _sized, _typed)


def _within(kind: Any) -> Iterator[Any]:
    """List what a type is made of: the values of its choices and what is noted on its parts."""
    if get_origin(kind) is Annotated:
        yield from kind.__metadata__
    for part in get_args(kind):
        yield from (get_args(part) if get_origin(part) is Literal else _within(part))
    if get_origin(kind) is Literal:
        yield from get_args(kind)
