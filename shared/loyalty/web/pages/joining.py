"""Joining and signing in: one form, one code; and links that sign in once."""

from __future__ import annotations

import re
from datetime import date

from flask import Response

from loyalty import identity, phones
from loyalty.connectors.card_data import card_numbers
from loyalty.errors import Problem
from loyalty.guests import codes, moving, sessions
from loyalty.records import SignIn, sign_ins
from loyalty.web.pages import friends
from loyalty.web.pages.visit import Visit

CONSENTS = ("sms:service", "sms:marketing", "email:service", "email:marketing")


def form(visit: Visit, store: str = "") -> Response:
    """Show the form; `store` is where its QR code hangs, `?friend=` the code of who told of us."""
    if visit.contact:
        return visit.to("/card")
    if store and store not in visit.program.stores:
        raise Problem(404, "not_found", "There is no such store.")
    version, words = consent_text(visit)
    return visit.page(
        "join.html", store=store, consents=CONSENTS, version=version, words=words,
        languages=visit.program.languages,
        friend=friends.typed(visit.request.args.get("friend", "")),
    )  # fmt: skip


def consent_text(visit: Visit) -> tuple[str, str]:
    """Return the newest version of what guests agree to, and its words; empty if there are none."""
    offered = visit.program.consent_texts
    version = max(offered, default="")
    return version, visit.program.words(offered[version], visit.language) if version else ""


def ask(visit: Visit) -> Response:
    """Send a code to the address in the form. Every address is answered alike."""
    sent = visit.form
    if list(card_numbers({"phone": sent.get("address", ""), "name": sent.get("name", "")})):
        raise Problem(422, "card_data", "A card number is nothing we want to know.")
    store, language = sent.get("store", ""), sent.get("language", "")
    phone, email = address(visit, sent.get("address", ""))
    wish = SignIn(
        asked_at=visit.shop.clock.now(), phone=phone, email=email,
        form=identity.clean(sent.get("nonce", ""), 64),
        name=identity.clean(sent.get("name", ""), 100), birthday=birthday(sent),
        language=language if language in visit.program.languages else visit.language,
        store=store if store in visit.program.stores else "",
        friend=friends.typed(sent.get("friend", "")),
        consents={name: name in sent for name in CONSENTS}, consent_text=consent_text(visit)[0],
    )  # fmt: skip
    return send(visit, wish)


def send(visit: Visit, wish: SignIn) -> Response:
    """Send the code of a wish, then ask for it."""
    codes.ask(visit.token, codes.wanted(wish, visit.shop), visit.place, visit.shop)
    return visit.to("/code")


def address(visit: Visit, text: str) -> tuple[str, str]:
    """Read a phone number or else an e-mail address; the other is "". Raises Problem 422."""
    if "@" in text:
        return "", identity.email(text)
    return phones.e164(text[:64], visit.program.country), ""


def birthday(sent: dict[str, str]) -> str:
    """Read a month and a day, as `03-31`. Raises Problem 422 for a day that no year has."""
    text = sent.get("birthday", "").strip()
    plain = re.fullmatch(r"\d\d-\d\d", text, re.ASCII)
    try:
        date.fromisoformat(f"2024-{text}" if plain else "2024-01-01" if not text else "")
    except ValueError:
        raise Problem(422, "invalid_date", "The birthday is MM-DD.") from None
    return text


def code(visit: Visit, error: str = "") -> Response:
    """Ask for the code; who asks for another keeps the code of who told them of us."""
    asked = sign_ins.get(visit.shop.store, codes.named(visit.token))
    again = friends.join(asked.friend, asked.store) if asked else "/join"
    return visit.page("code.html", 403 if error else 200, error=error, again=again)


def enter(visit: Visit) -> Response:
    """Let in who types the right code, or give the guest their new address."""
    sent = visit.form
    try:
        proved = codes.prove(visit.token, sent.get("code", ""), visit.shop)
    except Problem as wrong:
        if wrong.code != "wrong_code":
            raise
        return code(visit, error=wrong.code)
    if proved.member:
        moving.move(visit.token, proved, visit.shop)
        return visit.to("/me?done=moved")
    session = sessions.sign_in(visit.token, proved, visit.shop)
    return visit.keep(visit.to("/card"), session)


def link(visit: Visit, token: str) -> Response:  # noqa: ARG001 - whether it is good is not told
    """Show a button: whoever only looks, as a mail scanner does, uses nothing up."""
    return visit.page("link.html")


def trade(visit: Visit, token: str) -> Response:
    """Trade a link for a session."""
    _ = visit.form
    return visit.keep(visit.to("/card"), sessions.trade(token, visit.shop))


def sign_out(visit: Visit) -> Response:
    """Forget this browser."""
    _ = visit.form
    sessions.end(visit.token, visit.shop)
    return visit.keep(visit.to("/join"), "", seconds=0)
