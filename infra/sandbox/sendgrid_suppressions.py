"""SendGrid's lists of people who must not get mail, and the addresses to read and change them."""

from collections.abc import Callable
from datetime import datetime
from typing import Any

from flask import Blueprint, Response, jsonify, request

from infra.sandbox.hosts import on_host
from infra.sandbox.shapes import Flag, Many, Problem, Text, Thing

LISTS = ("bounces", "blocks", "spam_reports", "invalid_emails")
GLOBAL = "unsubscribes"
PART = "suppressions"
FIRST_GROUP = 1001
GROUP = Thing(
    {"name": Text(1, 30), "description": Text(1, 100), "is_default": Flag()},
    frozenset({"name", "description"}),
)
EMAILS = Thing({"recipient_emails": Many(Text(3), 1)}, frozenset({"recipient_emails"}))
REASONS = {
    "bounces": "550 5.1.1 The email account that you tried to reach does not exist.",
    "blocks": "550 5.7.1 Blocked",
    "invalid_emails": "Mail domain mentioned in email address is unknown",
}


class MailRefusalError(Exception):
    """SendGrid's answer to a request it will not carry out."""

    def __init__(self, status: int, errors: list[dict[str, Any]]) -> None:
        super().__init__(str(errors))
        self.status = status
        self.errors = errors


def refuse(status: int, words: str, field: str | None = None) -> MailRefusalError:
    """Make a refusal with one error in it."""
    return MailRefusalError(status, [{"message": words, "field": field, "help": None}])


def json_body() -> object:
    """Read the request's JSON, or refuse it as SendGrid does."""
    if request.mimetype != "application/json":
        raise refuse(415, "Content-Type should be application/json.")
    body = request.get_json(silent=True)
    if body is None:
        raise refuse(400, "Bad Request")
    return body


