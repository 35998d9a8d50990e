"""A guest's card goes into the wallets that the program offers, at the press of a button."""

from __future__ import annotations

import hashlib
import io
import json
import re
import zipfile

import pytest
import requests
from infra import vendors
from infra.sandbox import Sandbox
from infra.sandbox.faults import FaultKind
from tests.functions.serving import application
from tests.pages.guest import ORIGIN, Guest
from tests.steps.cafe import Cafe

from loyalty import app as composition
from loyalty.guests import exporting
from loyalty.records import partner_links

GOOGLE, APPLE = "google_wallet", "apple_wallet"
LINK = re.compile(r'href="(http[^"]*/gp/v/save/[^"]*)"')
PKPASS = "application/vnd.apple.pkpass"


@pytest.fixture(scope="module")
def sandbox():
    with Sandbox() as sandbox:
        sandbox.google_wallet.open_class("loyalty")
        yield sandbox


@pytest.fixture
def served(sandbox):
    """Serve the pages of a cafe with a program."""
    cafes = []

    def make(program):
        cafe = Cafe(sandbox, program)
        cafe.engine._environment.update(vendors.wallets(sandbox))
        composition.use(composition.App(cafe.shop))
        cafes.append(cafe)
        return Guest(cafe, application("member_page").test_client)

    sandbox.reset()
    yield make
    composition._APP.clear()
    for cafe in cafes:
        cafe.close()


@pytest.fixture
def guest(served):
    """Be a guest who joined, where both wallets are offered."""
    return served("wallets").joins()


def presses(guest, lang="en"):
    return guest.goes(f"/card?lang={lang}").sends(f"/wallet/{GOOGLE}")


def _sha1(content):
    return hashlib.sha1(content, usedforsecurity=False).hexdigest()  # Apple's choice


# -- the buttons ------------------------------------------------------------------------------


@pytest.mark.parametrize(("lang", "words"), [
    ("en", ("Add to Google Wallet", "Add to Apple Wallet")),
    ("de", ("Zu Google Wallet hinzufügen", "Zu Apple Wallet hinzufügen")),
    ("ne", ("Google Wallet मा थप्नुहोस्", "Apple Wallet मा थप्नुहोस्")),
])  # fmt: skip
def test_the_card_offers_the_programs_wallets_in_the_guests_language(guest, lang, words):
    guest.goes(f"/card?lang={lang}")
    assert all(each in guest.text for each in words)


def test_a_program_without_wallets_shows_no_button_and_has_no_address_for_it(served):
    guest = served("rewards").joins()
    assert "Wallet" not in guest.goes("/card").text
    assert guest.goes(f"/wallet/{APPLE}/card").status == 404
    guest.goes("/me").sends("/me")
    guest.last = (f"/wallet/{GOOGLE}", guest.last[1])
    assert guest.again().status == 404


def test_who_is_not_signed_in_is_asked_to(served):
    stranger = served("wallets")
    assert stranger.goes(f"/wallet/{APPLE}/card").answer.headers["Location"] == "/join"


# -- Google -----------------------------------------------------------------------------------


def test_the_button_makes_the_card_and_leads_to_the_wallet(guest):
    presses(guest)
    [url] = LINK.findall(guest.text)
    assert (guest.status, guest.answer.headers["Refresh"]) == (200, f"0; url={url}")
    assert b"<script" not in guest.answer.get_data()
    requests.get(url, timeout=5)
    [card] = guest.cafe.sandbox.cards
    assert card.name == "Sita Rai"
    assert f">{card.code}<" in guest.goes("/card").text


def test_a_card_that_was_added_follows_the_guests_purchases(guest):
    requests.get(LINK.findall(presses(guest).text)[0], timeout=5)
    guest.cafe.buys("R1", 1200)
    [card] = guest.cafe.sandbox.cards
    assert card.lines[0] == ("Points", "12")


def test_another_site_cannot_have_a_card_made(guest):
    presses(guest)
    guest.cafe.sandbox.requests.clear()
    assert guest.again(headers={"Origin": "https://evil.example"}).status == 403
    assert guest.again(headers={}).status == 403
    assert guest.cafe.sandbox.requests.of(GOOGLE) == []


def test_looking_makes_no_card(guest):
    guest.goes("/card")
    assert guest.goes(f"/wallet/{GOOGLE}").status == 405
    assert guest.goes(f"/wallet/{GOOGLE}/card").status == 404
    assert guest.cafe.sandbox.requests.of(GOOGLE) == []
    assert partner_links.find(guest.cafe.shop.store) == []


@pytest.mark.parametrize("trouble", ["down", "not set up", "not invited"])
def test_a_wallet_that_cannot_be_had_is_said_in_words(guest, trouble):
    guest.goes("/card")
    if trouble == "down":
        guest.cafe.sandbox.fault(GOOGLE, FaultKind.SERVER_ERROR, times=None)
    elif trouble == "not set up":
        del guest.cafe.engine._environment["GOOGLE_WALLET_SERVICE_ACCOUNT"]
    else:
        guest.cafe.sandbox.google_wallet.invited = False
    guest.sends(f"/wallet/{GOOGLE}")
    assert guest.status == 503
    assert "cannot be reached now" in guest.text


def test_own_data_tells_of_the_card(guest):
    presses(guest)
    [link] = exporting.everything(guest.member(), guest.cafe.shop)["partners"]
    assert (link["partner"], link["state"]) == (GOOGLE, "open")


# -- Apple ------------------------------------------------------------------------------------


def test_the_pass_is_a_zip_whose_manifest_fits_under_its_media_type(guest):
    guest.cafe.buys("R1", 1200)
    head = guest.goes(f"/wallet/{APPLE}/card").answer.headers
    assert (guest.status, head["Content-Type"]) == (200, PKPASS)
    assert head["Content-Disposition"] == 'attachment; filename="card.pkpass"'
    with zipfile.ZipFile(io.BytesIO(guest.answer.get_data())) as bundle:
        files = {name: bundle.read(name) for name in bundle.namelist()}
    manifest = json.loads(files["manifest.json"])
    rest = files.keys() - {"manifest.json", "signature"}
    assert manifest == {name: _sha1(files[name]) for name in rest}
    card = json.loads(files["pass.json"])
    assert card["serialNumber"] == guest.member()
    assert card["storeCard"]["primaryFields"][0]["value"] == 12


def test_a_phone_takes_the_pass_and_a_newer_one_takes_its_place(guest):
    for receipt, points in (("R1", "12"), ("R2", "24")):
        guest.cafe.buys(receipt, 1200)
        file = guest.goes(f"/wallet/{APPLE}/card").answer.get_data()
        opened = requests.post(
            f"{guest.cafe.sandbox.url}/apple_wallet/cards", file, timeout=5,
            headers={"Content-Type": PKPASS},
        )  # fmt: skip
        assert opened.status_code == 201, opened.text
        [card] = guest.cafe.sandbox.cards
        assert card.lines[0] == ("Points", points)


def test_downloading_a_pass_leaves_nothing_behind(guest):
    guest.goes("/card")
    before = guest.cafe.rig.dump()
    guest.goes(f"/wallet/{APPLE}/card")
    assert guest.cafe.rig.dump() == before


def test_where_guests_are_is_their_own_site_only(guest):
    policy = presses(guest).answer.headers["Content-Security-Policy"]
    assert "form-action 'self'" in policy
    assert ORIGIN not in policy
