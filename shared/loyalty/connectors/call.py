"""One run of a conversation: each request is sent, waited for, sorted and perhaps repeated."""

from __future__ import annotations

import traceback
from collections.abc import Callable
from functools import partial
from itertools import count
from random import Random
from typing import Any, NamedTuple

from loyalty.connectors.answers import retry_after, sort
from loyalty.connectors.breaker import Breaker
from loyalty.connectors.rate import Bucket
from loyalty.connectors.spec import Connector, Conversation, Verb
from loyalty.errors import InDoubt, TryAgain, VendorRefused
from loyalty.ports import Clock, Http, HttpRequest, HttpResponse

TRIES = 4
FIRST_PAUSE, LONGEST_PAUSE = 0.25, 8.0
LEAST_SECONDS = 0.05
"""With less left than this no request is begun: its answer could not be waited for."""

_READING: frozenset[Verb] = frozenset(
    {"fetch_sale", "list_sales", "list_files", "read_file", "find_sms", "check"}
)
_REPEATABLE = frozenset({"GET", "HEAD", "PUT", "DELETE"})
_UNREADABLE = (LookupError, TypeError, ValueError, AttributeError, ArithmeticError)


class World(NamedTuple):
    """What a call needs from outside."""

    http: Http
    clock: Clock
    sleep: Callable[[float], None]
    random: Random


class Line(NamedTuple):
    """What all calls to one vendor account share."""

    bucket: Bucket
    breaker: Breaker


class Call:
    """One operation of one connector, which must end by a deadline."""

    def __init__(
        self, connector: Connector, verb: Verb, line: Line, world: World, budget: float
    ) -> None:
        self._connector, self._verb = connector, verb
        self._bucket, self._breaker = line
        self._world = world
        self._deadline = self._now() + budget
        self._acted = False

    def converse(self, conversation: Conversation) -> Any:
        """Carry requests and answers to and fro, and return what the conversation returns.

        Raises TryAgain, InDoubt or VendorRefused, as `engine` tells.
        """
        try:
            request = next(conversation)
            while True:
                request = self._go_on(request, self._reply(conversation, request))
        except StopIteration as end:
            return end.value
        except TryAgain as again:
            if self._acted:  # to begin anew would do the first half twice
                raise InDoubt(str(again)) from None
            raise
        finally:
            conversation.close()

    def _reply(self, conversation: Conversation, request: HttpRequest) -> Callable[[], HttpRequest]:
        try:
            answer = self._ask(request)
        except VendorRefused as refusal:
            return partial(conversation.throw, refusal)
        return partial(conversation.send, answer)

    def _go_on(self, request: HttpRequest, step: Callable[[], HttpRequest]) -> HttpRequest:
        """Let the connector read. The vendor did answer: what it cannot read may still be done."""
        try:
            return step()
        except InDoubt as doubt:
            if self._verb in _READING:
                raise self._again(str(doubt)) from None
            raise
        except _UNREADABLE as error:  # its text may quote the answer, so only its place is told
            place = traceback.extract_tb(error.__traceback__)[-1]
            why = f"unreadable answer ({type(error).__name__}, {place.name}:{place.lineno})"
            raise self._lost(request, why) from None

    def _ask(self, request: HttpRequest) -> HttpResponse:
        for attempt in count():
            self._await_turn()
            try:
                return self._sorted(request, self._send(request))
            except TryAgain as again:
                self._pause(again, attempt)
        raise AssertionError  # for the type checker: `count` does not end

    def _await_turn(self) -> None:
        left = self._left()
        if left < 0:
            raise self._again("out of time")
        if rest := self._breaker.admit(self._now()):
            raise self._again("left alone after many failures", rest)
        wait = self._bucket.take(self._now(), left)
        if wait > left:
            raise self._again("asked too often", wait)
        if wait:
            self._world.sleep(wait)

    def _send(self, request: HttpRequest) -> HttpResponse:
        seconds = min(request.timeout, max(self._left(), 0) + LEAST_SECONDS)
        try:
            return self._world.http.send(request._replace(timeout=seconds))
        except ValueError:  # a line break in a token, an address that is none
            raise VendorRefused("refused", "no-http-request") from None
        except TryAgain:
            self._breaker.failed(self._now())
            raise self._again("not reached") from None
        except InDoubt:
            self._breaker.failed(self._now())
            raise self._lost(request, "no answer") from None

    def _sorted(self, request: HttpRequest, answer: HttpResponse) -> HttpResponse:
        if answer.status // 100 == 2:  # noqa: PLR2004 - HTTP's own range
            self._breaker.answered()
            self._acted |= not self._is_repeatable(request)
            return answer
        word, code = sort(self._connector, answer)
        after = retry_after(answer, self._world.clock.now())
        if word == "try-again":
            self._breaker.failed(self._now())
            raise self._lost(request, code, after)
        self._breaker.answered()
        if word == "slow-down":
            self._bucket.hold(self._now() + (after or 0))
            raise self._again(code, after)
        raise VendorRefused(word, code)

    def _pause(self, again: TryAgain, attempt: int) -> None:
        """Sleep before the next try (full jitter, after what the vendor asked for), or give up."""
        longest = min(FIRST_PAUSE * 2**attempt, LONGEST_PAUSE)
        pause = (again.after or 0) + self._world.random.uniform(0, longest)
        if attempt + 1 >= TRIES or pause > self._left():
            raise again
        self._world.sleep(pause)

    def _lost(
        self, request: HttpRequest, why: str, after: float | None = None
    ) -> TryAgain | InDoubt:
        """Name what to do when a request may have been acted on."""
        again = self._again(why, after)
        return again if self._is_repeatable(request) else InDoubt(str(again))

    def _is_repeatable(self, request: HttpRequest) -> bool:
        """Tell what changes nothing more when it is done twice."""
        marked = any(name.lower() == "idempotency-key" for name in request.headers)
        return self._verb in _READING or request.method in _REPEATABLE or marked

    def _again(self, why: str, after: float | None = None) -> TryAgain:
        return TryAgain(f"{self._name}: {why}", after)

    @property
    def _name(self) -> str:
        return f"{self._connector.name} {self._verb}"

    def _now(self) -> float:
        return self._world.clock.now().timestamp()

    def _left(self) -> float:
        return self._deadline - self._now() - LEAST_SECONDS
