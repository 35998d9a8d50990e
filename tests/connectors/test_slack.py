"""What the Slack connector promises, said to it line by line."""

from __future__ import annotations

import json

import pytest

from loyalty.connectors import slack
from loyalty.connectors.spec import Config, Sent, StaffNote
from loyalty.errors import InDoubt
from loyalty.ports import HttpRequest, HttpResponse

URL = "https://hooks.slack.com/services/T0001/B0001/made-up-secret"
CONFIG = Config(connector="slack", values={"webhook_url": URL})

# Sorted as the fact sheet sorts the plain text bodies of incoming webhooks.
PERMANENT = "invalid_payload no_text invalid_blocks too_many_attachments user_not_found"
CONFIGURATION = (
    "action_prohibited invalid_token posting_to_general_channel_denied channel_not_found "
    "no_service no_active_hooks no_team team_disabled"
)


def asked(text):
    return next(slack.alert_staff(CONFIG, StaffNote(text=text, reference="n-1")))


def answered(status, body):
    conversation = slack.alert_staff(CONFIG, StaffNote(text="Hello", reference="n-1"))
    next(conversation)
    with pytest.raises(StopIteration) as end:
        conversation.send(HttpResponse(status, {}, body))
    return end.value.value


def test_a_note_is_one_post_of_json_to_the_webhook():
    assert asked("Rule r9 sent 120 texts") == HttpRequest(
        "POST", URL, {"Content-Type": "application/json"}, b'{"text":"Rule r9 sent 120 texts"}'
    )


def test_ok_means_taken_and_there_is_no_id():
    assert answered(200, b"ok") == Sent(id="")
    assert answered(200, b"ok\n") == Sent(id="")


@pytest.mark.parametrize("body", [b"", b"<html>", b'{"ok":false}', b"okay", b"not ok"])
def test_200_without_the_word_ok_is_a_doubt_that_does_not_tell_the_url(body):
    with pytest.raises(InDoubt) as doubt:
        answered(200, body)
    assert "made-up-secret" not in repr(doubt.value)


@pytest.mark.parametrize(
    ("said", "sent"),
    [
        ("Tom & Jerry", "Tom &amp; Jerry"),
        ("<!channel> look", "&lt;!channel&gt; look"),
        ("<https://evil.example|our site>", "&lt;https://evil.example|our site&gt;"),
        ("&lt;", "&amp;lt;"),
        ("\"quotes\" and 'quotes'", "\"quotes\" and 'quotes'"),
        ("Grüße 🥟", "Grüße 🥟"),
    ],
)
def test_nothing_in_a_note_can_mention_a_channel_or_make_a_link(said, sent):
    assert json.loads(asked(said).body) == {"text": sent}


@pytest.mark.parametrize(
    ("said", "sent"),
    [
        ("x" * 3_000, "x" * 3_000),
        ("x" * 3_001, "x" * 2_999 + "…"),
        ("<" * 9_000, "&lt;" * 2_999 + "…"),
    ],
)
def test_a_long_note_is_cut_before_it_is_escaped(said, sent):
    assert json.loads(asked(said).body) == {"text": sent}


@pytest.mark.parametrize(
    ("codes", "word"),
    [
        (PERMANENT, "refused"),
        (CONFIGURATION, "credentials"),
        ("channel_is_archived", "credentials"),
        ("rollup_error", "try-again"),
    ],
)
def test_each_documented_refusal_becomes_our_word(codes, word):
    for code in codes.split():
        found = slack.CONNECTOR.error_code(HttpResponse(400, {}, code.encode()))
        assert (code, slack.CONNECTOR.errors[found]) == (code, word)


@pytest.mark.parametrize("body", [b"", b"<html>Bad gateway</html>", b"no text", b"\xff", b"x" * 99])
def test_a_body_that_is_no_bare_word_has_no_code(body):
    assert slack.CONNECTOR.error_code(HttpResponse(502, {}, body)) == ""


def test_every_refusal_in_the_table_is_documented():
    documented = f"{PERMANENT} {CONFIGURATION} channel_is_archived rollup_error 404 410".split()
    assert sorted(slack.CONNECTOR.errors) == sorted(documented)


def test_the_url_is_the_secret_and_is_the_only_setting():
    assert [(each.name, each.secret) for each in slack.CONNECTOR.settings] == [
        ("webhook_url", True)
    ]
    assert "made-up-secret" not in repr(CONFIG)


def test_alerting_is_all_it_can_do():
    assert set(slack.CONNECTOR.operations) == {"alert_staff"}
    assert slack.CONNECTOR.webhooks == {}
