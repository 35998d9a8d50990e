"""A shop whose every door is open to bad input, and what came of each thing that was tried."""

from __future__ import annotations

import base64
import json
import re
import socket
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from types import MappingProxyType
from typing import Any, NamedTuple

import waitress
from infra.sandbox import signatures
from tests.console.till import HOST, Till
from tests.functions.serving import (
    FEEDBACK,
    PROGRAM,
    SETTINGS,
    TOKEN,
    a_sale,
    application,
    pushed,
    served,
    signed,
)  # fmt: skip
from tests.rig import Rig, opened

from loyalty import app as composition
from loyalty import program_file
from loyalty.adapters.push_tokens import PushTokens
from loyalty.ports import HttpRequest, HttpResponse
from loyalty.web import auth

API_KEY = "rk_test"


class Answer(NamedTuple):
    """What a sender is told: the status, and the code of a problem ("" for what is none)."""

    status: int
    code: str = ""
    text: str = ""
    headers: Mapping[str, str] = MappingProxyType({})


class NoCertificates:
    """Google, as far as a token of somebody else's is concerned."""

    def send(self, _: HttpRequest) -> HttpResponse:
        return HttpResponse(200, {}, b"{}")


class House:
    """The shop behind its real functions. Each way in returns what was answered."""

    def __init__(self, rig: Rig) -> None:
        self.rig = rig
        self._tokens = PushTokens("pusher@regulars.example", "https://points", NoCertificates())
        auth.seed(rig.store, API_KEY)
        self._use(composition.everybody)
        self._till = Till(rig)
        self._till.set_up("atelier")
        self._till.sign_in("Sita", guest="m_sita")

    def _use(self, admit: Callable[[str], None], per_minute: int = 6000) -> None:
        composition.use(composition.App(self.rig.shop, admit, per_minute))

    def till(
        self, body: bytes, *, path: str = "/generic", method: str = "POST", sign: bool = True,
        content_type: str = "application/json", headers: dict[str, str] | None = None, **more: Any,
    ) -> Answer:  # fmt: skip
        """Post to the generic webhook, signed unless told otherwise."""
        given = {**(signed(body) if sign else {}), **(headers or {})}
        client = served("transaction_ingest")
        answer = client.open(
            path, method=method, headers=given, content_type=content_type,
            **({"data": body} | more),
        )  # fmt: skip
        return _told(answer)

    def sale(self, **changes: Any) -> Answer:
        """Tell a sale."""
        return self.till(a_sale(**changes))

    def flood(self, *bodies: bytes) -> Answer:
        """Tell more sales in a minute than the account may; return the last answer."""
        self._use(composition.everybody, per_minute=len(bodies) - 1)
        answers = [self.till(body) for body in bodies]
        self._use(composition.everybody)
        return answers[-1]

    def guest(self, said: str, phone: str) -> Answer:
        """Let a guest write back."""
        form = {"MessageSid": f"SM{len(said)}", "From": phone, "Body": said}
        headers = {"X-Twilio-Signature": signatures.twilio(TOKEN, FEEDBACK, form)}
        return _told(served("message_feedback").post("/twilio", data=form, headers=headers))

    def api(
        self, method: str, path: str, body: Any = None, *, key: str = API_KEY, **headers: str
    ) -> Answer:
        """Call the member API."""
        given = {**({"Authorization": f"Bearer {key}"} if key else {}), **headers}
        raw = {"data": body, "content_type": "application/json"}
        form = raw if isinstance(body, bytes) else {"json": body}
        return _told(served("member_api").open(path, method=method, headers=given, **form))

    def page(self, path: str, method: str = "POST", **fields: str) -> Answer:
        """Open a page as a new guest, and send its form unless they only look."""
        browser, origin = served("member_page"), "https://points.example"
        seen = browser.get(path, base_url=origin)
        if method == "GET":
            return _told(seen)
        hidden = dict(re.findall(r'type="hidden" name="(\w+)" value="([^"]*)"', seen.text))
        return _told(browser.post(
            path, data=hidden | fields, base_url=origin, headers={"Origin": origin}
        ))  # fmt: skip

    def screen(self, path: str, *, origin: str = HOST, **form: str) -> Answer:
        """Look at a page of the till screen, or send it a form, as whoever is signed in there."""
        given = {"Accept": "application/json", **({"Origin": origin} if origin else {})}
        at = {"base_url": HOST, "headers": given}
        client = self._till.client
        return _told(client.post(path, data=form, **at) if form else client.get(path, **at))

    def own_form(self, path: str, **form: str) -> Answer:
        """Send the till screen a form of its own."""
        token = self._till.get().token
        return self.screen(path, token=token, once="0123456789abcdef", **form)

    def push(self, data: Any, *, token: str | None = None, **headers: str) -> Answer:
        """Push an event to a function; `token` is held against Google's rules."""
        if token is not None:
            headers["Authorization"] = f"Bearer {token}"
            self._use(self._tokens.admit)
        sent = data if isinstance(data, bytes) else json.dumps(data).encode()
        client = served("points_calculation")
        answer = client.post("/", data=sent, headers=headers, content_type="application/json")
        self._use(composition.everybody)
        return _told(answer)

    def line(self, request: bytes) -> Answer:
        """Say it on a socket to the server of one machine; the status is all that is read."""
        server = waitress.create_server(application("transaction_ingest"), listen="127.0.0.1:0")
        serving = threading.Thread(target=server.run, daemon=True)
        serving.start()
        with socket.create_connection(("127.0.0.1", server.effective_port), 10) as line:
            line.sendall(request)
            said = line.makefile("rb").read().decode("latin-1")
        server.task_dispatcher.shutdown()
        server.trigger.pull_trigger(server.close)  # by its own thread: it waits on these sockets
        serving.join(10)
        return Answer(int(said.split()[1]))

    def program(self, text: str) -> Answer:
        """Hand in a program file, as `loyalty program publish` does; no HTTP route takes one."""
        try:
            program_file.read(text)
        except program_file.Mistakes:
            return Answer(0, "mistakes")
        return Answer(0)

    def kept(self) -> tuple[int, dict[str, Any]]:
        """Take all that was published or stored."""
        return len(self.rig.bus.published), self.rig.dump()


def _told(answer: Any) -> Answer:
    code = (answer.get_json(silent=True) or {}) if answer.is_json else {}
    named = code.get("code", "") if isinstance(code, dict) else ""
    return Answer(answer.status_code, named, answer.text, dict(answer.headers))


def event(data: str) -> dict[str, Any]:
    """Wrap base64 as a subscription does."""
    return pushed("points_calculation", data)


def jwt(**claims: str) -> str:
    """Make a token that says what it likes and is signed by nobody we know."""
    head = {"alg": "RS256", "kid": "theirs", "typ": "JWT"}
    parts = [json.dumps(each).encode() for each in (head, claims)]
    return ".".join(base64.urlsafe_b64encode(part).decode() for part in (*parts, b"signature"))


@contextmanager
def house(folder: Path) -> Iterator[House]:
    """Open a house and close it again."""
    with opened(folder, PROGRAM, environment=SETTINGS) as rig:
        yield House(rig)
        composition._APP.clear()
