"""What a link that adds cards to Google Wallet must say."""

from collections.abc import Container
from datetime import datetime
from typing import Any

from infra.sandbox.google_tokens import SKEW, BadTokenError

SAVE = "/gp/v/save/"
REAL_SAVE = f"https://pay.google.com{SAVE}"
LONGEST = 1800


def check(token: str, claims: dict[str, Any], email: str, now: datetime) -> None:
    """Refuse a link that is too long for some browsers, or that says the wrong things."""
    if len(REAL_SAVE + token) >= LONGEST:
        raise BadTokenError("The link is too long for some browsers.")
    for name, value in {"iss": email, "aud": "google", "typ": "savetowallet"}.items():
        if claims.get(name) != value:
            raise BadTokenError(f"The claim {name} is wrong.")
    issued = claims.get("iat")
    if not isinstance(issued, int) or issued > now.timestamp() + SKEW:
        raise BadTokenError("The claim iat is wrong.")
    if not isinstance(claims.get("origins"), list):
        raise BadTokenError("The claim origins is wrong.")


def named(claims: dict[str, Any], there: Container[str]) -> list[str]:
    """Return the ids of the cards that a link names; each must be there already.

    Only thin links are taken: a card that stands in the link itself soon makes it too long.
    """
    payload = claims.get("payload")
    held = payload.get("loyaltyObjects") if isinstance(payload, dict) else None
    if not isinstance(held, list) or not held:
        raise BadTokenError("The payload names no card.")
    if not all(isinstance(each, dict) and each.keys() == {"id"} for each in held):
        raise BadTokenError("The payload holds more than ids.")
    if not all(each["id"] in there for each in held):
        raise BadTokenError("The payload names a card that is not there.")
    return [each["id"] for each in held]
