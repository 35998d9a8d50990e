"""All functions on one machine: one server, one SQLite file, one durable bus.

This is the whole system, not an imitation of it: the same `main`s behind functions-framework,
the same steps, and nothing acknowledged is ever lost, not even to kill -9.
"""

from __future__ import annotations

import argparse
import errno
import logging
import os
import secrets
import signal
import sys
import threading
from collections.abc import Callable, Mapping
from contextlib import suppress
from importlib import import_module
from itertools import chain
from pathlib import Path
from typing import Any
from wsgiref.types import WSGIApplication

import functions_framework
import waitress
from flask import Flask, Response
from werkzeug.middleware.dispatcher import DispatcherMiddleware

from infra.local_schedules import LocalSchedules
from infra.topology import TOP, Topology, dashed, topology
from loyalty import app as composition
from loyalty import program_file, programs
from loyalty.adapters.clock import clock_from
from loyalty.adapters.local_bus import BusOptions, LocalBus
from loyalty.adapters.sqlite import SqliteStore
from loyalty.adapters.sqlite_writer import InUse
from loyalty.delivery import Shop, deliver
from loyalty.events import SweepRequested, encode
from loyalty.logs import Log
from loyalty.ports import Clock
from loyalty.settings import Settings
from loyalty.warming import warm
from loyalty.web import auth, reading

TICK = 5.0
"""Seconds between two looks at what is due."""
THREADS = 16
SHUTDOWN = 10.0
"""Seconds that calls in hand have to finish."""
API_PAGE = "The member API's calls. Each by example: docs/member-api.md"
PATIENCE = 30.0
"""Seconds until an event that is not settled is called stuck."""


class NotHere(ValueError):  # noqa: N818 - says what a setting is
    """A setting that one machine cannot follow."""


class Local:
    """The running system. `start` returns once it answers; `stop` finishes what was accepted."""

    def __init__(
        self,
        environment: Mapping[str, str],
        *,
        clock: Clock | None = None,
        log: Log | None = None,
        workers: int = 8,
        wrap: Callable[[Shop], Shop] = lambda shop: shop,
    ) -> None:
        self.settings = _with_secrets(environment)
        _refuse_the_clouds(self.settings)
        self.wiring = topology()
        self._steps: dict[str, Any] = {
            name: import_module(f"loyalty.steps.{name}") for name in self.wiring.hearing()
        }
        file = Path(self.settings["LOYALTY_STORE"].removeprefix("sqlite:"))
        clock = clock or clock_from(self.settings["LOYALTY_CLOCK"])
        store = SqliteStore(file, clock=clock)
        self.bus = LocalBus(store.writer, self.wiring.topics(), self._options(workers))
        shop = composition.shop(self.settings, store, self.bus, clock, log)
        self.shop = composition.use(composition.App(wrap(shop))).shop
        self.schedules = LocalSchedules(self.shop, file.parent)
        self.key = self.settings["LOYALTY_API_KEY"]
        self.url = ""
        self._stopping = threading.Event()
        self._server: Any = None

    def _options(self, workers: int) -> BusOptions:
        return BusOptions(workers=workers, pipeline=list(self.wiring.functions))

    def start(self, *, ticks: bool = True) -> None:
        """Publish the program if there is none, then serve and deliver."""
        _publish_first(self.shop, Path(self.settings["LOYALTY_PROGRAM"]))
        auth.seed(self.shop.store, self.key)
        self.bus.start(self._deliver)
        logging.getLogger("waitress.queue").setLevel(logging.ERROR)  # a queue is no news
        host, port = self.settings["HOST"], int(self.settings["PORT"])
        site = _site(self.wiring)
        warm()  # each function brought its own types
        self._server = waitress.create_server(
            site,
            host=host,
            port=port,
            threads=THREADS,
            ident="regulars",
            max_request_body_size=2 * reading.LARGEST,
        )
        self.url = f"http://{host}:{self._server.effective_port}"
        threading.Thread(target=self._serve, name="server", daemon=True).start()
        if ticks:
            threading.Thread(target=self._tick, name="scheduler", daemon=True).start()

    def _serve(self) -> None:
        with suppress(OSError):  # its socket may be closed while it waits for the next call
            self._server.run()

    def stop(self) -> None:
        """Take no more calls, finish running handlers, close the file."""
        self._stopping.set()
        if self._server:
            self._server.accepting = False
            self._server.task_dispatcher.shutdown(cancel_pending=False, timeout=SHUTDOWN)
            self._server.close()
        self.bus.stop()
        self.shop.store.close()

    def address(self, function: str) -> str:
        """Tell where a public function listens."""
        return f"{self.url}/{dashed(function)}"

    def settle(self, _calls: Mapping[str, int]) -> bool:
        """Wait until nothing that was published waits to be handled; false if it takes too long."""
        return self.bus.wait_idle(PATIENCE)

    def unfinished(self) -> str:
        """Name what is still on its way."""
        return "messages on the bus"

    def sweep(self) -> None:
        """Ask for everything that is due by now."""
        now = self.shop.clock.now()
        event = SweepRequested(id=f"sweep:{now.isoformat()}", at=now, subject="sweep")
        self.shop.bus.publish("sweep-requested", [encode(event)])

    def look(self) -> list[str]:
        """Ask for every job whose time has come by the table of schedules; name them."""
        return self.schedules.look()

    def _tick(self) -> None:
        while not self._stopping.wait(TICK):
            for look in (self.sweep, self.look):
                try:
                    look()
                except Exception as error:  # noqa: BLE001 - whatever it is, there is a next look
                    self.shop.log("ERROR", "scheduler failed", error=type(error).__name__)

    def _deliver(self, subscription: str, body: bytes, _attempt: int) -> None:
        deliver(subscription, self._steps[subscription], body, self.shop)


