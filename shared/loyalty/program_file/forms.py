"""How values are written in a program file: money, factors, spans of time, whole numbers."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import NamedTuple

from loyalty.domain import money
from loyalty.program_file.mistakes import short

MOST_DIGITS = 12
"""A trillion is more than any sum of points or money."""


class Unreadable(ValueError):  # noqa: N818 - says what the value is
    """A value is not written as it should be; `hint` tells how to write it."""

    def __init__(self, problem: str, hint: str) -> None:
        super().__init__(problem)
        self.problem = problem
        self.hint = hint


class Form(NamedTuple):
    """One way to write a number."""

    noun: str
    example: int
    pattern: str
    """What the text looks like, for JSON Schema and for `read`."""
    unit: int
    """What the number 1 stands for; 0 if it cannot be written as a bare number."""
    read: Callable[[str, str], int]
    """(text, currency) -> value. Raises Unreadable."""
    show: Callable[[int, str], str]
    """(value, currency) -> text."""

    def hint(self, currency: str) -> str:
        """How to write it, by an example."""
        return f"write it as in `{self.show(self.example, currency)}`"


def _read_whole(text: str, currency: str) -> int:
    if not re.fullmatch(r"-?[0-9]+", text):
        raise Unreadable(f"{short(text)} is not a whole number", WHOLE.hint(currency))
    return int(_bounded(text))


def _read_money(text: str, currency: str) -> int:
    hint = f"{FORMS['money'].hint(currency)}, without a currency sign"
    if not re.fullmatch(r"-?[0-9]+(\.[0-9]+)?", text):
        raise Unreadable(f"{short(text)} is not an amount of money", hint)
    amount = _bounded(text)
    try:
        return money.parse(amount, currency)
    except ValueError:
        problem = f"{short(text)} has too many digits after the point"
        raise Unreadable(problem, _digits_of(currency)) from None


def _digits_of(currency: str) -> str:
    digits = money.exponent(currency) or "no"
    return f"{currency} has {digits} digits after the point: {FORMS['money'].hint(currency)}"


def _show_money(amount: int, currency: str) -> str:
    return money.show(amount, currency).removeprefix(f"{currency} ")


def _read_factor(text: str, currency: str) -> int:
    if not re.fullmatch(r"[0-9]+(\.[0-9]{1,4})?", text):
        problem = f"{short(text)} is not a factor with at most 4 digits after the point"
        raise Unreadable(problem, FORMS["factor"].hint(currency))
    whole, _, part = _bounded(text).partition(".")
    return int(whole + part.ljust(4, "0"))


def _show_factor(factor: int, _currency: str) -> str:
    whole, part = divmod(factor, 10_000)
    return f"{whole}.{part:04d}".rstrip("0").rstrip(".")


_MINUTES = {"d": 1440, "h": 60, "m": 1}


def _read_duration(text: str, currency: str) -> int:
    if not re.fullmatch(r"[0-9]+[mhd]", text):
        hint = f"{FORMS['duration'].hint(currency)}, with m, h or d for minutes, hours or days"
        raise Unreadable(f"{short(text)} is not a span of time", hint)
    return int(_bounded(text)[:-1]) * _MINUTES[text[-1]]


def _show_duration(minutes: int, _currency: str) -> str:
    fits = (unit for unit, size in _MINUTES.items() if minutes and minutes % size == 0)
    unit = next(fits, "m")
    return f"{minutes // _MINUTES[unit]}{unit}"


def _bounded(text: str) -> str:
    if len(text) > MOST_DIGITS + len("-.123"):
        raise Unreadable(f"{short(text)} is too large", f"at most {MOST_DIGITS} digits are read")
    return text


WHOLE = Form("a whole number", 10, "^[0-9]+$", 1, _read_whole, lambda value, _: str(value))
FORMS = {
    "money": Form(
        # The unit of money depends on the currency; 1 is no more than a yes here.
        "an amount of money",
        1200,
        r"^[0-9]+(\.[0-9]{1,3})?$",
        1,
        _read_money,
        _show_money,
    ),
    "factor": Form(
        "a factor", 15_000, r"^[0-9]+(\.[0-9]{1,4})?$", 10_000, _read_factor, _show_factor
    ),
    "duration": Form("a span of time", 90, "^[0-9]+[mhd]$", 0, _read_duration, _show_duration),
}
"""By the word in `Meta(extra={"written": …})`."""
