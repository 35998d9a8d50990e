"""Phone numbers as guests and tills write them. Apart, as few functions read any."""

from __future__ import annotations

import re

import phonenumbers

from loyalty.errors import Problem

_MOBILE = frozenset(
    {phonenumbers.PhoneNumberType.MOBILE, phonenumbers.PhoneNumberType.FIXED_LINE_OR_MOBILE,
     phonenumbers.PhoneNumberType.FIXED_LINE, phonenumbers.PhoneNumberType.PERSONAL_NUMBER,
     phonenumbers.PhoneNumberType.VOIP}
)  # fmt: skip
_NO_COUNTRY = "001"
"""The library's word for satellites and numbers that the whole world shares: dear to call."""
_LETTER_AMONG = re.compile(r"\d.*[^\W\d_]", re.DOTALL)


def e164(text: str, country: str) -> str:
    """Normalize a phone to E.164. Raises Problem 422 for what no person can be texted at."""
    try:
        number = phonenumbers.parse(text, country)
    except phonenumbers.NumberParseException:
        raise _bad_phone() from None
    # A number that is not valid has no type that can be texted.
    usable = phonenumbers.number_type(number) in _MOBILE and not number.extension
    if not usable or phonenumbers.region_code_for_number(number) == _NO_COUNTRY:
        raise _bad_phone()
    if _LETTER_AMONG.search(text):  # a slip, or an advertisement: it may spell another's number
        raise _bad_phone()
    return phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164)


def _bad_phone() -> Problem:
    return Problem(422, "phone_not_allowed", "The phone number cannot be used.")
