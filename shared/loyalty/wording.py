"""A message's words: the program's texts, in the guest's language, with the values put in."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import NamedTuple

from loyalty.domain import keywords, messages
from loyalty.domain.program import Program
from loyalty.events import Said
from loyalty.identity import Pepper
from loyalty.records import Contact, SignIn

_TO_VISITORS: dict[str, dict[str, str]] = {
    "code": {
        "en": "{code} is your code for {brand}. It is good for 10 minutes. Tell it to nobody.",
        "de": "{code} ist dein Code für {brand}. Er gilt 10 Minuten. Verrate ihn niemandem.",
        "ne": "{brand} को लागि तपाईंको कोड {code} हो। १० मिनेट मान्य। कसैलाई नभन्नुहोस्।",
    },
    "moved": {
        "en": "{brand}: your membership now uses another address. Was it not you? Tell our staff.",
        "de": "{brand}: Deine Mitgliedschaft nutzt jetzt eine andere Adresse. Warst du das nicht?"
        " Sag es unserem Team.",
        "ne": "{brand}: तपाईंको सदस्यतामा अब अर्को ठेगाना छ। तपाईंले गर्नुभएको होइन? हाम्रो टोलीलाई भन्नुहोस्।",
    },
}
"""What goes to an address that is not a member's, or no longer is."""


class _Written(NamedTuple):
    """A form, and the names of the months where it has them."""

    form: str
    months: tuple[str, ...] = ("",) * 12


_EN = (
    "January", "February", "March", "April", "May", "June", "July", "August", "September",
    "October", "November", "December",
)  # fmt: skip
_NE = (
    "जनवरी", "फेब्रुअरी", "मार्च", "अप्रिल", "मे", "जुन", "जुलाई", "अगस्ट", "सेप्टेम्बर", "अक्टोबर",
    "नोभेम्बर", "डिसेम्बर",
)  # fmt: skip
_WRITTEN = {
    "en": _Written("{d} {month} {y}", _EN),
    "de": _Written("{d:02}.{m:02}.{y}"),
    "ne": _Written("{d} {month} {y}", _NE),
}
"""How a day is written to guests; in other languages as in 2027-01-23."""
_DAYS = ("date", "expires_on")
"""Slots that hold a day."""
_ISO = re.compile(r"\d{4}-\d\d-\d\d", re.ASCII)


def text(program: Program, says: Sequence[Said], contact: Contact, pepper: Pepper) -> str:
    """Join everything one message has to say."""
    language = _language(program, contact)
    parts = (
        messages.fill(
            program.words(keywords.message(program, said.message).text, language),
            values(program, said, contact, pepper),
        )
        for said in says
    )
    return " ".join(parts)


def subject(program: Program, said: Said, contact: Contact, pepper: Pepper) -> str:
    """Write the subject of a mail; the brand's name if the program gives none."""
    words = program.words(
        keywords.message(program, said.message).subject, _language(program, contact)
    )
    return messages.fill(words or program.title, values(program, said, contact, pepper))


def alert(program: Program, said: Said) -> str:
    """Write a line for the team."""
    named = {"tier": "", **said.words}
    words = {slot: _title(program, name, program.languages[0]) for slot, name in named.items()}
    filled = {**said.values, **words, "brand": program.title}
    return messages.fill(program.alerts[said.message].text, filled)


def to_visitor(program: Program, visitor: SignIn, code: str) -> str:
    """Write what goes to an address that somebody says is theirs, in their language."""
    texts = _TO_VISITORS[visitor.says]
    words = texts.get(visitor.language, texts["en"])
    return messages.fill(words, {"code": code, "brand": program.title})


def values(program: Program, said: Said, contact: Contact, pepper: Pepper) -> dict[str, str]:
    """Fill the slots of one text."""
    language = _language(program, contact)
    words = {slot: _title(program, name, language) for slot, name in said.words.items()}
    first_name = contact.name.split(" ")[0]
    days = {slot: _day(said.values[slot], language) for slot in _DAYS if slot in said.values}
    shown = {**said.values, **days, **words, "name": first_name, "brand": program.title}
    if nonce := said.values.get("nonce"):
        shown["code"] = pepper.code(nonce)
    milestone = said.words.get("milestone", "").partition(":")[2]
    if milestone:
        voucher = said.values.get("voucher", "")
        code = pepper.code(voucher) if voucher else ""
        points = int(said.values.get("award", "0"))
        shown["gift"] = messages.gift(program, milestone, points, code, language)
    return shown


def _day(value: str, language: str) -> str:
    """Write a day as it is written in a language; where that is not known, as it came."""
    known = _WRITTEN.get(language)
    if not (known and _ISO.fullmatch(value)):
        return value
    year, month, day = map(int, value.split("-"))
    return known.form.format(y=year, m=month, d=day, month=known.months[month - 1])


def _language(program: Program, contact: Contact) -> str:
    return contact.language if contact.language in program.languages else program.languages[0]


def _title(program: Program, named: str, language: str) -> str:
    """Find the title behind `tier:gold`, `milestone:tenth_visit` or `reward:coffee`."""
    kind, _, name = named.partition(":")
    if kind == "tier" and program.tiers and name in program.tiers.levels:
        return program.words(program.tiers.levels[name].title, language)
    if kind == "milestone" and name in program.milestones:
        return program.words(program.milestones[name].title, language)
    if kind == "reward" and name in program.rewards:
        return program.words(program.rewards[name].title, language)
    return name
