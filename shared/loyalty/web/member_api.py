"""The member API: join, look up, history. Tills, apps and automations call it with a key."""

from __future__ import annotations

import re
from datetime import date
from typing import Any

from flask import Request, Response

from loyalty import identity, members, phones
from loyalty.connectors.card_data import card_numbers, shown
from loyalty.delivery import Shop
from loyalty.errors import Problem
from loyalty.members import Joining
from loyalty.records import entries
from loyalty.web import answers, auth, reading, router
from loyalty.web.guards import Guards
from loyalty.web.router import Route

_KNOWN = {"name", "phone", "email", "birthday", "language", "consents", "consent_text"}
_CHANNELS = ("sms", "email")
_PURPOSES = ("service", "marketing")


def enroll(request: Request, shop: Shop) -> Response:
    """Join: 201 with the new member, or 200 with the one who has this phone or e-mail."""
    joining = _joining(reading.json_object(request), shop)
    key = request.headers.get("Idempotency-Key", "")
    if len(key) > 255:  # noqa: PLR2004 - said in the problem
        raise Problem(400, "invalid_idempotency_key", "Idempotency-Key is longer than 255.")
    own = f"api:{auth.caller(request)}:{key}" if key else ""
    member, new = members.enroll(joining, own, shop)
    shop.log.note(subject=member)
    return answers.json(members.view(member, shop), 201 if new else 200)


def show(request: Request, shop: Shop, id: str) -> Response:  # noqa: A002, ARG001 - the slot's name
    """Show one member."""
    return answers.json(_found(members.view(id, shop)))


def search(request: Request, shop: Shop) -> Response:
    """Find a member by `phone` or `email`."""
    phone, email = request.args.get("phone", ""), request.args.get("email", "")
    if bool(phone) == bool(email):
        raise Problem(400, "invalid_query", "Give either phone or email.")
    country = shop.programs.current().program.country
    number = phones.e164(phone, country) if phone else ""
    member = members.find(shop, phone=number, email=identity.email(email) if email else "")
    return answers.json(_found(members.view(member, shop) if member else None))


def history(request: Request, shop: Shop, id: str) -> Response:  # noqa: A002 - the slot's name
    """List a member's entries, newest first, at most `limit` (1 to 200)."""
    _found(members.view(id, shop))
    limit = request.args.get("limit", "50")
    if not (limit.isascii() and limit.isdigit() and len(limit) < 4 and 1 <= int(limit) <= 200):  # noqa: PLR2004
        raise Problem(400, "invalid_query", "limit is a number from 1 to 200.")
    found = entries.find(
        shop.store, ("members", "contains", id), order="at", descending=True, limit=int(limit)
    )
    listed = sorted((r.entry for r in found if r.entry), key=lambda e: e.seq, reverse=True)
    return answers.json({"entries": [_entry(entry) for entry in listed]})


def _entry(entry: Any) -> dict[str, Any]:
    shown = (
        "id",
        "kind",
        "points",
        "reason",
        "receipt",
        "store",
        "at",
        "occurred_at",
        "seq",
        "rule",
    )
    return {name: getattr(entry, name) for name in shown} | {"version": entry.version}


def _found(view: dict[str, Any] | None) -> dict[str, Any]:
    if view is None:
        raise Problem(404, "not_found", "There is no such member.")
    return view


def _joining(body: dict[str, Any], shop: Shop) -> Joining:
    program = shop.programs.current().program
    if cards := [(path, "card_data") for path in card_numbers(body)]:
        raise Problem(422, "card_data", "A card number is nothing we want to know.", tuple(cards))
    wrong = [(shown(name), "unknown_field") for name in sorted(body.keys() - _KNOWN)]
    texts = sorted(_KNOWN - {"consents"})
    wrong += [(name, "invalid_type") for name in texts if not isinstance(body.get(name, ""), str)]
    if wrong:
        raise Problem(400, "invalid_body", "Some fields are not right.", tuple(wrong))
    given = {name: str(body.get(name, "")) for name in _KNOWN - {"consents"}}
    phone = phones.e164(given["phone"], program.country) if given["phone"] else ""
    email = identity.email(given["email"]) if given["email"] else ""
    if not (phone or email):
        raise _wrong("phone", "missing", "Give a phone or an e-mail address.")
    return Joining(
        name=identity.clean(given["name"], 100),
        phone=phone,
        email=email,
        birthday=_birthday(given["birthday"]),
        language=_language(given["language"], program.languages),
        consents=_consents(body.get("consents", {})),
        consent_text=identity.clean(given["consent_text"], 40),
    )


def _birthday(text: str) -> str:
    """Read MM-DD; no year is ever kept."""
    if not text:
        return ""
    plain = re.fullmatch(r"\d\d-\d\d", text, re.ASCII)
    try:
        date.fromisoformat(f"2024-{text}" if plain else "")
    except ValueError:
        raise _wrong("birthday", "invalid_date", "birthday is MM-DD.") from None
    return text


def _language(text: str, offered: tuple[str, ...]) -> str:
    if text and text not in offered:
        raise _wrong("language", "unknown_language", f"language is one of {', '.join(offered)}.")
    return text


def _consents(given: Any) -> dict[str, bool]:
    """Read `{"sms": true}` (every purpose) or `{"sms": ["service"], "email": []}`."""
    if not isinstance(given, dict) or not given.keys() <= set(_CHANNELS):
        raise _wrong("consents", "invalid_consents", "consents maps sms and email to purposes.")
    return {
        f"{channel}:{purpose}": purpose in _purposes(channel, wanted)
        for channel, wanted in given.items()
        for purpose in _PURPOSES
    }


def _purposes(channel: str, wanted: Any) -> tuple[str, ...]:
    if isinstance(wanted, bool):
        return _PURPOSES if wanted else ()
    if isinstance(wanted, list) and all(purpose in _PURPOSES for purpose in wanted):
        return tuple(wanted)
    title = f"A channel's consent is true, false or a list of {' and '.join(_PURPOSES)}."
    raise _wrong(f"consents.{channel}", "invalid_consents", title)


def _wrong(path: str, code: str, title: str) -> Problem:
    return Problem(400, "invalid_body", title, ((path, code),))


ROUTES = (
    Route("POST", "/v1/members", "members:write", enroll),
    Route("GET", "/v1/members", "members:read", search),
    Route("GET", "/v1/members/{id}", "members:read", show),
    Route("GET", "/v1/members/{id}/entries", "members:read", history),
)


def answer(request: Request, shop: Shop, guards: Guards) -> Response:
    """Take a call with a key."""

    def admit(call: Request, scope: str) -> object:
        return guards.door.admit(call, scope, shop)

    return router.dispatch(ROUTES, request, shop, admit)