def _site(wiring: Topology) -> WSGIApplication:
    """Mount every public function below its name, as the cloud gives each an address."""
    front = Flask("regulars")
    names = [dashed(name) for name in wiring.served()]
    front.add_url_rule("/healthz", "healthz", lambda: Response("ok\n", mimetype="text/plain"))
    front.add_url_rule("/", "functions", lambda: {"functions": [f"/{name}" for name in names]})
    mounts = {
        f"/{dashed(name)}": _function(TOP / "functions" / name / "main.py")
        for name in wiring.served()
    }
    return DispatcherMiddleware(front.wsgi_app, mounts)


def _function(source: Path) -> WSGIApplication:
    served: Flask = functions_framework.create_app("main", str(source))  # type: ignore[no-untyped-call]  # the framework has no types
    application: WSGIApplication = served.wsgi_app
    return application


def _refuse_the_clouds(settings: Settings) -> None:
    for name, ours in (("LOYALTY_STORE", "sqlite:"), ("LOYALTY_BUS", "local")):
        if not settings[name].startswith(ours):
            raise NotHere(
                f"{name}={settings[name]} is for the cloud; here it is {ours}…, or unset."
            )


def _publish_first(shop: Shop, path: Path) -> None:
    try:
        programs.first(shop.store, path.read_text("utf-8"), shop.clock.now())
    except FileNotFoundError:
        sys.exit(f"There is no program at {path}. Set LOYALTY_PROGRAM, or run `loyalty init`.")
    except program_file.Mistakes as mistakes:
        sys.exit(str(mistakes))


def _with_secrets(environment: Mapping[str, str]) -> Settings:
    """Fill in what one machine makes for itself: its pepper and its key, kept in its folder."""
    given = Settings(environment)
    folder = Path(given["LOYALTY_DATA"])
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    made = {
        "LOYALTY_STORE": f"sqlite:{folder / 'loyalty.db'}",
        "LOYALTY_PEPPER": _kept(folder / "pepper", lambda: f"p1:{secrets.token_urlsafe(32)}"),
        "LOYALTY_API_KEY": _kept(folder / "api-key", lambda: f"rk_{secrets.token_urlsafe(24)}"),
    }
    unset = {name: value for name, value in made.items() if not environment.get(name)}
    return Settings({**environment, **unset})


