"""What guests read is written as their language does."""

from __future__ import annotations

import msgspec
import pytest
from tests.program_file.cafe import CAFE

from loyalty import wording
from loyalty.events import Said
from loyalty.identity import Pepper
from loyalty.program_file import read
from loyalty.records import Contact

PEPPER = Pepper("p1:a pepper for tests only")


def filled(language, **values):
    """Fill the slots of a text for a guest of this language."""
    program = msgspec.structs.replace(read(CAFE), languages=(language,))
    guest = Contact(member="m_1", language=language)
    return wording.values(program, Said(message="earned", values=values), guest, PEPPER)


@pytest.mark.parametrize(
    ("language", "written"),
    [
        ("en", "3 January 2027"),
        ("de", "03.01.2027"),
        ("ne", "3 जनवरी 2027"),
        ("fr", "2027-01-03"),
    ],
)
def test_a_day_is_written_as_the_guests_language_does(language, written):
    found = filled(language, date="2027-01-03", expires_on="2027-01-03")
    assert (found["date"], found["expires_on"]) == (written, written)


@pytest.mark.parametrize("nothing", ["", "-"])
def test_where_there_is_no_day_nothing_is_written(nothing):
    assert filled("de", date=nothing)["date"] == nothing


def test_what_only_looks_like_a_day_stays():
    assert filled("de", reason="2027-01-03")["reason"] == "2027-01-03"
