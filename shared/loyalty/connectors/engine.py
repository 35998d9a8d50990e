"""Runs what connectors describe: settings, HTTP, time-outs, retries and limits live here, once.

What a caller of `Engine.run` gets is the result, or one of these:

- `TryAgain`: not done, or safe to repeat. Come back, after `after` seconds where it is set.
- `InDoubt`: a request that must not be repeated may have been acted on. Look it up first.
- `VendorRefused`: no for good, with our word (refused, opted-out, bad-address, credentials) and
  the vendor's code, or the HTTP status where the vendor has none.
- `LookupError`: no such connector, verb or account; `MissingSettings` names unset variables.

A connector is sent 2xx answers only. A refusal is thrown into its generator, so that it can
catch, say, a `VendorRefused` with the code `NOT_FOUND` and go on. TryAgain and InDoubt end it.

Repeated without harm, and so retried after a 5xx or a silence, are: every request of a verb that
only reads, every method but POST and PATCH, and what carries an `Idempotency-Key` header. (Give
one to a POST for an access token, too.) Nothing else is sent again unless the vendor surely did
not act on it.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from random import Random
from threading import Lock
from typing import Any

from msgspec.structs import replace

from loyalty.connectors import load
from loyalty.connectors.breaker import Breaker
from loyalty.connectors.call import Call, Line, World
from loyalty.connectors.rate import Bucket
from loyalty.connectors.settings import MissingSettings, read_config
from loyalty.connectors.spec import Config, Rate, Verb
from loyalty.ports import Clock, Http

__all__ = ["Engine", "MissingSettings"]


class Engine:
    """Every vendor call of one process. Shared by threads; what vendor accounts endure is kept.

    `environment` holds the vendors' settings. `sleep` and `random` are given by tests.
    """

    def __init__(
        self,
        http: Http,
        clock: Clock,
        environment: Mapping[str, str],
        sleep: Callable[[float], None] = time.sleep,
        random: Random | None = None,
    ) -> None:
        spread = random or Random()  # noqa: S311 - it spreads retries and guards nothing
        self._world = World(http, clock, sleep, spread)
        self._environment = environment
        self._configs: dict[tuple[str, str], Config] = {}
        self._lines: dict[tuple[str, str], Line] = {}
        self._lock = Lock()

    def config(self, connector: str, account: str = "", verb: str = "") -> Config:
        """Read an account's settings, those that a verb may have; "" stands for all verbs.

        Raises LookupError (MissingSettings for unset variables).

        To a webhook's caller an account that nobody set up must look like a bad signature:
        verify then with `Config(connector=…, values={})`, which takes as long.
        """
        if account:  # anybody may make up names: what is kept for each would have no end
            return read_config(load(connector), account, self._environment, verb)
        key = connector, verb
        if key not in self._configs:  # a process keeps the settings it began with
            self._configs[key] = read_config(load(connector), "", self._environment, verb)
        return self._configs[key]

    def run(
        self,
        connector: str,
        verb: Verb,
        argument: Any,
        account: str = "",
        budget_seconds: float = 10.0,
    ) -> Any:
        """Do one operation within the budget; the module tells what it returns and raises."""
        vendor = load(connector)
        if verb not in vendor.operations:
            raise LookupError(f"{connector} has no {verb}")
        config = replace(self.config(connector, account, verb), now=self._world.clock.now())
        conversation = vendor.operations[verb](config, argument)
        call = Call(vendor, verb, self._line(connector, config), self._world, budget_seconds)
        return call.converse(conversation)

    def _line(self, connector: str, config: Config) -> Line:
        with self._lock:
            key = connector, config.account
            if key not in self._lines:
                self._lines[key] = Line(Bucket(_rate(connector, config)), Breaker())
            return self._lines[key]


def _rate(connector: str, config: Config) -> Rate | None:
    """Tell how often an account may be asked: as it is set, else as its connector says."""
    told = config["calls_per_second"]
    if not told:
        return load(connector).rate
    if not told.isdecimal() or int(told) < 1:
        raise LookupError(f"{connector.upper()}_CALLS_PER_SECOND is a whole number from 1")
    return Rate(int(told))
