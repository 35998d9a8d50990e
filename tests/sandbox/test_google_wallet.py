"""The wallet lends tokens, takes cards and opens links as Google does, and refuses as it does."""

import json
from datetime import UTC, datetime, timedelta
from functools import cache
from pathlib import Path

import pytest
import requests
from google.auth import crypt, jwt
from google.auth.transport.requests import Request
from google.oauth2 import service_account
from infra import vendors
from infra.sandbox import Sandbox, google_shapes, signatures

SCOPE = "https://www.googleapis.com/auth/wallet_object.issuer"
VECTORS = Path(__file__).parent.parent / "connectors/vectors"
SCHEMA = json.loads((VECTORS / "google_wallet_schema.json").read_text("utf-8"))
GRANT = "urn:ietf:params:oauth:grant-type:jwt-bearer"
ISSUER = "3388000000000000000"
CLASS = {
    "id": f"{ISSUER}.club",
    "issuerName": "Art Cafe",
    "programName": "Art Club",
    "programLogo": {"sourceUri": {"uri": "https://art.example/logo.png"}},
    "reviewStatus": "UNDER_REVIEW",
}
OBJECT = {
    "id": f"{ISSUER}.m_1001",
    "classId": f"{ISSUER}.club",
    "state": "ACTIVE",
    "loyaltyPoints": {"label": "Points", "balance": {"int": 120}},
    "barcode": {"type": "QR_CODE", "value": "m_1001"},
    "textModulesData": [{"id": "tier", "header": "Tier", "body": "Silver"}],
}


@cache
def signer() -> crypt.RSASigner:
    return crypt.RSASigner.from_string(signatures.pem(signatures.rsa_key()))


class Merchant:
    """Calls the wallet by Google's own library for signatures."""

    def __init__(self, sandbox: Sandbox, clock) -> None:
        self.url = f"{sandbox.url}/google_wallet"
        self.email = sandbox.secrets.google_wallet_email
        self._clock, self._bearer = clock, ""

    def assertion(self, **changes):
        now = int(self._clock().timestamp())
        claims = {"iss": self.email, "aud": "https://oauth2.googleapis.com/token", "scope": SCOPE}
        return self.signed({**claims, "iat": now, "exp": now + 3600, **changes})

    def signed(self, claims):
        kept = {name: value for name, value in claims.items() if value is not None}
        return jwt.encode(signer(), kept).decode()

    def token(self, assertion=None, **form):
        sent = {"grant_type": GRANT, "assertion": assertion or self.assertion(), **form}
        return requests.post(f"{self.url}/token", data=sent, timeout=5)

    def ask(self, method, path, body=None, token=None, **more):
        if not (token or self._bearer):
            self._bearer = self.token().json()["access_token"]
        url = f"{self.url}/walletobjects/v1/{path}"
        headers = {"Authorization": f"Bearer {token or self._bearer}"}
        return requests.request(method, url, json=body, headers=headers, timeout=5, **more)

    def open(self, **changes):
        claims = {
            "iss": self.email,
            "aud": "google",
            "typ": "savetowallet",
            "iat": int(self._clock().timestamp()),
            "origins": [],
            "payload": {"loyaltyObjects": [{"id": OBJECT["id"]}]},
        }
        return self.follow(self.signed({**claims, **changes}))

    def follow(self, token):
        return requests.get(f"{self.url}/gp/v/save/{token}", timeout=5, allow_redirects=False)


@pytest.fixture
def new(sandbox, clock) -> Merchant:
    return Merchant(sandbox, clock)


@pytest.fixture
def merchant(new) -> Merchant:
    """One who has a class and a card."""
    assert new.ask("POST", "loyaltyClass", CLASS).status_code == 200
    assert new.ask("POST", "loyaltyObject", OBJECT).status_code == 200
    return new


def said(answer):
    error = answer.json()["error"]
    assert error["code"] == answer.status_code
    assert error["errors"][0]["domain"] == "walletobjects"
    return answer.status_code, error["errors"][0]["reason"]


# -- tokens


def test_googles_own_library_gets_a_token_that_opens_the_api():
    with Sandbox() as sandbox:
        info = json.loads(vendors.wallets(sandbox)["GOOGLE_WALLET_SERVICE_ACCOUNT"])
        ours = service_account.Credentials.from_service_account_info(info, scopes=[SCOPE])
        ours.refresh(Request())
        answer = requests.get(
            f"{sandbox.url}/google_wallet/walletobjects/v1/loyaltyClass/{ISSUER}.club",
            headers={"Authorization": f"Bearer {ours.token}"},
            timeout=5,
        )
    assert said(answer) == (404, "classNotFound")


def refusals(new, changes):
    answers = [new.token(new.assertion(**change)) for change in changes]
    return [(answer.status_code, answer.json().get("error")) for answer in answers]


def test_an_assertion_without_one_of_its_claims_is_refused(new):
    missing = [{name: None} for name in ("iss", "aud", "iat", "exp")]
    assert refusals(new, missing) == [(400, "invalid_grant")] * 4


