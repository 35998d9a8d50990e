"""What a guest decides about themselves: consent, language, addresses, a copy, and the end."""

from __future__ import annotations

import json
from typing import NamedTuple

import msgspec
from flask import Response

from loyalty.errors import Problem
from loyalty.guests import agreeing, birthdays, erasing, exporting
from loyalty.records import SignIn, profiles
from loyalty.web.pages import joining, rendering
from loyalty.web.pages.visit import Visit

DONE = ("saved", "moved")


def show(visit: Visit) -> Response:
    """Show what we know and may do."""
    member, contact = visit.member, visit.contact
    version, words = joining.consent_text(visit)
    done = visit.request.args.get("done", "")
    known = contact.consents if contact else {}
    given = {name: name in known and known[name].given for name in joining.CONSENTS}
    return visit.page(
        "me.html", contact=contact, consents=given, version=version, words=words,
        done=done if done in DONE else "", languages=visit.program.languages,
        birthday=_birthday(member, visit), birthdays=visit.program.birthdays,
    )  # fmt: skip


class _Birthday(NamedTuple):
    """A guest's birthday, and the day from which on it can be changed; "" for today."""

    day: str = ""
    again: str = ""


def _birthday(member: str, visit: Visit) -> _Birthday:
    profile = profiles.get(visit.shop.store, member)
    if profile is None:
        return _Birthday()
    again = birthdays.again_at(profile, visit.program)
    locked = again and visit.shop.clock.now() < again
    return _Birthday(profile.birthday, visit.day(again) if again and locked else "")


def save(visit: Visit) -> Response:
    """Keep consents, with proof, and the language."""
    sent, member = visit.form, visit.member
    language = sent.get("language", "")
    agreeing.agree(
        member, {name: name in sent for name in joining.CONSENTS},
        agreeing.How("page", joining.consent_text(visit)[0]),
        language if language in visit.program.languages else "", visit.shop,
    )  # fmt: skip
    return visit.to("/me?done=saved")


def new_birthday(visit: Visit) -> Response:
    """Keep a birthday, or take it back."""
    sent, member = visit.form, visit.member
    birthdays.change(member, joining.birthday(sent), visit.shop)
    return visit.to("/me?done=saved")


def new_address(visit: Visit) -> Response:
    """Send a code to a further phone number or e-mail address, or one instead of the old."""
    sent, member = visit.form, visit.member
    phone, email = joining.address(visit, sent.get("address", ""))
    wish = SignIn(
        asked_at=visit.shop.clock.now(), phone=phone, email=email,
        form=sent.get("nonce", "")[:64], language=visit.language, member=member,
    )  # fmt: skip
    return joining.send(visit, wish)


def export(visit: Visit) -> Response:
    """Give a copy of everything we know of them."""
    text = json.dumps(
        msgspec.to_builtins(exporting.everything(visit.member, visit.shop)), ensure_ascii=False,
        indent=2,
    )  # fmt: skip
    headers = {**rendering.HEADERS, "Content-Disposition": 'attachment; filename="my-data.json"'}
    return Response(text, 200, headers, content_type="application/json; charset=utf-8")


def erase(visit: Visit) -> Response:
    """Erase the guest, if they said so twice."""
    sent, member = visit.form, visit.member
    if "sure" not in sent:
        raise Problem(422, "erase_unsure", "Say that you are sure.")
    erasing.erase(member, visit.shop)
    return visit.keep(visit.to("/erased"), "", seconds=0)


def erased(visit: Visit) -> Response:
    """Say goodbye."""
    return visit.page("erased.html")
