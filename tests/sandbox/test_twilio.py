"""Twilio takes what the real one takes, refuses what it refuses, and brings answers in."""

from datetime import UTC, datetime, timedelta

import pytest
import requests
from infra.sandbox.twilio_text import segments
from twilio.base.exceptions import TwilioRestException
from twilio.http.http_client import TwilioHttpClient
from twilio.rest import Client

FIELDS = {
    "account_sid", "api_version", "body", "date_created", "date_sent", "date_updated", "direction",
    "error_code", "error_message", "from", "messaging_service_sid", "num_media", "num_segments",
    "price", "price_unit", "sid", "status", "subresource_uris", "to", "uri",
}  # fmt: skip


@pytest.fixture
def sdk(sandbox):
    """Twilio's own client, sent to the sandbox instead of api.twilio.com."""

    class ToSandbox(TwilioHttpClient):
        def request(self, method, url, *rest, **named):
            local = url.replace("https://api.twilio.com", f"{sandbox.url}/twilio")
            return super().request(method, local, *rest, **named)

    http = ToSandbox(timeout=5)
    secrets = sandbox.secrets
    key = (secrets.twilio_api_key_sid, secrets.twilio_api_key_secret)
    yield Client(*key, account_sid=secrets.twilio_account_sid, http_client=http)
    http.session.close()


def test_a_good_text_is_answered_201_with_every_documented_field(text):
    answer = text()

    assert answer.status_code == 201
    assert answer.json().keys() == FIELDS
    assert answer.json()["status"] == "accepted"
    assert answer.json()["from"] is None
    assert answer.json()["num_segments"] == "0"
    assert answer.json()["date_created"] == "Fri, 20 Nov 2026 09:00:00 +0000"


def test_a_text_from_a_number_is_queued_and_its_parts_are_counted(text, sandbox):
    number = sandbox.secrets.twilio_from_number

    answer = text(MessagingServiceSid=None, From=number, Body="a" * 161).json()

    assert (answer["status"], answer["from"], answer["num_segments"]) == ("queued", number, "2")


def test_the_account_shows_itself_to_its_owner_and_to_no_key(sandbox, sdk):
    secrets, http = sandbox.secrets, sdk.http_client
    own = Client(secrets.twilio_account_sid, secrets.twilio_auth_token, http_client=http)
    found = own.api.accounts(secrets.twilio_account_sid).fetch()
    assert (found.sid, found.status) == (secrets.twilio_account_sid, "active")
    with pytest.raises(TwilioRestException) as refused:
        sdk.api.accounts(secrets.twilio_account_sid).fetch()
    assert (refused.value.status, refused.value.code) == (401, 20003)


def test_the_vendors_own_client_sends_finds_and_lists_texts(sdk, sandbox):
    service = sandbox.secrets.twilio_messaging_service_sid
    sent = sdk.messages.create(
        to="+15005550001", messaging_service_sid=service, body="Hello", validity_period=600
    )
    assert sandbox.settle()

    assert sdk.messages(sent.sid).fetch().status == "delivered"
    assert [m.sid for m in sdk.messages.list(to="+15005550001", page_size=1)] == [sent.sid]
    assert sdk.messages.list(to="+15005550002") == []
    with pytest.raises(TwilioRestException) as refusal:
        sdk.messages.create(to="12", messaging_service_sid=service, body="Hello")
    assert (refusal.value.status, refusal.value.code) == (400, 21211)


LATE = (datetime(2026, 11, 20, 9, tzinfo=UTC) + timedelta(days=36)).isoformat()
REFUSALS = {
    "no recipient": ({"To": None}, 21604),
    "no sender": ({"MessagingServiceSid": None}, 21603),
    "no body": ({"Body": None}, 21602),
    "blank body": ({"Body": "  \n"}, 21602),
    "a number with blanks": ({"To": "+1 500 555 0001"}, 21211),
    "a national number": ({"To": "0876543210"}, 21211),
    "not a mobile": ({"To": "+15005550009"}, 21614),
    "1601 characters": ({"Body": "x" * 1601}, 21617),
    "somebody else's number": ({"MessagingServiceSid": None, "From": "+15005550007"}, 21606),
    "a number outside the pool": ({"From": "+15005550007"}, 21606),
    "a sender that is none": ({"MessagingServiceSid": None, "From": "Art-Cafe: Club!"}, 21212),
    "an ill-formed service": ({"MessagingServiceSid": "MG1"}, 21705),
    "an unknown service": ({"MessagingServiceSid": "MG" + "f" * 32}, 21701),
    "a callback without a scheme": ({"StatusCallback": "shop.example/status"}, 21609),
    "a callback with _ in its host": ({"StatusCallback": "https://my_shop.example/s"}, 21609),
    "a content template nobody made": ({"ContentSid": "HX" + "0" * 32, "Body": None}, 21655),
    "variables without a template": ({"ContentVariables": "{}"}, 21656),
    "a validity of 36001 s": ({"ValidityPeriod": "36001"}, 20001),
    "a validity in words": ({"ValidityPeriod": "long"}, 20001),
    "a yes that is not true": ({"SmartEncoded": "yes"}, 20001),
    "a misspelt parameter": ({"StatusCallBack": "https://shop.example/s"}, 20001),
    "a schedule without a time": ({"ScheduleType": "fixed"}, 35111),
    "a time without a schedule": ({"SendAt": LATE}, 35126),
    "a schedule too far ahead": ({"ScheduleType": "fixed", "SendAt": LATE}, 35115),
    "eleven pictures": ({"MediaUrl": ["https://shop.example/p.png"] * 11}, 21623),
}


