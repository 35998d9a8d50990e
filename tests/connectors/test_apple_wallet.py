"""What the Apple Wallet connector promises: cards that a phone, and anybody else, can check."""

from __future__ import annotations

import base64
import hashlib
import io
import json
import shutil
import struct
import zipfile
from collections.abc import Callable, Mapping
from datetime import timedelta
from functools import cache
from typing import Any

import pytest
import requests
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from infra import children
from infra.sandbox import Sandbox, apple_signature, signatures
from infra.sandbox.apple_authority import authority, pem
from msgspec.structs import replace
from tests.connectors.vendor import NOW

from loyalty.connectors import apple_bundle, apple_signer
from loyalty.connectors.engine import Engine
from loyalty.connectors.spec import Pass, PassFile
from loyalty.errors import VendorRefused

TYPE, TEAM = "pass.com.example.loyalty", "TEAM123456"
OPENSSL = shutil.which("openssl") or ""
PNG = b"\x89PNG\r\n\x1a\nthe rest"
MARK = "never-to-be-quoted"
ANA = Pass(
    member="m_1001",
    program="Cafe Norte",
    code="K7QF2M",
    points=120,
    name="Ana Silva",
    tier="Silver",
    next_reward="Free coffee at 150",
)


@cache
def elliptic() -> ec.EllipticCurvePrivateKey:
    return ec.derive_private_key(7, ec.SECP256R1())


def foreign() -> str:
    return elliptic().private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()).decode()


@cache
def certificate(**more: Any) -> str:
    return pem(authority().issue(signatures.rsa_key().public_key(), TYPE, TEAM, **more))


def settings(**changes: str) -> dict[str, str]:
    given = {
        "certificate": certificate(),
        "private_key": signatures.pem(signatures.rsa_key()),
        "wwdr_certificate": pem(authority().below),
        "organization_name": "Cafe Norte",
    }
    return {f"APPLE_WALLET_{n.upper()}": value for n, value in (given | changes).items()}


@pytest.fixture
def run(http, time):
    def call(verb: str = "add_to_wallet", argument: Any = ANA, **changes: str) -> Any:
        return Engine(http, time, settings(**changes)).run("apple_wallet", verb, argument)

    return call


def files(made: PassFile) -> Mapping[str, bytes]:
    with zipfile.ZipFile(io.BytesIO(made.body)) as bundle:
        return {name: bundle.read(name) for name in bundle.namelist()}


def card(made: PassFile) -> dict[str, Any]:
    return json.loads(files(made)["pass.json"])


# -- the bundle


def test_a_card_is_a_zip_of_stored_files_without_folders(run):
    made = run()
    with zipfile.ZipFile(io.BytesIO(made.body)) as bundle:
        entries = bundle.infolist()
    assert made.media_type == "application/vnd.apple.pkpass"
    assert sorted(each.filename for each in entries) == [
        "icon.png", "icon@2x.png", "icon@3x.png", "manifest.json", "pass.json", "signature",
    ]  # fmt: skip
    assert {each.compress_type for each in entries} == {zipfile.ZIP_STORED}


def test_the_manifest_lists_the_sha1_of_every_other_file(run):
    found = files(run())
    named = {name for name in found if name not in ("manifest.json", "signature")}
    assert json.loads(found["manifest.json"]) == {
        name: hashlib.sha1(found[name], usedforsecurity=False).hexdigest() for name in named
    }


def test_the_manifest_hashes_the_fact_sheets_vector_alike():
    made = apple_bundle.pack({"icon.png": b"abc"}, lambda _: b"")
    found = files(PassFile(body=made, media_type=""))
    assert found["manifest.json"] == b'{"icon.png":"a9993e364706816aba3e25717850c26c9cd0d89d"}'


