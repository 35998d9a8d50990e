"""What every connector keeps, whoever wrote it. `test_all` holds each one found to each promise.

A connector that hears webhooks brings `vectors/<name>.json`: one call that its vendor really
signed, with the settings to check it by.
"""

from __future__ import annotations

import json
import traceback
from collections.abc import Iterator, Mapping
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from pathlib import Path
from random import Random
from typing import Any, NamedTuple, get_args
from urllib.parse import parse_qs

from hypothesis import given, settings
from hypothesis import strategies as st
from tests.connectors.vendor import Reply, Time, Vendor

from loyalty.connectors import load, strict
from loyalty.connectors.call import TRIES
from loyalty.connectors.engine import Engine, MissingSettings
from loyalty.connectors.settings import variable
from loyalty.connectors.spec import (
    Config,
    Connector,
    Hint,
    Incoming,
    Mail,
    Span,
    StaffNote,
    Text,
    Verb,
    WebhookVerb,
    Word,
)
from loyalty.errors import InDoubt, Problem, TryAgain, VendorRefused
from loyalty.ports import Http, HttpResponse

few = settings(max_examples=30, deadline=None, database=None)

CANARY = "canary4711"
DAY = datetime(2026, 11, 20, tzinfo=UTC)
ARGUMENTS: Mapping[Verb, Any] = {
    "fetch_sale": Hint(kind="payment", id=CANARY),
    "list_sales": Span(start=DAY, end=DAY + timedelta(days=1), locations=("L1",)),
    "send_sms": Text(to="+15005550001", body=CANARY, reference="m1"),
    "find_sms": Text(to="+15005550001", body=CANARY, reference="m1", since=DAY),
    "send_email": Mail(
        to=f"{CANARY}@example.com", name=CANARY, subject="Hi", body=CANARY, reference="m1"
    ),
    "alert_staff": StaffNote(text=CANARY, reference="m1"),
    "set_up": None,
    "check": None,
}
HOSTILE = ("", " ", "é", "v1,", "\ud800", "=" * 9, "A" * 100_000, "v1,AA== " * 10_000, "\0", "-1")


# Data


def is_described(name: str) -> None:
    """Its settings, its errors and its verbs are told in words that we have."""
    connector = load(name)
    assert connector.name == name
    assert connector.title
    assert connector.docs.startswith("https://")
    assert set(connector.operations) <= set(get_args(Verb))
    assert set(connector.webhooks) <= set(get_args(WebhookVerb))
    assert connector.operations or connector.webhooks
    assert set(connector.errors.values()) <= set(get_args(Word))
    names = [setting.name for setting in connector.settings]
    assert len(set(names)) == len(names)
    for setting in connector.settings:
        assert setting.name.isidentifier()
        assert setting.name.islower()
        assert not setting.name.endswith("_previous")
        assert setting.help.endswith(".")
        assert not (setting.secret and setting.default)


def lives_behind_https(name: str) -> None:
    """Where it has a fixed address, nobody on the way can read along."""
    base = load(name).base_url
    assert base == "" or (base.startswith("https://") and not base.endswith("/"))


def names_what_is_missing(name: str, http: Http) -> None:
    """Without settings it says which variables it needs."""
    needed = [each.name for each in load(name).settings if each.default is None]
    if needed:
        with suppress(MissingSettings) as missing:
            Engine(http, Time(), {}).config(name)
            raise AssertionError(name, missing)
        try:
            Engine(http, Time(), {}).config(name, "second")
        except MissingSettings as error:
            assert error.variables == tuple(variable(name, each, "second") for each in needed)


def error_codes_never_raise(name: str) -> None:
    """Whatever a proxy answers in the vendor's place, its code is a text."""
    find = load(name).error_code

    @few
    @given(body=st.binary(max_size=50) | _json().map(lambda value: json.dumps(value).encode()))
    def try_one(body: bytes) -> None:
        assert isinstance(find(HttpResponse(500, {}, body)), str)

    try_one()


# Operations


def account_of(connector: Connector, vendor: Vendor) -> dict[str, str]:
    """Make up an environment; every value can be told apart when it leaks."""
    found = {variable(connector.name, "base_url"): vendor.url}
    for setting in connector.settings:
        start = f"{vendor.url}/" if setting.name.endswith("_url") else ""
        found[variable(connector.name, setting.name)] = f"{start}{CANARY}"
    return found


def outcome(name: str, verb: Verb, vendor: Vendor, http: Http) -> Exception | None:
    """Run one operation afresh; return what it raised, if that is one of the four."""
    time, vendor.asked = Time(), []
    engine = Engine(http, time, account_of(load(name), vendor), time.sleep, Random(1))  # noqa: S311
    try:
        engine.run(name, verb, ARGUMENTS[verb])
    except (TryAgain, InDoubt, VendorRefused) as error:
        _is_discreet(error)
        return error
    return None


def comes_back_after_a_slow_down(name: str, verb: Verb, vendor: Vendor, http: Http) -> None:
    """A 429 is surely not processed: repeated within the budget, then left to the caller."""
    vendor.say(Reply(429))
    assert isinstance(outcome(name, verb, vendor, http), TryAgain)
    assert len(vendor.asked) in {0, TRIES}
    vendor.say(Reply(429, headers={"Retry-After": "600"}))
    again = outcome(name, verb, vendor, http)
    assert isinstance(again, TryAgain)
    assert again.after == 600


