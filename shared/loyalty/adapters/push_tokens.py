"""Who may push events to us: our own subscriptions, by the token that Google signs for them."""

from __future__ import annotations

import threading
import time
from collections.abc import Mapping
from typing import Any

import msgspec
from google.auth import exceptions, jwt

from loyalty.errors import Problem
from loyalty.ports import Http, HttpRequest

CERTIFICATES = "https://www.googleapis.com/oauth2/v1/certs"
ISSUERS = ("https://accounts.google.com", "accounts.google.com")
FRESH = 3600.0
"""Seconds for which Google's certificates are believed; they change every few days."""
AGAIN = 60.0
"""Seconds between two looks for a certificate that we do not have."""


class PushTokens:
    """Admits a push whose token was made by Google, for our account and this function.

    The platform checks it too; this holds where a function was made public by mistake.
    """

    def __init__(self, account: str, audience: str, http: Http, url: str = CERTIFICATES) -> None:
        self._account = account
        self._audience = audience
        self._http = http
        self._url = url
        self._certificates: Mapping[str, str] = {}
        self._read_at = -FRESH
        self._lock = threading.Lock()

    def admit(self, authorization: str) -> None:
        """Return if the header's token is good. Raises Problem 401, always the same."""
        kind, _, token = authorization.partition(" ")
        if kind.lower() != "bearer" or not self._ours(token):
            raise Problem(401, "unauthorized", "Only our own subscriptions may push.")

    def _ours(self, token: str) -> bool:
        try:
            head = jwt.decode_header(token)  # type: ignore[no-untyped-call]  # it has no types
            certificates = self._known(str(head.get("kid", "")))
            told = jwt.decode(  # type: ignore[no-untyped-call]  # it has no types
                token, certs=certificates, audience=self._audience
            )
        except (ValueError, exceptions.GoogleAuthError):
            return False
        return (
            told.get("iss") in ISSUERS
            and told.get("email") == self._account
            and told.get("email_verified") is True
        )

    def _known(self, name: str) -> Mapping[str, str]:
        """Give Google's certificates, read anew when they are old or lack this one."""
        with self._lock:
            age = time.monotonic() - self._read_at
            if age >= FRESH or (name not in self._certificates and age >= AGAIN):
                self._certificates = self._fetched()
                self._read_at = time.monotonic()
            return self._certificates

    def _fetched(self) -> Mapping[str, str]:
        answer = self._http.send(HttpRequest("GET", self._url, timeout=5.0))
        found: Any = msgspec.json.decode(answer.body, type=dict[str, str])
        return dict(found)
