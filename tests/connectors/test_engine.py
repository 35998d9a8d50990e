"""The engine against a real, misbehaving vendor: what it repeats, what it never repeats."""

from __future__ import annotations

import json
import traceback
from collections.abc import Iterator
from contextlib import suppress
from datetime import timedelta
from email.utils import format_datetime
from random import Random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.connectors.vendor import NOW, Reply, Time

import loyalty.connectors as package
from loyalty.connectors import answers
from loyalty.connectors.breaker import FAILURES, REST_SECONDS, Breaker
from loyalty.connectors.call import TRIES, Call, Line, World
from loyalty.connectors.engine import Engine, MissingSettings
from loyalty.connectors.rate import Bucket
from loyalty.connectors.settings import read_config
from loyalty.connectors.spec import Connector, Rate, Setting, Text
from loyalty.errors import InDoubt, TryAgain, VendorRefused
from loyalty.ports import HttpRequest, HttpResponse

few = settings(max_examples=30, deadline=None, database=None)

CANARY = "canary-secret-4711"
CHANCE = Random(7)
OK, BROKEN = Reply(200, {"id": "M1"}), Reply(500)
BUSY = Reply(429, {"code": 20429})


def acme(*requests: HttpRequest, **about) -> Connector:
    """A vendor whose operations send these requests and return the bodies of the answers."""

    def operation(_config, _argument):
        found = []
        for request in requests:
            answer = yield request
            found.append(json.loads(answer.body)["id"])
        return found

    verbs = dict.fromkeys(("send_sms", "fetch_sale", "check"), operation)
    return Connector(**{"name": "acme", "title": "Acme", "docs": "", "operations": verbs, **about})


def code(response: HttpResponse) -> str:
    with suppress(ValueError):
        return str(json.loads(response.body).get("code", ""))
    return ""


class Caller:
    """Runs an operation on one line, so that bucket and breaker are kept between calls."""

    def __init__(self, http, time: Time) -> None:
        self.http, self.time = http, time
        self.line = Line(Bucket(None), Breaker())

    def __call__(self, connector, verb="send_sms", budget=10.0, argument=None):
        world = World(self.http, self.time, self.time.sleep, CHANCE)
        call = Call(connector, verb, self.line, world, budget)
        return call.converse(connector.operations[verb](None, argument))


@pytest.fixture
def run(http, time) -> Caller:
    return Caller(http, time)


@pytest.fixture
def get(vendor) -> HttpRequest:
    return HttpRequest("GET", f"{vendor.url}/thing")


@pytest.fixture
def post(vendor) -> HttpRequest:
    return HttpRequest("POST", f"{vendor.url}/messages", {"Authorization": CANARY}, b"{}")


# What comes back


def test_the_result_is_what_the_conversation_returns(run, vendor, get, post):
    vendor.say(Reply(200, {"id": 1}), Reply(201, {"id": 2}))
    assert run(acme(get, post)) == [1, 2]
    assert [asked.method for asked in vendor.asked] == ["GET", "POST"]


@pytest.mark.parametrize(
    ("reply", "word", "told"),
    [
        (Reply(400), "refused", "400"),
        (Reply(401), "credentials", "401"),
        (Reply(403), "credentials", "403"),
        (Reply(404), "refused", "404"),
        (Reply(418, b"\xff<html>"), "refused", "418"),
        (Reply(400, {"code": 21610}), "opted-out", "21610"),
        (Reply(400, {"code": 21614}), "bad-address", "21614"),
        (Reply(404, {"code": 99999}), "refused", "99999"),
        (Reply(400, {"code": f"no route to {CANARY} & co"}), "refused", "400"),
    ],
)
def test_a_refusal_is_told_in_our_word_with_the_vendors_code(run, vendor, post, reply, word, told):
    vendor.say(reply)
    table = {"21610": "opted-out", "21614": "bad-address"}
    with pytest.raises(VendorRefused) as refusal:
        run(acme(post, errors=table, error_code=code))
    assert (refusal.value.word, refusal.value.code) == (word, told)
    assert len(vendor.asked) == 1


def test_a_connector_can_catch_a_refusal_and_go_on(run, vendor, get, post):
    def operation(_config, _argument):
        try:
            yield get
        except VendorRefused as refusal:
            return refusal.code, json.loads((yield post).body)["id"]

    vendor.say(Reply(404), OK)
    assert run(acme(operations={"send_sms": operation})) == ("404", "M1")


