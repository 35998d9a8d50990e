"""What the Google Wallet connector promises, in conversation with a strict wallet on loopback."""

from __future__ import annotations

import base64
import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, NamedTuple
from urllib.parse import parse_qs

import pytest
import requests
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, padding
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from infra import vendors
from infra.sandbox import Sandbox, signatures
from tests.connectors.vendor import NOW

from loyalty.connectors import google_wallet
from loyalty.connectors.engine import Engine
from loyalty.connectors.spec import Pass, PassLink
from loyalty.errors import TryAgain, VendorRefused
from loyalty.ports import HttpResponse

HEADER = "eyJhbGciOiJSUzI1NiIsInR5cCI6IkpXVCJ9"  # the fact sheet's
ISSUER = "3388000000000000000"
EMAIL = "regulars@sandbox.iam.gserviceaccount.com"
SCOPE = "https://www.googleapis.com/auth/wallet_object.issuer"
MARK = "never-to-be-quoted"
ANA = Pass(
    member="m_1001",
    program="Art Club",
    code="K7QF2M",
    points=120,
    name="Ana Silva",
    tier="Silver",
    next_reward="Free coffee at 150",
)
SCHEMA = json.loads((Path(__file__).parent / "vectors/google_wallet_schema.json").read_text())


class Wallet(NamedTuple):
    sandbox: Sandbox
    engine: Engine
    settings: dict[str, str]

    def run(self, verb, argument=None) -> Any:
        return self.engine.run("google_wallet", verb, argument)

    @property
    def asked(self) -> list[tuple[str, str, int]]:
        seen = self.sandbox.requests.of("google_wallet")
        calls = [(each.method, each.path.rpartition("/v1/")[2], each.status) for each in seen]
        return [call for call in calls if not call[1].endswith("token")]

    @property
    def bodies(self) -> list[dict[str, Any]]:
        seen = self.sandbox.requests.of("google_wallet")
        return [json.loads(each.body) for each in seen if "/v1/" in each.path and each.body]


@pytest.fixture
def new(http, time) -> Iterator[Wallet]:
    """A wallet that knows the service account and nothing else."""
    with Sandbox(clock=time.now) as sandbox:
        settings = vendors.wallets(sandbox)
        yield Wallet(sandbox, Engine(http, time, settings, time.sleep), settings)


@pytest.fixture
def wallet(new) -> Wallet:
    """A wallet that was set up."""
    new.run("set_up")
    new.sandbox.requests.clear()
    return new


def plain(part: str) -> bytes:
    return base64.urlsafe_b64decode(part + "=" * (-len(part) % 4))


def claims_of(token: str) -> dict[str, Any]:
    """Check a token as anybody can who has the public key, and return what it claims."""
    header, claims, signature = token.split(".")
    assert header == HEADER
    signatures.rsa_key().public_key().verify(
        plain(signature), f"{header}.{claims}".encode(), padding.PKCS1v15(), hashes.SHA256()
    )
    return json.loads(plain(claims))


# -- the link


def test_a_link_is_signed_by_the_service_account_and_names_only_the_card(wallet):
    link = wallet.run("add_to_wallet", ANA)
    start, _, token = link.url.rpartition("/")
    assert start == wallet.settings["GOOGLE_WALLET_SAVE_URL"]
    assert claims_of(token) == {
        "iss": EMAIL,
        "aud": "google",
        "typ": "savetowallet",
        "iat": int(NOW.timestamp()),
        "origins": [],
        "payload": {"loyaltyObjects": [{"id": f"{ISSUER}.m_1001"}]},
    }


def test_a_link_stays_under_what_browsers_cut(wallet):
    long = Pass(member="m_" + "x" * 60, program="P" * 500, code="c" * 100, points=1, name="N" * 500)
    token = wallet.run("add_to_wallet", long).url.rpartition("/")[2]
    assert len(f"https://pay.google.com/gp/v/save/{token}") < 1_800


def test_a_link_and_a_card_are_not_shown_when_they_are_printed(wallet):
    link = wallet.run("add_to_wallet", ANA)
    assert isinstance(link, PassLink)
    assert (repr(link), repr(ANA)) == ("PassLink()", "Pass()")


def test_a_guest_who_opens_the_link_has_the_card(wallet):
    answer = requests.get(wallet.run("add_to_wallet", ANA).url, timeout=5)
    [card] = wallet.sandbox.cards
    assert answer.status_code == 200
    assert (card.name, card.code, card.title) == ("Ana Silva", "K7QF2M", "Regulars Club")
    assert card.lines == [
        ("Points", "120"), ("Tier", "Silver"), ("Next reward", "Free coffee at 150"),
    ]  # fmt: skip


def test_nobody_has_the_card_before_the_link_is_opened(wallet):
    wallet.run("add_to_wallet", ANA)
    assert wallet.sandbox.cards == []