@pytest.mark.skipif(not OPENSSL, reason="openssl is not installed")
def test_openssl_finds_the_signature_good(run, tmp_path):
    found = files(run())
    for name in ("manifest.json", "signature"):
        (tmp_path / name).write_bytes(found[name])
    (tmp_path / "root.pem").write_text(pem(authority().root))
    done = children.run(
        [OPENSSL, "smime", "-verify", "-binary", "-inform", "DER", "-in", "signature", "-content",
         "manifest.json", "-CAfile", "root.pem", "-purpose", "any"],
        cwd=tmp_path,
    )  # fmt: skip
    assert "successful" in done.stderr
    assert done.stdout.encode() == found["manifest.json"]


def test_a_manifest_is_signed_byte_by_byte_line_ends_too(http, time):
    config = Engine(http, time, settings()).config("apple_wallet")
    signer = apple_signer.read(replace(config, now=NOW))
    for manifest in (b"{\n}\n", b"{\r\n}"):
        by = apple_signature.signer(signer.sign(manifest), manifest, authority().root, NOW)
        assert by == signer.certificate


@pytest.mark.parametrize("size", [29, 58, 87])
def test_the_plain_icon_is_a_square_in_the_cards_color(size):
    name = {29: "icon.png", 58: "icon@2x.png", 87: "icon@3x.png"}[size]
    picture = apple_bundle.icons("", (60, 40, 30))[name]
    assert picture.startswith(b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR" + struct.pack(">II", size, size))
    assert picture.endswith(b"IEND" + bytes.fromhex("ae426082"))  # what every PNG ends with


def test_an_icon_that_is_given_is_taken(run):
    found = files(run(icon=base64.b64encode(PNG).decode()))
    assert [found[name] for name in apple_bundle.ICONS] == [PNG] * 3


# -- the card


def test_a_card_says_all_that_apple_wants_and_all_that_the_guest_wants(run):
    assert card(run()) == {
        "formatVersion": 1,
        "passTypeIdentifier": TYPE,
        "teamIdentifier": TEAM,
        "serialNumber": "m_1001",
        "organizationName": "Cafe Norte",
        "description": "Cafe Norte",
        "logoText": "Cafe Norte",
        "foregroundColor": "rgb(255,255,255)",
        "labelColor": "rgb(255,255,255)",
        "backgroundColor": "rgb(60,40,30)",
        "sharingProhibited": True,
        "barcodes": [
            {
                "format": "PKBarcodeFormatQR",
                "message": "K7QF2M",
                "messageEncoding": "iso-8859-1",
                "altText": "K7QF2M",
            }
        ],
        "storeCard": {
            "headerFields": [{"key": "tier", "label": "Tier", "value": "Silver"}],
            "primaryFields": [{"key": "points", "label": "Points", "value": 120}],
            "secondaryFields": [
                {"key": "next", "label": "Next reward", "value": "Free coffee at 150"}
            ],
            "auxiliaryFields": [{"key": "name", "label": "", "value": "Ana Silva"}],
        },
    }


def test_what_is_empty_is_not_on_the_card(run):
    shown = card(run(argument=Pass(member="m_2", program="P", code="C", points=0)))["storeCard"]
    assert {place: len(fields) for place, fields in shown.items()} == {
        "headerFields": 0, "primaryFields": 1, "secondaryFields": 0, "auxiliaryFields": 0,
    }  # fmt: skip


def test_a_changed_card_gives_no_notice_on_the_phone(run):
    assert b"changeMessage" not in run().body


RENEWING = Pass(member="m_1", program="P", code="C", points=1, token="t" * 16)


def test_a_card_with_a_token_knows_where_a_newer_one_would_be(run):
    made = card(run(argument=RENEWING, web_service_url="https://regulars.example/apple"))
    assert made["webServiceURL"] == "https://regulars.example/apple"
    assert made["authenticationToken"] == "t" * 16


def test_a_card_without_token_or_address_asks_nobody(run):
    for made in (run(argument=RENEWING), run(web_service_url="https://regulars.example/apple")):
        assert not {"webServiceURL", "authenticationToken"} & card(made).keys()


def test_a_card_with_a_short_token_is_not_made(run):
    short = Pass(member="m_1", program="P", code="C", points=1, token="t" * 15)
    with pytest.raises(VendorRefused, match="short-token"):
        run(argument=short, web_service_url="https://regulars.example/apple")


# -- the phone


@pytest.fixture
def phone(time):
    with Sandbox(clock=time.now) as sandbox:
        yield sandbox


def opened(phone: Sandbox, made: PassFile) -> int:
    headers = {"Content-Type": made.media_type}
    url = f"{phone.url}/apple_wallet/cards"
    return requests.post(url, made.body, headers=headers, timeout=5).status_code


def test_a_phone_takes_the_card_and_a_newer_one_takes_its_place(run, phone):
    newer = Pass(member="m_1001", program="Cafe Norte", code="K7QF2M", points=135)
    assert [opened(phone, run()), opened(phone, run(argument=newer))] == [201, 201]
    [held] = phone.cards
    assert (held.title, held.code, held.lines) == ("Cafe Norte", "K7QF2M", [("Points", "135")])


def test_a_phone_takes_a_card_that_was_signed_by_an_elliptic_key(run, phone):
    mine = pem(authority().issue(elliptic().public_key(), TYPE, TEAM))
    assert opened(phone, run(private_key=foreign(), certificate=mine)) == 201


def test_a_phone_refuses_a_card_that_another_authority_stands_behind(run, phone):
    other = authority("other")
    mine = pem(other.issue(signatures.rsa_key().public_key(), TYPE, TEAM))
    assert opened(phone, run(certificate=mine, wwdr_certificate=pem(other.below))) == 422


# -- certificates and keys


def test_checking_says_until_when_the_certificate_is_good(run):
    assert run("check", None) == f"The certificate of {TYPE} is good until 2049-12-31."


def test_certificates_may_stand_on_one_line(run):
    given = {name: value.replace("\n", "\\n") for name, value in settings().items()}
    changes = {n.removeprefix("APPLE_WALLET_").lower(): value for n, value in given.items()}
    assert run("check", None, **changes).startswith("The certificate")


WRONG: Mapping[str, tuple[Callable[[], dict[str, str]], str]] = {
    "no certificate": (lambda: {"certificate": MARK}, "bad-certificate"),
    "no certificate above": (lambda: {"wwdr_certificate": MARK}, "bad-wwdr-certificate"),
    "no key": (lambda: {"private_key": MARK}, "bad-private-key"),
    "another's key": (lambda: {"private_key": foreign()}, "key-mismatch"),
    "another authority": (
        lambda: {"wwdr_certificate": pem(authority("other").below)},
        "wwdr-mismatch",
    ),
    "not one for cards": (
        lambda: {"certificate": pem(authority().below)},
        "no-pass-certificate",
    ),
    "run out": (
        lambda: {"certificate": certificate(until=NOW - timedelta(1))},
        "certificate-expired",
    ),
    "not yet": (
        lambda: {"certificate": certificate(made=NOW + timedelta(1))},
        "certificate-expired",
    ),
    "no color": (lambda: {"color": "brown"}, "bad-color"),
    "half a color": (lambda: {"color": "#3c28"}, "bad-color"),
    "an icon that is none": (lambda: {"icon": "c2VjcmV0"}, "bad-icon"),
    "an icon in no base64": (lambda: {"icon": f"{MARK}!"}, "bad-icon"),
}


@pytest.mark.parametrize("name", WRONG)
@pytest.mark.parametrize("verb", ["check", "add_to_wallet"])
def test_what_a_phone_would_refuse_is_found_before_and_is_not_quoted(run, name, verb):
    changes, code = WRONG[name]
    with pytest.raises(VendorRefused) as refused:
        run(verb, ANA if verb == "add_to_wallet" else None, **changes())
    assert (refused.value.word, refused.value.code) == ("credentials", code)
    assert MARK not in repr(refused.value)


def test_nobody_is_asked_for_a_card(run):
    assert isinstance(run(base_url="http://127.0.0.1:9"), PassFile)
