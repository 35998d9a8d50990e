"""What the SendGrid connector promises, said to it line by line."""

from __future__ import annotations

import base64
import json
from datetime import UTC, datetime

import pytest
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from hypothesis import given, settings
from hypothesis import strategies as st

from loyalty.connectors import sendgrid
from loyalty.connectors.answers import sort
from loyalty.connectors.spec import Config, Delivery, Incoming, Mail, Reply, Sent
from loyalty.errors import Problem, VendorRefused
from loyalty.ports import HttpRequest, HttpResponse

few = settings(max_examples=40, deadline=None, database=None)

# The fact sheet's vector, made with a key of our own and verified by SendGrid's helper.
KEY = (
    "MFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAEcPxSfy01xMIjGyUo52zp85Q4nb+7QUm+FT22R6OijKyh"
    "fgcL8p6wBrmQVUZfQv/VEcXcFxnU/Kb8BnccfwC1zQ=="
)
TIMESTAMP = "1760000001"
SIGNATURE = (
    "MEUCICCc3gy6D7PQom1kmetJaX4jpG+0QCfbKfRQBt/AvFInAiEArnOEE9Yf7oi2uKb9gJKmmRzezWAa"
    "I/SMs7CaQIJ4+eA="
)
BODY = (
    b'[{"email":"pat@example.com","timestamp":1760000000,"event":"delivered",'
    b'"sg_event_id":"evt-0001","sg_message_id":"abc123.filter0001","delivery_id":"d-42"}]\r\n'
)

SECRET = "SG.made-up.secret"
VALUES = {
    "api_key": SECRET,
    "from_email": "club@shop.example",
    "from_name": "Shop Club",
    "asm_group_id": "1234",
    "event_webhook_public_key": KEY,
}
CONFIG = Config(connector="sendgrid", values=VALUES, base_url="https://api.sendgrid.com")
HEADERS = {"Authorization": f"Bearer {SECRET}", "Accept": "application/json"}
MAIL = Mail(
    to="pat@example.com",
    name="Pat",
    subject="120 points",
    body="Hi Pat & Sam,\nyou have <120> points.",
    reference="d-42",
)
TEMPLATE = "d-00000000000000000000000000000001"


def with_settings(**values):
    return Config(
        connector="sendgrid", values={**VALUES, **values}, base_url="https://api.sendgrid.com"
    )


def but(mail, **changes):
    return Mail(**{name: getattr(mail, name) for name in mail.__struct_fields__} | changes)


def letter(mail, config=CONFIG):
    return json.loads(next(sendgrid.send_email(config, mail)).body)


def answered(conversation, status, body=b"", headers=None):
    next(conversation)
    with pytest.raises(StopIteration) as end:
        conversation.send(HttpResponse(status, headers or {}, body))
    return end.value.value


def heard(body=BODY, signature=SIGNATURE, timestamp=TIMESTAMP):
    headers = {
        "x-twilio-email-event-webhook-signature": signature,
        "x-twilio-email-event-webhook-timestamp": timestamp,
    }
    url = "https://loyalty.example.com/message-feedback/sendgrid"
    return Incoming(url=url, headers=headers, body=body, now=datetime(2026, 11, 22, tzinfo=UTC))


def verified(config=CONFIG, **changes):
    return sendgrid.CONNECTOR.webhooks["read_feedback"].verify(config, heard(**changes))


def read(*events, config=CONFIG):
    return sendgrid.CONNECTOR.webhooks["read_feedback"].read(config, heard(), list(events))


def an_event(kind, **fields):
    return {
        "email": "pat@example.com",
        "timestamp": 1760000000,
        "event": kind,
        "sg_event_id": "evt-2",
        "sg_message_id": "abc123.filter0001",
        "delivery_id": "d-42",
        **fields,
    }


def spki(private_key):
    der = private_key.public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
    return base64.b64encode(der).decode()


# Sending


