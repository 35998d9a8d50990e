"""How a mistake is told: its place, a word for programs and a sentence for people.

A mistake is `(path, code)` or `(path, code, sentence)`; a path that begins with `?` is a field of
the query. No sentence repeats what was sent: it says what is wanted.
"""

from __future__ import annotations

import re
from collections.abc import Mapping

Mistake = tuple[str, ...]
SENTENCES: Mapping[str, str] = {
    "amount_sign": "Wanted: an amount of 0 or more; a total or a refund above 0.",
    "cannot_be": "The program has no such thing, or it cannot be.",
    "card_data": "It holds a card number, which is nothing we want to know.",
    "duplicate_line": "Another line has this id.",
    "invalid_body": "It is not written as this wants it.",
    "invalid_currency": "Wanted: a currency's three letters, as in EUR.",
    "invalid_date": "Wanted: an instant that can be, with an offset, as in 2026-11-21T12:00:00Z.",
    "invalid_id": "It has characters that cannot be there.",
    "invalid_number": "Wanted: a whole number.",
    "invalid_quantity": "Wanted: a whole number, or a text of at most three places, as in 0.25.",
    "invalid_sum": "It does not add up with the other sums.",
    "invalid_text": "It has characters that no text has.",
    "invalid_type": "Wanted: another type. Amounts are whole numbers, names and ids are texts.",
    "invalid_value": "It is none of the values that can be.",
    "missing": "It is missing.",
    "out_of_range": "It is too little or too much.",
    "too_few": "They are too few.",
    "too_long": "It is too long.",
    "too_short": "It is too short.",
    "too_many": "They are too many.",
    "unknown_field": "There is no field of this name.",
    "unknown_language": "The program does not speak it.",
    "unknown_type": "There is no such type.",
}
"""What each code says where no better sentence is known."""


def told(each: Mistake) -> dict[str, str]:
    """Write a mistake as an answer tells it: where it is, what it is, and that in a sentence."""
    path, code, *said = each
    where = {"parameter": path[1:]} if path.startswith("?") else {"pointer": pointer(path)}
    return {**where, "code": code, "detail": said[0] if said else SENTENCES.get(code, "")}


def pointer(path: str) -> str:
    """Write a path such as `$.lines[0].amount` as a JSON pointer; a key we do not name ends it."""
    named = path.removeprefix("$").partition("[...]")[0]
    parts = [part for part in re.split(r"[.\[\]]", named) if part]
    return "#" + "".join(f"/{part}" for part in parts)
