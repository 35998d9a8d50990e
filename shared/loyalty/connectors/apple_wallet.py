"""Apple Wallet: the guest's card on an iPhone, as a signed file. Nobody is asked for it.

A card is brought up to date in two ways. Added again it replaces itself: that works. By itself it
would need `update_pass`, which is not here: Apple's push service speaks HTTP/2 under the pass
certificate, and our port speaks HTTP/1.1. The phones would then ask addresses of ours, which
nobody answers yet, for the card. A card that is given a token and `web_service_url` is ready.
"""

from __future__ import annotations

from collections.abc import Generator, Mapping
from typing import Any

import msgspec

from loyalty.connectors import apple_bundle, apple_signer
from loyalty.connectors.spec import Config, Connector, Pass, PassFile, Setting
from loyalty.errors import VendorRefused
from loyalty.ports import HttpRequest, HttpResponse

MEDIA_TYPE = "application/vnd.apple.pkpass"
SHORTEST_TOKEN = 16


def add_to_wallet(config: Config, card: Pass) -> Generator[HttpRequest, HttpResponse, PassFile]:
    """Make the signed card. Added again, a card takes the place of the one before."""
    yield from ()
    signer = apple_signer.read(config)
    files = {"pass.json": msgspec.json.encode(_pass(config, signer, card))}
    files |= apple_bundle.icons(config["icon"], _rgb(config))
    return PassFile(body=apple_bundle.pack(files, signer.sign), media_type=MEDIA_TYPE)


def check(config: Config, _: None) -> Generator[HttpRequest, HttpResponse, str]:
    """Read whether the certificates belong together, and how long they are good."""
    yield from ()
    signer = apple_signer.read(config)
    apple_bundle.icons(config["icon"], _rgb(config))
    return f"The certificate of {signer.pass_type} is good until {signer.until:%Y-%m-%d}."


def _pass(config: Config, signer: apple_signer.Signer, card: Pass) -> dict[str, Any]:
    red, green, blue = _rgb(config)
    return {
        "formatVersion": 1,
        "passTypeIdentifier": signer.pass_type,
        "teamIdentifier": signer.team,
        "serialNumber": card.member,
        "organizationName": config["organization_name"],
        "description": card.program,
        "logoText": card.program,
        "foregroundColor": "rgb(255,255,255)",
        "labelColor": "rgb(255,255,255)",
        "backgroundColor": f"rgb({red},{green},{blue})",
        "sharingProhibited": True,
        **_renewal(config, card),
        "barcodes": [_barcode(card.code)],
        "storeCard": _fields(card),
    }


def _renewal(config: Config, card: Pass) -> Mapping[str, str]:
    """Tell the phone where to ask for the card again. Raises VendorRefused for a short token."""
    if not (card.token and config["web_service_url"]):
        return {}
    if len(card.token) < SHORTEST_TOKEN:
        raise VendorRefused("refused", "short-token")
    return {"webServiceURL": config["web_service_url"], "authenticationToken": card.token}


def _barcode(code: str) -> dict[str, str]:
    return {
        "format": "PKBarcodeFormatQR",
        "message": code,
        "messageEncoding": "iso-8859-1",
        "altText": code,
    }


def _fields(card: Pass) -> dict[str, Any]:
    """Lay the card out. No field has a `changeMessage`: a notice would be a message."""
    points = {"key": "points", "label": card.points_label, "value": card.points}
    return {
        "headerFields": _shown("tier", card.tier_label, card.tier),
        "primaryFields": [points],
        "secondaryFields": _shown("next", card.next_label, card.next_reward),
        "auxiliaryFields": [
            *_shown("stamps", card.stamps_label, card.stamps),
            *_shown("name", "", card.name),
        ],
    }


def _shown(key: str, label: str, value: str) -> list[dict[str, str]]:
    return [{"key": key, "label": label, "value": value}] if value else []


def _rgb(config: Config) -> tuple[int, int, int]:
    """Read `#3c281e`. Raises VendorRefused for anything else."""
    try:
        red, green, blue = bytes.fromhex(config["color"].removeprefix("#"))
    except ValueError:
        raise VendorRefused("credentials", "bad-color") from None
    return red, green, blue


CONNECTOR = Connector(
    name="apple_wallet",
    title="Apple Wallet",
    docs="https://developer.apple.com/documentation/walletpasses/building-a-pass",
    settings=(
        Setting("certificate", "The Pass Type ID certificate, as PEM."),
        Setting("private_key", "Its key, as PEM without a password.", secret=True),
        Setting("wwdr_certificate", "Apple's intermediate certificate that signed it, as PEM."),
        Setting("organization_name", "The brand."),
        Setting("color", "The card's background.", default="#3c281e"),
        Setting("icon", "A PNG of 87 by 87 pixels in base64; a plain square if none.", default=""),
        Setting(
            "web_service_url",
            "Where phones will ask for newer cards, with https; nobody answers there yet.",
            default="",
        ),
    ),
    operations={"add_to_wallet": add_to_wallet, "check": check},
)
