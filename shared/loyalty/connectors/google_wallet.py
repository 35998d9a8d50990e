"""Google Wallet: the guest's card on an Android phone, by a link, and its points kept current.

Each operation first trades the service account's signature for a token, then speaks JSON. The link
names a card that Google already knows, so that it stays short. A card's update is silent: a notice
on the phone would be a message, and those need consent and have their hours.
"""

from __future__ import annotations

from collections.abc import Generator, Mapping
from typing import Any
from urllib.parse import quote

import msgspec

from loyalty.connectors import google_account
from loyalty.connectors.spec import Config, Connector, Pass, PassLink, Rate, Setting, Word
from loyalty.errors import VendorRefused
from loyalty.ports import HttpRequest, HttpResponse

SCOPE = "https://www.googleapis.com/auth/wallet_object.issuer"
# Reasons of the Wallet, and the token endpoint's errors. The rest is told by the HTTP status.
ERRORS: Mapping[str, Word] = {
    "rateLimitExceeded": "slow-down",  # comes with a 403
    "classNotFound": "credentials",  # `set_up` was not done: no card can be made at all
    "invalid_grant": "credentials",
    "invalid_client": "credentials",
    "invalid_scope": "credentials",
    "unauthorized_client": "credentials",
}

_NOT_THERE, _THERE_ALREADY = "404", "409"
_CLASS, _OBJECT = "loyaltyClass", "loyaltyObject"
_NOTHING: Mapping[str, Any] = {
    "state": "INACTIVE",
    "accountId": "",
    "accountName": "",
    "barcode": {"type": "TEXT_ONLY", "value": "-", "alternateText": ""},
    "loyaltyPoints": {"label": "", "balance": {"int": 0}},
    "textModulesData": [],
}
"""What a card says of nobody: a barcode cannot be taken off, so it stands for nothing."""


class Class(msgspec.Struct, frozen=True, rename="camel"):
    """The kind of card that all guests have, as far as we read it."""

    id: str
    review_status: str


class Detail(msgspec.Struct, frozen=True):
    """One reason of a refusal."""

    reason: str = ""


class Trouble(msgspec.Struct, frozen=True):
    """What the Wallet says of a refusal. Its message may quote the card, so we do not read it."""

    errors: list[Detail] = []


class Refusal(msgspec.Struct, frozen=True):
    """The body of an answer that is not 2xx: the Wallet's, or the token endpoint's bare word."""

    error: Trouble | str = ""


def add_to_wallet(config: Config, card: Pass) -> Generator[HttpRequest, HttpResponse, PassLink]:
    """Make the card, or make it current, and sign the link that puts it on the guest's phone."""
    known = google_account.account(config)
    content = {
        "id": _name(config, card.member),
        "classId": _class(config),
        **_who(card),
        **_what(card),
    }
    yield from _put(config, known, _OBJECT, content)
    claims = {
        "iss": known.client_email,
        "aud": "google",
        "typ": "savetowallet",
        "iat": int(config.now.timestamp()),
        "origins": [],
        "payload": {"loyaltyObjects": [{"id": content["id"]}]},
    }
    return PassLink(url=f"{config['save_url'].rstrip('/')}/{google_account.jwt(known, claims)}")


def update_pass(config: Config, card: Pass) -> Generator[HttpRequest, HttpResponse, bool]:
    """Show points, tier and next reward as they are. Never makes a card that nobody asked for."""
    known = google_account.account(config)
    headers = yield from _signed_in(config, known)
    return (yield from _changed(config, headers, card.member, _what(card)))


def empty_pass(config: Config, member: str) -> Generator[HttpRequest, HttpResponse, bool]:
    """Take everything off the card of a guest who is erased. Google deletes no card."""
    known = google_account.account(config)
    headers = yield from _signed_in(config, known)
    return (yield from _changed(config, headers, member, _NOTHING))


def set_up(config: Config, _: None) -> Generator[HttpRequest, HttpResponse, list[str]]:
    """Make the kind of card that all guests have, or make it current. Google reviews it again."""
    content = {
        "id": _class(config),
        "issuerName": config["issuer_name"],
        "programName": config["program_name"],
        "programLogo": {"sourceUri": {"uri": config["logo_url"]}},
        "hexBackgroundColor": config["color"],
        "reviewStatus": "UNDER_REVIEW",
    }
    did = yield from _put(config, google_account.account(config), _CLASS, content)
    return [f"Google Wallet's loyalty class {content['id']} was {did} and is under review."]


def check(config: Config, _: None) -> Generator[HttpRequest, HttpResponse, str]:
    """Ask for the class of all cards, as the service account."""
    headers = yield from _signed_in(config, google_account.account(config))
    try:
        answer = yield _request(config, headers, "GET", (_CLASS, _class(config)))
    except VendorRefused as refusal:
        if refusal.code in (_NOT_THERE, "classNotFound"):
            return "Google Wallet knows the service account; set-up has still to make the class."
        raise
    known = msgspec.json.decode(answer.body, type=Class)
    return f"Google Wallet knows the class {known.id}; its review says {known.review_status}."


