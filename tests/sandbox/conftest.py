"""A running sandbox on a clock of our own, and a shop on loopback that hears its webhooks."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from urllib.parse import parse_qsl

import pytest
import requests
from infra.sandbox import Sandbox

NINE = datetime(2026, 11, 20, 9, 0, tzinfo=UTC)


class Clock:
    def __init__(self) -> None:
        self.now = NINE

    def __call__(self) -> datetime:
        return self.now

    def pass_by(self, **time: float) -> None:
        self.now += timedelta(**time)


@dataclass
class Heard:
    url: str
    headers: dict[str, str]
    body: bytes

    @property
    def form(self) -> dict[str, str]:
        return dict(parse_qsl(self.body.decode(), keep_blank_values=True))


@dataclass
class Shop:
    url: str = ""
    heard: list[Heard] = field(default_factory=list)
    status: int = 200
    kind: str = "text/xml"
    answer: str = "<Response/>"


class _Counter(BaseHTTPRequestHandler):
    def do_POST(self) -> None:
        shop: Shop = self.server.shop
        body = self.rfile.read(int(self.headers["Content-Length"]))
        shop.heard.append(Heard(shop.url + self.path, dict(self.headers), body))
        said = shop.answer.encode()
        self.send_response(shop.status)
        self.send_header("Content-Type", shop.kind)
        self.send_header("Content-Length", str(len(said)))
        self.end_headers()
        self.wfile.write(said)

    def log_message(self, *_said: object) -> None:
        pass


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def sandbox(clock: Clock) -> Iterator[Sandbox]:
    with Sandbox(clock=clock) as running:
        yield running


@pytest.fixture
def shop() -> Iterator[Shop]:
    server = ThreadingHTTPServer(("127.0.0.1", 0), _Counter)
    server.shop = Shop(f"http://127.0.0.1:{server.server_port}")
    thread = Thread(target=server.serve_forever, args=(0.02,), daemon=True)
    thread.start()
    yield server.shop
    server.shutdown()
    thread.join()
    server.server_close()


@pytest.fixture
def text(sandbox: Sandbox):
    """Sends a good text, with the changes a test asks for; None leaves a parameter out."""

    def send(auth: tuple[str, str] | None = None, **changes: object) -> requests.Response:
        secrets = sandbox.secrets
        form = {
            "To": "+15005550001",
            "MessagingServiceSid": secrets.twilio_messaging_service_sid,
            "Body": "Hi Pat, you have 120 points.",
        } | changes
        return requests.post(
            messages_url(sandbox),
            data={name: value for name, value in form.items() if value is not None},
            auth=auth or (secrets.twilio_account_sid, secrets.twilio_auth_token),
            timeout=5,
        )

    return send


def messages_url(sandbox: Sandbox) -> str:
    account = sandbox.secrets.twilio_account_sid
    return f"{sandbox.url}/twilio/2010-04-01/Accounts/{account}/Messages.json"


@pytest.fixture
def mail_body(sandbox: Sandbox) -> dict[str, object]:
    return {
        "personalizations": [{"to": [{"email": "pat@example.com", "name": "Pat"}]}],
        "from": {"email": sandbox.secrets.sendgrid_from_email, "name": "Shop Club"},
        "subject": "Your coffee is on us",
        "content": [
            {"type": "text/plain", "value": "Come by & enjoy"},
            {"type": "text/html", "value": "<p>Come by &amp; enjoy</p>"},
        ],
    }


@pytest.fixture
def mail(sandbox: Sandbox):
    def send(body: object, key: str | None = None) -> requests.Response:
        return requests.post(
            f"{sandbox.url}/sendgrid/v3/mail/send",
            json=body,
            headers={"Authorization": f"Bearer {key or sandbox.secrets.sendgrid_api_key}"},
            timeout=5,
        )

    return send


@pytest.fixture
def square(sandbox: Sandbox):
    """Asks Square as a client does; a body makes it a POST."""

    def ask(path: str, body: object = None, **headers: str | None) -> requests.Response:
        sent = {
            "Authorization": f"Bearer {sandbox.secrets.square_access_token}",
            "Square-Version": "2026-09-16",
        } | {name.replace("_", "-"): value for name, value in headers.items()}
        return requests.request(
            "GET" if body is None else "POST",
            f"{sandbox.url}/square/v2{path}",
            json=body,
            headers={name: value for name, value in sent.items() if value is not None},
            timeout=5,
        )

    return ask


@pytest.fixture
def notice(sandbox: Sandbox):
    def post(body: object, path: str | None = None) -> requests.Response:
        path = path or sandbox.secrets.slack_webhook_path
        return requests.post(f"{sandbox.url}/slack/services/{path}", json=body, timeout=5)

    return post
