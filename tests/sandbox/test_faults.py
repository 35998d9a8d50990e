"""Each vendor misbehaves on request, for as many requests as asked, and then behaves again."""

import json
import time

import pytest
import requests
from infra.sandbox import line


@pytest.fixture
def call(text, mail, mail_body, notice, square):
    """Makes one good request to each vendor."""
    calls = {
        "twilio": text,
        "sendgrid": lambda: mail(mail_body),
        "slack": lambda: notice({"text": "hello"}),
        "square": lambda: square("/locations"),
    }
    return lambda vendor: calls[vendor]()


GOOD = {"twilio": 201, "sendgrid": 202, "slack": 200, "square": 200}
VENDORS = list(GOOD)


@pytest.mark.parametrize("vendor", VENDORS)
def test_too_many_requests_comes_with_and_without_retry_after(call, sandbox, vendor):
    sandbox.fault(vendor, "rate_limited", retry_after=3)
    sandbox.fault(vendor, "rate_limited")

    told, untold, after = call(vendor), call(vendor), call(vendor)

    assert (told.status_code, told.headers["Retry-After"]) == (429, "3")
    assert (untold.status_code, "Retry-After" in untold.headers) == (429, False)
    assert after.status_code == GOOD[vendor]
    kinds = [seen.outcome for seen in sandbox.requests.of(vendor)]
    assert kinds == ["faulted", "faulted", "answered"]


@pytest.mark.parametrize("vendor", VENDORS)
def test_a_server_error_is_worded_as_the_vendor_words_it(call, sandbox, vendor):
    sandbox.fault(vendor, "server_error", times=2)

    answers = [call(vendor) for _ in range(3)]

    assert [answer.status_code for answer in answers] == [500, 500, GOOD[vendor]]
    said = {
        "twilio": lambda body: json.loads(body)["code"] == 20500,
        "sendgrid": lambda body: json.loads(body)["errors"],
        "slack": lambda body: body == "rollup_error",
        "square": lambda body: json.loads(body)["errors"][0]["code"] == "INTERNAL_SERVER_ERROR",
    }
    assert said[vendor](answers[0].text)


def test_the_limits_are_worded_as_the_vendors_word_them(call, sandbox):
    for vendor in VENDORS:
        sandbox.fault(vendor, "rate_limited")

    assert call("twilio").json()["code"] == 20429
    assert call("sendgrid").headers["X-RateLimit-Remaining"] == "0"
    assert call("slack").text == "rate_limited"
    assert call("square").json()["errors"][0]["category"] == "RATE_LIMIT_ERROR"


def test_a_slow_answer_is_still_a_good_one(call, sandbox):
    sandbox.fault("twilio", "slow", seconds=0.3)
    began = time.monotonic()

    assert call("twilio").status_code == 201
    assert time.monotonic() - began >= 0.3


@pytest.mark.parametrize("vendor", ["twilio", "sendgrid", "slack"])
def test_a_vendor_can_take_a_message_and_then_hang_up_without_a_word(call, sandbox, vendor):
    sandbox.fault(vendor, "accept_then_silence")

    with pytest.raises(requests.ConnectionError):
        call(vendor)

    assert [message.vendor for message in sandbox.outbox] == [vendor]
    assert call(vendor).status_code == GOOD[vendor]
    assert len(sandbox.outbox) == 2


def test_a_vendor_can_take_a_message_and_keep_silent_past_the_clients_patience(sandbox):
    sandbox.fault("slack", "accept_then_silence", seconds=30)
    url = f"{sandbox.url}/slack/services/{sandbox.secrets.slack_webhook_path}"

    with pytest.raises(requests.ReadTimeout):
        requests.post(url, json={"text": "hello"}, timeout=0.3)

    assert [message.text for message in sandbox.outbox] == ["hello"]


@pytest.mark.parametrize("vendor", ["twilio", "sendgrid", "slack"])
def test_a_reset_line_stores_nothing(call, sandbox, vendor):
    sandbox.fault(vendor, "reset")

    with pytest.raises(requests.ConnectionError, match="reset"):
        call(vendor)

    assert sandbox.outbox == []
    assert call(vendor).status_code == GOOD[vendor]


