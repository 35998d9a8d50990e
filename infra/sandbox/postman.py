"""Delivers the vendors' webhooks to the shop, never beyond this machine."""

from collections.abc import Callable
from dataclasses import dataclass
from queue import Queue
from threading import Condition, Event, Thread, local
from urllib.parse import urlsplit

import requests

LOOPBACK = frozenset({"127.0.0.1", "::1", "localhost"})
PATIENCE = (5.0, 15.0)
CARRIERS = 4


class OutsideLoopbackError(Exception):
    """The address lies outside this machine; a sandbox must not call the world."""


@dataclass(frozen=True)
class Letter:
    """One webhook: `url` is the address the shop registered and the signature covers."""

    url: str
    headers: dict[str, str]
    body: bytes


@dataclass(frozen=True)
class Delivery:
    """What became of one try: the status it got, or why it never arrived."""

    letter: Letter
    status: int | None
    trouble: str = ""


class Postman:
    """Carries letters at once or in the background, in order per sender's job.

    `routes` sends a public address to a loopback one, so that a signature can cover
    `https://shop.example/...` while the shop listens on this machine.
    """

    def __init__(self) -> None:
        self.routes: dict[str, str] = {}
        self.deliveries: list[Delivery] = []
        self._jobs: Queue[Callable[[], object] | None] = Queue()
        self._idle = Condition()
        self._waiting = 0
        self._carriers: list[Thread] = []
        self._stopping = Event()
        self._own = local()

    def start(self) -> None:
        """Put the carriers to work."""
        self._stopping.clear()
        self._carriers = [Thread(target=self._carry, daemon=True) for _ in range(CARRIERS)]
        for carrier in self._carriers:
            carrier.start()

    def stop(self) -> None:
        """Let the carriers finish the job in hand and go home."""
        self._stopping.set()
        for _ in self._carriers:
            self._jobs.put(None)
        for carrier in self._carriers:
            carrier.join(timeout=1)
        self._carriers = []

    def pause(self, seconds: float) -> bool:
        """Wait this long; true when the sandbox stops meanwhile."""
        return self._stopping.wait(seconds)

    def post(self, letter: Letter) -> requests.Response:
        """Deliver now and give the shop's answer."""
        try:
            answer = self._session().post(
                self._street(letter.url),
                data=letter.body,
                headers=letter.headers,
                timeout=PATIENCE,
                allow_redirects=False,
            )
        except (requests.RequestException, OutsideLoopbackError) as trouble:
            self.deliveries.append(Delivery(letter, None, str(trouble)))
            raise
        self.deliveries.append(Delivery(letter, answer.status_code))
        return answer

    def insist(self, letter: Letter, *, tries: int, until_2xx: bool) -> None:
        """Deliver, again on a failed connection and, if asked, again until the shop says 2xx."""
        for attempt in range(tries):
            try:
                answered = self.post(letter)
            except OutsideLoopbackError:
                return
            except requests.RequestException:
                answered = None
            if answered is not None and (answered.ok or not until_2xx):
                return
            if self.pause(0.1 * attempt):
                return

    def later(self, job: Callable[[], object]) -> None:
        """Leave a job for the carriers; a job's own letters keep their order."""
        with self._idle:
            self._waiting += 1
        self._jobs.put(job)

    def settle(self, timeout: float = 10.0) -> bool:
        """Wait until every job left for later is done; false if it takes too long."""
        with self._idle:
            return self._idle.wait_for(lambda: self._waiting == 0, timeout)

    def _session(self) -> requests.Session:
        """Give each thread connections of its own, past any proxy: all of it is on this machine."""
        if not hasattr(self._own, "session"):
            self._own.session = requests.Session()
            self._own.session.trust_env = False
        session: requests.Session = self._own.session
        return session

    def _carry(self) -> None:
        while (job := self._jobs.get()) is not None:
            try:
                job()
            finally:
                self._done()

    def _done(self) -> None:
        with self._idle:
            self._waiting -= 1
            self._idle.notify_all()

    def _street(self, url: str) -> str:
        street = url.partition("#")[0]
        for public, here in self.routes.items():
            if street.startswith(public):
                street = here + street.removeprefix(public)
                break
        if urlsplit(street).hostname not in LOOPBACK:
            raise OutsideLoopbackError(f"{url} is not on this machine and no route leads to it")
        return street
