"""A Google service account, as its key file tells: it signs, and it trades a signature for a token.

The file is the one that Google's console gives out, whole. Only the key is kept between calls.
"""

from __future__ import annotations

from base64 import urlsafe_b64encode
from collections.abc import Generator, Mapping
from functools import lru_cache
from typing import Any
from urllib.parse import urlencode

import msgspec
from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import padding, rsa

from loyalty.connectors.spec import Config
from loyalty.errors import VendorRefused
from loyalty.ports import HttpRequest, HttpResponse

LIFETIME_SECONDS = 3600
"""How long a token is asked for; Google gives no longer ones."""

_AUDIENCE = "https://oauth2.googleapis.com/token"
_GRANT = "urn:ietf:params:oauth:grant-type:jwt-bearer"


class Account(msgspec.Struct, frozen=True):
    """What we read of the key file."""

    client_email: str
    private_key: str
    token_uri: str = _AUDIENCE

    def __repr__(self) -> str:
        """Never show the key."""
        return "Account()"


class Granted(msgspec.Struct, frozen=True):
    """The answer to a good assertion."""

    access_token: str


def account(config: Config) -> Account:
    """Read the key file. Raises VendorRefused for what is none."""
    try:
        return msgspec.json.decode(config["service_account"], type=Account)
    except ValueError:  # its text may quote the file
        raise VendorRefused("credentials", "bad-key-file") from None


def access_token(
    config: Config, known: Account, scope: str
) -> Generator[HttpRequest, HttpResponse, str]:
    """Ask for a token that is good for an hour and for this scope."""
    now = int(config.now.timestamp())
    who = {"iss": known.client_email, "scope": scope, "aud": _AUDIENCE}
    claims = {**who, "iat": now, "exp": now + LIFETIME_SECONDS}
    form = {"grant_type": _GRANT, "assertion": jwt(known, claims)}
    headers = {"Content-Type": "application/x-www-form-urlencoded", "Idempotency-Key": "token"}
    answer = yield HttpRequest("POST", known.token_uri, headers, urlencode(form).encode())
    return msgspec.json.decode(answer.body, type=Granted).access_token


def jwt(known: Account, claims: Mapping[str, Any]) -> str:
    """Sign claims as a compact JSON Web Token by RS256. Raises VendorRefused for a bad key."""
    said = f"{_plain({'alg': 'RS256', 'typ': 'JWT'})}.{_plain(claims)}"
    signature = _key(known.private_key).sign(said.encode(), padding.PKCS1v15(), hashes.SHA256())
    return f"{said}.{_base64(signature)}"


@lru_cache(maxsize=8)
def _key(pem: str) -> rsa.RSAPrivateKey:
    """Read a key once: to check one takes long."""
    try:
        key = serialization.load_pem_private_key(pem.encode(), None)
    except (ValueError, TypeError, UnsupportedAlgorithm):  # their texts may quote the key
        raise VendorRefused("credentials", "bad-private-key") from None
    if not isinstance(key, rsa.RSAPrivateKey):
        raise VendorRefused("credentials", "bad-private-key")
    return key


def _plain(part: Mapping[str, Any]) -> str:
    return _base64(msgspec.json.encode(part))


def _base64(content: bytes) -> str:
    return urlsafe_b64encode(content).rstrip(b"=").decode()
