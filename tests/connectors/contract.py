"""What every connector keeps, whoever wrote it. `test_all` holds each one found to each promise."""

from __future__ import annotations

import json
import traceback
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from random import Random
from typing import Any, get_args

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.connectors import keys
from tests.connectors.vendor import SOUND, Reply, Time, Vendor

from loyalty.connectors import load
from loyalty.connectors.call import TRIES
from loyalty.connectors.engine import Engine, MissingSettings
from loyalty.connectors.settings import variable
from loyalty.connectors.spec import (
    Connector,
    Hint,
    Listing,
    Mail,
    Pass,
    Piece,
    Span,
    StaffNote,
    Text,
    Verb,
    WebhookVerb,
    Word,
    Writing,
)
from loyalty.errors import InDoubt, TryAgain, VendorRefused
from loyalty.ports import Http, HttpResponse

few = settings(max_examples=20, deadline=None, database=None)

CANARY = "canary4711"
DAY = datetime(2026, 11, 20, tzinfo=UTC)
CARD = Pass(member="m_42", program=CANARY, code=CANARY, points=120, name=CANARY)
ARGUMENTS: Mapping[Verb, Any] = {
    "fetch_sale": Hint(kind="payment", id=CANARY),
    "list_sales": Span(start=DAY, end=DAY + timedelta(days=1), locations=("L1",)),
    "list_files": Listing(prefix=f"in/{CANARY}/"),
    "read_file": Piece(name=CANARY, version='"1"', start=0, length=9),
    "write_file": Writing(name=CANARY, body=b"{}"),
    "send_sms": Text(to="+15005550001", body=CANARY, reference="m1"),
    "find_sms": Text(to="+15005550001", body=CANARY, reference="m1", since=DAY),
    "send_email": Mail(
        to=f"{CANARY}@example.com", name=CANARY, subject="Hi", body=CANARY, reference="m1"
    ),
    "alert_staff": StaffNote(text=CANARY, reference="m1"),
    "add_to_wallet": CARD,
    "update_pass": CARD,
    "empty_pass": CARD.member,
    "set_up": None,
    "check": None,
}


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
    for account in ("", "second"):
        needed = [each.name for each in load(name).settings if each.default is None]
        if needed:
            with pytest.raises(MissingSettings) as missing:
                Engine(http, Time(), {}).config(name, account)
            variables = tuple(variable(name, each, account) for each in needed)
            assert missing.value.variables == variables


def error_codes_never_raise(name: str) -> None:
    """Whatever a proxy answers in the vendor's place, its code is a text."""
    find = load(name).error_code

    @few
    @given(body=st.binary(max_size=50) | some_json().map(lambda value: json.dumps(value).encode()))
    def try_one(body: bytes) -> None:
        assert isinstance(find(HttpResponse(500, {}, body)), str)

    try_one()
    for field in ("errors", "field", "code", "message"):  # where a text is read that is none
        find(HttpResponse(500, {}, b'{"errors":[{"%s":"\x80"}]}' % field.encode()))
        find(HttpResponse(500, {}, b'{"%s":"\x80"}' % field.encode()))


# Operations


def account_of(connector: Connector, vendor: Vendor) -> dict[str, str]:
    """Make up an environment; every value can be told apart when it leaks."""
    found = {variable(connector.name, "base_url"): vendor.url}
    for setting in connector.settings:
        if setting.name == "calls_per_second":
            continue  # a number, and no secret
        start = f"{vendor.url}/" if setting.name.endswith("_url") else ""
        found[variable(connector.name, setting.name)] = f"{start}{CANARY}"
    ours = keys.real(vendor.url, CANARY).items()
    return {**found, **{name: value for name, value in ours if name in found}}


def outcome(name: str, verb: Verb, vendor: Vendor, http: Http) -> Exception | None:
    """Run one operation afresh; return what it raised, if that is one of the four."""
    time, vendor.asked = Time(), []
    engine = Engine(http, time, account_of(load(name), vendor), time.sleep, Random(1))
    try:
        engine.run(name, verb, ARGUMENTS[verb])
    except (TryAgain, InDoubt, VendorRefused) as error:
        _is_discreet(error)
        return error
    return None


def asks_nobody(error: Exception | None, vendor: Vendor) -> bool:
    """Tell whether it was done without a single request: nothing can come between, then."""
    return error is None and not vendor.asked


def comes_back_after_a_slow_down(name: str, verb: Verb, vendor: Vendor, http: Http) -> None:
    """A 429 is surely not processed: repeated within the budget, then left to the caller."""
    vendor.say(Reply(429))
    error = outcome(name, verb, vendor, http)
    if asks_nobody(error, vendor):
        return
    assert isinstance(error, TryAgain)
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
        elif verb != "set_up" and not asks_nobody(error, vendor):
            assert isinstance(error, TryAgain)
            assert len(vendor.asked) == TRIES


def sorts_every_refusal(name: str, verb: Verb, vendor: Vendor, http: Http) -> None:
    """A 4xx comes out as one of our words."""
    for status in (400, 401, 403, 404, 410, 418, 422):
        vendor.say(Reply(status, {"message": CANARY, "code": f"no {CANARY}", "errors": [CANARY]}))
        error = outcome(name, verb, vendor, http)
        if isinstance(error, VendorRefused):
            assert error.word in get_args(Word)
        if status in {401, 403} and not load(name).errors and not asks_nobody(error, vendor):
            assert isinstance(error, VendorRefused)
            assert error.word == "credentials"


def survives_nonsense(name: str, verb: Verb, vendor: Vendor, http: Http) -> None:
    """An answer that no vendor would give ends in a result or in one of the three errors."""
    bodies = (b"", b"<html>", b"null", b"[]", b"{}", b'"x"', b"\xff", b'{"errors":5}')
    replies = [Reply(200, body) for body in bodies]
    replies += [Reply(status, b"\xff[") for status in (206, 302, 400, 500)]
    for reply in (*replies, Reply(204, b"")):
        vendor.say(reply)
        outcome(name, verb, vendor, http)


def shows_no_secret(name: str, vendor: Vendor, http: Http) -> None:
    """Nothing that holds settings tells them when it is printed."""
    config = Engine(http, Time(), account_of(load(name), vendor)).config(name)
    assert any(CANARY in value for value in config.values.values())
    assert CANARY not in f"{config!r} {config} {[config]}"


def _is_discreet(error: BaseException) -> None:
    told = "".join(traceback.format_exception(error)) + repr(error) + repr(error.args)
    assert CANARY not in told, "an exception quotes a secret, a guest or the vendor's answer"


def some_json() -> st.SearchStrategy[Any]:
    """Make up JSON with the words that vendors use."""
    names = st.sampled_from(
        ["type", "data", "event", "object", "payment", "id", "status", "errors"]
    )
    return st.recursive(
        st.none() | st.booleans() | st.integers(-(2**63), 2**63 - 1) | st.text(SOUND, max_size=6),
        lambda inner: st.lists(inner, max_size=3) | st.dictionaries(names, inner, max_size=4),
        max_leaves=5,
    )


HERE = frozenset({"folder"})
"""Connectors that ask nobody: what they do is done on this machine, and tried in test_folder."""


def operations(names: tuple[str, ...]) -> list[tuple[str, Verb]]:
    """List every operation that asks a vendor."""
    return [(name, verb) for name in names if name not in HERE for verb in load(name).operations]