# What is repeated


def test_what_was_surely_not_processed_is_sent_again(run, vendor, post, time):
    vendor.say(BUSY, BUSY, OK)
    assert run(acme(post, errors={"20429": "slow-down"}, error_code=code)) == ["M1"]
    assert len(vendor.asked) == 3
    assert all(0 <= slept <= 0.5 for slept in time.slept)


@pytest.mark.parametrize("verb", ["send_sms", "fetch_sale"])
def test_a_get_is_repeated_after_a_500_and_after_silence(run, vendor, get, verb):
    vendor.say(BROKEN, Reply(hang_up=True), OK)
    assert run(acme(get), verb) == ["M1"]


def test_a_verb_that_only_reads_may_repeat_its_posts(run, vendor, post):
    vendor.say(BROKEN, OK)
    assert run(acme(post), "fetch_sale") == ["M1"]


def test_a_post_with_an_idempotency_key_is_repeated(run, vendor, post):
    vendor.say(BROKEN, OK)
    assert run(acme(post._replace(headers={"Idempotency-Key": "k"}))) == ["M1"]


@pytest.mark.parametrize("reply", [BROKEN, Reply(503), Reply(408), Reply(302), Reply(hang_up=True)])
def test_a_post_that_may_have_been_processed_is_never_sent_again(run, vendor, post, reply):
    vendor.say(reply)
    with pytest.raises(InDoubt):
        run(acme(post))
    assert len(vendor.asked) == 1


def test_once_something_was_done_giving_up_is_a_doubt(run, vendor, post, get):
    vendor.say(OK, BROKEN)
    with pytest.raises(InDoubt):
        run(acme(post, get))
    assert [asked.method for asked in vendor.asked] == ["POST"] + TRIES * ["GET"]


def test_a_vendor_that_is_not_there_was_surely_not_reached(run):
    nowhere = HttpRequest("POST", "http://127.0.0.1:9/messages")
    with pytest.raises(TryAgain):
        run(acme(nowhere))


def test_what_cannot_even_be_sent_is_refused_and_not_quoted(run, vendor, post):
    for wrong in (
        post._replace(headers={"Authorization": f"{CANARY}\nX: y"}),
        post._replace(url=f"not an address {CANARY}"),
    ):
        with pytest.raises(VendorRefused) as refusal:
            run(acme(wrong))
        assert (refusal.value.word, refusal.value.code) == ("refused", "no-http-request")
        assert CANARY not in chain(refusal.value)
    assert vendor.asked == []


def test_giving_up_on_a_get_is_a_try_again(run, vendor, get):
    vendor.say(BROKEN)
    with pytest.raises(TryAgain):
        run(acme(get))
    assert len(vendor.asked) == TRIES


@pytest.mark.parametrize("body", [b"", b"<html>", b"null", b"[]", b'{"id', b"\xff", b'{"ID":1}'])
def test_an_answer_that_cannot_be_read_leaves_a_doubt_or_a_try(run, vendor, get, post, body):
    vendor.say(Reply(200, body))
    with pytest.raises(InDoubt):
        run(acme(post))
    with pytest.raises(TryAgain):
        run(acme(get))


def test_a_reading_verb_has_no_doubts(run, vendor, get):
    def operation(_config, _argument):
        yield get
        raise InDoubt("no ok in it")

    vendor.say(OK)
    connector = acme(operations={"check": operation, "send_sms": operation})
    with pytest.raises(TryAgain):
        run(connector, "check")
    with pytest.raises(InDoubt):
        run(connector, "send_sms")


# How long


def test_retry_after_is_honored_in_seconds(run, vendor, post, time):
    vendor.say(Reply(429, headers={"Retry-After": "3"}), OK)
    assert run(acme(post)) == ["M1"]
    assert 3 <= sum(time.slept) < 4


def test_retry_after_is_honored_as_a_date(run, vendor, get, time):
    date = format_datetime(NOW + timedelta(seconds=5), usegmt=True)
    vendor.say(Reply(503, headers={"Retry-After": date}), OK)
    assert run(acme(get)) == ["M1"]
    assert 5 <= sum(time.slept) < 6


def test_a_pause_beyond_the_budget_is_handed_to_the_caller_at_once(run, vendor, post, time):
    vendor.say(Reply(429, headers={"Retry-After": "60"}))
    with pytest.raises(TryAgain) as again:
        run(acme(post))
    assert again.value.after == 60
    assert time.slept == []
    assert len(vendor.asked) == 1


