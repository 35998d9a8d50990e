"""What every connector that hears webhooks keeps: only its own vendor is heard.

Each brings `vectors/<name>.json`: one call that its vendor really signed, with the settings to
check it by.
"""

from __future__ import annotations

import json
from contextlib import suppress
from datetime import datetime
from pathlib import Path
from typing import Any, NamedTuple
from urllib.parse import parse_qs

from hypothesis import given
from hypothesis import strategies as st
from tests.connectors.contract import few, some_json
from tests.connectors.vendor import LETTERS

from loyalty.connectors import load, strict
from loyalty.connectors.spec import Config, Incoming, WebhookVerb
from loyalty.errors import Problem

HOSTILE = ("", " ", "é", "v1,", "\ud800", "=" * 9, "A" * 100_000, "v1,AA== " * 10_000, "\0", "-1")


class Vector(NamedTuple):
    """One call that the vendor signed."""

    verb: WebhookVerb
    config: Config
    incoming: Incoming
    secret: str
    another: str
    signs_url: str | None


def vector(name: str) -> Vector:
    """Read the connector's own vector. Without one nobody knows that it would accept anything."""
    file = Path(__file__).parent / "vectors" / f"{name}.json"
    assert file.exists(), f"{name} hears webhooks: it needs {file}"
    told = json.loads(file.read_text("utf-8"))
    incoming = Incoming(
        url=told["url"],
        headers=told["headers"],
        body=told["body"].encode(),
        now=datetime.fromisoformat(told["now"]),
    )
    config = Config(connector=name, values=told["settings"])
    return Vector(
        told["verb"], config, incoming, told["secret"], told["another"], told["signs_url"]
    )


def accepts_its_vendor(name: str) -> None:
    """The official vector verifies, also under the secret before a rotation, and reads."""
    webhook, told = load(name).webhooks, vector(name)
    assert webhook[told.verb].verify(told.config, told.incoming)
    rotated = Config(
        connector=name,
        values={**told.config.values, told.secret: told.another},
        previous=told.config.values,
    )
    assert webhook[told.verb].verify(rotated, told.incoming)
    assert isinstance(_read(name, told, told.incoming), list)


def refuses_strangers(name: str) -> None:
    """No signature, another secret, or no secret at all: not from the vendor."""
    told = vector(name)
    for header in told.incoming.headers:
        assert not _verify(name, told, headers={header: None})
    for value in ("", told.another):
        values = {**told.config.values, told.secret: value}
        config = Config(connector=name, values=values)
        assert load(name).webhooks[told.verb].verify(config, told.incoming) is False
    nobody = Config(connector=name, values={})
    assert load(name).webhooks[told.verb].verify(nobody, told.incoming) is False


def refuses_what_was_changed(name: str) -> None:
    """One bit of the body, one letter of the signature or of the address: not from the vendor."""
    told = vector(name)
    body = told.incoming.body
    for bit in range(0, 8 * len(body), 8 * len(body) // 60 | 1):  # odd, to meet all eight bits
        place, shift = divmod(bit, 8)
        changed = body[:place] + bytes([body[place] ^ 1 << shift]) + body[place + 1 :]
        if not _is_same_form(name, told, changed):
            assert not _verify(name, told, body=changed)
    for header, value in told.incoming.headers.items():
        for place in range(len(value)):
            changed_value = value[:place] + chr(ord(value[place]) ^ 1) + value[place + 1 :]
            assert not _verify(name, told, headers={header: changed_value})
    if told.signs_url == "incoming":
        assert not _verify(name, told, url=f"{told.incoming.url}/")
    elif told.signs_url:
        values = {**told.config.values, told.signs_url: f"{told.config[told.signs_url]}/"}
        config = Config(connector=name, values=values)
        assert not load(name).webhooks[told.verb].verify(config, told.incoming)


def withstands_hostile_headers(name: str) -> None:
    """Nothing a stranger puts into a header raises, or passes."""
    told = vector(name)

    def try_all(value: str) -> None:
        for header in told.incoming.headers:
            if told.incoming.headers[header] != value:
                assert _verify(name, told, headers={header: value}) is False

    for value in HOSTILE:
        try_all(value)
    few(given(value=st.text(LETTERS))(try_all))()


def withstands_hostile_bodies(name: str) -> None:
    """Whatever was signed by mistake is read or is a Problem."""
    told = vector(name)
    webhook = load(name).webhooks[told.verb]

    @few
    @given(body=some_json() if webhook.parsed else st.binary(max_size=80))
    def try_one(body: Any) -> None:
        with suppress(Problem):
            assert isinstance(webhook.read(told.config, told.incoming, body), list)

    try_one()


def _verify(name: str, told: Vector, **changes: Any) -> bool:
    headers = {**told.incoming.headers, **changes.pop("headers", {})}
    known = {key: value for key, value in headers.items() if value is not None}
    fields = {"url": told.incoming.url, "body": told.incoming.body, "now": told.incoming.now}
    incoming = Incoming(**{**fields, **changes, "headers": known})
    return load(name).webhooks[told.verb].verify(told.config, incoming)


def _read(name: str, told: Vector, incoming: Incoming) -> Any:
    webhook = load(name).webhooks[told.verb]
    body = strict.parse(incoming.body, floats=True) if webhook.parsed else incoming.body
    return webhook.read(told.config, incoming, body)


def _is_same_form(name: str, told: Vector, body: bytes) -> bool:
    """Tell whether a form says the same in other letters: Twilio signs what it says."""
    if load(name).webhooks[told.verb].parsed:
        return False
    before, after = (
        parse_qs(each.decode("utf-8", "replace"), keep_blank_values=True)
        for each in (told.incoming.body, body)
    )
    return before == after


def listeners(names: tuple[str, ...]) -> list[str]:
    """List the connectors that hear webhooks."""
    return [name for name in names if load(name).webhooks]