def test_a_mail_of_our_own_words_is_plain_text_first_then_escaped_html():
    request = next(sendgrid.send_email(CONFIG, MAIL))
    assert request._replace(body=None) == HttpRequest(
        "POST",
        "https://api.sendgrid.com/v3/mail/send",
        {**HEADERS, "Content-Type": "application/json"},
    )
    assert json.loads(request.body) == {
        "from": {"email": "club@shop.example", "name": "Shop Club"},
        "subject": "120 points",
        "personalizations": [
            {
                "to": [{"email": "pat@example.com", "name": "Pat"}],
                "custom_args": {"delivery_id": "d-42"},
            }
        ],
        "content": [
            {"type": "text/plain", "value": "Hi Pat & Sam,\nyou have <120> points."},
            {
                "type": "text/html",
                "value": "<p>Hi Pat &amp; Sam,<br>you have &lt;120&gt; points.</p>",
            },
        ],
    }


def test_a_mail_by_template_gives_the_template_everything_and_no_words_of_our_own():
    mail = but(MAIL, template=TEMPLATE, values={"points": "120", "name": "Patricia"})
    assert letter(mail) == {
        "from": {"email": "club@shop.example", "name": "Shop Club"},
        "template_id": TEMPLATE,
        "personalizations": [
            {
                "to": [{"email": "pat@example.com", "name": "Pat"}],
                "custom_args": {"delivery_id": "d-42"},
                "dynamic_template_data": {
                    "subject": "120 points",
                    "body": "Hi Pat & Sam,\nyou have <120> points.",
                    "name": "Patricia",
                    "points": "120",
                },
            }
        ],
    }


def test_marketing_carries_the_unsubscribe_group_and_other_mail_does_not():
    assert letter(but(MAIL, marketing=True))["asm"] == {"group_id": 1234}
    assert "asm" not in letter(MAIL)


@pytest.mark.parametrize("group", ["", "newsletter", "-1", "12.5"])
def test_marketing_without_an_unsubscribe_group_never_leaves(group):
    with pytest.raises(VendorRefused) as refused:
        letter(but(MAIL, marketing=True), with_settings(asm_group_id=group))
    assert (refused.value.word, refused.value.code) == ("refused", "no-unsubscribe-group")


@pytest.mark.parametrize("address", ["pat@example.com", "Eve <pat@example.com>", "no-at-sign"])
def test_an_address_goes_out_as_it_is_also_without_names(address):
    sent = letter(but(MAIL, to=address, name=""), with_settings(from_name=""))
    assert sent["personalizations"][0]["to"] == [{"email": address}]
    assert sent["from"] == {"email": "club@shop.example"}


def test_the_secret_is_in_one_header_only():
    request = next(sendgrid.send_email(CONFIG, MAIL))
    hidden = {name: value for name, value in request.headers.items() if name != "Authorization"}
    assert SECRET not in repr(request._replace(headers=hidden))
    assert SECRET not in repr(CONFIG)


@pytest.mark.parametrize("status", [202, 200])
def test_the_message_id_comes_from_the_header(status):
    headers = {"x-message-id": "abc123"}
    sending = sendgrid.send_email(CONFIG, MAIL)
    assert answered(sending, status, headers=headers) == Sent(id="abc123")


# Checking


def test_check_asks_for_the_scopes_of_the_key():
    url = "https://api.sendgrid.com/v3/scopes"
    assert next(sendgrid.check(CONFIG, None)) == HttpRequest("GET", url, HEADERS)
    said = answered(sendgrid.check(CONFIG, None), 200, b'{"scopes":["alerts.read","mail.send"]}')
    assert said == "The SendGrid key is good and may send mail."


def test_a_key_that_may_not_send_is_a_bad_key():
    with pytest.raises(VendorRefused, match="credentials"):
        answered(sendgrid.check(CONFIG, None), 200, b'{"scopes":["alerts.read"]}')


@pytest.mark.parametrize("body", [b"", b"<html>", b"{}", b'{"scopes":null}'])
def test_scopes_that_cannot_be_read_are_no_result(body):
    with pytest.raises(ValueError):  # noqa: PT011 - the engine's sign of a doubt
        answered(sendgrid.check(CONFIG, None), 200, body)


# Refusals


