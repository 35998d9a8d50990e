"""What the HTTP adapter promises, against real servers on loopback."""

import gzip
import ipaddress
import logging
import socket
import ssl
import struct
import threading
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from loyalty.adapters.http import LONGEST_BODY, RequestsHttp
from loyalty.errors import InDoubt, TryAgain
from loyalty.ports import HttpRequest


class Vendor(BaseHTTPRequestHandler):
    """Answers by path, and writes down what it was sent."""

    protocol_version = "HTTP/1.1"

    def answer(self):
        length = int(self.headers.get("Content-Length") or 0)
        body = self.rfile.read(length)
        self.server.seen.append((self.command, self.path, dict(self.headers), body))
        self.server.callers.add(self.client_address)
        getattr(self, "on_" + self.path.strip("/").partition("?")[0])()

    do_GET = do_POST = answer  # noqa: N815 - the names that http.server looks for

    def say(self, status, body=b"", **headers):
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name.replace("_", "-"), value)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def on_ok(self):
        self.say(200, b"fine", X_Answer="Yes", Set_Cookie="who=me")

    def on_refused(self):
        self.say(422, b"no")

    def on_moved(self):
        self.say(302, Location="/ok")

    def on_big(self):
        self.say(200, b"x" * (LONGEST_BODY + 5))

    def on_zipped(self):
        self.say(200, gzip.compress(b"x" * (LONGEST_BODY + 5)), Content_Encoding="gzip")

    def on_slow(self):
        self.server.gate.wait(10)
        self.close_connection = True

    def on_stuck(self):
        self.send_response(200)
        self.send_header("Content-Length", "10")
        self.end_headers()
        self.wfile.write(b"half")
        self.on_slow()

    def on_reset(self):
        self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self.connection.close()
        self.close_connection = True

    def log_message(self, *_):
        """Keep quiet."""

    def finish(self):
        if self.path != "/reset":
            super().finish()


class Server(ThreadingHTTPServer):
    """A vendor on loopback."""

    def __init__(self):
        super().__init__(("127.0.0.1", 0), Vendor)
        self.seen = []
        self.callers = set()
        self.gate = threading.Event()

    def handle_error(self, *_):
        """A client that breaks off is what some tests are about."""


@contextmanager
def serving(server):
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    try:
        yield server
    finally:
        server.gate.set()
        server.shutdown()
        server.server_close()
        thread.join()


@pytest.fixture(autouse=True)
def no_proxy(monkeypatch):
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")


@pytest.fixture
def vendor():
    with serving(Server()) as server:
        yield server


@pytest.fixture
def http():
    http = RequestsHttp()
    yield http
    http.close()


def ask(vendor, path, **more):
    return HttpRequest("GET", f"http://127.0.0.1:{vendor.server_port}{path}", **more)


def test_an_answer_comes_back_with_lower_case_header_names(http, vendor):
    answer = http.send(ask(vendor, "/ok"))
    assert (answer.status, answer.body, answer.headers["x-answer"]) == (200, b"fine", "Yes")


def test_method_headers_and_body_are_sent_as_they_are(http, vendor):
    http.send(ask(vendor, "/ok", headers={"X-Key": "k"}, body=b"\x00{}")._replace(method="POST"))
    ((method, _, headers, body),) = vendor.seen
    assert (method, headers["X-Key"], body) == ("POST", "k", b"\x00{}")


def test_a_refusal_is_an_answer(http, vendor):
    assert http.send(ask(vendor, "/refused"))[::2] == (422, b"no")


def test_a_redirect_is_an_answer_and_not_followed(http, vendor):
    assert http.send(ask(vendor, "/moved")).status == 302
    assert len(vendor.seen) == 1


def test_calls_share_a_connection(http, vendor):
    for _ in range(3):
        http.send(ask(vendor, "/ok"))
    assert len(vendor.callers) == 1


def test_a_cookie_is_not_sent_back(http, vendor):
    http.send(ask(vendor, "/ok"))
    http.send(ask(vendor, "/ok"))
    assert "Cookie" not in vendor.seen[1][2]


