"""What the Twilio connector promises, said to it line by line."""

from __future__ import annotations

import base64
import json
from datetime import UTC, datetime, timedelta, timezone
from urllib.parse import parse_qs, parse_qsl, urlencode, urlsplit

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from twilio.http import HttpClient
from twilio.http.response import Response
from twilio.request_validator import RequestValidator
from twilio.rest import Client

from loyalty.connectors import twilio
from loyalty.connectors.spec import Config, Delivery, Incoming, Reply, Sent, Text
from loyalty.errors import Problem, VendorRefused
from loyalty.ports import HttpRequest, HttpResponse

few = settings(max_examples=40, deadline=None, database=None)

# The fact sheet's vector, made with Twilio's own validator.
TOKEN = "0123456789abcdef0123456789abcdef"
URL = "https://loyalty.example.com/twilio/status?tenant=t1&rule=r9"
FIELDS = {
    "MessageSid": "SM00000000000000000000000000000001",
    "MessageStatus": "undelivered",
    "ErrorCode": "30005",
    "To": "+15005550001",
    "From": "+15005550006",
    "AccountSid": "AC00000000000000000000000000000001",
    "Body": "",
}
FORM = urlencode(FIELDS).encode()
SIGNATURE = "VhId0TCT5FenFykSTbNZs1w/gvQ="

ACCOUNT = "AC00000000000000000000000000000001"
SERVICE = "MG00000000000000000000000000000001"
SID = "SM00000000000000000000000000000001"
BASE = f"https://api.twilio.com/2010-04-01/Accounts/{ACCOUNT}"
VALUES = {
    "account_sid": ACCOUNT,
    "auth_token": TOKEN,
    "messaging_service_sid": SERVICE,
    "feedback_url": "https://loyalty.example.com/message-feedback/twilio",
    "validity_seconds": "14400",
    "calls_per_second": "50",
}
CLAIMED = datetime(2026, 11, 22, 0, 0, 2, 700_000, tzinfo=UTC)
TEXT = Text(
    to="+15005550001",
    body="Hi Pat, you have 120 points… “thanks”. Reply STOP to opt out.",
    reference="d-42",
    since=CLAIMED,
)
WEBHOOK = twilio.CONNECTOR.webhooks["read_feedback"]


def config(**values):
    return Config(
        connector="twilio", values={**VALUES, **values}, base_url="https://api.twilio.com"
    )


def basic(user, password):
    word = base64.b64encode(f"{user}:{password}".encode()).decode()
    return {"Authorization": f"Basic {word}", "Accept": "application/json"}


def but(text, **changes):
    return Text(**{name: getattr(text, name) for name in text.__struct_fields__} | changes)


def form_of(request):
    return dict(parse_qsl(request.body.decode(), keep_blank_values=True, strict_parsing=True))


def talk(conversation, *answers):
    """Hold the whole conversation; return what was asked and what came out."""
    asked = [next(conversation)]
    asked += [conversation.send(HttpResponse(200, {}, body)) for body in answers[:-1]]
    with pytest.raises(StopIteration) as end:
        conversation.send(HttpResponse(200, {}, answers[-1]))
    return asked, end.value.value


def heard(url=URL, body=FORM, signature=SIGNATURE, **headers):
    headers["x-twilio-signature"] = signature
    return Incoming(url=url, headers=headers, body=body, now=CLAIMED)


def verified(settings=None, **changes):
    return WEBHOOK.verify(settings or config(), heard(**changes))


def read(fields, url="https://loyalty.example.com/message-feedback/twilio?d=d-42"):
    body = urlencode(fields, doseq=True).encode()
    return WEBHOOK.read(config(), heard(url=url, body=body), body)


# Sending


def test_a_text_is_one_documented_form():
    request = next(twilio.send_sms(config(), TEXT))
    assert request._replace(body=None) == HttpRequest(
        "POST",
        f"{BASE}/Messages.json",
        {**basic(ACCOUNT, TOKEN), "Content-Type": "application/x-www-form-urlencoded"},
    )
    assert form_of(request) == {
        "To": "+15005550001",
        "Body": TEXT.body,
        "MessagingServiceSid": SERVICE,
        "StatusCallback": "https://loyalty.example.com/message-feedback/twilio?d=d-42",
        "ValidityPeriod": "14400",
    }


