"""Secrets in the cloud: a new version of one, by Secret Manager's own REST."""

from __future__ import annotations

import base64
from collections.abc import Callable
from urllib.parse import urlsplit

import google.auth
import msgspec
from google.auth.transport.requests import Request

from loyalty.errors import Problem
from loyalty.ports import Http, HttpRequest

SCOPE = "https://www.googleapis.com/auth/cloud-platform"
_SUCCESS, _FORBIDDEN, _NOT_FOUND = 200, 403, 404
_TAKES = {"POST": "Adding versions to it", "GET": "Looking whether it has a value"}


class _Version(msgspec.Struct):
    name: str


class _Versions(msgspec.Struct):
    versions: list[_Version] = []


class SecretManager:
    """The secrets of a project. `token` returns an access token, "" to show none."""

    def __init__(self, http: Http, url: str, project: str, token: Callable[[], str]) -> None:
        self._http = http
        self._project = project
        self._url = f"{url.rstrip('/')}/projects/{project}/secrets"
        self._token = token

    def add(self, name: str, value: str) -> str:
        """Add a version and return its number. Raises Problem if it is refused.

        TryAgain and InDoubt say that nobody answered; a version more does no harm.
        """
        payload = {"payload": {"data": base64.b64encode(value.encode()).decode()}}
        made = self._asked("POST", f"{name}:addVersion", msgspec.json.encode(payload))
        return msgspec.json.decode(made, type=_Version).name.rpartition("/")[2]

    def has_version(self, name: str) -> bool:
        """Tell whether a secret ever had a value. Raises as `add` does."""
        listed = self._asked("GET", f"{name}/versions?pageSize=1")
        return bool(msgspec.json.decode(listed, type=_Versions).versions)

    def _asked(self, method: str, what: str, body: bytes = b"") -> bytes:
        headers = {"Content-Type": "application/json"}
        if token := self._token():
            headers["Authorization"] = f"Bearer {token}"
            headers["X-Goog-User-Project"] = self._project  # a person's own login names none
        answer = self._http.send(HttpRequest(method, f"{self._url}/{what}", headers, body))
        if answer.status != _SUCCESS:
            raise Problem(answer.status, "secret_refused", _why(method, answer.status))
        return answer.body


def _why(method: str, status: int) -> str:
    if status == _FORBIDDEN:
        return f"{_TAKES[method]} takes roles/secretmanager.secretVersionManager."
    if status == _NOT_FOUND:
        return "It is not there: the deployment makes it."
    return f"Secret Manager answered {status}."


def token_for(url: str) -> Callable[[], str]:
    """Choose who shows what: Google gets our token, this machine none, and nobody else anything.

    Raises ValueError for any other place.
    """
    place = urlsplit(url)
    if place.hostname in ("127.0.0.1", "::1", "localhost"):
        return lambda: ""
    if place.scheme == "https" and (place.hostname or "").endswith(".googleapis.com"):
        return _google_token
    raise ValueError(f"{place.hostname} is not Secret Manager")


def _google_token() -> str:
    credentials, _ = google.auth.default(scopes=[SCOPE])
    credentials.refresh(Request())  # type: ignore[no-untyped-call]  # it has no types
    return str(credentials.token)
