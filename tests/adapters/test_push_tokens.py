"""Who may push: only a token that Google signed, for our account, for this function, in time."""

from __future__ import annotations

import json
import time

import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa
from google.auth import crypt, jwt

from loyalty.adapters.push_tokens import PushTokens
from loyalty.errors import Problem, TryAgain
from loyalty.ports import HttpResponse

ACCOUNT, AUDIENCE = "pusher@regulars.iam.gserviceaccount.com", "https://points.example"


class Key:
    """A key with a certificate that anybody may read."""

    def __init__(self, name):
        key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
        form = serialization.Encoding.PEM
        private = key.private_bytes(
            form, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
        )
        self.name, self.signer = name, crypt.RSASigner.from_string(private, key_id=name)
        self.public = (
            key.public_key()
            .public_bytes(form, serialization.PublicFormat.SubjectPublicKeyInfo)
            .decode()
        )


class Google:
    """Gives out certificates, and counts how often it was asked."""

    def __init__(self, *keys):
        self.keys, self.asked = keys, 0

    def send(self, _request):
        self.asked += 1
        known = {key.name: key.public for key in self.keys}
        return HttpResponse(200, {}, json.dumps(known).encode())


KEY, OTHER = Key("k1"), Key("k2")


@pytest.fixture
def google():
    return Google(KEY)


@pytest.fixture
def gate(google):
    return PushTokens(ACCOUNT, AUDIENCE, google)


def token(key=KEY, **changes):
    now = int(time.time())
    told = {
        "iss": "https://accounts.google.com", "aud": AUDIENCE, "email": ACCOUNT,
        "email_verified": True, "iat": now, "exp": now + 3600,
    }  # fmt: skip
    return "Bearer " + jwt.encode(key.signer, {**told, **changes}).decode()


def test_our_own_subscription_is_admitted(gate):
    gate.admit(token())


@pytest.mark.parametrize(
    "changes",
    [
        {"aud": "https://another.example"},
        {"iss": "https://accounts.evil.example"},
        {"email": "somebody@regulars.iam.gserviceaccount.com"},
        {"email_verified": False},
        {"email_verified": "true"},
        {"exp": int(time.time()) - 600, "iat": int(time.time()) - 4200},
        {"iat": int(time.time()) + 3600, "exp": int(time.time()) + 7200},
    ],
    ids=["audience", "issuer", "account", "unverified", "text", "past", "future"],
)
def test_any_other_claim_is_refused(gate, changes):
    with pytest.raises(Problem) as refused:
        gate.admit(token(**changes))
    assert refused.value.status == 401


@pytest.mark.parametrize(
    "header", ["", "Bearer", "Bearer x.y.z", "Basic abc", "Bearer " + "a" * 99]
)
def test_what_is_no_token_is_refused(gate, header):
    with pytest.raises(Problem):
        gate.admit(header)


def test_a_key_that_google_does_not_have_is_refused(gate):
    with pytest.raises(Problem):
        gate.admit(token(OTHER))


def test_every_mutated_token_is_refused(gate):
    good = token()
    for place in range(len("Bearer "), len(good), 7):
        swapped = "A" if good[place] != "A" else "B"
        with pytest.raises(Problem):
            gate.admit(good[:place] + swapped + good[place + 1 :] + "x")


def test_certificates_are_asked_for_once_however_many_strangers_knock(gate, google):
    for _ in range(5):
        gate.admit(token())
        with pytest.raises(Problem):
            gate.admit(token(OTHER))
    assert google.asked == 1


def test_when_google_cannot_be_asked_the_push_comes_again():
    class Down:
        def send(self, _request):
            raise TryAgain("down")

    with pytest.raises(TryAgain):
        PushTokens(ACCOUNT, AUDIENCE, Down()).admit(token())
