"""What an iPhone takes for a card: which files, which hashes, and what must be said in them."""

import hashlib
import io
import json
import zipfile
from collections.abc import Mapping
from typing import Any

from infra.sandbox.shapes import Flag, Many, Mapped, Text, Thing, Whole

PNG = b"\x89PNG\r\n\x1a\n"
APART = frozenset({"manifest.json", "signature"})
NEEDED = ("pass.json", "icon.png", "manifest.json", "signature")
COLOR = Text(pattern=r"rgb\(\s*\d{1,3}\s*,\s*\d{1,3}\s*,\s*\d{1,3}\s*\)")
STYLES = ("boardingPass", "coupon", "eventTicket", "generic", "storeCard")
PLACES = ("headerFields", "primaryFields", "secondaryFields", "auxiliaryFields", "backFields")
BARCODE = Thing(
    {
        "format": Text(
            among=tuple(f"PKBarcodeFormat{n}" for n in ("QR", "PDF417", "Aztec", "Code128"))
        ),
        "message": Text(1),
        "messageEncoding": Text(1),
        "altText": Text(),
    },
    frozenset({"format", "message", "messageEncoding"}),
)
PASS = Thing(
    {
        "formatVersion": Whole(1, 1),
        "passTypeIdentifier": Text(1),
        "serialNumber": Text(1),
        "teamIdentifier": Text(1),
        "organizationName": Text(1),
        "description": Text(1),
        "logoText": Text(),
        "foregroundColor": COLOR,
        "backgroundColor": COLOR,
        "labelColor": COLOR,
        "webServiceURL": Text(pattern=r"https://[^\s]+"),
        "authenticationToken": Text(16),
        "barcodes": Many(BARCODE, 1),
        "sharingProhibited": Flag(),
        "voided": Flag(),
        "expirationDate": Text(1),
        **dict.fromkeys(STYLES, Thing(dict.fromkeys(PLACES, Many(Mapped())))),
    },
    frozenset(
        {
            "formatVersion",
            "passTypeIdentifier",
            "serialNumber",
            "teamIdentifier",
            "organizationName",
            "description",
        }
    ),
)


class BadCardError(Exception):
    """Why a phone would say that it cannot add this card."""


def unpacked(bundle: bytes) -> dict[str, bytes]:
    """Open the bundle, and hold each file against the list of hashes."""
    try:
        with zipfile.ZipFile(io.BytesIO(bundle)) as opened:
            files = {entry.filename: opened.read(entry) for entry in opened.infolist()}
            stored = all(each.compress_type == zipfile.ZIP_STORED for each in opened.infolist())
    except zipfile.BadZipFile as wrong:
        raise BadCardError("It is no ZIP.") from wrong
    if not stored:
        raise BadCardError("An entry is deflated.")
    for name in NEEDED:
        if name not in files:
            raise BadCardError(f"{name} is missing.")
    _check_hashes(files)
    return files


def read(files: Mapping[str, bytes]) -> dict[str, Any]:
    """Read the card itself, and refuse what a phone would not show."""
    if not files["icon.png"].startswith(PNG):
        raise BadCardError("icon.png is no PNG.")
    card = _json(files["pass.json"], "pass.json")
    if found := list(PASS.problems(card)):
        raise BadCardError("; ".join(f"{each.path}: {each.words}" for each in found))
    if ("webServiceURL" in card) != ("authenticationToken" in card):
        raise BadCardError("webServiceURL and authenticationToken go together.")
    if len([style for style in STYLES if style in card]) != 1:
        raise BadCardError("A card has exactly one style.")
    _check_fields(fields(card))
    return card


def fields(card: Mapping[str, Any]) -> list[dict[str, Any]]:
    """List what the card shows, the points first."""
    style = next(card[style] for style in STYLES if style in card)
    places = ("primaryFields", *(place for place in PLACES if place != "primaryFields"))
    return [field for place in places for field in style.get(place, [])]


def _check_fields(shown: list[dict[str, Any]]) -> None:
    if not all(isinstance(each.get("key"), str) and "value" in each for each in shown):
        raise BadCardError("A field lacks its key or its value.")
    if len({each["key"] for each in shown}) != len(shown):
        raise BadCardError("Two fields have the same key.")


def _check_hashes(files: Mapping[str, bytes]) -> None:
    listed = _json(files["manifest.json"], "manifest.json")
    right = {
        name: hashlib.sha1(data, usedforsecurity=False).hexdigest()
        for name, data in files.items()
        if name not in APART
    }
    if listed != right:
        raise BadCardError("manifest.json does not fit the files.")


def _json(content: bytes, name: str) -> dict[str, Any]:
    try:
        found = json.loads(content)
    except ValueError as wrong:
        raise BadCardError(f"{name} is no JSON.") from wrong
    if not isinstance(found, dict):
        raise BadCardError(f"{name} is no object.")
    return found
