"""Calls to vendors over one pool of connections: no redirect, no retry, no cookie, no log."""

from __future__ import annotations

import logging
import ssl
from collections.abc import Callable
from functools import partial
from typing import Any
from urllib.parse import urlsplit

import requests
from requests.adapters import HTTPAdapter
from urllib3.exceptions import ConnectTimeoutError, HTTPError, NewConnectionError

from loyalty.errors import InDoubt, TryAgain
from loyalty.ports import HttpRequest, HttpResponse

LONGEST_BODY = 1_000_000
"""Bytes of an answer that are read; what follows is cut off."""

_NEVER_SENT = (ConnectTimeoutError, NewConnectionError, ssl.SSLCertVerificationError)


class RequestsHttp:
    """The Http port by `requests`. Certificates are always checked; threads may share it.

    What it raises names the host at most: addresses and headers can hold secrets.
    """

    def __init__(self, connections: int = 32) -> None:
        self._session = requests.Session()
        for scheme in ("https://", "http://"):
            self._session.mount(scheme, HTTPAdapter(pool_maxsize=connections))
        self._ways: dict[str, dict[str, Any]] = {}
        # any `auth` at all keeps a ~/.netrc from replacing the Authorization header
        self._session.auth = _as_it_is
        # urllib3's lines below ERROR hold whole addresses
        logging.getLogger("urllib3.connectionpool").setLevel(logging.ERROR)

    def send(self, request: HttpRequest) -> HttpResponse:
        """Send it once and read the answer; an answer with an error status is an answer.

        Raises TryAgain if it surely never reached the vendor, InDoubt if it may have, and
        ValueError if it is no HTTP request at all.
        """
        send = self._prepare(request)
        try:
            with send() as answer:
                headers = {name.lower(): value for name, value in answer.headers.items()}
                return HttpResponse(answer.status_code, headers, _body(answer))
        except (requests.RequestException, HTTPError) as error:
            words = f"{urlsplit(request.url).hostname}: {type(error).__name__}"
            raise (TryAgain if _never_sent(error) else InDoubt)(words) from None

    def close(self) -> None:
        """Let go of all connections."""
        self._session.close()

    def _prepare(self, request: HttpRequest) -> Callable[[], requests.Response]:
        """Make everything ready for the connection pool.

        Sent by the pool's own `send`: the session's reads all of a redirect, and keeps cookies.
        """
        asked = requests.Request(
            request.method, request.url, headers=dict(request.headers), data=request.body
        )
        try:
            call = self._session.prepare_request(asked)
            url = call.url or ""
            send = self._session.get_adapter(url).send
            way = self._way("{0.scheme}://{0.netloc}".format(urlsplit(url)))
        except (requests.RequestException, ValueError) as error:
            raise ValueError(f"no HTTP request: {type(error).__name__}") from None
        return partial(send, call, stream=True, timeout=request.timeout, **way)

    def _way(self, origin: str) -> dict[str, Any]:
        """Find proxies and certificates for a host once: the environment is slow to read."""
        if origin not in self._ways:
            found = self._session.merge_environment_settings(origin, {}, True, True, None)
            self._ways[origin] = {"verify": found["verify"] or True, "proxies": found["proxies"]}
        return self._ways[origin]


def _as_it_is(prepared: requests.PreparedRequest) -> requests.PreparedRequest:
    return prepared


def _body(answer: requests.Response) -> bytes:
    body = bytearray()
    for piece in answer.iter_content(65_536):
        body += piece
        if len(body) >= LONGEST_BODY:
            break
    return bytes(body[:LONGEST_BODY])


def _never_sent(error: BaseException | None) -> bool:
    """Whether it failed before the first byte of the request; the libraries wrap the reason."""
    while error and not isinstance(error, _NEVER_SENT):
        inside = (getattr(error, "reason", None), getattr(error, "original_error", None))
        causes = (one for one in (*inside, *error.args) if isinstance(one, BaseException))
        error = next(causes, None)
    return error is not None
