"""A phone of the sandbox takes what an iPhone takes, and says why it refuses the rest."""

import hashlib
import io
import json
import zipfile
from datetime import timedelta
from functools import cache

import pytest
import requests
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, pkcs7
from infra.sandbox.apple_authority import authority
from tests.sandbox.conftest import NINE

TYPE, TEAM = "pass.com.example.regulars", "TEAM123456"
PNG = b"\x89PNG\r\n\x1a\n"
KIND = "application/vnd.apple.pkpass"
DETACHED = (pkcs7.PKCS7Options.DetachedSignature, pkcs7.PKCS7Options.Binary)
CARD = {
    "formatVersion": 1,
    "passTypeIdentifier": TYPE,
    "serialNumber": "m_1001",
    "teamIdentifier": TEAM,
    "organizationName": "Cafe Norte",
    "description": "Cafe Norte loyalty card",
    "barcodes": [
        {"format": "PKBarcodeFormatQR", "message": "m_1001", "messageEncoding": "iso-8859-1"}
    ],
    "storeCard": {"primaryFields": [{"key": "points", "label": "POINTS", "value": 120}]},
}
LIVE = {"webServiceURL": "https://norte.example/apple", "authenticationToken": "t" * 16}


@cache
def key():
    return ec.derive_private_key(11, ec.SECP256R1())


def certificate(by="apple", **more):
    return authority(by).issue(key().public_key(), TYPE, TEAM, **more)


def signature(manifest, mine=None, above=None, options=DETACHED, by=None):
    builder = pkcs7.PKCS7SignatureBuilder().set_data(manifest)
    builder = builder.add_signer(mine or certificate(), key(), by or hashes.SHA256())
    for each in [authority().below] if above is None else above:
        builder = builder.add_certificate(each)
    return builder.sign(Encoding.DER, list(options))


def files(card=CARD, **more):
    """Make the files of a card; None leaves one out."""
    content = {"pass.json": json.dumps(card).encode(), "icon.png": PNG}
    content |= {n: data for n, data in more.items() if data is not None}
    for name in [name for name, data in more.items() if data is None]:
        content.pop(name, None)
    manifest = json.dumps({name: sha1(data) for name, data in content.items()}).encode()
    return {**content, "manifest.json": manifest, "signature": signature(manifest)}


def sha1(data):
    return hashlib.sha1(data, usedforsecurity=False).hexdigest()


def bundle(content, how=zipfile.ZIP_STORED):
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w", how) as zipped:
        for name, data in content.items():
            zipped.writestr(name, data)
    return made.getvalue()


@pytest.fixture
def opened(sandbox):
    def open_(content, kind=KIND):
        body = content if isinstance(content, bytes) else bundle(content)
        url = f"{sandbox.url}/apple_wallet/cards"
        answer = requests.post(url, body, headers={"Content-Type": kind}, timeout=5)
        return answer.status_code, answer.json().get("error", "")

    return open_


def test_a_good_card_is_on_the_phone_and_on_the_page(opened, sandbox):
    assert opened(files({**CARD, **LIVE})) == (201, "")
    [card] = sandbox.cards
    assert (card.vendor, card.id, card.title) == ("apple_wallet", "m_1001", "Cafe Norte")
    assert (card.code, card.lines, card.at) == ("m_1001", [("POINTS", "120")], NINE)
    assert "<code>m_1001</code>" in requests.get(f"{sandbox.url}/cards", timeout=5).text


def test_a_card_of_the_same_type_and_number_takes_the_others_place(opened, sandbox):
    opened(files())
    opened(files({**CARD, "organizationName": "Cafe Sur"}))
    assert [card.title for card in sandbox.cards] == ["Cafe Sur"]
    sandbox.reset()
    assert sandbox.cards == []


REQUIRED = (
    "formatVersion",
    "passTypeIdentifier",
    "serialNumber",
    "teamIdentifier",
    "organizationName",
    "description",
    "storeCard",
)


def test_what_apple_requires_of_a_card_cannot_be_left_out(opened, sandbox):
    for name in REQUIRED:
        left = {field: value for field, value in CARD.items() if field != name}
        assert (name, opened(files(left))[0]) == (name, 422)
    assert sandbox.cards == []