class Recorder(HttpClient):
    """Stands where Twilio's own library would open a connection."""

    def __init__(self):
        """Do without the log of a real client."""

    def request(self, method, url, **asked):
        self.asked = {"method": method, "url": url, **asked}
        answer = {"sid": SID} if method == "POST" else {"messages": []}
        return Response(201 if method == "POST" else 200, json.dumps(answer))


def test_twilios_own_library_asks_the_same_to_send():
    recorder = Recorder()
    Client(ACCOUNT, TOKEN, http_client=recorder).messages.create(
        to=TEXT.to,
        body=TEXT.body,
        messaging_service_sid=SERVICE,
        from_="+15005550006",
        status_callback="https://loyalty.example.com/message-feedback/twilio?d=d-42",
        validity_period=14400,
    )
    request = next(twilio.send_sms(config(from_number="+15005550006"), TEXT))
    theirs = {name: str(value) for name, value in recorder.asked["data"].items()}
    assert (request.method, request.url) == (recorder.asked["method"], recorder.asked["url"])
    assert form_of(request) == theirs
    assert request.headers["Authorization"] == basic(*recorder.asked["auth"])["Authorization"]


def test_twilios_own_library_asks_the_same_to_look_a_text_up():
    recorder = Recorder()
    Client(ACCOUNT, TOKEN, http_client=recorder).messages.page(
        to=TEXT.to, date_sent_after="2026-11-22", page_size=1000
    )
    request = next(twilio.find_sms(config(), but(TEXT, since=CLAIMED + timedelta(hours=1))))
    url, query = request.url.split("?")
    theirs = {name: str(value) for name, value in recorder.asked["params"].items()}
    assert (request.method, url) == (recorder.asked["method"], recorder.asked["url"])
    assert dict(parse_qsl(query)) == theirs


@pytest.mark.parametrize(
    ("theirs", "of_the_text", "callback"),
    [
        ("https://a.example/t", "", "https://a.example/t?d=d-42"),
        ("https://a.example/t?x=1", "", "https://a.example/t?x=1&d=d-42"),
        ("https://a.example/t?x=1#rc=3&rp=all", "", "https://a.example/t?x=1&d=d-42#rc=3&rp=all"),
        ("https://a.example/t", "https://b.example/u", "https://b.example/u?d=d-42"),
        ("", "https://b.example/u", "https://b.example/u?d=d-42"),
    ],
)
def test_the_callback_address_carries_our_reference(theirs, of_the_text, callback):
    text = but(TEXT, callback_url=of_the_text)
    sent = form_of(next(twilio.send_sms(config(feedback_url=theirs), text)))
    assert sent["StatusCallback"] == callback


def test_without_an_address_of_ours_no_callback_is_asked_for():
    assert "StatusCallback" not in form_of(next(twilio.send_sms(config(feedback_url=""), TEXT)))


@given(st.text(st.characters(codec="utf-8"), min_size=1, max_size=30))
@few
def test_any_reference_comes_back_as_it_went_out(reference):
    sent = form_of(next(twilio.send_sms(config(), but(TEXT, reference=reference))))
    receipt = read({"MessageSid": SID, "MessageStatus": "sent"}, url=sent["StatusCallback"])
    assert receipt == [Delivery(reference=reference, state="sent", id=SID)]


def test_the_api_key_sends_where_there_is_one_and_the_account_stays_in_the_path():
    keyed = config(api_key_sid="SK1", api_key_secret="made-up-key")
    request = next(twilio.send_sms(keyed, TEXT))
    assert request.url == f"{BASE}/Messages.json"
    assert request.headers["Authorization"] == basic("SK1", "made-up-key")["Authorization"]


def test_without_a_sender_nothing_is_asked():
    with pytest.raises(VendorRefused) as refused:
        next(twilio.send_sms(config(messaging_service_sid=""), TEXT))
    assert (refused.value.word, refused.value.code) == ("credentials", "no-sender")


def test_twilios_id_is_kept():
    body = b'{"sid":"SM1","status":"accepted","error_code":null,"num_segments":"0","new":{}}'
    assert talk(twilio.send_sms(config(), TEXT), body)[1] == Sent(id="SM1")


