"""Google's side of a service account: it checks what the account signs, and lends tokens."""

import base64
import binascii
import json
from collections.abc import Callable
from datetime import datetime
from typing import Any

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import padding
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey

from infra.sandbox.ids import Ids

GRANT = "urn:ietf:params:oauth:grant-type:jwt-bearer"
AUDIENCE = "https://oauth2.googleapis.com/token"
LONGEST, SKEW = 3600, 300
HEADERS = ({"alg": "RS256", "typ": "JWT"},)


class BadTokenError(Exception):
    """What is wrong with a signed token, in words."""


def read(token: str, key: RSAPublicKey) -> dict[str, Any]:
    """Check a compact token by RS256, and return its claims."""
    parts = token.split(".")
    if len(parts) != 3:  # noqa: PLR2004 - header, claims, signature
        raise BadTokenError("Not a signed JWT.")
    header, claims = (_json(part) for part in parts[:2])
    if {name: header.get(name) for name in ("alg", "typ")} not in HEADERS:
        raise BadTokenError("The header must say RS256 and JWT.")
    try:
        said = f"{parts[0]}.{parts[1]}".encode()
        key.verify(_bytes(parts[2]), said, padding.PKCS1v15(), hashes.SHA256())
    except InvalidSignature as wrong:
        raise BadTokenError("Invalid JWT Signature.") from wrong
    return claims


class Tokens:
    """The token endpoint of one service account, and the tokens it has lent."""

    def __init__(self, email: str, scope: str, clock: Callable[[], datetime], ids: Ids) -> None:
        self._email, self._scope = email, scope
        self._clock, self._ids = clock, ids
        self._until: dict[str, float] = {}

    def lend(self, claims: dict[str, Any]) -> dict[str, Any]:
        """Answer a signed assertion with a token, or say what is wrong with it."""
        now = self._now()
        if claims.get("iss") != self._email:
            raise BadTokenError("Invalid issuer: not found.")
        if claims.get("aud") != AUDIENCE:
            raise BadTokenError("Invalid JWT: the audience is not this endpoint.")
        issued, expires = (claims.get(name) for name in ("iat", "exp"))
        if not isinstance(issued, int) or not isinstance(expires, int):
            raise BadTokenError("Invalid JWT: iat and exp must be there.")
        if not (now - LONGEST <= issued <= now + SKEW and now < expires <= issued + LONGEST):
            raise BadTokenError("Invalid JWT: Token must be a short-lived token (60 minutes).")
        token = f"ya29.sandbox-{self._ids.hex()}"
        self._until[token] = now + LONGEST if claims.get("scope") == self._scope else 0
        return {"access_token": token, "expires_in": LONGEST, "token_type": "Bearer"}

    def state(self, token: str) -> str:
        """Tell of a token whether it is good, of too small a scope, or unknown by now."""
        until = self._until.get(token, -1)
        return "scope" if until == 0 else "good" if until > self._now() else "unknown"

    def clear(self) -> None:
        """Forget every token."""
        self._until.clear()

    def _now(self) -> int:
        return int(self._clock().timestamp())


def _json(part: str) -> dict[str, Any]:
    try:
        found = json.loads(_bytes(part))
    except ValueError as wrong:
        raise BadTokenError("Not a signed JWT.") from wrong
    if not isinstance(found, dict):
        raise BadTokenError("Not a signed JWT.")
    return found


def _bytes(part: str) -> bytes:
    try:
        return base64.b64decode(part + "=" * (-len(part) % 4), b"-_", validate=True)
    except binascii.Error as wrong:
        raise BadTokenError("Not a signed JWT.") from wrong
