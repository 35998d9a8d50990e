"""Slack: notes to the team through an incoming webhook.

The webhook's URL is both the address and the secret. There is no `check`: every request that
Slack answers with `ok` is a message that the whole channel reads, and one that is made to fail
proves nothing about the next.
"""

from __future__ import annotations

import re
from collections.abc import Generator, Mapping
from html import escape

import msgspec

from loyalty.connectors.spec import Config, Connector, Rate, Sent, Setting, StaffNote, Word
from loyalty.errors import InDoubt
from loyalty.ports import HttpRequest, HttpResponse

ERRORS: Mapping[str, Word] = {
    "invalid_payload": "refused",
    "no_text": "refused",
    "invalid_blocks": "refused",
    "too_many_attachments": "refused",
    "user_not_found": "refused",
    "channel_is_archived": "credentials",  # no later note gets through either: tell the merchant
    "action_prohibited": "credentials",
    "invalid_token": "credentials",
    "posting_to_general_channel_denied": "credentials",
    "channel_not_found": "credentials",
    "no_service": "credentials",
    "no_active_hooks": "credentials",
    "no_team": "credentials",
    "team_disabled": "credentials",
    "rollup_error": "try-again",
    "404": "credentials",  # in whatever words: the webhook is gone
    "410": "credentials",
}

_LONGEST = 3_000  # characters a person may still want to read; Slack cuts at 40,000
_CODE = re.compile(rb"[a-z_]{1,64}")


def alert_staff(config: Config, note: StaffNote) -> Generator[HttpRequest, HttpResponse, Sent]:
    """Post one note. Slack gives no id, and only the word `ok` says that it took the note."""
    # Cut first, then escape: an entity is never cut in two.
    body = msgspec.json.encode({"text": escape(_cut(note.text), quote=False)})
    headers = {"Content-Type": "application/json"}
    answer = yield HttpRequest("POST", config["webhook_url"], headers, body)
    if answer.body.strip() != b"ok":
        raise InDoubt(f"Slack answered {answer.status} without saying ok")
    return Sent(id="")


def error_code(response: HttpResponse) -> str:
    """Return the bare word that is the body of a refusal."""
    word = response.body.strip()
    return word.decode() if _CODE.fullmatch(word) else ""


def _cut(text: str) -> str:
    return text if len(text) <= _LONGEST else text[: _LONGEST - 1] + "…"


CONNECTOR = Connector(
    name="slack",
    title="Slack",
    docs="https://docs.slack.dev/messaging/sending-messages-using-incoming-webhooks",
    settings=(Setting("webhook_url", "https://hooks.slack.com/services/…, whole.", secret=True),),
    operations={"alert_staff": alert_staff},
    errors=ERRORS,
    error_code=error_code,
    rate=Rate(1),  # per channel, and a webhook is one channel
)