@pytest.mark.parametrize("body", [b"", b"<html>", b"{}", b'{"sid":null}', b"[]"])
@pytest.mark.parametrize("ask", [twilio.send_sms, twilio.find_sms, twilio.check])
def test_a_yes_that_cannot_be_read_is_no_result_and_quotes_nothing(ask, body):
    with pytest.raises(ValueError) as unreadable:  # noqa: PT011 - the engine's sign of a doubt
        talk(ask(config(), TEXT), body)
    assert TOKEN not in repr(unreadable.value)
    assert TEXT.to not in repr(unreadable.value)


def test_secrets_are_in_one_header_only():
    secrets = {"auth_token": "made-up-token", "api_key_sid": "SK1", "api_key_secret": "made-up-key"}
    for conversation in (twilio.send_sms, twilio.find_sms):
        request = next(conversation(config(**secrets), TEXT))
        hidden = {name: value for name, value in request.headers.items() if name != "Authorization"}
        assert "made-up" not in repr(request._replace(headers=hidden))
    assert "made-up" not in repr(config(**secrets))


# Looking a text up


def listed(*messages):
    return json.dumps({"messages": messages, "next_page_uri": None}).encode()


def there(sid="SM7", body=TEXT.body, created="Sun, 22 Nov 2026 00:00:03 +0000", **fields):
    return {"sid": sid, "body": body, "date_created": created, "status": "sent", **fields}


def test_a_text_is_looked_up_by_guest_and_day_and_then_by_guest_alone():
    asked, found = talk(twilio.find_sms(config(), TEXT), listed(), listed())
    assert found is None
    # Two seconds after midnight, less the slack: the day before.
    assert [parse_qs(urlsplit(each.url).query) for each in asked] == [
        {"To": ["+15005550001"], "DateSent>": ["2026-11-21"], "PageSize": ["1000"]},
        {"To": ["+15005550001"], "PageSize": ["1000"]},
    ]
    assert {each.method for each in asked} == {"GET"}


def test_the_day_is_twilios_day_wherever_we_are():
    tokyo = CLAIMED.astimezone(timezone(timedelta(hours=9)))
    assert next(twilio.find_sms(config(), but(TEXT, since=tokyo))) == next(
        twilio.find_sms(config(), TEXT)
    )


def test_a_text_that_is_there_is_found_with_one_request():
    page = listed(there("SM6", body="Another"), there("SM7"), there("SM8"))
    asked, found = talk(twilio.find_sms(config(), TEXT), page)
    assert (len(asked), found) == (1, Sent(id="SM7"))


def test_a_text_that_still_waits_in_the_queue_is_found():
    waiting = there("SM9", status="queued", date_sent=None)
    asked, found = talk(twilio.find_sms(config(), TEXT), listed(), listed(waiting))
    assert (len(asked), found) == (2, Sent(id="SM9"))


@pytest.mark.parametrize(
    "created",
    ["Sun, 22 Nov 2026 00:00:02 +0000", "Sat, 21 Nov 2026 23:59:58 +0000"],
    ids=["in the second of the claim", "by a clock that is a little behind"],
)
def test_a_text_created_with_the_claim_counts(created):
    found = talk(twilio.find_sms(config(), TEXT), listed(there(created=created)))[1]
    assert found == Sent(id="SM7")


@pytest.mark.parametrize(
    "other",
    [
        there(created="Sat, 21 Nov 2026 23:59:50 +0000"),
        there(body=TEXT.body + " "),
        there(body=TEXT.body.replace("“", '"').replace("”", '"')),
        there(body=None),
    ],
    ids=["older", "one blank more", "other quotes", "no words"],
)
def test_another_text_is_not_ours(other):
    assert talk(twilio.find_sms(config(), TEXT), listed(other), listed(other))[1] is None


def test_without_a_time_of_claim_any_equal_text_counts():
    old = there(created="Thu, 01 Jan 2015 00:00:00 +0000")
    assert talk(twilio.find_sms(config(), but(TEXT, since=None)), listed(old))[1] == Sent(id="SM7")


# Checking


def test_check_looks_at_the_account_with_its_token():
    asked, said = talk(twilio.check(config(), None), b'{"status":"active","type":"Full"}')
    assert asked == [HttpRequest("GET", f"{BASE}.json", basic(ACCOUNT, TOKEN))]
    assert said == "The Twilio account is active (Full)."


def test_check_tries_the_api_key_as_well():
    keyed = config(api_key_sid="SK1", api_key_secret="made-up-key")
    asked, _ = talk(twilio.check(keyed, None), b'{"status":"active"}', listed())
    assert asked == [
        HttpRequest("GET", f"{BASE}.json", basic(ACCOUNT, TOKEN)),
        HttpRequest("GET", f"{BASE}/Messages.json?PageSize=1", basic("SK1", "made-up-key")),
    ]