def test_a_card_that_is_asked_for_again_is_made_current_instead(wallet):
    wallet.run("add_to_wallet", ANA)
    wallet.run("add_to_wallet", Pass(member="m_1001", program="Art Club", code="NEW", points=7))
    assert wallet.asked == [
        ("POST", "loyaltyObject", 200),
        ("POST", "loyaltyObject", 409),
        ("PATCH", f"loyaltyObject/{ISSUER}.m_1001", 200),
    ]
    kept = wallet.sandbox.google_wallet.kept["loyaltyObject"][f"{ISSUER}.m_1001"]
    assert (kept["barcode"]["value"], kept["accountName"]) == ("NEW", "")
    assert kept["textModulesData"] == []


def test_words_come_in_the_guests_language(wallet):
    german = Pass(
        member="m_2", program="Art Club", code="C", points=3, tier="Gold", points_label="Punkte",
        tier_label="Stufe",
    )  # fmt: skip
    requests.get(wallet.run("add_to_wallet", german).url, timeout=5)
    [card] = wallet.sandbox.cards
    assert card.lines == [("Punkte", "3"), ("Stufe", "Gold")]


def test_without_a_class_no_card_can_be_made_and_that_is_the_merchants_to_mend(new):
    with pytest.raises(VendorRefused) as refused:
        new.run("add_to_wallet", ANA)
    assert (refused.value.word, refused.value.code) == ("credentials", "classNotFound")


# -- updates


def test_an_update_changes_the_points_on_the_phone(wallet):
    requests.get(wallet.run("add_to_wallet", ANA).url, timeout=5)
    later = Pass(member="m_1001", program="Art Club", code="K7QF2M", points=135, tier="Gold")
    assert wallet.run("update_pass", later) is True
    [card] = wallet.sandbox.cards
    assert card.lines == [("Points", "135"), ("Tier", "Gold")]
    assert card.name == "Ana Silva"


def test_an_update_tells_nobodys_name_and_asks_for_no_notice(wallet):
    wallet.run("add_to_wallet", ANA)
    wallet.run("update_pass", ANA)
    assert wallet.bodies[-1].keys() == {"loyaltyPoints", "textModulesData"}
    assert not any("notifyPreference" in body for body in wallet.bodies)


def test_an_update_makes_no_card_for_a_guest_who_asked_for_none(wallet):
    assert wallet.run("update_pass", ANA) is False
    assert wallet.sandbox.google_wallet.kept["loyaltyObject"] == {}


def test_a_members_id_cannot_lead_to_another_address(wallet):
    strange = Pass(member="../../jwt?x=", program="P", code="C", points=1)
    assert wallet.run("update_pass", strange) is False
    [(_, path, _)] = wallet.asked
    assert path == f"loyaltyObject/{ISSUER}.../../jwt?x="  # one part, and no query


# -- setting up


def test_setting_up_twice_leaves_one_class_that_is_reviewed(new):
    first, second = new.run("set_up"), new.run("set_up")
    assert "created" in first[0]
    assert "changed" in second[0]
    assert list(new.sandbox.google_wallet.kept["loyaltyClass"]) == [f"{ISSUER}.loyalty"]
    assert [body["reviewStatus"] for body in new.bodies] == ["UNDER_REVIEW"] * 3


def test_only_setting_up_may_know_what_the_class_says(new):
    assert new.engine.config("google_wallet", "", "update_pass")["issuer_name"] == ""
    assert new.engine.config("google_wallet", "", "set_up")["issuer_name"] == "Regulars"


def test_checking_says_what_google_knows(new):
    assert new.run("check").endswith("set-up has still to make the class.")
    new.run("set_up")
    assert new.run("check") == (
        f"Google Wallet knows the class {ISSUER}.loyalty; its review says UNDER_REVIEW."
    )


def test_a_service_account_that_was_not_invited_is_told_apart(wallet):
    wallet.sandbox.google_wallet.invited = False
    for verb, argument in (("check", None), ("update_pass", ANA), ("add_to_wallet", ANA)):
        with pytest.raises(VendorRefused) as refused:
            wallet.run(verb, argument)
        assert refused.value.word == "credentials"


# -- what goes over the wire


def wrong(kind: str, found: Mapping[str, Any]) -> list[str]:
    """List what Google's published schema does not have of a body, or has otherwise."""
    known = SCHEMA["schemas"][kind]
    told = [name for name, value in found.items() if not _fits(known.get(name), value)]
    parts = [(known[name], value) for name, value in found.items() if name not in told]
    for form, value in parts:
        inner = value if isinstance(value, list) else [value]
        name = str(form).removeprefix("list of ")
        told += [each for part in inner if name in SCHEMA["schemas"] for each in wrong(name, part)]
    return told


