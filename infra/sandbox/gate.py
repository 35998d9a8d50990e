"""Stands before the vendors: keeps every raw request and lets the armed faults strike."""

from collections.abc import Iterable, Mapping
from io import BytesIO
from typing import Protocol
from wsgiref.types import StartResponse, WSGIEnvironment

from werkzeug.wrappers import Request, Response

from infra.sandbox.faults import ON_REQUESTS, Fault, FaultKind
from infra.sandbox.hosts import HOST, Host, application
from infra.sandbox.outbox import Exchange, Outcome
from infra.sandbox.premises import Premises

OUR_NAMES = frozenset({"127.0.0.1", "localhost", "[::1]"})
LEAST_REFUSAL = 400


class HangUp(Exception):  # noqa: N818 - an event on the line, not an error of ours
    """The line is to be closed without an answer; `reset` says how rudely."""

    def __init__(self, *, reset: bool) -> None:
        super().__init__("reset" if reset else "closed")
        self.reset = reset


class Vendor(Host, Protocol):
    """What the sandbox asks of each vendor besides its addresses: its own words for trouble."""

    def rate_limited(self, retry_after: int | None) -> Response:
        """Answer 429 in the vendor's form, with or without Retry-After."""

    def broken(self) -> Response:
        """Answer 500 in the vendor's form."""

    def clear(self) -> None:
        """Forget what happened; keep what was set up."""


class Gate:
    """The WSGI application: hands each request to the vendor or page its address names.

    What is not a vendor's passes without a record and without faults.
    """

    def __init__(
        self, premises: Premises, vendors: Mapping[str, Vendor], others: Mapping[str, Host]
    ) -> None:
        self._premises = premises
        self._vendors = vendors
        self._others = others

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        """Answer one request, unless a fault hangs up on it."""
        request = Request(environ)
        if request.host.partition(":")[0] not in OUR_NAMES:
            return Response("The sandbox answers on loopback only.\n", 421)(environ, start_response)
        body = request.get_data()
        environ["wsgi.input"] = BytesIO(body)
        part = request.path.split("/")[1]
        if part in self._vendors:
            return self._meet(part, request, body)(environ, start_response)
        answer = _ask(self._others.get(part, self._others[""]), environ)
        return answer(environ, start_response)

    def _meet(self, vendor: str, request: Request, body: bytes) -> Response:
        fault = self._premises.faults.take(vendor, ON_REQUESTS, request.method)
        if fault and fault.kind is FaultKind.RESET:
            self._keep(vendor, request, body, 0, fault)
            raise HangUp(reset=True)
        if fault and fault.kind is FaultKind.SLOW:
            self._premises.postman.pause(fault.seconds)
        answer = self._answer(vendor, request, fault)
        self._keep(vendor, request, body, answer.status_code, fault)
        if fault and fault.kind is FaultKind.ACCEPT_THEN_SILENCE:
            self._premises.postman.pause(fault.seconds)
            raise HangUp(reset=False)
        return answer

    def _answer(self, vendor: str, request: Request, fault: Fault | None) -> Response:
        host = self._vendors[vendor]
        with application(type(host)).app_context():
            if fault and fault.kind is FaultKind.RATE_LIMITED:
                return host.rate_limited(fault.retry_after)
            if fault and fault.kind is FaultKind.SERVER_ERROR:
                return host.broken()
        with self._premises.lock:
            return _ask(host, request.environ)

    def _keep(
        self, vendor: str, request: Request, body: bytes, status: int, fault: Fault | None
    ) -> None:
        self._premises.requests.add(
            Exchange(
                vendor=vendor,
                at=self._premises.clock(),
                method=request.method,
                path=request.path,
                query=request.query_string.decode(),
                headers=dict(request.headers),
                body=body,
                status=status,
                outcome=_outcome(status, fault),
                fault=fault.kind if fault else "",
            )
        )


def _ask(host: Host, environ: WSGIEnvironment) -> Response:
    environ[HOST] = host
    return Response.from_app(application(type(host)), environ, buffered=True)


def _outcome(status: int, fault: Fault | None) -> Outcome:
    if fault and fault.kind is not FaultKind.SLOW:
        return "faulted"
    return "refused" if status >= LEAST_REFUSAL else "answered"
