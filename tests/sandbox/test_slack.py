"""The staff's webhook takes what Slack takes and refuses in Slack's one word."""

import pytest
import requests

SECTION = {"type": "section", "text": {"type": "mrkdwn", "text": "*120* sent &amp; done"}}
BUTTON = {
    "type": "button",
    "action_id": "pause",
    "value": "r9",
    "text": {"type": "plain_text", "text": "Pause"},
}


def test_a_notice_is_answered_ok_and_read_by_the_staff(notice, sandbox):
    blocks = [
        {"type": "header", "text": {"type": "plain_text", "text": "Rule r9"}},
        SECTION,
        {"type": "divider"},
        {"type": "context", "elements": [{"type": "mrkdwn", "text": "just now"}]},
        {"type": "actions", "elements": [BUTTON]},
    ]

    answer = notice({"text": "Rule r9 sent 120", "blocks": blocks})

    assert (answer.status_code, answer.text) == (200, "ok")
    (kept,) = sandbox.outbox
    assert (kept.channel, kept.to) == ("staff", "#staff")
    assert kept.text == "Rule r9\n*120* sent & done\njust now\nPause"
    assert kept.details["notification"] == "Rule r9 sent 120"


def words(size, kind="plain_text"):
    return {"type": kind, "text": "x" * size}


def blocks(*some):
    return {"text": "x", "blocks": list(some)}


REFUSALS = {
    "nothing": ({}, 400, "no_text"),
    "empty text": ({"text": ""}, 400, "no_text"),
    "text as a number": ({"text": 5}, 400, "invalid_payload"),
    "a misspelt field": ({"txt": "hello"}, 400, "invalid_payload"),
    "a list": ([], 400, "invalid_payload"),
    "51 blocks": (blocks(*[SECTION] * 51), 400, "invalid_blocks"),
    "an unknown block": (blocks({"type": "poem"}), 400, "invalid_blocks"),
    "a block without a type": (blocks({"text": words(5)}), 400, "invalid_blocks"),
    "a block id twice": (blocks(*[SECTION | {"block_id": "b"}] * 2), 400, "invalid_blocks"),
    "a long header": (blocks({"type": "header", "text": words(151)}), 400, "invalid_blocks"),
    "a header in mrkdwn": (
        blocks({"type": "header", "text": words(5, "mrkdwn")}),
        400,
        "invalid_blocks",
    ),
    "a long section": (blocks({"type": "section", "text": words(3001)}), 400, "invalid_blocks"),
    "a section without words": (blocks({"type": "section"}), 400, "invalid_blocks"),
    "eleven fields": (
        blocks({"type": "section", "fields": [words(5)] * 11}),
        400,
        "invalid_blocks",
    ),
    "eleven remarks": (
        blocks({"type": "context", "elements": [words(5)] * 11}),
        400,
        "invalid_blocks",
    ),
    "26 buttons": (blocks({"type": "actions", "elements": [BUTTON] * 26}), 400, "invalid_blocks"),
    "a button without words": (
        blocks({"type": "actions", "elements": [{"type": "button"}]}),
        400,
        "invalid_blocks",
    ),
    "an image nobody can hear": (
        blocks({"type": "image", "image_url": "https://x.example/i.png"}),
        400,
        "invalid_blocks",
    ),
    "101 attachments": ({"attachments": [{"text": "x"}] * 101}, 400, "too_many_attachments"),
}


@pytest.mark.parametrize(("body", "status", "word"), REFUSALS.values(), ids=REFUSALS)
def test_a_notice_slack_would_refuse_is_refused_in_plain_text(notice, sandbox, body, status, word):
    answer = notice(body)

    assert (answer.status_code, answer.text) == (status, word)
    assert sandbox.outbox == []


@pytest.mark.parametrize(
    ("path", "status", "word"),
    [
        ("T999/B000/XXXX", 404, "no_team"),
        ("T000/B999/XXXX", 404, "no_service"),
        ("T000/B000/YYYY", 403, "invalid_token"),
        ("T000", 404, "no_service"),
    ],
)
def test_a_wrong_address_is_refused_and_recorded_apart(notice, sandbox, path, status, word):
    answer = notice({"text": "hello"}, path)

    assert (answer.status_code, answer.text) == (status, word)
    assert len(sandbox.requests.refused("slack")) == 1


def test_a_form_with_a_payload_is_taken_and_any_other_body_is_not(sandbox):
    url = f"{sandbox.url}/slack/services/{sandbox.secrets.slack_webhook_path}"

    assert requests.post(url, data={"payload": '{"text": "hi"}'}, timeout=5).text == "ok"
    assert requests.post(url, data=b"hello", timeout=5).text == "invalid_payload"
    broken = requests.post(url, data=b"{", headers={"Content-Type": "application/json"}, timeout=5)
    assert broken.text == "invalid_payload"


def test_an_archived_channel_says_so(notice, sandbox):
    sandbox.slack.trouble = "channel_is_archived"

    assert (notice({"text": "x"}).status_code, notice({"text": "x"}).text) == (
        410,
        "channel_is_archived",
    )


def test_a_very_long_text_is_cut(notice, sandbox):
    notice({"text": "x" * 40_001})

    assert len(sandbox.outbox[0].text) == 40_000
