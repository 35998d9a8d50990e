"""Signatures: the official vectors are accepted, and nothing that differs from them."""

from __future__ import annotations

import hashlib
import hmac
from base64 import b64encode
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.connectors.vendor import LETTERS

from loyalty.connectors.signing import matches, square, standard_webhooks, unbase64

many = settings(max_examples=50, deadline=None, database=None)

SQUARE_KEY = "sq-test-signature-key-0001"
SQUARE_URL = "https://hooks.example.test/v1/in/square/m_1001"
SQUARE_BODY = (
    b'{"merchant_id":"MTEST0000001","type":"payment.updated","event_id":'
    b'"3f1d6c52-8a5e-4b0e-9a34-1d2f7c9b0001","created_at":"2026-11-20T09:15:31.482913Z","data":'
    b'{"type":"payment","id":"PAYTEST0001","object":{"payment":{"id":"PAYTEST0001","status":'
    b'"COMPLETED","order_id":"ORDTEST0001","location_id":"LTEST01","amount_money":{"amount":1250,'
    b'"currency":"EUR"}}}}}'
)
SQUARE_SIGNATURE = "LyT29BiH21BoB+dRW/NnnhGuLzPqWqOrsSaQefjE5es="

SECRET = "whsec_bG95YWx0eS1hdXRvbWF0aW9uLXRlc3Qta2V5LTAwMDE="
NOW = datetime(2026, 11, 20, 9, 15, 35, tzinfo=UTC)
SIGNATURE = "v1,CgqUZLUU570locCtpS/OVgtW+00VCma8KBBQXFaJUDQ="
BODY = (
    b'{"type":"reward.issued","timestamp":"2026-11-20T09:15:35Z","data":'
    b'{"member_id":"m_1","reward_id":"rw_1","points_spent":100}}'
)
HEADERS = {
    "webhook-id": "evt_01JD3X2E4V5TEST0000000001",
    "webhook-timestamp": "1795166135",
    "webhook-signature": SIGNATURE,
}


def standard(secrets=(SECRET,), body=BODY, now=NOW, **headers):
    changed = {f"webhook-{name}": value for name, value in headers.items()}
    return standard_webhooks(list(secrets), {**HEADERS, **changed}, body, now)


def flipped(body: bytes, bit: int) -> bytes:
    place, shift = divmod(bit % (8 * len(body)), 8)
    return body[:place] + bytes([body[place] ^ 1 << shift]) + body[place + 1 :]


def test_squares_official_vector_is_accepted():
    assert square([SQUARE_KEY], SQUARE_URL, SQUARE_BODY, SQUARE_SIGNATURE)


def test_square_refuses_the_vector_with_one_slash_more_in_the_address():
    assert not square([SQUARE_KEY], f"{SQUARE_URL}/", SQUARE_BODY, SQUARE_SIGNATURE)


@many
@given(bit=st.integers(0, 10_000))
def test_square_refuses_any_flipped_bit_of_the_body(bit):
    assert not square([SQUARE_KEY], SQUARE_URL, flipped(SQUARE_BODY, bit), SQUARE_SIGNATURE)


@many
@given(signature=st.text(LETTERS) | st.text("ABCDabcd+/=", min_size=40, max_size=48))
def test_square_refuses_any_other_text_without_raising(signature):
    assert not square([SQUARE_KEY], SQUARE_URL, SQUARE_BODY, signature)


@pytest.mark.parametrize(
    "sloppy",
    [
        f" {SQUARE_SIGNATURE}",
        f"{SQUARE_SIGNATURE}\n",
        SQUARE_SIGNATURE.replace("+", "-").replace("/", "_"),
        SQUARE_SIGNATURE.rstrip("="),
        f"{SQUARE_SIGNATURE[:4]}!{SQUARE_SIGNATURE[4:]}",
        SQUARE_SIGNATURE.replace("5es=", "5et="),  # the same bytes with stray bits set
    ],
)
def test_base64_counts_only_in_its_one_right_spelling(sloppy):
    assert not square([SQUARE_KEY], SQUARE_URL, SQUARE_BODY, sloppy)


def test_during_a_rotation_the_secret_before_counts_too():
    assert square(["the new one", SQUARE_KEY], SQUARE_URL, SQUARE_BODY, SQUARE_SIGNATURE)