def test_a_fault_may_last_until_it_is_cleared_and_be_meant_for_one_method(text, sandbox):
    sandbox.fault("twilio", "server_error", times=None, method="POST")
    secrets = sandbox.secrets
    listed = requests.get(
        f"{sandbox.url}/twilio/2010-04-01/Accounts/{secrets.twilio_account_sid}/Messages.json",
        auth=(secrets.twilio_account_sid, secrets.twilio_auth_token),
        timeout=5,
    )

    assert listed.status_code == 200
    assert [text().status_code for _ in range(3)] == [500, 500, 500]
    sandbox.clear_faults("twilio")
    assert text().status_code == 201


@pytest.fixture
def control(sandbox):
    def call(method, path, body=None):
        answer = requests.request(method, f"{sandbox.url}/_sandbox{path}", json=body, timeout=5)
        return answer.status_code, answer.json()

    return call


def test_everything_can_be_controlled_over_http(control, text, sandbox):
    fault = {"vendor": "twilio", "fault": "rate_limited", "times": 2, "retry_after": 1}
    assert control("POST", "/faults", fault)[0] == 201
    assert control("GET", "/faults")[1]["twilio"][0]["times"] == 2
    assert text().status_code == 429
    assert control("DELETE", "/faults")[0] == 200
    assert text(Body="Hi").status_code == 201

    (kept,) = control("GET", "/outbox")[1]["messages"]
    assert (kept["channel"], kept["to"], kept["text"]) == ("sms", "+15005550001", "Hi")
    assert kept["at"] == "2026-11-20T09:00:00+00:00"
    assert [r["status"] for r in control("GET", "/requests/twilio")[1]["requests"]] == [429, 201]

    assert control("POST", "/inbound-sms", {"from": "+15005550001", "body": "STOP"})[0] == 200
    assert text().json()["code"] == 21610
    assert control("POST", "/reset")[0] == 200
    assert sandbox.outbox == []
    assert sandbox.requests.of("twilio") == []
    assert text().status_code == 201


def test_a_sale_can_be_rung_up_and_announced_over_http(control, sandbox, shop):
    assert control("POST", "/hooks", {"square": f"{shop.url}/in"})[0] == 200
    body = {"order": {"line_items": [line("Tea", 500)]}, "customer": {"given_name": "Pat"}}

    status, sale = control("POST", "/ring-up", body)

    assert (status, sale["answered"]) == (201, [200, 200])
    assert sandbox.square.payments[sale["payment_ids"][0]]["customer_id"] == sale["customer_id"]
    assert [json.loads(heard.body)["type"] for heard in shop.heard] == [
        "payment.created",
        "payment.updated",
    ]


@pytest.mark.parametrize(
    ("path", "body"),
    [
        ("/faults", {"vendor": "twilio"}),
        ("/faults", {"vendor": "twilio", "fault": "sulking"}),
        ("/faults", {"vendor": "nobody", "fault": "slow"}),
        ("/inbound-sms", {"body": "STOP"}),
        ("/ring-up", {"order": {"lines": []}}),
        ("/mail-event", {"event": "open", "id": "x", "to": "y"}),
        ("/hooks", {"slack": "x"}),
    ],
)
def test_a_control_that_makes_no_sense_is_refused_with_words(control, path, body):
    status, answer = control("POST", path, body)

    assert status == 400
    assert answer["error"]


def test_lines_are_kept_open_and_end_when_the_sandbox_stops(sandbox):
    with requests.Session() as session:
        session.get(f"{sandbox.url}/_sandbox/outbox", timeout=5)
        session.get(f"{sandbox.url}/_sandbox/outbox", timeout=5)
        assert len(sandbox._server._lines) == 1
        url = sandbox.url
        sandbox.stop()
        with pytest.raises(requests.ConnectionError):
            session.get(f"{url}/_sandbox/outbox", timeout=5)