@pytest.mark.parametrize("status", ["suspended", "closed"])
def test_an_account_that_is_not_active_is_refused(status):
    with pytest.raises(VendorRefused) as refused:
        talk(twilio.check(config(), None), json.dumps({"status": status}).encode())
    assert (refused.value.word, refused.value.code) == ("credentials", f"account-{status}")


# Refusals, sorted as the fact sheet sorts them

PERMANENT = {
    "21211": "bad-address",
    "21614": "bad-address",
    "30005": "bad-address",
    "30006": "bad-address",
    "21610": "opted-out",
    "21612": "refused",
    "21602": "refused",
    "21617": "refused",
    "30004": "refused",
    "30007": "refused",
    "30450": "refused",
    "63016": "refused",
}
CONFIGURATION = {
    "404": "credentials",
    "20003": "credentials",
    "20404": "credentials",
    "21606": "credentials",
    "21608": "credentials",
    "30034": "credentials",
    "30002": "credentials",
    "35111": "credentials",
    "35114": "credentials",
    "35115": "credentials",
    "35117": "credentials",
    "35118": "credentials",
}
RETRYABLE = {
    "20429": "slow-down",
    "21611": "slow-down",
    "30001": "slow-down",
    "63017": "slow-down",
}
AMBIGUOUS = {
    "30003": "try-again",
    "30008": "try-again",
    "30036": "try-again",
    "30610": "slow-down",
    "30047": "slow-down",
}
ONE_GUESTS_COUNTRY = {"21408": "refused"}


def test_every_documented_code_is_sorted_as_the_sheet_sorts_it():
    documented = PERMANENT | CONFIGURATION | RETRYABLE | AMBIGUOUS | ONE_GUESTS_COUNTRY
    assert twilio.CONNECTOR.errors == documented


@pytest.mark.parametrize(
    ("body", "code"),
    [
        (b'{"code":21211,"message":"Invalid","more_info":"https://x","status":400}', "21211"),
        (b'{"code":null}', ""),
        (b'{"message":"no code"}', ""),
        (b'{"code":"21211"}', ""),
        (b"<html>Bad gateway</html>", ""),
        (b"[]", ""),
        (b"", ""),
        (b"\xff", ""),
    ],
)
def test_the_code_is_read_from_the_body_and_nothing_breaks_it(body, code):
    assert twilio.CONNECTOR.error_code(HttpResponse(400, {}, body)) == code


# Verifying


def test_the_official_vector_verifies():
    assert verified()


def test_a_default_port_in_the_address_changes_nothing():
    assert verified(url=URL.replace("example.com", "example.com:443"))


def test_the_order_of_the_fields_changes_nothing():
    assert verified(body=urlencode(dict(reversed(FIELDS.items()))).encode())


def test_a_blank_field_counts():
    assert not verified(body=FORM.replace(b"&Body=", b""))


def test_a_repeated_name_is_signed_with_each_of_its_values():
    url = "https://loyalty.example.com/message-feedback/twilio"
    signature = RequestValidator(TOKEN).compute_signature(f"{url}MediaUrlaMediaUrlb", {})
    assert verified(url=url, body=b"MediaUrl=b&MediaUrl=a&MediaUrl=b", signature=signature)
    assert not verified(url=url, body=b"MediaUrl=a", signature=signature)


def test_plus_is_a_blank_and_its_escape_is_a_plus():
    signature = RequestValidator(TOKEN).compute_signature(URL, {"Body": "a b", "From": "+1"})
    assert verified(body=b"Body=a+b&From=%2B1", signature=signature)
    assert not verified(body=b"Body=a%2Bb&From=%2B1", signature=signature)
    assert not verified(body=b"Body=a+b&From=+1", signature=signature)


@given(st.integers(0, 27), st.sampled_from("ABCXYZabcxyz0189+/=-_\n é"), st.booleans())
@few
def test_no_changed_signature_verifies(at, character, insert):
    changed = SIGNATURE[:at] + character + SIGNATURE[at + (not insert) :]
    assert verified(signature=changed) == (changed == SIGNATURE)


