"""Settings that must hold real keys before a connector asks anybody anything."""

from __future__ import annotations

import json
from collections.abc import Mapping
from functools import cache

from infra.sandbox import signatures
from infra.sandbox.apple_authority import authority, pem


def real(url: str, mark: str) -> Mapping[str, str]:
    """Return them, for vendors at `url`. Names in them hold the mark."""
    account = {"client_email": f"{mark}@x.example", "private_key": _key(), "token_uri": url}
    return {
        "GOOGLE_WALLET_SERVICE_ACCOUNT": json.dumps(account),
        "GOOGLE_STORAGE_SERVICE_ACCOUNT": json.dumps(account),
        "APPLE_WALLET_PRIVATE_KEY": _key(),
        "APPLE_WALLET_CERTIFICATE": _certificate(mark),
        "APPLE_WALLET_WWDR_CERTIFICATE": pem(authority().below),
        "APPLE_WALLET_COLOR": "#3c281e",
        "APPLE_WALLET_ICON": "",
    }


@cache
def _key() -> str:
    return signatures.pem(signatures.rsa_key())


@cache
def _certificate(mark: str) -> str:
    public = signatures.rsa_key().public_key()
    return pem(authority().issue(public, f"pass.com.example.{mark}", mark))
