"""A message's words: the program's texts, in the guest's language, with the values put in."""

from __future__ import annotations

from collections.abc import Sequence

from loyalty.domain import keywords, messages
from loyalty.domain.program import Program
from loyalty.events import Said
from loyalty.identity import Pepper
from loyalty.records import Contact


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


def values(program: Program, said: Said, contact: Contact, pepper: Pepper) -> dict[str, str]:
    """Fill the slots of one text."""
    language = _language(program, contact)
    words = {slot: _title(program, name, language) for slot, name in said.words.items()}
    first_name = contact.name.split(" ")[0]
    shown = {**said.values, **words, "name": first_name, "brand": program.title}
    if nonce := said.values.get("nonce"):
        shown["code"] = pepper.code(nonce)
    milestone = said.words.get("milestone", "").partition(":")[2]
    if milestone:
        voucher = said.values.get("voucher", "")
        code = pepper.code(voucher) if voucher else ""
        points = int(said.values.get("award", "0"))
        shown["gift"] = messages.gift(program, milestone, points, code, language)
    return shown


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
