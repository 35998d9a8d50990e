"""`loyalty connectors` as people see it, with the sandbox as the vendors."""

from __future__ import annotations

import os

import pytest
from infra import vendors
from infra.sandbox.server import Sandbox
from tests.cli.conftest import CommandLine

from loyalty import connectors


@pytest.fixture(scope="module")
def sandbox():
    with Sandbox(seed="connectors") as sandbox:
        yield sandbox


@pytest.fixture
def ask(sandbox, tmp_path):
    """Run the command with settings for the sandbox, changed or left out (None)."""
    given = vendors.environment(sandbox, "https://cafe.example")
    strange = {name for name in os.environ if name.partition("_")[0].lower() in connectors.names()}

    def ask(*words: str, code: int = 0, **settings: str | None) -> str:
        environment = {**dict.fromkeys(strange), **given, **settings}
        return CommandLine(tmp_path, environment=environment)("connectors", *words, code=code)

    return ask


def test_what_is_there_is_listed_with_what_it_lacks(ask):
    said = ask("list", TWILIO_AUTH_TOKEN=None)
    assert "square Square check, set-up complete" in said
    assert "twilio Twilio check missing: TWILIO_AUTH_TOKEN" in said
    assert "generic Any till complete" in said


def test_good_credentials_are_said_to_be_good_by_the_vendor(ask):
    assert "square good Square knows us as" in ask("check", "square")


def test_without_a_name_all_are_asked_that_are_set_up(ask):
    said = ask("check", SENDGRID_API_KEY=None)
    assert "square good" in said
    assert "twilio good" in said
    assert "sendgrid" not in said


def test_bad_credentials_name_the_settings_to_look_at_and_no_value(ask):
    said = ask("check", "twilio", "square", TWILIO_AUTH_TOKEN="0" * 32, code=1)
    assert "twilio bad Twilio said no" in said
    assert "TWILIO_AUTH_TOKEN" in said
    assert "0" * 32 not in said
    assert "square good" in said


def test_what_is_missing_is_named_with_where_it_belongs(ask):
    said = ask("check", "twilio.second", code=1)
    assert "TWILIO_AUTH_TOKEN__SECOND" in said
    assert ".env.example" in said


def test_a_vendor_that_cannot_be_reached_is_no_verdict(ask):
    said = ask("check", "square", SQUARE_BASE_URL="http://127.0.0.1:9", code=1)
    assert "No clear answer from Square" in said
    assert "Try again in a while." in said


def test_a_vendor_makes_what_we_need_there(ask, sandbox):
    given = vendors.wallets(sandbox)
    assert "set-up has still to make the class" in ask("check", "google_wallet", **given)
    assert "was created and is under review." in ask("set-up", "google_wallet", **given)
    assert "knows the class" in ask("check", "google_wallet", **given)
    again = ask("set-up", "google_wallet", **given)
    assert again.startswith("Google Wallet's loyalty class")


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (("check", "acme"), "There is no connector acme; there are apple_wallet, "),
        (("set-up", "twilio"), "Twilio has to be set up in its own console"),
        (("check", "slack"), "Slack offers nothing to check by"),
        (("check", "square.Zürich"), "an account's name is small letters, digits and underscores."),
    ],
)
def test_what_cannot_be_done_is_said_plainly(ask, words, told):
    assert told in ask(*words, code=1)


def test_where_nothing_is_set_up_it_is_said_where_settings_belong(ask, sandbox):
    given = dict.fromkeys(vendors.environment(sandbox, ""))
    said = ask("check", code=1, **given)
    assert "No connector has all its settings." in said
