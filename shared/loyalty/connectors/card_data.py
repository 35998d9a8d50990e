"""Finds card numbers where none may be, so that they are dropped before anything is stored."""

from __future__ import annotations

import re
from collections.abc import Iterator
from itertools import accumulate
from typing import Any

_RUN = re.compile(r"[0-9](?:[ -]?[0-9]){12,}+")  # of fewer digits there is no card
_KEY = re.compile(r"[a-z_]{1,40}")
_FIRST_DIGITS = frozenset("23456")
_SHORTEST, _LONGEST = 13, 19
# Phones, article numbers and receipt numbers are digits too, and one in ten of them looks like a
# card: in these fields only numbers as long as nearly every card's are taken for one.
_NUMBERED = frozenset({"phone", "sku", "receipt", "refund", "id", "line", "customer", "member"})
_SHORTEST_NUMBERED = 16
_CHECK_CODES = frozenset({"cvv", "cvv2", "cvc", "cvc2", "csc"})
_DIGITS = b"0123456789"
_PLAIN = bytes.maketrans(_DIGITS, bytes(range(10)))
_DOUBLED = bytes.maketrans(_DIGITS, bytes(sum(divmod(2 * digit, 10)) for digit in range(10)))


def card_numbers(value: Any, path: str = "$", field: str = "") -> Iterator[str]:
    """Yield the path of every text that holds a card number, at any depth of a JSON value.

    A card's check code is told by its field's name: three digits alone could be anything.
    """
    if isinstance(value, str):
        if _holds_card(value, _SHORTEST_NUMBERED if field in _NUMBERED else _SHORTEST):
            yield path
    elif isinstance(value, list):
        for index, item in enumerate(value):
            yield from card_numbers(item, f"{path}[{index}]", field)
    elif isinstance(value, dict):
        for key, item in value.items():
            yield from _below(key, item, f"{path}.{shown(key)}")


def shown(key: str) -> str:
    """Return a key as an answer may name it: it is the caller's text like any other."""
    return key if _KEY.fullmatch(key) else "*"


def _below(key: str, item: Any, path: str) -> Iterator[str]:
    if key.lower() in _CHECK_CODES and item not in (None, ""):
        yield path
    else:
        yield from card_numbers(item, path, key)


def _holds_card(text: str, shortest: int) -> bool:
    return len(text) >= shortest and any(
        _card_among(re.split("[ -]", run[0]), shortest) for run in _RUN.finditer(text)
    )


def _card_among(groups: list[str], shortest: int) -> bool:
    """Look at neighboring groups as one: a card may be written in blocks, with others around it.

    A body may be digits from end to end, so they are added up once and not for every candidate.
    """
    edges = [0, *accumulate(map(len, groups))]
    if edges[-1] < shortest:
        return False
    digits, ends = "".join(groups), frozenset(edges)
    sums = [_sums(digits.encode(), parity) for parity in (0, 1)]
    return any(
        # The check digit fits: every second digit from the right counts double.
        (sums[end % 2][end] - sums[end % 2][start]) % 10 == 0
        for start in edges[:-1]
        if digits[start] in _FIRST_DIGITS
        for end in range(start + shortest, start + _LONGEST + 1)
        if end in ends
    )


def _sums(digits: bytes, parity: int) -> list[int]:
    """Add digits up from the start; those at even (0) or odd (1) places count double."""
    values = bytearray(digits.translate(_PLAIN))
    values[parity::2] = digits[parity::2].translate(_DOUBLED)
    return [0, *accumulate(values)]
