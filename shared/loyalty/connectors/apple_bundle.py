"""A `.pkpass` file: a ZIP of the card and its icons, a list of their hashes, and its signature."""

from __future__ import annotations

import hashlib
import io
import struct
import zipfile
import zlib
from collections.abc import Callable, Mapping

import msgspec

from loyalty.connectors import signing
from loyalty.errors import VendorRefused

ICONS = {"icon.png": 29, "icon@2x.png": 58, "icon@3x.png": 87}
"""Their names and the pixels of their sides."""

_PNG = b"\x89PNG\r\n\x1a\n"
_MADE = (1980, 1, 1, 0, 0, 0)


def pack(files: Mapping[str, bytes], sign: Callable[[bytes], bytes]) -> bytes:
    """Put files into a bundle, with the manifest that names each, and what signs the manifest."""
    manifest = msgspec.json.encode({name: _sha1(data) for name, data in files.items()})
    whole = {**files, "manifest.json": manifest, "signature": sign(manifest)}
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w", zipfile.ZIP_STORED) as bundle:  # phones may refuse deflated
        for name, data in whole.items():
            bundle.writestr(zipfile.ZipInfo(name, _MADE), data)
    return made.getvalue()


def icons(given: str, color: tuple[int, int, int]) -> dict[str, bytes]:
    """Return the icon in each size: the one that is given, in base64, or a plain square.

    Raises VendorRefused for what is no PNG.
    """
    if not given:
        return {name: _square(side, color) for name, side in ICONS.items()}
    picture = signing.unbase64(given)
    if not picture.startswith(_PNG):
        raise VendorRefused("credentials", "bad-icon")
    return dict.fromkeys(ICONS, picture)


def _sha1(data: bytes) -> str:
    return hashlib.sha1(data, usedforsecurity=False).hexdigest()  # Apple's format; it is signed


def _square(side: int, color: tuple[int, int, int]) -> bytes:
    """Draw a PNG of one color: 8 bits a channel, no filter on any row."""
    header = struct.pack(">IIBBBBB", side, side, 8, 2, 0, 0, 0)
    rows = (b"\0" + bytes(color) * side) * side
    parts = (b"IHDR", header), (b"IDAT", zlib.compress(rows)), (b"IEND", b"")
    return _PNG + b"".join(_chunk(kind, data) for kind, data in parts)


def _chunk(kind: bytes, data: bytes) -> bytes:
    checked = kind + data
    return struct.pack(">I", len(data)) + checked + struct.pack(">I", zlib.crc32(checked))