def test_an_assertion_that_says_something_else_is_refused(new):
    others = [
        {"iss": "stranger@x.example"},
        {"aud": "https://elsewhere.example"},
        {"exp": 4_000_000_000},
        {"iat": 1, "exp": 2},
        {"iat": "now"},
    ]
    assert refusals(new, others) == [(400, "invalid_grant")] * 5


def test_an_assertion_that_was_changed_is_refused(new):
    header, _, signature = new.assertion().split(".")
    claims = new.assertion(scope="other").split(".")[1]
    for token in (f"{header}.{claims}.{signature}", f"{header}.{claims}", "a.b.c", f"{header}.!.x"):
        answer = new.token(token)
        assert (answer.status_code, answer.json()["error"]) == (400, "invalid_grant")


def test_the_token_endpoint_takes_one_kind_of_grant_as_a_form(new):
    other = new.token(grant_type="password")
    assert (other.status_code, other.json()["error"]) == (400, "unsupported_grant_type")
    body = {"grant_type": GRANT, "assertion": new.assertion()}
    bad = requests.post(f"{new.url}/token", json=body, timeout=5)
    assert (bad.status_code, bad.json()["error"]) == (400, "invalid_request")


def test_a_token_is_good_for_an_hour_and_for_its_scope(new, clock):
    good = new.token().json()["access_token"]
    small = new.token(new.assertion(scope="https://www.googleapis.com/auth/drive")).json()
    path = f"loyaltyClass/{ISSUER}.club"
    assert said(new.ask("GET", path, token=small["access_token"])) == (
        403, "insufficientPermissions",
    )  # fmt: skip
    assert said(new.ask("GET", path, token="made-up")) == (401, "authError")
    assert said(new.ask("GET", path, token=good)) == (404, "classNotFound")
    clock.pass_by(hours=1)
    assert said(new.ask("GET", path, token=good)) == (401, "authError")


# -- cards


@pytest.mark.parametrize(("kind", "whole"), [("loyaltyClass", CLASS), ("loyaltyObject", OBJECT)])
def test_what_google_requires_cannot_be_left_out(merchant, kind, whole):
    for name in SCHEMA["required"][kind[0].upper() + kind[1:]]:
        left = {field: value for field, value in whole.items() if field != name}
        answer = said(merchant.ask("POST", kind, left))
        assert (name, answer) == (name, (400, "invalidResource"))


BAD_CHANGES = [
    {"colour": "#ffffff"},
    {"id": "m_1001"},
    {"state": "active"},
    {"loyaltyPoints": {"label": "Points"}},
    {"loyaltyPoints": {"balance": {}}},
    {"loyaltyPoints": {"balance": {"int": 1, "string": "1"}}},
    {"loyaltyPoints": {"balance": {"int": "1"}}},
    {"barcode": {"type": "QR_CODE"}},
    {"barcode": {"value": "x"}},
    {"barcode": {"type": "qrCode", "value": "x"}},
    {"textModulesData": [{"id": "x", "body": "b"}]},
    {"textModulesData": [{"id": "x", "header": "h"}]},
    {"textModulesData": [{"header": "h", "body": "b"}] * 11},
    {"id": f"{ISSUER}.another"},
]


def test_a_change_that_google_would_refuse_is_refused(merchant):
    for change in BAD_CHANGES:
        answer = said(merchant.ask("PATCH", f"loyaltyObject/{OBJECT['id']}", change))
        assert (change, answer) == (change, (400, "invalidResource"))


def test_a_body_must_be_json_and_say_so(merchant):
    token = merchant.token().json()["access_token"]
    url = f"{merchant.url}/walletobjects/v1/loyaltyObject"
    headers = {"Authorization": f"Bearer {token}"}
    for kind, body in (("text/plain", b"{}"), ("application/json", b"{")):
        sent = {**headers, "Content-Type": kind}
        assert requests.post(url, body, headers=sent, timeout=5).status_code == 400


def test_a_card_needs_its_class_and_is_made_once(merchant):
    homeless = {**OBJECT, "id": f"{ISSUER}.m_2", "classId": f"{ISSUER}.none"}
    assert said(merchant.ask("POST", "loyaltyObject", homeless)) == (404, "classNotFound")
    assert said(merchant.ask("POST", "loyaltyObject", OBJECT)) == (409, "existingResource")
    unknown = f"loyaltyObject/{ISSUER}.m_3"
    assert said(merchant.ask("PATCH", unknown, {"state": "ACTIVE"})) == (404, "resourceNotFound")


def test_a_changed_class_is_reviewed_again(merchant):
    path = f"loyaltyClass/{CLASS['id']}"
    assert said(merchant.ask("PATCH", path, {"programName": "New"})) == (400, "invalidResource")
    change = {"programName": "New", "reviewStatus": "UNDER_REVIEW"}
    assert merchant.ask("PATCH", path, change).json()["programName"] == "New"


