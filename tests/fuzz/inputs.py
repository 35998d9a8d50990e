"""What is thrown: bytes, junk in the shape of JSON, and valid bodies with damage done to them."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from typing import Any
from urllib.parse import urlencode

from hypothesis import strategies as st
from tests.connectors.contract import some_json
from tests.connectors.vendor import LETTERS

Path = tuple[Any, ...]

# Named one by one: to draw from all of Unicode takes Hypothesis seconds to prepare.
ODDER = LETTERS + "ßŁ中\u0301\u0316\u200b\ufeff🛑ﬁİ\x85\u2028\U0010ffff"
TEXTS = st.text(ODDER, max_size=12)
ODD: tuple[Any, ...] = (
    None, True, "", "0", 0, -1, 2**53, 2**63, -(2**63) - 1, 10**40, 1.5, 1e308, [], {}, "x" * 300,
    "\0", "\ud800", "٣", "\u202e", "9999-12-31T23:59:59Z", "+49" * 90, "4111 1111 1111 1111", "1e9",
)  # fmt: skip
JUNK = st.sampled_from(ODD) | TEXTS | some_json()


def paths(value: Any, here: Path = ()) -> Iterator[Path]:
    """List every place in a JSON value, but for the whole."""
    inner = (
        value
        if isinstance(value, dict)
        else dict(enumerate(value if isinstance(value, list) else ()))
    )
    for key, item in inner.items():
        yield (*here, key)
        yield from paths(item, (*here, key))


def with_changed(value: Any, path: Path, put: Any) -> Any:
    """Copy a JSON value with something else at one place."""
    copy = place = json.loads(json.dumps(value))
    for key in path[:-1]:
        place = place[key]
    place[path[-1]] = put
    return copy


@st.composite
def changed(draw: st.DrawFn, seeds: Sequence[Any]) -> Any:
    """Draw a valid value with one to three places changed."""
    value = draw(st.sampled_from(seeds))
    for _ in range(draw(st.integers(1, 3))):
        if places := list(paths(value)):
            value = with_changed(value, draw(st.sampled_from(places)), draw(JUNK))
    return value


@st.composite
def damaged(draw: st.DrawFn, seeds: Sequence[bytes]) -> bytes:
    """Draw a valid body with a few bytes put in, taken out or doubled."""
    body = draw(st.sampled_from(seeds))
    for _ in range(draw(st.integers(1, 4))):
        start = draw(st.integers(0, len(body)))
        end = min(len(body), start + draw(st.integers(0, 20)))
        middle = draw(st.binary(max_size=4) | st.just(body[start:end] * 3) | st.just(b""))
        body = body[:start] + middle + body[end:]
    return body


def bodies(seeds: Sequence[bytes]) -> st.SearchStrategy[bytes]:
    """Draw bodies of JSON: bytes, junk, and what a vendor sends with damage done to it."""
    values = [json.loads(seed) for seed in seeds]
    written = (some_json() | changed(values)).map(written_as_json)
    return st.binary(max_size=60) | written | damaged(seeds)


def forms(seeds: Sequence[dict[str, str]]) -> st.SearchStrategy[bytes]:
    """Draw bodies of forms, likewise."""
    plain = st.sampled_from(seeds).map(lambda form: urlencode(form).encode())
    odd = st.dictionaries(st.sampled_from(sorted({n for seed in seeds for n in seed})), TEXTS)
    mixed = st.builds(lambda form, more: {**form, **more}, st.sampled_from(seeds), odd)
    written = mixed.map(lambda form: urlencode(form, errors="replace").encode())
    broken = st.sampled_from(seeds).map(lambda form: urlencode(form).encode())
    return st.binary(max_size=60) | plain | written | broken.flatmap(lambda one: damaged([one]))


def written_as_json(value: Any) -> bytes:
    """Write a value as a stranger may: with escapes where it holds what has no bytes."""
    return json.dumps(value).encode()


def header(text: str) -> str:
    """Turn a text into what can stand in a header once it came over a wire."""
    plain = text.encode("utf-8", "replace").decode("latin-1")
    return plain.replace("\r", "").replace("\n", "")


HEADERS = (st.text(LETTERS, max_size=20) | st.sampled_from(["", "utf-16", "gzip"])).map(header)
