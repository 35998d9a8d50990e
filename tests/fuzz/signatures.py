"""A million signatures that are nearly right: none of them may open the door.

Each starts as a call that its vendor really signed (`tests/connectors/vectors`), of which one
part is changed: a header, the body, or the address where the vendor signs that.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from random import Random
from typing import Any
from urllib.parse import parse_qs, urlsplit

import msgspec
from tests.connectors.listening import Vector, listeners, vector

from loyalty.connectors import load, names
from loyalty.connectors.spec import Config, Incoming

Change = Callable[[str, Random], str]
Try = tuple[Config, Incoming]
SHARES = {"sendgrid": 1, "twilio": 2}
"""Of every ten for the others: a check by a vendor's own library takes so much longer."""
BODY, ADDRESS = "the body", "the address"
LETTERS = [chr(code) for code in range(32, 127)] + ["é", "\0", "\xff", "\t", "+", "/", "="]


def flip(text: str, chance: Random) -> str:
    place = chance.randrange(len(text))
    return text[:place] + chr(ord(text[place]) ^ 1 << chance.randrange(7)) + text[place + 1 :]


def put(text: str, chance: Random) -> str:
    place = chance.randrange(len(text) + 1)
    return text[:place] + chance.choice(LETTERS) + text[place:]


def take(text: str, chance: Random) -> str:
    place = chance.randrange(len(text))
    return text[:place] + text[place + chance.randint(1, 4) :]


def swap(text: str, chance: Random) -> str:
    place = chance.randrange(max(1, len(text) - 1))
    return text[:place] + text[place : place + 2][::-1] + text[place + 2 :]


def double(text: str, chance: Random) -> str:
    place = chance.randrange(len(text))
    return text[: place + chance.randint(1, 9)] + text[place:]


def recase(text: str, chance: Random) -> str:
    place = chance.randrange(len(text))
    return text[:place] + text[place:].swapcase()


def wrap(text: str, chance: Random) -> str:
    around = ("{0}{0}", "{0},{0}", "{0} ", " {0}", "{0}\n", "v1,{0}", "{0}=", "\0{0}")
    return chance.choice(around).replace("{0}", text)


CHANGES: tuple[Change, ...] = (flip, flip, put, take, swap, double, recase, wrap)


def parts(told: Vector) -> list[str]:
    """List what of a call may be changed."""
    return [*told.incoming.headers, BODY, *([ADDRESS] if told.signs_url else [])]


def forged(told: Vector, chance: Random) -> Try:
    """Change one part of a call, once or twice; never does the call stay what it was."""
    while True:
        made = _forged(told, chance.choice(parts(told)), chance)
        if not says_the_same(told, *made):
            return made


def _forged(told: Vector, part: str, chance: Random) -> Try:
    def changed(text: str) -> str:
        for _ in range(chance.choice((1, 1, 2))):
            text = chance.choice(CHANGES)(text, chance) if text else chance.choice(LETTERS)
        return text

    incoming, config = told.incoming, told.config
    if part == BODY:
        body = changed(incoming.body.decode("latin-1")).encode("utf-8", "surrogatepass")
        return config, _replace(incoming, body=body)
    if part in incoming.headers:
        headers = {**incoming.headers, part: changed(incoming.headers[part])}
        return config, _replace(incoming, headers=headers)
    if told.signs_url == "incoming":
        return config, _replace(incoming, url=changed(incoming.url))
    values = {**config.values, told.signs_url: changed(config[str(told.signs_url)])}
    return _replace(config, values=values), incoming


def says_the_same(told: Vector, config: Config, incoming: Incoming) -> bool:
    """Tell whether a call is still what its vendor signed, by the vendor's own description.

    The standard takes several signatures with spaces between. Twilio signs a form's names and
    values in a row, and an address without its port.
    """
    if any(_still_signed(old, incoming.headers[n]) for n, old in told.incoming.headers.items()):
        return _signed_text(told.incoming) == _signed_text(incoming) and config == told.config
    return False


def _still_signed(old: str, new: str) -> bool:
    return old == new or (old.startswith("v1,") and old in new.split(" ")[:5])


def _signed_text(incoming: Incoming) -> Any:
    others = [v for n, v in incoming.headers.items() if "signature" not in n]
    if "x-twilio-signature" not in incoming.headers:
        return others, incoming.body
    form = parse_qs(incoming.body.decode("utf-8", "replace"), keep_blank_values=True)
    said = "".join(name + value for name in sorted(form) for value in sorted(set(form[name])))
    return others, said, _address(incoming.url)


def _address(url: str) -> str:
    try:
        return re.sub(r"^([a-z]+://[^/]*?):[0-9]+(?=/)", r"\1", urlsplit(url).geturl())
    except ValueError:
        return url


def accepted(told: Vector, made: Try) -> bool:
    """Ask the connector. Whatever it raises is a finding too."""
    return load(told.config.connector).webhooks[told.verb].verify(*made)


def tries(count: int, seed: int) -> Iterator[tuple[Vector, Try]]:
    """Make so many forgeries, for every connector that hears in turn."""
    chance = Random(seed)
    known = [vector(name) for name in listeners(names()) for _ in range(SHARES.get(name, 10))]
    for number in range(count):
        told = known[number % len(known)]
        yield told, forged(told, chance)


_replace = msgspec.structs.replace