def test_after_a_429_other_calls_wait_out_the_pause_too(run, vendor, post, time):
    vendor.say(Reply(429, headers={"Retry-After": "60"}), OK)
    for _ in range(2):
        with pytest.raises(TryAgain):
            run(acme(post))
    assert len(vendor.asked) == 1
    time.pass_by(61)
    assert run(acme(post)) == ["M1"]


@pytest.mark.parametrize(
    "said", ["-5", "1e9", "nan", "soon", "", "٣", "Wed, 99 Foo 2026", "9" * 30, "\u2028"]
)
def test_a_mad_retry_after_counts_as_none(said):
    answer = HttpResponse(429, {"retry-after": said}, b"")
    assert answers.retry_after(answer, NOW) is None


def test_a_pause_is_never_longer_than_an_hour_or_shorter_than_nothing():
    said = {
        "999999999": 3600,
        "Fri, 20 Nov 2099 00:00:00 GMT": 3600,
        "Fri, 20 Nov 2020 00:00:00": 0,
    }
    for text, seconds in said.items():
        answer = HttpResponse(429, {"retry-after": text}, b"")
        assert answers.retry_after(answer, NOW) == seconds


def test_the_budget_bounds_the_time_of_each_request_and_of_all(time):
    timeouts = []

    class Slow:
        def send(self, request):
            timeouts.append(request.timeout)
            time.pass_by(request.timeout)
            raise InDoubt("timed out")

    with pytest.raises(TryAgain):
        Caller(Slow(), time)(acme(HttpRequest("GET", "http://x", timeout=3.0)), budget=4.0)
    assert timeouts[0] == 3.0
    assert len(timeouts) == 2
    assert time.now() - NOW <= timedelta(seconds=4.01)


def test_without_any_budget_nothing_is_sent(run, vendor, get):
    with pytest.raises(TryAgain):
        run(acme(get), budget=0)
    assert vendor.asked == []


@few
@given(replies=st.lists(st.sampled_from([200, 429, 500, 503, 302, 404, 408])))
def test_whatever_a_vendor_answers_one_post_is_accepted_at_most_once(replies):
    time, taken = Time(), []

    class Moody:
        def send(self, _request):
            status = replies.pop(0) if replies else 200
            taken.append(status != 429)  # only a 429 is surely not processed
            return HttpResponse(status, {}, b'{"id":1}')

    with suppress(TryAgain, InDoubt, VendorRefused):
        Caller(Moody(), time)(acme(HttpRequest("POST", "http://x")))
    assert sum(taken) <= 1


# Rate


def test_a_bucket_gives_its_burst_and_then_one_turn_at_a_time():
    bucket = Bucket(Rate(5, 10.0))
    assert [bucket.take(0, 60) for _ in range(8)] == [0, 0, 0, 0, 0, 2, 4, 6]
    assert bucket.take(100, 0) == 0


def test_a_turn_that_comes_too_late_is_not_taken():
    bucket = Bucket(Rate(1, 10.0))
    assert bucket.take(0, 0) == 0
    assert [bucket.take(0, 5) for _ in range(3)] == [10, 10, 10]
    assert bucket.take(10, 5) == 0


@few
@given(
    rate=st.integers(1, 20),
    steps=st.lists(st.floats(0, 3), min_size=20, max_size=30),
)
def test_no_window_ever_holds_more_than_twice_the_rate(rate, steps):
    bucket, now, turns = Bucket(Rate(rate, 1.0)), 0.0, []
    for step in steps:
        now += step / 10
        if bucket.take(now, 0) == 0:
            turns.append(now)
    for turn in turns:
        assert sum(turn <= other < turn + 0.999 for other in turns) <= 2 * rate


def test_calls_wait_for_their_turn(http, time, vendor, get):
    vendor.say(OK)
    run = Caller(http, time)
    run.line = Line(Bucket(Rate(2, 1.0)), Breaker())
    for _ in range(6):
        run(acme(get))
    assert sum(time.slept) == pytest.approx(2.0)
    run.line.bucket.hold(time.now().timestamp() + 60)
    with pytest.raises(TryAgain) as again:
        run(acme(get))
    assert again.value.after == pytest.approx(60, abs=1)


# Breaker