def error_code(response: HttpResponse) -> str:
    """Return the reason, if it tells more than the HTTP status."""
    try:
        error = msgspec.json.decode(response.body, type=Refusal).error
    except ValueError:  # a proxy's page
        return ""
    reasons = [error] if isinstance(error, str) else [each.reason for each in error.errors]
    return next((reason for reason in reasons if reason in ERRORS), "")


def _put(
    config: Config, known: google_account.Account, kind: str, content: Mapping[str, Any]
) -> Generator[HttpRequest, HttpResponse, str]:
    """Create what may be there already, and then change it. Done twice it is as done once."""
    headers = yield from _signed_in(config, known)
    try:
        yield _request(config, headers, "POST", (kind,), content)
    except VendorRefused as refusal:
        if refusal.code != _THERE_ALREADY:
            raise
    else:
        return "created"
    yield _request(config, headers, "PATCH", (kind, content["id"]), content)
    return "changed"


def _changed(
    config: Config, headers: Mapping[str, str], member: str, content: Mapping[str, Any]
) -> Generator[HttpRequest, HttpResponse, bool]:
    """Change a card. False if there is none."""
    try:
        yield _request(config, headers, "PATCH", (_OBJECT, _name(config, member)), content)
    except VendorRefused as refusal:
        if refusal.code == _NOT_THERE:
            return False
        raise
    return True


def _signed_in(
    config: Config, known: google_account.Account
) -> Generator[HttpRequest, HttpResponse, dict[str, str]]:
    token = yield from google_account.access_token(config, known, SCOPE)
    return {"Authorization": f"Bearer {token}", "Accept": "application/json"}


def _request(
    config: Config,
    headers: Mapping[str, str],
    method: str,
    path: tuple[str, ...],
    content: Mapping[str, Any] | None = None,
) -> HttpRequest:
    """Build one request. Each says how things are, not what to add: it may be sent again."""
    place = "/".join(quote(part, safe="") for part in path)
    url = f"{config.base_url}/walletobjects/v1/{place}"
    if content is None:
        return HttpRequest(method, url, headers)
    more = {"Content-Type": "application/json", "Idempotency-Key": "state"}
    return HttpRequest(method, url, {**headers, **more}, msgspec.json.encode(content))


def _who(card: Pass) -> dict[str, Any]:
    """Tell what stays the same on a card."""
    return {
        "state": "ACTIVE",
        "accountId": card.code,
        "accountName": card.name,
        "barcode": {"type": "QR_CODE", "value": card.code, "alternateText": card.code},
    }


def _what(card: Pass) -> dict[str, Any]:
    """Tell what changes. Google replaces a list as a whole."""
    lines = [
        ("tier", card.tier_label, card.tier), ("next", card.next_label, card.next_reward),
        ("stamps", card.stamps_label, card.stamps),
    ]  # fmt: skip
    return {
        "loyaltyPoints": {"label": card.points_label, "balance": {"int": card.points}},
        "textModulesData": [
            {"id": name, "header": label, "body": text} for name, label, text in lines if text
        ],
    }


def _class(config: Config) -> str:
    return f"{config['issuer_id']}.{config['class_suffix']}"


def _name(config: Config, member: str) -> str:
    return f"{config['issuer_id']}.{member}"


CONNECTOR = Connector(
    name="google_wallet",
    title="Google Wallet",
    docs="https://developers.google.com/wallet/retail/loyalty-cards",
    base_url="https://walletobjects.googleapis.com",
    settings=(
        Setting(
            "service_account",
            "The JSON key file of a service account that is a user of the issuer, whole.",
            secret=True,
        ),
        Setting("issuer_id", "The issuer's number, from the Google Pay & Wallet Console."),
        Setting("class_suffix", "The end of the class's id.", default="loyalty"),
        Setting("issuer_name", "The brand, 20 letters at best.", only=("set_up",)),
        Setting("program_name", "What the club is called, 20 letters at best.", only=("set_up",)),
        Setting("logo_url", "A round logo at a public https address.", only=("set_up",)),
        Setting("color", "The card's background.", default="#3c281e", only=("set_up",)),
        Setting("save_url", "Where links begin.", default="https://pay.google.com/gp/v/save"),
    ),
    operations={
        "add_to_wallet": add_to_wallet,
        "update_pass": update_pass,
        "empty_pass": empty_pass,
        "set_up": set_up,
        "check": check,
    },
    errors=ERRORS,
    error_code=error_code,
    rate=Rate(20),  # said of an issuer, and nowhere confirmed
)