def test_a_file_that_apple_requires_cannot_be_left_out(opened):
    for name in ("pass.json", "icon.png", "manifest.json", "signature"):
        content = files(**{name: None}) if name in ("pass.json", "icon.png") else files()
        content.pop(name, None)
        assert opened(content) == (422, f"{name} is missing.")


BAD_CHANGES = [
    {"formatVersion": 2},
    {"teamIdentifier": "OTHER12345"},
    {"passTypeIdentifier": "pass.com.example.other"},
    {"organisationName": "Cafe Norte"},
    {"backgroundColor": "#3c281e"},
    {"barcodes": []},
    {"barcodes": [{"format": "QR", "message": "x", "messageEncoding": "iso-8859-1"}]},
    {"barcodes": [{"format": "PKBarcodeFormatQR", "message": "x"}]},
    {"webServiceURL": "https://norte.example/apple"},
    {"authenticationToken": "t" * 16},
    {**LIVE, "authenticationToken": "t" * 15},
    {**LIVE, "webServiceURL": "http://norte.example/apple"},
    {"coupon": {}},
    {"storeCard": {"primaryFields": [{"key": "points"}]}},
    {"storeCard": {"primaryFields": [{"value": 1}]}},
    {"storeCard": {p: [{"key": "k", "value": 1}] for p in ("headerFields", "backFields")}},
]


def test_a_card_that_a_phone_would_not_show_is_refused(opened):
    for change in BAD_CHANGES:
        status, why = opened(files({**CARD, **change}))
        assert (change, status, bool(why)) == (change, 422, True)


def test_every_file_must_be_listed_with_its_hash(opened):
    good = files()
    changed = {**good, "icon.png": PNG + b"x"}
    added = {**good, "logo.png": PNG}
    for content in (changed, added):
        assert opened(content) == (422, "manifest.json does not fit the files.")


def test_the_bundle_must_be_a_zip_of_stored_files_of_the_right_kind(opened):
    assert opened(b"no zip") == (422, "It is no ZIP.")
    deflated = bundle(files(), zipfile.ZIP_DEFLATED)
    assert opened(deflated) == (422, "An entry is deflated.")
    assert opened(files(), "application/zip")[0] == 422
    assert opened(files(**{"pass.json": b"{"})) == (422, "pass.json is no JSON.")
    assert opened(files(**{"pass.json": b"[]"})) == (422, "pass.json is no object.")
    assert opened(files(**{"icon.png": b"GIF"})) == (422, "icon.png is no PNG.")


def bad_signatures():
    good = files()["manifest.json"]
    late = certificate(until=NINE - timedelta(days=1))
    other = authority("other")
    return {
        "It is no PKCS#7 signature.": b"nothing",
        "It is not detached.": signature(good, options=[pkcs7.PKCS7Options.Binary]),
        "It signs another manifest.": signature(b"{}"),
        "It is not made with SHA-256.": signature(good, by=hashes.SHA384()),
        "It lacks the intermediate certificate.": signature(good, above=[]),
        "A certificate has run out.": signature(good, late),
        "Apple does not stand behind it.": signature(good, certificate("other"), [other.below]),
        "It has no signer, or one who signed no attributes.": signature(
            good, options=[*DETACHED, pkcs7.PKCS7Options.NoAttributes]
        ),
    }


def test_a_signature_that_a_phone_would_not_believe_is_refused(opened):
    content = files()
    for why, signed in bad_signatures().items():
        assert opened({**content, "signature": signed}) == (422, why)


def test_a_signature_that_was_changed_does_not_fit(opened):
    content = files()
    signed = content["signature"]
    changed = signed[:-1] + bytes([signed[-1] ^ 1])
    assert opened({**content, "signature": changed}) == (422, "It does not fit.")


def test_trouble_on_request_and_a_wrong_address(sandbox):
    sandbox.fault("apple_wallet", "rate_limited", retry_after=3)
    sandbox.fault("apple_wallet", "server_error")
    url = f"{sandbox.url}/apple_wallet/nothing"
    told, broken, lost = (requests.get(url, timeout=5) for _ in range(3))
    assert (told.status_code, told.headers["Retry-After"]) == (429, "3")
    assert [broken.status_code, lost.status_code] == [500, 404]