def test_after_many_failures_in_a_row_a_vendor_is_left_alone_then_probed(run, vendor, post, time):
    vendor.say(BROKEN)
    for _ in range(FAILURES):
        with pytest.raises(InDoubt):
            run(acme(post))
    with pytest.raises(TryAgain) as again:
        run(acme(post))
    assert again.value.after == REST_SECONDS
    assert len(vendor.asked) == FAILURES

    time.pass_by(REST_SECONDS)
    with pytest.raises(InDoubt):
        run(acme(post))  # the probe, which fails
    with pytest.raises(TryAgain):
        run(acme(post))
    assert len(vendor.asked) == FAILURES + 1

    time.pass_by(REST_SECONDS)
    vendor.say(OK)
    for _ in range(3):
        assert run(acme(post)) == ["M1"]


def test_refusals_and_slow_downs_open_no_breaker(run, vendor, post):
    vendor.say(Reply(400))
    for _ in range(FAILURES + 1):
        with pytest.raises(VendorRefused):
            run(acme(post))
    vendor.say(Reply(429))
    for _ in range(FAILURES + 1):
        with pytest.raises(TryAgain):
            run(acme(post), budget=0.3)
    vendor.say(OK)
    assert run(acme(post)) == ["M1"]


def test_only_one_probe_is_let_in_and_a_lost_one_costs_one_rest():
    breaker = Breaker(failures=2, rest=10)
    breaker.failed(0)
    breaker.failed(0)
    assert breaker.admit(5) == 5
    assert breaker.admit(10) == 0
    assert breaker.admit(10) == 10
    assert breaker.admit(20) == 0


# Secrets


def chain(error: BaseException) -> str:
    return "".join(traceback.format_exception(error)) + repr(error) + repr(error.args)


@pytest.mark.parametrize("status", [200, 302, 400, 401, 404, 429, 500])
def test_no_exception_holds_what_was_sent_or_answered(run, vendor, status):
    request = HttpRequest(
        "POST", f"{vendor.url}/{CANARY}?k={CANARY}", {"X": CANARY}, CANARY.encode()
    )
    body = {"code": f"{CANARY} x", "message": CANARY, "id_": CANARY}
    vendor.say(Reply(status, body, {"Location": f"/{CANARY}", "Retry-After": f"{CANARY}"}))
    with pytest.raises((TryAgain, InDoubt, VendorRefused)) as error:
        run(acme(request, error_code=code))
    assert CANARY not in chain(error.value)


def test_a_bug_in_a_connector_names_its_place_and_not_the_answer(run, vendor, get):
    def operation(_config, _argument):
        answer = yield get
        return int(answer.body)

    vendor.say(Reply(200, CANARY.encode()))
    with pytest.raises(TryAgain, match=r"ValueError, operation:\d+") as error:
        run(acme(operations={"check": operation}), "check")
    assert CANARY not in chain(error.value)


# Settings


SHOP = acme(
    base_url="https://api.acme.example",
    settings=(
        Setting("token", "A secret.", secret=True),
        Setting("sender", "A name."),
        Setting("region", "Where.", default="eu"),
    ),
)


def test_settings_come_from_variables_named_after_them():
    environment = {
        "ACME_TOKEN": f"{CANARY}\n",
        "ACME_TOKEN_PREVIOUS": "the one before",
        "ACME_SENDER": "Art Cafe",
    }
    config = read_config(SHOP, "", environment)
    assert (config["token"], config["sender"], config["region"]) == (CANARY, "Art Cafe", "eu")
    assert config.secrets("token") == [CANARY, "the one before"]
    assert config.base_url == "https://api.acme.example"
    assert CANARY not in repr(config)


def test_a_further_account_has_settings_of_its_own_and_borrows_none():
    first = {"ACME_TOKEN": CANARY, "ACME_SENDER": "x", "ACME_REGION": "us"}
    with pytest.raises(MissingSettings):
        read_config(SHOP, "second", first)
    second = {
        "ACME_TOKEN__SECOND": "two",
        "ACME_TOKEN__SECOND_PREVIOUS": "one",
        "ACME_SENDER__SECOND": "y",
    }
    config = read_config(SHOP, "second", {**first, **second})
    assert (config["token"], config["sender"], config["region"]) == ("two", "y", "eu")
    assert config.secrets("token") == ["two", "one"]
    assert config.account == "second"


