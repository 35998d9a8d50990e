"""The secret behind every hash: with it always the same hash, without it none."""

from __future__ import annotations

import pytest

from loyalty.identity import Pepper


def test_whoever_was_given_no_pepper_can_hash_nothing():
    with pytest.raises(LookupError, match="LOYALTY_PEPPER"):
        Pepper("").hash("phone", "+4915123456789")
    with pytest.raises(LookupError, match="LOYALTY_PEPPER"):
        Pepper("").code("voucher")


@pytest.mark.parametrize("text", ["p1", "p1:short", ":0123456789abcdef"])
def test_a_pepper_that_is_no_secret_is_refused(text):
    with pytest.raises(ValueError, match="16 characters"):
        Pepper(text)