@pytest.mark.parametrize(
    ("status", "word"),
    [
        (400, "refused"),
        (405, "refused"),
        (413, "refused"),
        (415, "refused"),
        (401, "credentials"),
        (403, "credentials"),
        (404, "credentials"),
        (429, "slow-down"),
        (500, "try-again"),
        (502, "try-again"),
        (503, "try-again"),
        (504, "try-again"),
    ],
)
@pytest.mark.parametrize(
    "body",
    [b"", b"<html>", b"[]", b'{"errors":[{"message":"no","field":null,"help":null}]}'],
)
def test_a_refusal_without_a_field_is_sorted_by_its_status(status, word, body):
    assert sort(sendgrid.CONNECTOR, HttpResponse(status, {}, body)) == (word, str(status))


@pytest.mark.parametrize(
    ("field", "word"),
    [
        ("personalizations.0.to.0.email", "bad-address"),
        ("from", "credentials"),
        ("from.email", "credentials"),
        ("template_id", "refused"),
    ],
)
def test_a_refused_field_says_more_than_the_status(field, word):
    error = {"message": "pat@example.com is bad", "field": field, "help": None}
    body = json.dumps({"errors": [error]}).encode()
    found, code = sort(sendgrid.CONNECTOR, HttpResponse(400, {}, body))
    assert found == word
    assert "pat" not in code


# Verifying


def test_the_official_vector_verifies():
    assert verified()


def test_the_vector_without_its_final_line_break_does_not_verify():
    assert not verified(body=BODY.rstrip())


@given(st.integers(0, len(BODY) - 1), st.integers(1, 255))
@few
def test_no_changed_body_verifies(at, change):
    changed = bytearray(BODY)
    changed[at] ^= change
    assert not verified(body=bytes(changed))


@given(
    st.integers(0, len(SIGNATURE) - 1),
    st.sampled_from("ABCXYZabcxyz0189+/=-_\n é"),
    st.booleans(),
)
@few
def test_no_changed_signature_verifies(at, character, insert):
    changed = SIGNATURE[:at] + character + SIGNATURE[at + (not insert) :]
    assert verified(signature=changed) == (changed == SIGNATURE)


@given(st.text(max_size=12))
@few
def test_no_changed_timestamp_verifies(timestamp):
    assert verified(timestamp=timestamp) == (timestamp == TIMESTAMP)


@pytest.mark.parametrize("signature", ["", "é", "====", "MEUCICCc", SIGNATURE + "\n", "A" * 9_999])
def test_a_signature_that_is_none_is_a_no_and_never_an_error(signature):
    assert not verified(signature=signature)


@pytest.mark.parametrize(
    "key",
    [
        "",
        "not base64!",
        "é",
        base64.b64encode(b"not a key").decode(),
        spki(ec.generate_private_key(ec.SECP256R1())),
        spki(ec.generate_private_key(ec.SECP384R1())),
        spki(ed25519.Ed25519PrivateKey.generate()),
        spki(rsa.generate_private_key(65537, 2048)),
    ],
    ids=["none", "junk", "not-ascii", "not-a-key", "other", "other-curve", "ed25519", "rsa"],
)
def test_another_key_is_a_no_and_never_an_error(key):
    assert not verified(with_settings(event_webhook_public_key=key))


def test_missing_headers_and_unreadable_bytes_are_a_no():
    nothing = Incoming(url="", headers={}, body=b"\xff\xfe", now=datetime(2026, 11, 22, tzinfo=UTC))
    assert not sendgrid.CONNECTOR.webhooks["read_feedback"].verify(CONFIG, nothing)
    assert not verified(body=b"\xff\xfe")


def test_the_key_before_a_rotation_still_counts():
    rotating = Config(
        connector="sendgrid",
        values={"event_webhook_public_key": spki(ec.generate_private_key(ec.SECP256R1()))},
        previous={"event_webhook_public_key": KEY},
    )
    assert verified(rotating)


# Reading


