"""Finds what is known of a guest where it does not belong, in whatever form it got there."""

from __future__ import annotations

import base64
import json
from collections.abc import Iterable, Mapping
from urllib.parse import quote, quote_plus


def forms(value: str) -> dict[str, bytes]:
    """Write a value in every form in which it could have got away; base64 at each alignment."""
    plain = value.encode()
    found = {
        "plain": plain,
        "lower-case": value.lower().encode(),
        "URL-encoded": quote(value, safe="").encode(),
        "form-encoded": quote_plus(value).encode(),
        "JSON-escaped": json.dumps(value)[1:-1].encode(),
        "hexadecimal": plain.hex().encode(),
    }
    return found | {f"base64 at {place}": _inside(plain, place) for place in range(3)}


def _inside(plain: bytes, place: int) -> bytes:
    """Keep the letters of base64 that are the same whatever stands around, `place` bytes in."""
    whole = base64.b64encode(bytes(place) + plain)
    return whole[-(-place * 8 // 6) : (place + len(plain)) * 8 // 6]


def leaks(sinks: Mapping[str, bytes], values: Iterable[str]) -> list[str]:
    """Name each sink that holds a value, and in which form; the value itself is not told."""
    searched = {name: (sink, sink.lower()) for name, sink in sinks.items()}
    return [
        f"value {number} is in {name}, {form}"
        for number, value in enumerate(values)
        for form, needle in forms(value).items()
        for name, (sink, lowered) in searched.items()
        if needle in (lowered if form == "lower-case" else sink)
    ]
