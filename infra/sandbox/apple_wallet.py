"""Apple Wallet: the phones of guests who open a card. Apple itself is asked for nothing."""

from datetime import datetime
from typing import Any

from flask import Blueprint, Response, jsonify, request

from infra.sandbox import apple_rules
from infra.sandbox.apple_authority import authority
from infra.sandbox.apple_rules import BadCardError
from infra.sandbox.apple_signature import BadSignatureError, signer
from infra.sandbox.cards import Card
from infra.sandbox.hosts import on_host
from infra.sandbox.premises import Premises

MEDIA_TYPE = "application/vnd.apple.pkpass"


class AppleWallet:
    """All phones at once: a card is known by its pass type and serial number, as on each of them.

    A real phone only says that it cannot add a card; this one says why, as Xcode's console does.
    """

    def __init__(self, premises: Premises) -> None:
        self._premises = premises
        self.root = authority().root
        self.held: dict[tuple[str, str], tuple[dict[str, Any], datetime]] = {}

    @classmethod
    def blueprint(cls) -> Blueprint:
        """Give the address at which a guest opens a card."""
        pages = Blueprint("apple_wallet", __name__, url_prefix="/apple_wallet")
        pages.post("/cards")(on_host(cls._open))
        pages.route("/<path:_rest>", methods=["GET", "POST", "PUT", "PATCH", "DELETE"])(_nowhere)
        pages.register_error_handler(BadCardError, _refused)
        pages.register_error_handler(BadSignatureError, _refused)
        return pages

    def rate_limited(self, retry_after: int | None) -> Response:
        """Answer 429, with Retry-After only if asked."""
        answer = jsonify(reason="TooManyRequests")
        answer.status_code = 429
        if retry_after is not None:
            answer.headers["Retry-After"] = str(retry_after)
        return answer

    def broken(self) -> Response:
        """Answer 500."""
        answer = jsonify(reason="InternalServerError")
        answer.status_code = 500
        return answer

    def clear(self) -> None:
        """Take every card off the phones."""
        self.held.clear()

    def add(self, bundle: bytes) -> Card:
        """Open a card as a phone does: it must hold together, and take the place of its like."""
        files = apple_rules.unpacked(bundle)
        now = self._premises.clock()
        by = signer(files["signature"], files["manifest.json"], self.root, now)
        card = apple_rules.read(files)
        names = {each.rfc4514_attribute_name: each.value for each in by.subject}
        if (card["passTypeIdentifier"], card["teamIdentifier"]) != (names["UID"], names["OU"]):
            raise BadCardError("The card is of another pass type or team than its certificate.")
        self.held[card["passTypeIdentifier"], card["serialNumber"]] = card, now
        return _card(card, now)

    def cards(self) -> list[Card]:
        """Return the cards that are on a phone."""
        with self._premises.lock:
            return [_card(card, at) for card, at in self.held.values()]

    def _open(self) -> tuple[Response, int]:
        if request.mimetype != MEDIA_TYPE:
            raise BadCardError(f"Safari opens a card only as {MEDIA_TYPE}.")
        return jsonify(self.add(request.get_data()).as_json()), 201


def _card(card: dict[str, Any], at: datetime) -> Card:
    shown = apple_rules.fields(card)
    return Card(
        "apple_wallet",
        card["serialNumber"],
        card.get("logoText", card["organizationName"]),
        card["barcodes"][0]["message"] if "barcodes" in card else "",
        [(each.get("label", ""), str(each["value"])) for each in shown if each["key"] != "name"],
        card.get("backgroundColor", ""),
        at,
        next((str(each["value"]) for each in shown if each["key"] == "name"), ""),
    )


def _nowhere(_rest: str) -> tuple[Response, int]:
    return jsonify(error="Nothing is here."), 404


def _refused(wrong: Exception) -> tuple[Response, int]:
    return jsonify(error=str(wrong)), 422
