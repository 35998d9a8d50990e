"""Who is who without knowing their name: normalized addresses as keyed hashes, and codes."""

from __future__ import annotations

import base64
import hashlib
import hmac
import unicodedata

from loyalty.errors import Problem

SHORTEST_PEPPER = 16
LONGEST_EMAIL = 254
_UNSEEN = frozenset({"Cc", "Cf", "Co", "Cs"})
_MARKS = 8
"""So many characters of a text are looked at for each that is kept."""
LETTERS = "ABCDEFGHJKLMNPQRSTUVWXYZ23456789"
"""No letter that is read as a digit at a noisy counter."""


class Pepper:
    """Keys every hash of personal data. Written `ID:SECRET`; the id is part of each hash.

    A function that hashes nothing is given none. Whoever hashes without one gets a LookupError.
    """

    def __init__(self, text: str) -> None:
        self._id, _, secret = text.partition(":")
        if text and (not self._id or len(secret) < SHORTEST_PEPPER):
            raise ValueError("LOYALTY_PEPPER must be ID:SECRET with 16 characters or more")
        self._secret = secret.encode()

    def hash(self, kind: str, value: str) -> str:
        """Hash a normalized value, as in `p1.4f2a…`."""
        return f"{self._id}.{self._digest(f'{kind}:{value}').hex()[:48]}"

    def code(self, what: str) -> str:
        """Make the short code of something given out, as in `K7QM-2XRD`; always the same one."""
        letters = "".join(LETTERS[byte % 32] for byte in self._digest(f"code:{what}")[:8])
        return f"{letters[:4]}-{letters[4:]}"

    def digits(self, what: str) -> str:
        """Make the six digits that prove an address; always the same ones."""
        return f"{int.from_bytes(self._digest(f'digits:{what}')[:8]) % 10**6:06d}"

    def seed(self, what: str) -> bytes:
        """Make the 32 secret bytes that a key for one purpose grows from; always the same ones."""
        return self._digest(f"seed:{what}")

    def _digest(self, text: str) -> bytes:
        if not self._secret:
            raise LookupError("LOYALTY_PEPPER is not set")
        return hmac.digest(self._secret, text.encode(), "sha256")

    def __repr__(self) -> str:
        """Never show the secret."""
        return f"Pepper({self._id!r})"


def email(text: str) -> str:
    """Normalize an e-mail address. Raises Problem 422 if it cannot be one."""
    name, at, domain = text.strip().rpartition("@")
    plain = text.isprintable() and not any(c in text for c in " ,;<>\"'")
    if not (at and name and "." in domain and plain and len(text) <= LONGEST_EMAIL):
        raise Problem(422, "email_not_allowed", "The e-mail address cannot be used.")
    return f"{name}@{domain}".casefold()


def letters(typed: str) -> str:
    """Read a code as a person types it: `k7qm 2xrd` is `K7QM2XRD`."""
    return "".join(typed.upper().split()).replace("-", "")


def written(typed: str) -> str:
    """Write a code of eight letters as it is kept, `K7QM-2XRD`, however it was typed."""
    plain = letters(typed)
    return f"{plain[:4]}-{plain[4:]}"


def check(letters: str) -> str:
    """Make the letter that shows nearly every slip in a code."""
    return LETTERS[hashlib.sha256(letters.encode()).digest()[0] % 32]


def same(one: str, other: str) -> bool:
    """Compare two secrets in a time that does not tell where they differ."""
    return hmac.compare_digest(one.encode(), other.encode())


def digest(what: str | bytes) -> str:
    """Hash what is not personal."""
    return hashlib.sha256(what.encode() if isinstance(what, str) else what).hexdigest()


def id_from(text: str) -> str:
    """Make a short id that is always the same for the same text."""
    return base64.b32encode(hashlib.sha256(text.encode()).digest()[:15]).decode().lower()


def clean(text: str, longest: int) -> str:
    """Normalize a name as people write it: no control or direction marks, no endless length."""
    # Cut first: a row of combining marks is put in order in the square of its length.
    text = unicodedata.normalize("NFC", text[: longest * _MARKS])
    kept = (c for c in text if unicodedata.category(c) not in _UNSEEN)
    return " ".join("".join(kept).split())[:longest]
