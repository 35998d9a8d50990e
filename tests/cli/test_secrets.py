"""`loyalty secrets` as people see it, against a Secret Manager on loopback."""

from __future__ import annotations

import base64
import json
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest
from tests.cli.conftest import CommandLine

from loyalty.adapters.http import RequestsHttp
from loyalty.adapters.secret_manager import SecretManager, token_for

VALUE = "EAAA-a-secret-value"


class Manager(BaseHTTPRequestHandler):
    """Answers as Secret Manager does, and writes down what it was sent."""

    def do_POST(self):
        body = self.rfile.read(int(self.headers["Content-Length"]))
        self.server.seen.append((self.path, self.headers["Authorization"], json.loads(body)))
        self.server.payer = self.headers["X-Goog-User-Project"]
        name = self.path.rpartition("/")[2].partition(":")[0]
        status = {"SLACK_WEBHOOK_URL": 404, "SENDGRID_API_KEY": 403}.get(name, 200)
        self.send_response(status)
        self.end_headers()
        self.wfile.write(b'{"name": "projects/1/secrets/%s/versions/5"}' % name.encode())

    def do_GET(self):
        self.server.asked.append(self.path)
        self.send_response(self.server.looking)
        self.end_headers()
        self.wfile.write(json.dumps(self.server.versions).encode())

    def log_message(self, *_): ...


@pytest.fixture
def manager():
    server = ThreadingHTTPServer(("127.0.0.1", 0), Manager)
    server.seen, server.asked, server.versions, server.looking = [], [], {}, 200
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield server
    server.shutdown()
    server.server_close()


@pytest.fixture
def cloud(manager, tmp_path):
    where = f"http://127.0.0.1:{manager.server_port}/v1"
    environment = {"LOYALTY_STORE": "firestore:cafe", "LOYALTY_SECRETS_URL": where}
    return CommandLine(tmp_path, "", environment)


def test_a_secret_gets_a_version_with_the_value_typed(cloud, manager):
    said = cloud("secrets", "set", "SQUARE_ACCESS_TOKEN", typed=f"{VALUE}\n")
    assert said.startswith("SQUARE_ACCESS_TOKEN of cafe has version 5")
    ((path, _, body),) = manager.seen
    assert path == "/v1/projects/cafe/secrets/SQUARE_ACCESS_TOKEN:addVersion"
    assert base64.b64decode(body["payload"]["data"]).decode() == VALUE


@pytest.mark.parametrize(
    "name", ["SQUARE_ACCESS_TOKEN", "SLACK_WEBHOOK_URL", "SENDGRID_API_KEY", "NOTHING"]
)
def test_no_value_is_ever_shown(cloud, name):
    code = 0 if name.startswith("SQUARE") else 1
    assert VALUE not in cloud("secrets", "set", name, typed=VALUE, code=code)


def test_this_machine_is_shown_no_token(cloud, manager):
    cloud("secrets", "set", "SQUARE_ACCESS_TOKEN", typed=VALUE)
    assert manager.seen[0][1] is None


def test_google_is_shown_the_token(manager):
    http = RequestsHttp()
    where = f"http://127.0.0.1:{manager.server_port}"
    assert SecretManager(http, where, "cafe", lambda: "ya29.x").add("A", VALUE) == "5"
    http.close()
    assert manager.seen[0][1] == "Bearer ya29.x"
    assert manager.payer == "cafe"


@pytest.mark.parametrize(
    "url",
    [
        "http://secretmanager.googleapis.com/v1",
        "https://secretmanager.example/v1",
        "https://googleapis.com.example/v1",
    ],
)
def test_nobody_else_gets_a_secret(cloud, url):
    with pytest.raises(ValueError, match="is not Secret Manager"):
        token_for(url)
    alone = CommandLine(cloud.folder, "", {**cloud.environment, "LOYALTY_SECRETS_URL": url})
    assert "is not Secret Manager" in alone(
        "secrets", "set", "SQUARE_ACCESS_TOKEN", typed=VALUE, code=1
    )


@pytest.mark.parametrize(
    "name",
    ["LOYALTY_PEPPER", "SQUARE_ACCESS_TOKEN__SECOND", "TWILIO_AUTH_TOKEN"],
)
def test_secrets_of_our_own_and_of_further_accounts_are_known(cloud, name):
    assert "has version 5" in cloud("secrets", "set", name, typed="p2:0123456789abcdef")


def test_a_pepper_that_members_are_found_by_is_replaced_only_on_purpose(cloud, manager):
    manager.versions = {"versions": [{"name": "projects/1/secrets/LOYALTY_PEPPER/versions/1"}]}
    words = ("secrets", "set", "LOYALTY_PEPPER")
    refused = cloud(*words, typed="p2:0123456789abcdef", code=1)
    assert "cafe has a pepper already" in refused
    assert manager.seen == []
    assert manager.asked == ["/v1/projects/cafe/secrets/LOYALTY_PEPPER/versions?pageSize=1"]
    assert "has version 5" in cloud(*words, "--replace", typed="p2:0123456789abcdef")


@pytest.mark.parametrize("name", ["SQUARE_TOKEN", "PORT", "SQUARE_ACCESS_TOKEN_PREVIOUS", "../x"])
def test_what_is_no_secret_of_ours_is_not_sent(cloud, manager, name):
    assert "is no secret of ours" in cloud("secrets", "set", name, typed=VALUE, code=1)
    assert manager.seen == []


@pytest.mark.parametrize(
    ("name", "typed", "told"),
    [
        ("SQUARE_ACCESS_TOKEN", " \n", "There is no value"),
        ("LOYALTY_PEPPER", "short", "must be ID:SECRET"),
        ("SLACK_WEBHOOK_URL", VALUE, "It is not there: the deployment makes it."),
        (
            "SENDGRID_API_KEY",
            VALUE,
            "Adding versions to it takes roles/secretmanager.secretVersionM",
        ),
    ],
)
def test_what_cannot_be_done_says_why(cloud, name, typed, told):
    assert told in cloud("secrets", "set", name, typed=typed, code=1)


def test_whoever_may_not_look_for_a_pepper_is_told_the_role(cloud, manager):
    manager.looking = 403
    said = cloud("secrets", "set", "LOYALTY_PEPPER", typed=f"p1:{VALUE * 4}", code=1)
    assert "Looking whether it has a value takes roles/secretmanager.secretVersionManager" in said
    assert manager.seen == []


def test_without_a_project_it_is_asked_whose_secret_it_is(loyalty):
    said = loyalty("secrets", "set", "SQUARE_ACCESS_TOKEN", typed=VALUE, code=1)
    assert "Set LOYALTY_STORE=firestore:PROJECT" in said


def test_what_the_programs_connectors_need_is_listed_without_values(loyalty):
    given = {"SQUARE_ACCESS_TOKEN": VALUE}
    said = CommandLine(loyalty.folder, "", given)("secrets", "list")
    assert "SQUARE_ACCESS_TOKEN yes yes" in said
    assert "GENERIC_WEBHOOK_SECRET yes no" in said
    assert "LOYALTY_PEPPER yes no" in said
    assert "TWILIO" not in said
    assert VALUE not in said
