"""Is this call really from the vendor? The HMAC family, over raw bytes and in constant time.

Nothing here raises on what a stranger sends. Where no secret is configured the same work is
done with a dummy key, so that an answer's time tells nobody whether an account exists.
"""

from __future__ import annotations

import base64
import binascii
import hmac
import re
from collections.abc import Mapping, Sequence
from datetime import datetime

WINDOW_SECONDS = 300
"""How far a signed timestamp may be from now, either way."""
MOST_SIGNATURES = 5
"""How many signatures of one header are looked at: during a rotation there are two."""

_NOBODY = bytes(32)
_TIMESTAMP = re.compile(r"[0-9]{1,12}")
_PREFIX = "whsec_"


def matches(
    keys: Sequence[bytes], message: bytes, given: Sequence[bytes], algorithm: str = "sha256"
) -> bool:
    """Tell whether any signature is that of the message under any key. Empty keys never count."""
    real = [key for key in keys if key]
    found = False
    for key in real or [_NOBODY]:
        ours = hmac.digest(key, message, algorithm)
        for theirs in given or [b""]:
            found |= hmac.compare_digest(ours, theirs)
    return found and bool(real)


def unbase64(text: str) -> bytes:
    """Decode standard base64 that is written the one right way; anything else is empty."""
    try:
        plain = base64.b64decode(text, validate=True)
    except (ValueError, binascii.Error):
        return b""
    # The decoder ignores stray bits in the last letter: two spellings would mean one signature.
    return plain if base64.b64encode(plain).decode() == text else b""


def square(secrets: Sequence[str], url: str, body: bytes, given: str) -> bool:
    """Check Square's way: base64 of the HMAC over the registered address and the body."""
    return matches(
        [to_bytes(secret) for secret in secrets], to_bytes(url) + body, [unbase64(given)]
    )


def standard_webhooks(
    secrets: Sequence[str], headers: Mapping[str, str], body: bytes, now: datetime
) -> bool:
    """Check the Standard Webhooks way: `v1` over id, timestamp and body, within the window."""
    name, at = headers.get("webhook-id", ""), headers.get("webhook-timestamp", "")
    keys = [_key(secret.removeprefix(_PREFIX)) for secret in secrets]
    message = b".".join((to_bytes(name), to_bytes(at), body))
    signed = matches(keys, message, _v1(headers.get("webhook-signature", "")))
    return signed and bool(name) and _in_window(at, now)


def to_bytes(text: str) -> bytes:
    """Encode whatever a header may hold; what has no bytes can match nothing."""
    return text.encode("utf-8", "replace")


def _key(secret: str) -> bytes:
    """Decode a secret; ours to configure, so the padding may be left out, as in the standard."""
    return unbase64(secret + "=" * (-len(secret) % 4))


def _v1(header: str) -> list[bytes]:
    parts = header.split(" ", MOST_SIGNATURES)[:MOST_SIGNATURES]
    return [unbase64(part.removeprefix("v1,")) for part in parts if part.startswith("v1,")]


def _in_window(timestamp: str, now: datetime) -> bool:
    """Compare as numbers: a timestamp far out of range is no instant at all."""
    known = _TIMESTAMP.fullmatch(timestamp)
    return bool(known) and abs(int(timestamp) - now.timestamp()) <= WINDOW_SECONDS