def _fits(form: str | list[str] | None, value: object) -> bool:
    if isinstance(form, list):
        return value in form
    plain = {"string": str, "integer": int, "boolean": bool}.get(form or "")
    if plain:
        return isinstance(value, plain)
    return form is not None and isinstance(value, list if form.startswith("list") else dict)


def test_every_request_keeps_to_googles_published_schema(wallet):
    wallet.run("set_up")
    wallet.run("add_to_wallet", ANA)
    wallet.run("add_to_wallet", ANA)
    wallet.run("update_pass", ANA)
    made = [
        ("LoyaltyClass" if "reviewStatus" in body else "LoyaltyObject", body)
        for body in wallet.bodies
    ]
    assert len(made) == 6
    assert [wrong(kind, body) for kind, body in made] == [[]] * 6
    first = dict(made[:3])
    for kind, body in first.items():
        assert set(SCHEMA["required"][kind]) <= body.keys()


def test_a_request_beside_the_schema_would_be_found():
    assert wrong("LoyaltyObject", {"points": 1, "state": "ASLEEP"}) == ["points", "state"]
    assert wrong("LoyaltyObject", {"loyaltyPoints": {"balance": {"int": "5"}}}) == ["int"]


def test_a_token_is_asked_for_one_scope_and_one_hour(wallet):
    wallet.run("check")
    [asked] = [s for s in wallet.sandbox.requests.of("google_wallet") if s.path.endswith("token")]
    form = {name: value for name, [value] in parse_qs(asked.body.decode()).items()}
    now = int(NOW.timestamp())
    assert form.pop("grant_type") == "urn:ietf:params:oauth:grant-type:jwt-bearer"
    assert claims_of(form.pop("assertion")) == {
        "iss": EMAIL,
        "scope": SCOPE,
        "aud": "https://oauth2.googleapis.com/token",
        "iat": now,
        "exp": now + 3600,
    }
    assert form == {}


@pytest.mark.parametrize("verb", ["add_to_wallet", "update_pass"])
def test_what_may_have_been_done_is_safe_to_do_again(wallet, verb):
    wallet.run("add_to_wallet", ANA)
    wallet.sandbox.fault("google_wallet", "accept_then_silence", times=3)
    assert wallet.run(verb, ANA)
    assert len(wallet.sandbox.google_wallet.kept["loyaltyObject"]) == 1


def test_a_wallet_that_is_asked_too_often_is_left_alone_for_as_long_as_it_says(wallet):
    wallet.sandbox.fault("google_wallet", "rate_limited", times=None, retry_after=600)
    with pytest.raises(TryAgain) as again:
        wallet.run("update_pass", ANA)
    assert again.value.after == 600


# -- keys


def elliptic() -> str:
    key = ec.derive_private_key(7, ec.SECP256R1())
    return key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()).decode()


@pytest.mark.parametrize(
    ("file", "code"),
    [
        (f"not-json-{MARK}", "bad-key-file"),
        ('{"client_email":"a@b.example"}', "bad-key-file"),
        (json.dumps({"client_email": "a@b.example", "private_key": MARK}), "bad-private-key"),
        (json.dumps({"client_email": "a@b.example", "private_key": elliptic()}), "bad-private-key"),
    ],
)
def test_a_bad_key_file_is_the_merchants_to_mend_and_is_not_quoted(wallet, http, time, file, code):
    settings = {**wallet.settings, "GOOGLE_WALLET_SERVICE_ACCOUNT": file}
    with pytest.raises(VendorRefused) as refused:
        Engine(http, time, settings).run("google_wallet", "check", None)
    assert (refused.value.word, refused.value.code) == ("credentials", code)
    assert MARK not in repr(refused.value)


@pytest.mark.parametrize(
    ("status", "body", "code"),
    [
        (403, b'{"error":{"errors":[{"reason":"rateLimitExceeded"}]}}', "rateLimitExceeded"),
        (404, b'{"error":{"errors":[{"reason":"classNotFound"}]}}', "classNotFound"),
        (404, b'{"error":{"errors":[{"reason":"resourceNotFound"}]}}', ""),
        (400, b'{"error":"invalid_grant","error_description":"x"}', "invalid_grant"),
        (502, b"<html>Bad gateway</html>", ""),
        (500, b'{"error":{}}', ""),
    ],
)
def test_a_reason_is_told_where_it_says_more_than_the_status(status, body, code):
    assert google_wallet.CONNECTOR.error_code(HttpResponse(status, {}, body)) == code


def test_neither_config_nor_account_shows_the_key(wallet):
    from loyalty.connectors import google_account  # noqa: PLC0415 - only here

    config = wallet.engine.config("google_wallet")
    assert repr(google_account.account(config)) == "Account()"