def _kept(path: Path, make: Callable[[], str]) -> str:
    if not path.exists():
        path.touch(mode=0o600)
        path.write_text(make(), "ascii")
    return path.read_text("ascii")


def main(arguments: list[str] | None = None) -> None:
    """Serve until told to stop."""
    parser = argparse.ArgumentParser(prog="make run", description=__doc__)
    parser.add_argument(
        "--sandbox", action="store_true", help="play the vendors too, with pages that show messages"
    )
    chosen = parser.parse_args(arguments)
    environment = dict(os.environ)
    try:
        sandbox = _sandbox(environment) if chosen.sandbox else None
        local = _made(environment)
        local.start()
    except InUse as refused:
        sys.exit(str(refused))
    except OSError as trouble:
        if trouble.errno != errno.EADDRINUSE:
            raise
        sys.exit(f"A port is in use: {Settings(environment)['PORT']}, or with a sandbox the one "
                 "after it. Choose another, as in `make run PORT=8090`.")  # fmt: skip
    stop = _told_to_stop()
    announce(local, sandbox)
    while not stop.wait(1.0):
        pass
    print("Stopping: finishing what was accepted.", flush=True)
    local.stop()
    if sandbox:
        sandbox.stop()


def _made(environment: Mapping[str, str]) -> Local:
    try:
        return Local(environment)
    except ValueError as wrong:  # a setting: nothing but these has been read yet
        sys.exit(f"Cannot start: {str(wrong).removesuffix('.')}.")


def _sandbox(environment: dict[str, str]) -> Any:
    from infra import vendors  # noqa: PLC0415 - only with --sandbox
    from infra.sandbox.server import Sandbox  # noqa: PLC0415 - only with --sandbox

    settings = Settings(environment)
    sandbox = Sandbox(port=int(settings["PORT"]) + 1, seed=secrets.token_hex(8)).start()
    url = f"http://{settings['HOST']}:{settings['PORT']}"
    made = vendors.environment(sandbox, url) | vendors.wallets(sandbox)
    environment.update({**made, **environment})
    vendors.connect(sandbox, url)
    return sandbox


def announce(local: Local, sandbox: Any) -> None:
    """Say where everything is."""
    print(f"Regulars is ready at {local.url}")
    for name in local.wiring.served():
        print(f"  {local.url}/{dashed(name)}  {local.wiring.functions[name].about}")
    print(f"  {local.address('member_api')}/v1/openapi.json  {API_PAGE}")
    print(f"API key: {local.key}")
    if tests := local.shop.silence.tests:
        print(f"Messages go to test numbers alone: LOYALTY_TEST_NUMBERS lists {tests}.")
    for missing in _not_set_up(local):
        print(f"Not set up, so its calls are refused: {missing}")
    if sandbox:
        print(f"Sandbox: {sandbox.url} (phones, mail, cards and staff as people see them)")
    print("Ctrl-C stops it.", flush=True)


def _not_set_up(local: Local) -> list[str]:
    """Say which connectors of the program lack settings, each in its own words."""
    program = local.shop.programs.current().program
    tills = {till.partition(":")[0] for store in program.stores.values() for till in store.tills}
    names = {name.partition(".")[0] for name in tills} | set(chain(*program.connectors.values()))
    missing = []
    for name in sorted(names):
        try:
            local.shop.vendors.config(name, "")
        except LookupError as lack:
            missing.append(str(lack).strip("'\""))
    return missing


def _told_to_stop() -> threading.Event:
    """Return what is set by Ctrl-C from now on."""
    stop = threading.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: stop.set())
    return stop


if __name__ == "__main__":
    main()