def test_a_netrc_file_does_not_replace_the_credentials(http, vendor, tmp_path, monkeypatch):
    (tmp_path / "netrc").write_text("machine 127.0.0.1 login someone password else\n")
    monkeypatch.setenv("NETRC", str(tmp_path / "netrc"))
    http.send(ask(vendor, "/ok", headers={"Authorization": "Bearer mine"}))
    assert vendor.seen[0][2]["Authorization"] == "Bearer mine"


@pytest.mark.parametrize("path", ["/big", "/zipped"])
def test_a_long_body_is_cut_off(http, vendor, path):
    assert len(http.send(ask(vendor, path)).body) == LONGEST_BODY


def test_a_refused_connection_can_be_tried_again(http):
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    with pytest.raises(TryAgain):
        http.send(HttpRequest("GET", f"http://127.0.0.1:{port}/"))


def test_a_connection_that_is_not_made_in_time_can_be_tried_again(http):
    with socket.socket() as deaf:
        deaf.bind(("127.0.0.1", 0))
        deaf.listen(0)
        waiting = [socket.socket() for _ in range(4)]  # they fill the queue nobody empties
        for one in waiting:
            one.setblocking(False)
            one.connect_ex(deaf.getsockname())
        with pytest.raises(TryAgain):
            http.send(HttpRequest("GET", f"http://127.0.0.1:{deaf.getsockname()[1]}/", timeout=0.2))
        for one in waiting:
            one.close()


@pytest.mark.parametrize("path", ["/slow", "/stuck", "/reset"])
def test_a_call_that_breaks_off_after_sending_is_in_doubt(http, vendor, path):
    with pytest.raises(InDoubt):
        http.send(ask(vendor, path, timeout=0.2))
    assert len(vendor.seen) == 1


@pytest.mark.parametrize(
    "request_",
    [
        HttpRequest("GET", "vendor.example/hidden"),
        HttpRequest("GET", "ftp://vendor.example/hidden"),
        HttpRequest("GET", "https://vendor.example/", {"X-Key": "hidden\r\nX-Other: 1"}),
    ],
    ids=["no scheme", "another scheme", "a line break in a header"],
)
def test_what_is_no_request_is_refused_without_showing_it(http, request_):
    with pytest.raises(ValueError, match="no HTTP request") as caught:
        http.send(request_)
    assert "hidden" not in str(caught.value)


def test_no_log_and_no_error_shows_the_address_or_the_headers(http, vendor, caplog):
    caplog.set_level(logging.DEBUG)
    http.send(ask(vendor, "/ok?token=hidden", headers={"X-Key": "hidden"}))
    with pytest.raises(InDoubt) as caught:
        http.send(ask(vendor, "/reset?token=hidden", headers={"X-Key": "hidden"}))
    assert "hidden" not in caplog.text + str(caught.value)
    assert "127.0.0.1" in str(caught.value)


def self_signed(folder):
    """A certificate for 127.0.0.1 that nobody vouches for."""
    key, now = ec.generate_private_key(ec.SECP256R1()), datetime.now(UTC)
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "127.0.0.1")])
    address = x509.SubjectAlternativeName([x509.IPAddress(ipaddress.ip_address("127.0.0.1"))])
    builder = x509.CertificateBuilder(name, name, key.public_key(), x509.random_serial_number())
    builder = builder.not_valid_before(now).not_valid_after(now + timedelta(days=1))
    certificate = builder.add_extension(address, critical=False).sign(key, hashes.SHA256())
    form = serialization.Encoding.PEM
    secret = key.private_bytes(
        form, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    (folder / "both.pem").write_bytes(secret + certificate.public_bytes(form))
    return folder / "both.pem"


def test_a_server_without_a_trusted_certificate_is_sent_nothing(http, vendor, tmp_path):
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(self_signed(tmp_path))
    vendor.socket = context.wrap_socket(vendor.socket, server_side=True)
    with pytest.raises(TryAgain):
        http.send(HttpRequest("GET", f"https://127.0.0.1:{vendor.server_port}/ok"))
    assert vendor.seen == []