@pytest.mark.parametrize(("changes", "code"), REFUSALS.values(), ids=REFUSALS)
def test_a_text_that_twilio_would_refuse_is_refused_and_never_reaches_the_outbox(
    text, sandbox, changes, code
):
    answer = text(**changes)

    assert answer.status_code == 400
    assert answer.json()["code"] == code
    assert answer.json().keys() == {"code", "message", "more_info", "status"}
    assert sandbox.outbox == []
    assert [seen.status for seen in sandbox.requests.refused("twilio")] == [400]


@pytest.mark.parametrize("pair", [("AC1", "x"), ("", ""), ("key", None)])
def test_a_stranger_is_refused_and_recorded_apart(text, sandbox, pair):
    name, secret = pair
    known = sandbox.secrets.twilio_api_key_sid if name == "key" else name

    answer = text(auth=(known, secret or "wrong"))

    assert (answer.status_code, answer.json()["code"]) == (401, 20003)
    assert sandbox.outbox == []
    assert len(sandbox.requests.refused("twilio")) == 1


def test_an_api_key_may_send_in_place_of_the_auth_token(text, sandbox):
    secrets = sandbox.secrets

    answer = text(auth=(secrets.twilio_api_key_sid, secrets.twilio_api_key_secret))

    assert answer.status_code == 201


def test_another_account_and_an_unknown_text_are_20404(sandbox):
    secrets = sandbox.secrets
    base = f"{sandbox.url}/twilio/2010-04-01/Accounts"
    auth = (secrets.twilio_account_sid, secrets.twilio_auth_token)

    for path in (
        f"AC{'9' * 32}/Messages.json",
        f"{secrets.twilio_account_sid}/Messages/SM0.json",
        f"{secrets.twilio_account_sid}/Calls.json",
    ):
        answer = requests.get(f"{base}/{path}", auth=auth, timeout=5)
        assert (answer.status_code, answer.json()["code"]) == (404, 20404)


def listed(sandbox, **asked):
    secrets = sandbox.secrets
    answer = requests.get(
        f"{sandbox.url}/twilio/2010-04-01/Accounts/{secrets.twilio_account_sid}/Messages.json",
        params={
            name.replace("_before", "<").replace("_after", ">"): v for name, v in asked.items()
        },
        auth=(secrets.twilio_account_sid, secrets.twilio_auth_token),
        timeout=5,
    )
    return answer.json()


def test_a_list_is_filtered_by_day_and_by_instant_newest_first(text, sandbox, clock):
    for body in ("first", "second", "third"):
        text(Body=body)
        assert sandbox.settle()
        clock.pass_by(hours=10)

    def bodies(**asked):
        return [m["body"] for m in listed(sandbox, **asked)["messages"]]

    assert bodies() == ["third", "second", "first"]
    assert bodies(DateSent="2026-11-20") == ["second", "first"]
    assert bodies(DateSent_after="2026-11-21") == ["third"]
    assert bodies(DateSent_before="2026-11-20") == ["second", "first"]
    assert bodies(DateSent_after="2026-11-20T19:00:00Z") == ["third", "second"]
    assert bodies(From=sandbox.secrets.twilio_from_number, PageSize=1) == ["third"]
    assert listed(sandbox, DateSent="yesterday")["code"] == 20001


def test_pages_of_a_list_join_without_gap_or_repetition(text, sandbox):
    sids = [text(Body=str(n)).json()["sid"] for n in range(5)]

    pages = [listed(sandbox, PageSize=2, Page=n) for n in range(3)]

    assert [m["sid"] for page in pages for m in page["messages"]] == sids[::-1]
    assert [bool(page["next_page_uri"]) for page in pages] == [True, True, False]
    assert pages[0]["next_page_uri"].endswith("PageSize=2&Page=1")


def test_a_scheduled_text_waits_and_can_be_canceled(text, sandbox, clock):
    send_at = (clock() + timedelta(hours=1)).isoformat()

    made = text(ScheduleType="fixed", SendAt=send_at).json()
    assert made["status"] == "scheduled"
    secrets = sandbox.secrets
    canceled = requests.post(
        f"{sandbox.url}/twilio{made['uri']}",
        data={"Status": "canceled"},
        auth=(secrets.twilio_account_sid, secrets.twilio_auth_token),
        timeout=5,
    )

    assert canceled.json()["status"] == "canceled"
    assert [m.state for m in sandbox.outbox] == ["canceled"]


def test_plain_letters_and_others_are_counted_in_their_own_parts():
    counted = {"a" * 160: 1, "a" * 161: 2, "€" * 80: 1, "€" * 81: 2, "é" * 160: 1}
    counted |= {"ñ" * 306: 2, "д" * 70: 1, "д" * 71: 2, "☕" * 134: 2, "😀" * 35: 1, "😀" * 36: 2}

    assert {text: segments(text) for text in counted} == counted