def test_another_issuers_cards_are_out_of_reach(merchant):
    stranger = {**OBJECT, "id": "111.m_1"}
    assert said(merchant.ask("POST", "loyaltyObject", stranger)) == (403, "permissionDenied")


def test_an_account_that_is_no_user_of_the_issuer_may_nothing(merchant, sandbox):
    sandbox.google_wallet.invited = False
    answer = merchant.ask("GET", f"loyaltyObject/{OBJECT['id']}")
    assert said(answer) == (403, "permissionDenied")


def test_lists_are_replaced_and_the_wish_for_a_notice_is_not_kept(merchant):
    change = {"textModulesData": [], "notifyPreference": "NOTIFY_ON_UPDATE"}
    kept = merchant.ask("PATCH", f"loyaltyObject/{OBJECT['id']}", change).json()
    assert kept["textModulesData"] == []
    assert "notifyPreference" not in kept
    assert kept["hasUsers"] is False


def test_it_knows_no_field_that_googles_schema_does_not_have():
    known = SCHEMA["schemas"]
    assert google_shapes.CLASS.fields.keys() <= known["LoyaltyClass"].keys()
    assert google_shapes.OBJECT.fields.keys() <= known["LoyaltyObject"].keys()
    assert google_shapes.BARCODE.fields.keys() <= known["Barcode"].keys()
    for kind, shape in (
        ("LoyaltyClass", google_shapes.CLASS),
        ("LoyaltyObject", google_shapes.OBJECT),
    ):
        assert shape.required == set(SCHEMA["required"][kind])


# -- links


def test_a_good_link_puts_the_card_on_the_phone(merchant, sandbox):
    answer = merchant.open()
    assert (answer.status_code, answer.headers["Location"]) == (303, "/cards")
    [card] = sandbox.cards
    assert (card.title, card.code, card.lines) == (
        "Art Club", "m_1001", [("Points", "120"), ("Tier", "Silver")],
    )  # fmt: skip


BAD_LINKS = [
    *[{name: None} for name in ("iss", "aud", "typ", "iat", "origins", "payload")],
    {"iss": "stranger@x.example"},
    {"iat": 4_000_000_000},
    {"payload": {"loyaltyObjects": []}},
    {"payload": {"loyaltyObjects": [{"id": f"{ISSUER}.nobody"}]}},
    {"payload": {"loyaltyObjects": [OBJECT]}},
    {"payload": {"loyaltyObjects": "x"}},
    {"origins": ["https://" + "x" * 1500]},
]


def test_a_link_that_google_would_not_take_is_refused(merchant, sandbox):
    for changes in BAD_LINKS:
        assert (changes, said(merchant.open(**changes))) == (changes, (400, "invalidLink"))
    assert sandbox.cards == []


def test_a_link_that_nobody_signed_is_refused(merchant):
    header, claims, _ = merchant.signed({"iss": merchant.email}).split(".")
    assert said(merchant.follow(f"{header}.{claims}.c2lnbmVk")) == (400, "invalidLink")


def test_the_cards_are_shown_to_anybody_safely_and_as_json(merchant, sandbox):
    change = {"accountName": "<b>Ana</b>"}
    merchant.ask("PATCH", f"loyaltyObject/{OBJECT['id']}", change)
    merchant.open()
    page = requests.get(f"{sandbox.url}/cards", timeout=5).text
    assert "&lt;b&gt;Ana&lt;/b&gt;" in page
    assert "<code>m_1001</code>" in page
    [told] = requests.get(f"{sandbox.url}/_sandbox/cards", timeout=5).json()["cards"]
    assert (told["vendor"], told["name"]) == ("google_wallet", "<b>Ana</b>")


def test_trouble_is_worded_as_google_words_it(merchant, sandbox):
    sandbox.fault("google_wallet", "rate_limited", retry_after=3)
    sandbox.fault("google_wallet", "server_error")
    told, broken = merchant.follow("x"), merchant.follow("x")
    assert (said(told), told.headers["Retry-After"]) == ((429, "rateLimitExceeded"), "3")
    assert said(broken) == (500, "backendError")


def test_starting_afresh_takes_cards_off_and_keeps_the_class(merchant, sandbox):
    merchant.open()
    sandbox.reset()
    assert sandbox.cards == []
    path, token = f"loyaltyClass/{CLASS['id']}", merchant.token().json()["access_token"]
    assert said(merchant.ask("GET", path)) == (401, "authError")
    assert merchant.ask("GET", path, token=token).status_code == 200
    assert said(merchant.ask("GET", "nothing", token=token)) == (404, "notFound")


def test_the_time_of_a_card_is_that_of_its_last_change(merchant, sandbox, clock):
    merchant.open()
    clock.pass_by(minutes=5)
    merchant.ask("PATCH", f"loyaltyObject/{OBJECT['id']}", {"state": "ACTIVE"})
    [card] = sandbox.cards
    assert card.at == datetime(2026, 11, 20, 9, tzinfo=UTC) + timedelta(minutes=5)