@given(st.integers(0, len(FORM) - 1), st.sampled_from(b"ABMabm019+&=%;"))
@few
def test_no_changed_body_verifies(at, byte):
    changed = FORM[:at] + bytes([byte]) + FORM[at + 1 :]
    fields = parse_qs(changed.decode(), keep_blank_values=True)
    assume(fields != parse_qs(FORM.decode(), keep_blank_values=True))
    assert not verified(body=changed)


@given(st.integers(len("https://"), len(URL) - 1), st.sampled_from("abxyz019/?&=#%.:@[]é"))
@few
def test_no_changed_url_verifies(at, character):
    changed = URL[:at] + character + URL[at + 1 :]
    assert verified(url=changed) == (changed == URL)


@given(st.text(max_size=40))
@few
def test_no_other_token_verifies(token):
    assert verified(config(auth_token=token)) == (token == TOKEN)


def test_the_token_before_a_rotation_still_counts():
    values = {**VALUES, "auth_token": "the-new-one"}
    rotating = Config(connector="twilio", values=values, previous={"auth_token": TOKEN})
    assert verified(rotating)
    assert not verified(config(auth_token="the-new-one"))


def test_an_api_key_verifies_nothing():
    values = {"api_key_secret": TOKEN, "api_key_sid": "SK1"}
    assert not verified(Config(connector="twilio", values=values))


@pytest.mark.parametrize("signature", ["", "é", "=", SIGNATURE + ",x", "A" * 9_999])
def test_a_signature_that_is_none_is_a_no_and_never_an_error(signature):
    assert not verified(signature=signature)


@pytest.mark.parametrize("url", ["", "https://[", "https://a:b/", "\ud800", "http://x"])
def test_an_address_that_is_none_is_a_no_and_never_an_error(url):
    assert not verified(url=url)


@pytest.mark.parametrize(
    "body", [b"\xff", b"Body=%ff", b"a=b&" * 1_000, b"", b"{}"], ids=lambda body: repr(body[:9])
)
def test_a_body_that_is_no_form_is_a_no_and_never_an_error(body):
    assert not verified(body=body)


def test_no_signature_header_is_a_no():
    assert not WEBHOOK.verify(config(), Incoming(url=URL, headers={}, body=FORM, now=CLAIMED))


def test_the_request_does_not_choose_the_algorithm():
    sha256 = "53HP5o1D0l9TKnhmZXjWPSD+7P9h2WradNGOfIOKhcs="
    setting = {"x-twilio-webhooks-signature-settings": "key=k,algorithm=HMAC_SHA256"}
    shared = config(auth_token="demo_shared_key_secret_0001")
    assert not WEBHOOK.verify(shared, heard(signature=sha256, **setting))
    assert WEBHOOK.verify(config(), heard(**setting))


def test_a_signed_json_body_is_not_taken_for_a_form():
    digest = "218cb2cb308673f217ade186fdd767bcc1923e94715dea30e288d00c4449a4b4"
    url = f"https://loyalty.example.com/twilio/json?bodySHA256={digest}"
    body = b'{"type":"com.example","n":1}'
    assert RequestValidator(TOKEN).validate(url, body.decode(), "73RkXJ16ovWnLmwyCT462fwbYiE=")
    assert not verified(url=url, body=body, signature="73RkXJ16ovWnLmwyCT462fwbYiE=")
    assert WEBHOOK.media_types == ("application/x-www-form-urlencoded",)


# Reading receipts


@pytest.mark.parametrize(
    ("status", "state"),
    [
        ("accepted", "accepted"),
        ("scheduled", "accepted"),
        ("queued", "accepted"),
        ("sending", "accepted"),
        ("sent", "sent"),
        ("partially_delivered", "sent"),
        ("delivered", "delivered"),
        ("read", "read"),
        ("undelivered", "failed"),
        ("failed", "failed"),
        ("canceled", "failed"),
    ],
)
def test_a_receipt_tells_what_became_of_the_text(status, state):
    receipt = read({**FIELDS, "MessageStatus": status, "ErrorCode": ""})
    assert receipt == [Delivery(reference="d-42", state=state, id=SID)]


@pytest.mark.parametrize(
    ("code", "word"), [*twilio.CONNECTOR.errors.items(), ("99999", None), ("", None), ("x", None)]
)
def test_a_failed_text_says_why_in_our_word(code, word):
    receipt = read({**FIELDS, "ErrorCode": code})
    assert receipt == [Delivery(reference="d-42", state="failed", id=SID, word=word)]