def never_does_twice_what_may_be_done(name: str, verb: Verb, vendor: Vendor, http: Http) -> None:
    """After a 5xx or a silence a reader asks again, a sender asks nothing more."""
    for reply in (Reply(500), Reply(503), Reply(hang_up=True)):
        vendor.say(reply)
        error = outcome(name, verb, vendor, http)
        if verb.startswith(("send_", "alert_")):
            assert isinstance(error, InDoubt)
            assert len(vendor.asked) == 1
        elif verb != "set_up":
            assert isinstance(error, TryAgain)
            assert len(vendor.asked) == TRIES


def sorts_every_refusal(name: str, verb: Verb, vendor: Vendor, http: Http) -> None:
    """A 4xx comes out as one of our words."""
    for status in (400, 401, 403, 404, 410, 418, 422):
        vendor.say(Reply(status, {"message": CANARY, "code": CANARY, "errors": [CANARY]}))
        error = outcome(name, verb, vendor, http)
        if isinstance(error, VendorRefused):
            assert error.word in get_args(Word)
        if status in {401, 403} and not load(name).errors:
            assert isinstance(error, VendorRefused)
            assert error.word == "credentials"


def survives_nonsense(name: str, verb: Verb, vendor: Vendor, http: Http) -> None:
    """An answer that no vendor would give ends in a result or in one of the three errors."""
    for body in (b"", b"<html>", b"null", b"[]", b"{}", b'"x"', b"\xff", b'{"errors":5}'):
        for status in (200, 204, 302, 400, 500):
            vendor.say(Reply(status, body if status != 204 else b""))
            outcome(name, verb, vendor, http)


def shows_no_secret(name: str, vendor: Vendor, http: Http) -> None:
    """Nothing that holds settings tells them when it is printed."""
    config = Engine(http, Time(), account_of(load(name), vendor)).config(name)
    assert any(CANARY in value for value in config.values.values())
    assert CANARY not in f"{config!r} {config} {[config]}"


def _is_discreet(error: BaseException) -> None:
    told = "".join(traceback.format_exception(error)) + repr(error) + repr(error.args)
    assert CANARY not in told, "an exception quotes a secret, a guest or the vendor's answer"


# Webhooks


class Vector(NamedTuple):
    """One call that the vendor signed."""

    verb: WebhookVerb
    config: Config
    incoming: Incoming
    secret: str
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
    return Vector(told["verb"], config, incoming, told["secret"], told["signs_url"])


def accepts_its_vendor(name: str) -> None:
    """The official vector verifies, also under the secret before a rotation, and reads."""
    webhook, told = load(name).webhooks, vector(name)
    assert webhook[told.verb].verify(told.config, told.incoming)
    rotated = Config(
        connector=name,
        values={**told.config.values, told.secret: _other(told.config[told.secret])},
        previous=told.config.values,
    )
    assert webhook[told.verb].verify(rotated, told.incoming)
    assert isinstance(_read(name, told, told.incoming), list)


def refuses_strangers(name: str) -> None:
    """No signature, another secret, or no secret at all: not from the vendor."""
    told = vector(name)
    for header in told.incoming.headers:
        assert not _verify(name, told, headers={header: None})
    for value in ("", _other(told.config[told.secret])):
        values = {**told.config.values, told.secret: value}
        config = Config(connector=name, values=values)
        assert load(name).webhooks[told.verb].verify(config, told.incoming) is False
    nobody = Config(connector=name, values={})
    assert load(name).webhooks[told.verb].verify(nobody, told.incoming) is False


def refuses_what_was_changed(name: str) -> None:
    """One bit of the body, one letter of the signature or of the address: not from the vendor."""
    told = vector(name)
    body = told.incoming.body
    for bit in range(0, 8 * len(body), max(1, 8 * len(body) // 60)):
        place, shift = divmod(bit + bit % 7, 8)
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
    few(given(value=st.text())(try_all))()


def withstands_hostile_bodies(name: str) -> None:
    """Whatever was signed by mistake is read or is a Problem, and is not quoted in it."""
    told = vector(name)
    webhook = load(name).webhooks[told.verb]

    @few
    @given(body=_json() if webhook.parsed else st.binary(max_size=80))
    def try_one(body: Any) -> None:
        try:
            assert isinstance(webhook.read(told.config, told.incoming, body), list)
        except Problem as problem:
            assert problem.__cause__ is None
            assert problem.status in {400, 422}

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


def _other(secret: str) -> str:
    """Make another secret of the same form."""
    place = len(secret) // 2
    return secret[:place] + ("A" if secret[place] != "A" else "B") + secret[place + 1 :]


def _json() -> st.SearchStrategy[Any]:
    names = st.sampled_from(
        ["type", "data", "event", "object", "payment", "id", "status", "errors"]
    )
    return st.recursive(
        st.none() | st.booleans() | st.integers(-(2**63), 2**63 - 1) | st.text(max_size=6),
        lambda inner: st.lists(inner, max_size=3) | st.dictionaries(names, inner, max_size=4),
        max_leaves=8,
    )


def operations(names: tuple[str, ...]) -> Iterator[tuple[str, Verb]]:
    """List every operation there is."""
    return ((name, verb) for name in names for verb in load(name).operations)


def listeners(names: tuple[str, ...]) -> list[str]:
    """List the connectors that hear webhooks."""
    return [name for name in names if load(name).webhooks]
