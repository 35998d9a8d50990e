"""The composition root: the only place that knows which store, bus and HTTP are real."""

from __future__ import annotations

import base64
from collections.abc import Callable
from typing import Any

import msgspec
from flask import Request, Response

from loyalty.adapters.clock import SystemClock, clock_from
from loyalty.adapters.http import RequestsHttp
from loyalty.connectors.engine import Engine
from loyalty.delivery import Shop, Step, hear, in_hand
from loyalty.errors import Problem
from loyalty.identity import Pepper
from loyalty.logs import Log
from loyalty.ports import Bus, Clock, Store
from loyalty.programs import Programs
from loyalty.settings import Settings
from loyalty.silence import Silence
from loyalty.warming import warm
from loyalty.web import answers, floodgate, reading
from loyalty.web.auth import Doorkeeper
from loyalty.web.guards import Guards, View

Admit = Callable[[str], None]
"""Takes the Authorization header of a push; raises Problem 401 unless it is one of ours."""


def nobody(_authorization: str) -> None:
    """Admit no push at all: where events do not come over HTTP."""
    raise Problem(401, "unauthorized", "Only our own subscriptions may push.")


def everybody(_authorization: str) -> None:
    """Admit every push: on one machine, where the emulator signs nothing."""


class App:
    """Everything a function needs, made once per process and only when first used."""

    def __init__(
        self, shop: Shop, admit: Admit = nobody, per_minute: int = floodgate.PER_MINUTE
    ) -> None:
        warm()
        self.shop = shop
        self._admit = admit
        self._guards = Guards(Doorkeeper(), floodgate.Floodgate(per_minute))

    def call(self, name: str, view: View, request: Request) -> Response:
        """Serve a function that the world may call."""
        return self._serve(name, lambda call, shop: view(call, shop, self._guards), request)

    def push(self, name: str, step: Step, request: Request) -> Response:
        """Serve an event function: one pushed message, answered 204 once it is done."""

        def view(request: Request, shop: Shop) -> Response:
            self._admit(request.headers.get("Authorization", ""))
            hear(name, step, _pushed(request), shop)
            return Response("", 204)

        return self._serve(name, view, request)

    def _serve(
        self, function: str, view: Callable[[Request, Shop], Response], request: Request
    ) -> Response:
        """Answer a request; its one line is written before the answer leaves."""
        name = reading.request_id(request)

        def viewed() -> Response:
            with in_hand(function, self.shop, name) as shop:
                return view(request, shop)

        answer = answers.answered(viewed, name)
        reading.leave(request)
        return answer


_APP: list[App] = []


def app() -> App:
    """Return this process's app; in a cloud it is made from the environment at the first call."""
    if not _APP:
        settings = Settings()
        use(App(shop(settings, _store(settings), _bus(settings)), gate(settings)))
    return _APP[0]


def use(made: App) -> App:
    """Make this the app of the process."""
    _APP[:] = [made]
    return made


def shop(
    settings: Settings, store: Store, bus: Bus, clock: Clock | None = None, log: Log | None = None
) -> Shop:
    """Put together what steps have at hand, around a store and a bus."""
    now = clock or _clock(settings)
    return Shop(
        store=store,
        bus=bus,
        clock=now,
        programs=Programs(store, now),
        vendors=Engine(RequestsHttp(), SystemClock(), settings.environment),
        pepper=Pepper(settings["LOYALTY_PEPPER"]),
        log=log or Log(settings["LOYALTY_LOG"], project=settings.project),
        silence=Silence(store, now, settings["LOYALTY_TEST_NUMBERS"]),
    )


def _clock(settings: Settings) -> Clock:
    text = settings["LOYALTY_CLOCK"]
    if settings.in_cloud and text != "system":
        raise ValueError("LOYALTY_CLOCK must be `system` in the cloud")
    return clock_from(text)


def _store(settings: Settings) -> Store:
    kind, _, project = settings["LOYALTY_STORE"].partition(":")
    if kind != "firestore":
        raise ValueError(f"LOYALTY_STORE={settings['LOYALTY_STORE']} is served by `make run`")
    from loyalty.adapters.firestore import FirestoreStore  # noqa: PLC0415 - a second to import

    return FirestoreStore(project)


def _bus(settings: Settings) -> Bus:
    kind, _, project = settings["LOYALTY_BUS"].partition(":")
    if kind != "pubsub":
        raise ValueError(f"LOYALTY_BUS={settings['LOYALTY_BUS']} is served by `make run`")
    from loyalty.adapters.pubsub import PubSubBus  # noqa: PLC0415 - a second to import

    return PubSubBus(project)


def gate(settings: Settings) -> Admit:
    """Choose who may push events. Without a check only the emulator may, and on loopback only."""
    account, audience = settings["LOYALTY_PUSH_ACCOUNT"], settings["LOYALTY_PUSH_AUDIENCE"]
    if account and audience:
        from loyalty.adapters.push_tokens import PushTokens  # noqa: PLC0415 - only where pushed to

        return PushTokens(account, audience, RequestsHttp()).admit
    emulated = bool(settings.environment.get("PUBSUB_EMULATOR_HOST"))
    loopback = settings["HOST"] in ("127.0.0.1", "::1", "localhost")
    return everybody if emulated and loopback and not settings.in_cloud else nobody


class _Message(msgspec.Struct):
    data: str = ""


class _Push(msgspec.Struct):
    message: _Message


def _pushed(request: Request) -> bytes:
    """Unwrap a pushed message; what cannot be unwrapped goes on as it is and is put aside."""
    try:
        push: Any = msgspec.json.decode(request.get_data(), type=_Push)
        return base64.b64decode(push.message.data, validate=True)
    except ValueError:
        return request.get_data()