def test_without_a_secret_not_even_the_dummy_keys_signature_is_accepted():
    signed = hmac.digest(bytes(32), b"message", "sha256")
    assert not matches([], b"message", [signed])
    assert not matches([b""], b"message", [signed, hmac.digest(b"", b"message", "sha256")])


def test_other_digests_of_the_family_can_be_asked_for():
    signed = hmac.digest(b"key", b"message", "sha1")
    assert matches([b"key"], b"message", [signed], "sha1")
    assert not matches([b"key"], b"message", [signed])


def test_the_standards_official_vector_is_accepted():
    assert standard()


@pytest.mark.parametrize(
    "signature",
    [
        f"v1,AAAA {SIGNATURE}",
        f"v2,xyz v1a,abc {SIGNATURE}",
        f"{SIGNATURE} {SIGNATURE}",
    ],
)
def test_one_good_signature_among_others_is_enough(signature):
    assert standard(signature=signature)


@pytest.mark.parametrize(
    "signature",
    [
        SIGNATURE.replace("v1,", "v2,"),
        SIGNATURE.replace("v1,", "v1a,"),
        SIGNATURE.replace("v1,", "V1,"),
        SIGNATURE.removeprefix("v1,"),
        f"none {SIGNATURE[3:]}",
        f"v1,v1,{SIGNATURE[3:]}",
        "",
        "v1,",
        f"{SIGNATURE}é",
    ],
)
def test_only_v1_counts_whatever_the_header_proposes(signature):
    assert not standard(signature=signature)


def test_only_the_first_five_signatures_are_looked_at():
    assert standard(signature=" ".join(["v1,AAAA"] * 4 + [SIGNATURE]))
    assert not standard(signature=" ".join(["v1,AAAA"] * 5 + [SIGNATURE]))
    assert not standard(signature=" ".join(["v1,AAAA"] * 10_000 + [SIGNATURE]))


@pytest.mark.parametrize("way", [1, -1])
def test_a_signature_lives_for_five_minutes_either_way(way):
    assert standard(now=NOW + way * timedelta(seconds=300))
    assert not standard(now=NOW + way * timedelta(seconds=301))


@pytest.mark.parametrize("timestamp", ["-1", "1e18", "9" * 400, "", "NaN", " 1795166135", "١٧٩٥"])
def test_a_timestamp_that_is_none_is_refused_even_when_it_is_signed(timestamp):
    message = f"{HEADERS['webhook-id']}.{timestamp}.".encode() + BODY
    key = unbase64(SECRET.removeprefix("whsec_"))
    signed = "v1," + b64encode(hmac.digest(key, message, hashlib.sha256)).decode()
    assert not standard(timestamp=timestamp, signature=signed)


@pytest.mark.parametrize("missing", HEADERS)
def test_each_of_the_three_headers_is_needed(missing):
    headers = {name: value for name, value in HEADERS.items() if name != missing}
    assert not standard_webhooks([SECRET], headers, BODY, NOW)


@pytest.mark.parametrize("secret", ["", "whsec_", "whsec_not base64!", SECRET[6:-2], "whsec_é"])
def test_a_secret_that_cannot_be_one_opens_nothing(secret):
    assert not standard(secrets=[secret])


def test_the_secret_is_decoded_and_not_used_as_it_is_written():
    message = b".".join([HEADERS["webhook-id"].encode(), b"1795166135", BODY])
    as_text = b64encode(hmac.digest(SECRET.encode(), message, "sha256")).decode()
    assert not standard(signature=f"v1,{as_text}")


@many
@given(bit=st.integers(0, 10_000))
def test_the_standard_refuses_any_flipped_bit_of_the_body(bit):
    assert not standard(body=flipped(BODY, bit))


@many
@given(name=st.sampled_from(["id", "timestamp", "signature"]), value=st.text(LETTERS))
def test_hostile_headers_never_raise_and_never_pass(name, value):
    assert not standard(**{name: value})


@many
@given(key=st.binary(min_size=1, max_size=64), body=st.binary(max_size=200))
def test_what_is_rightly_signed_passes_for_any_key_and_body(key, body):
    message = b".".join([b"evt_1", b"1795166135", body])
    signed = "v1," + b64encode(hmac.digest(key, message, "sha256")).decode()
    secret = f"whsec_{b64encode(key).decode()}"
    assert standard(secrets=[secret], body=body, id="evt_1", signature=signed)
    assert not standard(secrets=[secret], body=body + b" ", id="evt_1", signature=signed)
