"""Slack: one incoming webhook, the staff's channel behind it."""

import html
import json
from typing import Any

from flask import Blueprint, Response, request

from infra.sandbox.hosts import on_host
from infra.sandbox.outbox import Message
from infra.sandbox.premises import Premises
from infra.sandbox.shapes import Flag, Many, Mapped, Text, Thing
from infra.sandbox.slack_blocks import good_blocks, reading

CUT_AT = 40_000
MOST_ATTACHMENTS = 100
CHANNEL = "#staff"
STATUS = {
    "invalid_payload": 400,
    "no_text": 400,
    "invalid_blocks": 400,
    "too_many_attachments": 400,
    "user_not_found": 400,
    "action_prohibited": 403,
    "invalid_token": 403,
    "posting_to_general_channel_denied": 403,
    "channel_not_found": 404,
    "no_active_hooks": 404,
    "no_service": 404,
    "no_team": 404,
    "team_disabled": 404,
    "channel_is_archived": 410,
    "rate_limited": 429,
    "rollup_error": 500,
}
PAYLOAD = Thing(
    {
        "text": Text(),
        "blocks": Many(Mapped()),
        "attachments": Many(Mapped()),
        "thread_ts": Text(),
        "unfurl_links": Flag(),
        "unfurl_media": Flag(),
        "mrkdwn": Flag(),
        "channel": Text(),
        "username": Text(),
        "icon_emoji": Text(),
        "icon_url": Text(),
    }
)


class SlackRefusalError(Exception):
    """Slack's answer to a post it will not show: one word, plain text."""


class Slack:
    """The workspace; set `trouble` to a word of STATUS and every post is refused with it."""

    def __init__(self, premises: Premises) -> None:
        self._premises = premises
        self.trouble: str | None = None

    @classmethod
    def blueprint(cls) -> Blueprint:
        """Give the webhook's address."""
        pages = Blueprint("slack", __name__, url_prefix="/slack")
        pages.post("/services/<team>/<service>/<token>")(on_host(cls._post))
        pages.route("/<path:_rest>", methods=["GET", "POST", "PUT", "DELETE"])(_nowhere)
        pages.register_error_handler(SlackRefusalError, _refused)
        return pages

    def rate_limited(self, retry_after: int | None) -> Response:
        """Answer 429, with Retry-After only if asked."""
        answer = _refused(SlackRefusalError("rate_limited"))
        if retry_after is not None:
            answer.headers["Retry-After"] = str(retry_after)
        return answer

    def broken(self) -> Response:
        """Answer 500."""
        return _refused(SlackRefusalError("rollup_error"))

    def clear(self) -> None:
        """Let the webhook work again."""
        self.trouble = None

    def _post(self, team: str, service: str, token: str) -> Response:
        known = self._premises.secrets.slack_webhook_path.split("/")
        for given, right, word in zip(
            (team, service, token), known, ("no_team", "no_service", "invalid_token"), strict=True
        ):
            if given != right:
                raise SlackRefusalError(word)
        if self.trouble:
            raise SlackRefusalError(self.trouble)
        self._keep(_checked(_payload()))
        return Response("ok", 200, mimetype="text/html")

    def _keep(self, payload: dict[str, Any]) -> Message:
        text = payload.get("text", "")[:CUT_AT]
        words = reading(payload["blocks"]) if payload.get("blocks") else html.unescape(text)
        return self._premises.outbox.add(
            Message(
                "slack",
                "staff",
                self._premises.ids.hex(),
                CHANNEL,
                words or "\n".join(a.get("text", "") for a in payload.get("attachments", [])),
                self._premises.clock(),
                state="delivered",
                details={"notification": text, "blocks": payload.get("blocks", [])},
            )
        )


def _payload() -> object:
    """Read the JSON body, or the JSON in the form field `payload`."""
    if request.mimetype == "application/x-www-form-urlencoded":
        text = request.form.get("payload", "")
    elif request.mimetype == "application/json":
        text = request.get_data(as_text=True)
    else:
        raise SlackRefusalError("invalid_payload")
    try:
        return json.loads(text)
    except ValueError as trouble:
        raise SlackRefusalError("invalid_payload") from trouble


def _checked(payload: object) -> dict[str, Any]:
    if not isinstance(payload, dict) or any(PAYLOAD.problems(payload)):
        raise SlackRefusalError("invalid_payload")
    if not any(payload.get(name) for name in ("text", "blocks", "attachments")):
        raise SlackRefusalError("no_text")
    if not good_blocks(payload.get("blocks", [])):
        raise SlackRefusalError("invalid_blocks")
    if len(payload.get("attachments", [])) > MOST_ATTACHMENTS:
        raise SlackRefusalError("too_many_attachments")
    return payload


def _nowhere(_rest: str) -> Response:
    raise SlackRefusalError("no_service")


def _refused(refusal: SlackRefusalError) -> Response:
    return Response(str(refusal), STATUS[str(refusal)], mimetype="text/html")