@pytest.mark.parametrize(
    ("event", "state", "word"),
    [
        (an_event("processed"), "accepted", None),
        (an_event("deferred", attempt="1", response="421 later"), "accepted", None),
        (an_event("delivered", response="250 OK"), "delivered", None),
        (an_event("open"), "read", None),
        (an_event("open", sg_machine_open=False), "read", None),
        (an_event("open", sg_machine_open=True), "delivered", None),
        (an_event("click", url="https://shop.example"), "read", None),
        (an_event("bounce", type="bounce", status="5.1.1"), "failed", "bad-address"),
        (an_event("bounce", type="blocked", status="5.7.1"), "failed", "refused"),
        (an_event("bounce"), "failed", "refused"),
        (an_event("dropped", reason="Bounced Address"), "failed", "bad-address"),
        (an_event("dropped", reason="Invalid"), "failed", "bad-address"),
        (an_event("dropped", reason="Invalid SMTPAPI header"), "failed", "refused"),
        (an_event("dropped", reason="Unsubscribed Address"), "failed", "opted-out"),
        (an_event("dropped", reason="Spam Reporting Address"), "failed", "opted-out"),
        (an_event("dropped", reason="Spam Content"), "failed", "refused"),
        (an_event("dropped"), "failed", "refused"),
    ],
)
def test_an_event_tells_what_became_of_the_mail(event, state, word):
    assert read(event) == [Delivery(reference="d-42", state=state, id="abc123", word=word)]


@pytest.mark.parametrize(
    ("kind", "keyword"),
    [
        ("spamreport", "stop"),
        ("unsubscribe", "stop"),
        ("group_unsubscribe", "stop"),
        ("group_resubscribe", "start"),
    ],
)
def test_a_guests_wish_is_a_reply_beside_the_delivery(kind, keyword):
    reply = Reply(id="evt-2", channel="email", address="pat@example.com", keyword=keyword)
    assert read(an_event(kind, asm_group_id=1234)) == [
        Delivery(reference="d-42", state="delivered", id="abc123"),
        reply,
    ]
    assert read(an_event(kind, delivery_id=None)) == [reply]


def test_coming_back_to_another_group_does_not_lift_our_stop():
    other = an_event("group_resubscribe", delivery_id=None, asm_group_id=99)
    assert read(other) == []
    assert len(read(other, config=with_settings(asm_group_id=""))) == 1


def test_leaving_another_group_is_taken_as_a_stop():
    left = an_event("group_unsubscribe", delivery_id=None, asm_group_id=99)
    assert [reply.keyword for reply in read(left)] == ["stop"]


@pytest.mark.parametrize("reference", [None, "", 42, ["d-42"]])
def test_a_mail_that_is_not_ours_gives_no_delivery(reference):
    assert read(an_event("delivered", delivery_id=reference)) == []


@pytest.mark.parametrize("kind", ["account_status_change", "", None, 7, "Delivered"])
def test_unknown_events_are_ignored(kind):
    assert read(an_event(kind)) == []
    assert read({}) == []


def test_a_batch_is_read_in_its_order():
    batch = [an_event("processed"), an_event("news"), an_event("delivered", delivery_id="d-43")]
    assert [each.reference for each in read(*batch)] == ["d-42", "d-43"]


@pytest.mark.parametrize("body", [None, {}, "text", 7, [7], [[]], [an_event("open"), None]])
def test_a_body_that_is_no_list_of_events_is_a_problem(body):
    with pytest.raises(Problem) as problem:
        sendgrid.CONNECTOR.webhooks["read_feedback"].read(CONFIG, heard(), body)
    assert problem.value.status == 400


@pytest.mark.parametrize("missing", ["sg_event_id", "email"])
def test_a_stop_that_cannot_be_read_is_never_dropped_in_silence(missing):
    with pytest.raises(Problem) as problem:
        read(an_event("unsubscribe", **{missing: None}))
    assert "pat@example.com" not in repr(problem.value)


def test_the_webhook_takes_json_that_the_web_layer_parsed():
    webhook = sendgrid.CONNECTOR.webhooks["read_feedback"]
    assert (webhook.parsed, webhook.media_types) == (True, ("application/json",))


def test_only_the_key_is_secret_and_two_settings_must_be_given():
    assert [each.name for each in sendgrid.CONNECTOR.settings if each.secret] == ["api_key"]
    needed = [each.name for each in sendgrid.CONNECTOR.settings if each.default is None]
    assert needed == ["api_key", "from_email"]
