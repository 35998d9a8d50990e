"""Finds card numbers where none may be, so that they are dropped before anything is stored."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

_RUN = re.compile(r"[0-9]+(?:[ -][0-9]+)*")
_KEY = re.compile(r"[a-z_]{1,40}")
_FIRST_DIGITS = frozenset("23456")
_SHORTEST, _LONGEST = 13, 19
# Phones, article numbers and receipt numbers are digits too, and one in ten of them looks like a
# card: in these fields only numbers as long as nearly every card's are taken for one.
_NUMBERED = frozenset({"phone", "sku", "receipt", "refund", "id", "line", "customer", "member"})
_SHORTEST_NUMBERED = 16


def card_numbers(value: Any, path: str = "$", field: str = "") -> Iterator[str]:
    """Yield the path of every text that holds a card number, at any depth of a JSON value."""
    if isinstance(value, str):
        if _holds_card(value, _SHORTEST_NUMBERED if field in _NUMBERED else _SHORTEST):
            yield path
    elif isinstance(value, list):
        for index, item in enumerate(value):
            yield from card_numbers(item, f"{path}[{index}]", field)
    elif isinstance(value, dict):
        for key, item in value.items():
            # A key is the caller's text like any other: only a plain word is shown.
            shown = key if _KEY.fullmatch(key) else "*"
            yield from card_numbers(item, f"{path}.{shown}", key)


def _holds_card(text: str, shortest: int) -> bool:
    return any(
        shortest <= len(digits) <= _LONGEST and digits[0] in _FIRST_DIGITS and _luhn(digits)
        for run in _RUN.finditer(text)
        for digits in _joined(re.split("[ -]", run[0]))
    )


def _joined(groups: list[str]) -> Iterator[str]:
    """Join neighboring groups: a card may be written in blocks, with other digits around it."""
    for start in range(len(groups)):
        digits = ""
        for group in groups[start : start + _LONGEST]:
            digits += group
            if len(digits) > _LONGEST:
                break
            yield digits


def _luhn(digits: str) -> bool:
    """Tell whether the check digit fits: every second digit from the right counts double."""
    doubled = [sum(divmod(2 * int(digit), 10)) for digit in digits[-2::-2]]
    return (sum(map(int, digits[-1::-2])) + sum(doubled)) % 10 == 0