def test_only_a_failure_has_a_word():
    assert read({**FIELDS, "MessageStatus": "sent"})[0].word is None


def test_a_receipt_needs_no_sender_since_one_may_fail_before_it_has_one():
    assert read({"MessageSid": SID, "MessageStatus": "failed"})[0].state == "failed"


def test_a_receipt_of_a_text_that_is_not_ours_is_nothing_to_us():
    assert read(FIELDS, url="https://loyalty.example.com/message-feedback/twilio") == []


def test_a_status_we_do_not_know_yet_is_passed_over():
    assert read({**FIELDS, "MessageStatus": "teleported"}) == []


def test_new_fields_are_no_obstacle():
    assert len(read({**FIELDS, "RawDlrDoneDate": "2611220000", "Brand": ["new", "er"]})) == 1


# Reading what guests write


def a_text(body, **fields):
    return read({"MessageSid": "SM2", "From": "+15005550001", "Body": body, **fields})[0]


def test_a_text_from_a_guest_is_a_reply():
    said = a_text("Is there vegan momo? 🥟", To="+15005550006", NumMedia="0", SmsStatus="received")
    assert said == Reply(
        id="SM2", channel="sms", address="+15005550001", text="Is there vegan momo? 🥟"
    )


@pytest.mark.parametrize("status", ["received", "receiving"])
def test_a_text_that_calls_itself_received_is_a_reply(status):
    assert isinstance(a_text("Hello", MessageStatus=status), Reply)


@pytest.mark.parametrize(
    ("kind", "keyword"), [("STOP", "stop"), ("START", "start"), ("HELP", "help")]
)
def test_twilios_own_opt_out_word_counts_whatever_the_text_says(kind, keyword):
    assert a_text("desuscribir", OptOutType=kind).keyword == keyword


@pytest.mark.parametrize(
    ("words", "keyword"),
    [
        ("STOP STOPALL UNSUBSCRIBE CANCEL END QUIT REVOKE OPTOUT OPT-OUT ARRET ARRÊT 🛑", "stop"),
        ("START YES UNSTOP", "start"),
        ("HELP INFO", "help"),
    ],
)
def test_each_standard_word_counts_in_any_case(words, keyword):
    for word in words.split():
        for said in (word, word.lower(), word.capitalize()):
            assert (said, a_text(said).keyword) == (said, keyword)


@pytest.mark.parametrize(
    "said",
    [
        "stop.",
        " Stop ",
        "STOP!!!",
        "\tstop\r\n",
        '"STOP"',
        "“Stop”",
        "opt out",
        "Opt  Out.",
        "opt-out",
        "🛑\ufe0f",
        "arrêt",
        "arre\u0302t",
        "ＳＴＯＰ",  # noqa: RUF001 - full width, as some keyboards write it
    ],
)
def test_a_stop_counts_as_people_write_it(said):
    assert a_text(said).keyword == "stop"


@pytest.mark.parametrize(
    "said",
    [
        "",
        "please stop texting me",
        "stop it",
        "nonstop",
        "STOPP",
        "don't stop",
        "...",
        "yes please",
    ],
)
def test_anything_else_is_left_to_a_person(said):
    assert a_text(said).keyword is None
    assert a_text(said).text == said


@pytest.mark.parametrize(
    "fields",
    [
        {},
        {"From": "+15005550001", "Body": "STOP"},
        {"MessageSid": "", "MessageStatus": "sent"},
        {"MessageSid": "SM2", "Body": "STOP"},
    ],
)
def test_a_form_that_lacks_what_twilio_always_sends_is_a_problem(fields):
    with pytest.raises(Problem) as problem:
        read(fields)
    assert problem.value.status == 400
    assert "+1500" not in repr(problem.value)


@pytest.mark.parametrize("body", [b"\xff", b"Body=%ff", b"a=b&" * 1_000])
def test_a_body_that_is_no_form_is_a_problem(body):
    with pytest.raises(Problem):
        WEBHOOK.read(config(), heard(body=body), body)


def test_the_secrets_are_marked_and_two_settings_must_be_given():
    secret = [each.name for each in twilio.CONNECTOR.settings if each.secret]
    assert secret == ["auth_token", "api_key_secret"]
    needed = [each.name for each in twilio.CONNECTOR.settings if each.default is None]
    assert needed == ["account_sid", "auth_token"]