def test_a_setting_of_some_verbs_is_neither_needed_by_others_nor_given_to_them():
    key = Setting("sending_key", "A key that sends.", secret=True, only=("send_sms",))
    shop = acme(settings=(*SHOP.settings, key))
    given = {"ACME_TOKEN": "t", "ACME_SENDER": "s"}
    assert read_config(shop, "", given, "read_feedback")["token"] == "t"
    with pytest.raises(MissingSettings, match="ACME_SENDING_KEY"):
        read_config(shop, "", given, "send_sms")
    whole = {**given, "ACME_SENDING_KEY": CANARY}
    assert read_config(shop, "", whole, "send_sms")["sending_key"] == CANARY
    assert read_config(shop, "", whole)["sending_key"] == CANARY
    assert not read_config(shop, "", whole, "read_feedback")["sending_key"]


def test_another_place_can_be_put_in_for_the_vendor_or_for_one_account():
    base = {"ACME_TOKEN__B": "t", "ACME_SENDER__B": "s", "ACME_BASE_URL": "http://127.0.0.1:1/x/"}
    assert read_config(SHOP, "b", base).base_url == "http://127.0.0.1:1/x"
    own = {**base, "ACME_BASE_URL__B": "http://127.0.0.1:2"}
    assert read_config(SHOP, "b", own).base_url == "http://127.0.0.1:2"


def test_what_is_missing_is_named_by_its_variables_and_nothing_is_shown():
    with pytest.raises(MissingSettings) as missing:
        read_config(SHOP, "second", {"ACME_SENDER__SECOND": CANARY, "ACME_TOKEN__SECOND": "  "})
    assert missing.value.variables == ("ACME_TOKEN__SECOND",)
    assert str(missing.value) == "acme needs ACME_TOKEN__SECOND"


@pytest.mark.parametrize("account", ["../x", "A", "ä", "a" * 41, "_x", "a\n", "a b"])
def test_an_account_that_can_have_no_name_is_refused_without_an_echo(account):
    with pytest.raises(LookupError) as error:
        read_config(SHOP, account, {})
    assert account not in str(error.value)


# The whole of it


@pytest.fixture
def engine(http, time, vendor) -> Iterator[Engine]:
    environment = {
        "TWILIO_ACCOUNT_SID": "AC1",
        "TWILIO_AUTH_TOKEN": CANARY,
        "TWILIO_FROM_NUMBER": "+15005550006",
        "TWILIO_BASE_URL": vendor.url,
    }
    return Engine(http, time, environment, sleep=time.sleep, random=CHANCE)


def test_an_engine_runs_a_connector_by_name(engine, vendor):
    vendor.say(Reply(201, {"sid": "SM1"}))
    text = Text(to="+15005550001", body="Hi", reference="m1")
    assert engine.run("twilio", "send_sms", text).id == "SM1"
    assert vendor.asked[0].path == "/2010-04-01/Accounts/AC1/Messages.json"


def test_an_engine_keeps_each_accounts_breaker_apart(engine, vendor):
    vendor.say(BROKEN)
    text = Text(to="+15005550001", body="Hi", reference="m1")
    for _ in range(FAILURES):
        with pytest.raises(InDoubt):
            engine.run("twilio", "send_sms", text)
    with pytest.raises(TryAgain, match="left alone"):
        engine.run("twilio", "send_sms", text)
    with pytest.raises(MissingSettings):
        engine.run("twilio", "send_sms", text, "second")


def test_an_engine_knows_what_it_does_not_know(engine):
    with pytest.raises(LookupError, match="generic"):
        engine.run("no_such_vendor", "send_sms", None)
    with pytest.raises(LookupError, match="no send_sms"):
        engine.run("generic", "send_sms", None)
    for not_a_connector in ("spec", "engine", "signing", "strict", "os", "", "../x"):
        with pytest.raises(LookupError):
            package.load(not_a_connector)


def test_every_module_that_defines_a_connector_is_found_and_no_other():
    assert {"generic", "square"} <= set(package.names())
    assert not {"spec", "engine", "signing", "strict", "square_json"} & set(package.names())


def test_settings_are_read_once_and_made_up_accounts_leave_nothing_behind():
    engine = Engine(None, None, {"SENDGRID_API_KEY": "k"})
    first = engine.config("sendgrid", "", "read_feedback")
    assert engine.config("sendgrid", "", "read_feedback") is first
    for number in range(100):
        engine.config("sendgrid", f"made_up_{number}", "read_feedback")
    assert len(engine._configs) == 1