class Suppressions:
    """Unsubscribe groups, the global list, and the four lists delivery itself fills."""

    def __init__(self, clock: Callable[[], datetime]) -> None:
        self._clock = clock
        self.groups: dict[int, dict[str, Any]] = {}
        self.members: dict[int, list[str]] = {}
        self.lists: dict[str, dict[str, dict[str, Any]]] = {}
        self.clear()
        self.add_group("Club news", "Offers and news from the club")

    def clear(self) -> None:
        """Take everybody off every list; the groups stay."""
        self.lists = {name: {} for name in (*LISTS, GLOBAL)}
        self.members = {group: [] for group in self.groups}

    def add_group(self, name: str, description: str, *, default: bool = False) -> int:
        """Open an unsubscribe group and give its number."""
        number = FIRST_GROUP + len(self.groups)
        about = {"id": number, "name": name, "description": description, "is_default": default}
        self.groups[number] = about
        self.members[number] = []
        return number

    def add(self, listed: str, email: str) -> None:
        """Put somebody on a list, with the facts that list shows."""
        entry = {"created": int(self._clock().timestamp()), "email": email}
        if listed in REASONS:
            entry |= {"reason": REASONS[listed]}
        if listed in ("bounces", "blocks"):
            entry |= {"status": "5.1.1" if listed == "bounces" else "5.7.1"}
        if listed == "spam_reports":
            entry |= {"ip": "127.0.0.1"}
        self.lists[listed][email] = entry

    def reason(self, email: str, group: int | None) -> str:
        """Say why mail to this address would be dropped; empty if it would not."""
        wording = {
            GLOBAL: "Unsubscribed Address",
            "bounces": "Bounced Address",
            "spam_reports": "Spam Reporting Address",
            "invalid_emails": "Invalid",
        }
        found = [words for listed, words in wording.items() if email in self.lists[listed]]
        if group is not None and email in self.members[group]:
            found.append("Unsubscribed Address")
        return found[0] if found else ""

    @classmethod
    def register(cls, pages: Blueprint) -> None:
        """Add the suppression addresses to SendGrid's."""
        pages.get("/asm/groups")(on_host(cls._groups, PART))
        pages.post("/asm/groups")(on_host(cls._open_group, PART))
        pages.post("/asm/groups/<int:group>/suppressions")(on_host(cls._join, PART))
        pages.get("/asm/groups/<int:group>/suppressions")(on_host(cls._members, PART))
        pages.post("/asm/groups/<int:group>/suppressions/search")(on_host(cls._search, PART))
        pages.delete("/asm/groups/<int:group>/suppressions/<email>")(on_host(cls._leave, PART))
        pages.post("/asm/suppressions/global")(on_host(cls._join_global, PART))
        pages.get("/asm/suppressions/global/<email>")(on_host(cls._global, PART))
        pages.delete("/asm/suppressions/global/<email>")(on_host(cls._leave_global, PART))
        pages.get("/asm/suppressions/<email>")(on_host(cls._of_one, PART))
        pages.get("/suppression/<listed>")(on_host(cls._list, PART))
        pages.delete("/suppression/<listed>/<email>")(on_host(cls._strike_off, PART))

    def _groups(self) -> Response:
        return jsonify([self._group(number) for number in self.groups])

    def _group(self, number: int) -> dict[str, Any]:
        return {**self.groups[number], "unsubscribes": len(self.members[number])}

    def _open_group(self) -> tuple[Response, int]:
        body = _checked(GROUP)
        default = bool(body.get("is_default"))
        number = self.add_group(body["name"], body["description"], default=default)
        return jsonify(self.groups[number]), 201

    def _join(self, group: int) -> tuple[Response, int]:
        """Add to a group; a group that does not exist means the global list, as at SendGrid."""
        emails = _checked(EMAILS)["recipient_emails"]
        for email in emails:
            if group in self.members:
                self.members[group] = [*dict.fromkeys([*self.members[group], email])]
            else:
                self.add(GLOBAL, email)
        return jsonify(recipient_emails=emails), 201

    def _members(self, group: int) -> Response:
        return jsonify(self._known(group))

    def _search(self, group: int) -> Response:
        asked = _checked(EMAILS)["recipient_emails"]
        return jsonify([email for email in asked if email in self._known(group)])

    def _leave(self, group: int, email: str) -> tuple[str, int]:
        if email in self._known(group):
            self.members[group].remove(email)
        return "", 204

    def _known(self, group: int) -> list[str]:
        if group not in self.members:
            raise refuse(404, "Group does not exist")
        return self.members[group]

    def _join_global(self) -> tuple[Response, int]:
        emails = _checked(EMAILS)["recipient_emails"]
        for email in emails:
            self.add(GLOBAL, email)
        return jsonify(recipient_emails=emails), 201

    def _global(self, email: str) -> Response:
        return jsonify({"recipient_email": email} if email in self.lists[GLOBAL] else {})

    def _leave_global(self, email: str) -> tuple[str, int]:
        self.lists[GLOBAL].pop(email, None)
        return "", 204

    def _of_one(self, email: str) -> Response:
        groups = [
            {**about, "suppressed": email in self.members[number]}
            for number, about in self.groups.items()
        ]
        return jsonify(suppressions=groups)

    def _list(self, listed: str) -> Response:
        if listed not in self.lists:
            raise refuse(404, "Not found")
        start, end = (request.args.get(name, type=int) for name in ("start_time", "end_time"))
        offset = request.args.get("offset", 0, type=int)
        limit = request.args.get("limit", 500, type=int)
        found = [
            entry
            for entry in self.lists[listed].values()
            if (start is None or entry["created"] >= start)
            and (end is None or entry["created"] <= end)
        ]
        return jsonify(found[offset : offset + limit])

    def _strike_off(self, listed: str, email: str) -> tuple[str, int]:
        if listed not in LISTS or email not in self.lists[listed]:
            raise refuse(404, "Email does not exist")
        del self.lists[listed][email]
        return "", 204


def _checked(shape: Thing) -> dict[str, Any]:
    body = json_body()
    found: list[Problem] = list(shape.problems(body))
    if found or not isinstance(body, dict):
        errors = [{"message": p.words, "field": p.path, "help": None} for p in found]
        raise MailRefusalError(400, errors)
    return body
