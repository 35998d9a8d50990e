"""JSON from strangers, read without a doubt about what it says.

Refuses what parsers disagree on (duplicate keys, NaN, byte order marks), what would break
something further on (lone surrogates, numbers beyond 64 bits) and what only costs time (depth).
Takes time in proportion to the body. No error holds any part of the body.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from decimal import Decimal
from itertools import accumulate
from typing import Any, NoReturn

from loyalty.errors import Problem

DEEPEST = 32
_MOST, _LEAST = 2**63 - 1, -(2**63)
_MOST_DIGITS = 20  # of an integer with its sign; decided before it is turned into a number
_LONGEST_FLOAT = 64
_LARGEST_EXPONENT = 308
# A whole string, even one that never ends: so each character is looked at only once.
_STRING = re.compile(rb'"(?:[^"\\]++|\\.)*+"?', re.DOTALL)
_STEPS = {ord("["): 1, ord("{"): 1, ord("]"): -1, ord("}"): -1}
_NO_BRACKETS = bytes(set(range(256)) - _STEPS.keys())
_CONTROLS = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f]")


def parse(body: bytes, floats: bool) -> Any:  # noqa: FBT001 - every caller names it
    """Read one JSON object or array.

    With `floats` numbers that are not whole are Decimals; without, they are refused. Raises
    Problem 400 with code invalid_encoding, too_deep, duplicate_key, invalid_number,
    out_of_range, invalid_text or invalid_body.
    """
    text = _decode(body)
    _check_depth(body)
    try:
        value = json.loads(
            text,
            object_pairs_hook=_object,
            parse_constant=_no_number,
            parse_float=_decimal if floats else _no_number,
            parse_int=_integer,
        )
    except json.JSONDecodeError:  # holds the whole body, so it must not travel on as a cause
        raise _problem("invalid_body", "The body is not JSON.") from None
    return _checked(value, escaped="\\u" in text)


def _decode(body: bytes) -> str:
    try:
        text = body.decode("utf-8")
    except UnicodeDecodeError:
        raise _problem("invalid_encoding", "The body is not UTF-8.") from None
    if text.startswith("\ufeff"):
        raise _problem("invalid_encoding", "The body starts with a byte order mark.")
    if _CONTROLS.search(text):
        raise _bad_text()
    return text


def _check_depth(body: bytes) -> None:
    """Count brackets before the parser does: it would run out of stack."""
    brackets = _STRING.sub(b"", body).translate(None, _NO_BRACKETS)
    if max(accumulate(map(_STEPS.__getitem__, brackets)), default=0) > DEEPEST:
        raise _problem("too_deep", f"The body is nested more than {DEEPEST} deep.")


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) < len(pairs):
        raise _problem("duplicate_key", "An object has the same key twice.")
    return found


def _integer(digits: str) -> int:
    if digits == "-0":
        raise _bad_number()
    if len(digits) > _MOST_DIGITS or not _LEAST <= int(digits) <= _MOST:
        raise _problem("out_of_range", "A number is beyond 64 bits.")
    return int(digits)


def _decimal(digits: str) -> Decimal:
    """Keep the digits exactly; a giant exponent would become a giant integer later."""
    number = Decimal(digits) if len(digits) <= _LONGEST_FLOAT else None
    if number is None or abs(number.adjusted()) > _LARGEST_EXPONENT:
        raise _bad_number()
    return number


def _no_number(_: str) -> NoReturn:
    raise _bad_number()


def _checked(value: Any, *, escaped: bool) -> Any:
    if not isinstance(value, dict | list):
        raise _problem("invalid_body", "The body is neither an object nor an array.")
    if escaped:  # only a \\u escape can put a NUL or half a character into a text
        _check_text("".join(_texts(value)))
    return value


def _check_text(text: str) -> None:
    try:
        text.encode()
    except UnicodeEncodeError:
        raise _bad_text() from None
    if "\0" in text:
        raise _bad_text()


def _texts(value: Any) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, list):
        for item in value:
            yield from _texts(item)
    elif isinstance(value, dict):
        yield from value
        for item in value.values():
            yield from _texts(item)


def _bad_number() -> Problem:
    return _problem("invalid_number", "A number is not written as a plain number.")


def _bad_text() -> Problem:
    return _problem("invalid_text", "A text holds a character that no text may hold.")


def _problem(code: str, title: str) -> Problem:
    return Problem(400, code, title)
