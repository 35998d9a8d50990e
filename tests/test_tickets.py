"""A ticket is checked with the public key alone, and no letter of it can be changed."""

from __future__ import annotations

import base64
import hmac
import json
import re
from datetime import UTC, datetime
from pathlib import Path

import msgspec
import pytest
import segno
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from hypothesis import given
from hypothesis import strategies as st

from loyalty.counter import tickets
from loyalty.counter.tickets import Ticket
from loyalty.identity import Pepper

SECRET = "a pepper for tests only"
PEPPER = Pepper(f"p1:{SECRET}")
PAGE = (Path(__file__).parent.parent / "docs/tickets.md").read_text("utf-8")
MOST_DOTS = 16
"""A QR code of version 16 has 81 dots to a side."""
LETTERS = st.characters(exclude_categories=["Cs"])
TICKET = Ticket(
    hold="h_4kq2z6mwv7ayn3cd5etx2rbf", reward="coffee", title="a coffee", value=0, currency="EUR",
    categories=("coffee",), stores=(), until=datetime(2026, 11, 22, 11, 0, tzinfo=UTC),
)  # fmt: skip
TEXT = tickets.written(TICKET, PEPPER)


def blocks(language: str) -> list[str]:
    found = re.findall(r"^```(\w*)\n(.*?)^```$", PAGE, re.MULTILINE | re.DOTALL)
    return [text for named, text in found if named == language]


def raw(text: str) -> bytes:
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))


def test_the_worked_vector_is_what_we_sign():
    [vector] = blocks("")
    parts = dict(line.split(None, 1) for line in vector.splitlines())
    assert parts["key"] == tickets.public_key(PEPPER)
    assert parts["says"].encode() == msgspec.json.encode(TICKET)
    assert parts["ticket"] == TEXT


def test_the_key_grows_from_the_pepper_and_the_signature_is_plain_ed25519():
    seed = hmac.digest(SECRET.encode(), b"seed:tickets", "sha256")
    signed, _, signature = TEXT.rpartition(".")
    assert raw(signature) == Ed25519PrivateKey.from_private_bytes(seed).sign(signed.encode())


def test_the_pages_check_is_right_with_the_public_key_alone():
    check = {}
    exec(compile(blocks("python")[0], "docs/tickets.md", "exec"), check)  # noqa: S102 - our own page
    assert check["read"](TEXT, tickets.public_key(PEPPER)) == json.loads(
        msgspec.json.encode(TICKET)
    )
    with pytest.raises(InvalidSignature):
        check["read"](TEXT.replace("T1.", "T2."), tickets.public_key(PEPPER))


def test_what_was_written_is_read():
    assert tickets.read(TEXT, PEPPER) == TICKET


@given(place=st.integers(0, len(TEXT) - 1), letter=LETTERS)
def test_a_changed_letter_anywhere_is_refused(place, letter):
    changed = TEXT[:place] + letter + TEXT[place + 1 :]
    assert (tickets.read(changed, PEPPER) is None) == (changed != TEXT)


@given(place=st.integers(0, len(TEXT)), more=st.text(LETTERS, max_size=3))
def test_letters_put_in_or_cut_off_are_refused(place, more):
    assert tickets.read(TEXT[:place] + more, PEPPER) is None or TEXT[:place] + more == TEXT
    assert (tickets.read(TEXT[:place] + more + TEXT[place:], PEPPER) is None) == bool(more)


@given(st.text())
def test_no_text_breaks_the_reader(text):
    assert tickets.read(text, PEPPER) is None


def test_every_letter_of_the_alphabet_at_the_very_end_but_ours_is_refused():
    """The last letter of a signature carries two bits: a lax reader takes sixteen for one."""
    alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"
    taken = [letter for letter in alphabet if tickets.read(TEXT[:-1] + letter, PEPPER)]
    assert taken == [TEXT[-1]]


def test_another_houses_ticket_is_refused():
    assert (
        tickets.read(tickets.written(TICKET, Pepper("p1:another house's pepper")), PEPPER) is None
    )


def test_what_else_the_key_might_sign_is_no_ticket():
    key = Ed25519PrivateKey.from_private_bytes(PEPPER.seed("tickets"))
    signed = TEXT.rpartition(".")[0].replace("T1.", "T2.")
    signature = base64.urlsafe_b64encode(key.sign(signed.encode())).decode().rstrip("=")
    assert tickets.read(f"{signed}.{signature}", PEPPER) is None
    Ed25519PublicKey.from_public_bytes(raw(tickets.public_key(PEPPER))).verify(
        raw(signature), signed.encode()
    )


def test_a_ticket_fits_into_a_qr_code_that_a_phone_shows():
    assert int(segno.make_qr(TEXT, error="m").version) <= MOST_DOTS
