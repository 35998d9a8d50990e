"""What a guest's card in a phone's wallet shows, in their language."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

import msgspec

from loyalty.connectors.spec import Pass
from loyalty.counter import quoting
from loyalty.domain import messages, rewards
from loyalty.domain.account import Account
from loyalty.domain.program import Program
from loyalty.domain.vocabulary import Words
from loyalty.identity import digest
from loyalty.records import Contact

_WORDS: Mapping[str, Words] = {
    "points": {"en": "Points", "de": "Punkte", "ne": "अंक"},
    "tier": {"en": "Tier", "de": "Stufe", "ne": "तह"},
    "next": {"en": "Next reward", "de": "Nächste Prämie", "ne": "अर्को पुरस्कार"},
    "stamps": {"en": "Stamps", "de": "Stempel", "ne": "छाप"},
    "to_go": {
        "en": "{reward}: {n} points to go", "de": "{reward}: noch {n} Punkte",
        "ne": "{reward}: अझै {n} अंक",
    },
}  # fmt: skip


def shown(
    account: Account, contact: Contact, program: Program, now: datetime, code: str = ""
) -> Pass:
    """Tell what a card shows now. Only a new card needs the code that the till scans."""
    known = contact.language in program.languages
    language = contact.language if known else program.languages[0]
    stamps = quoting.stamped(account, program, language)
    return Pass(
        member=contact.member, program=program.title, code=code, name=contact.name,
        points=account.points(now), tier=_tier(account, program, language),
        next_reward=_next(account, program, language, now),
        stamps=", ".join(f"{each.title} {each.have}/{each.full}" for each in stamps),
        points_label=_say("points", language), tier_label=_say("tier", language),
        next_label=_say("next", language), stamps_label=_say("stamps", language),
    )  # fmt: skip


def fingerprint(card: Pass) -> str:
    """Hash what an update tells of a card: its name and code are not among it."""
    return digest(msgspec.json.encode(msgspec.structs.replace(card, name="", code="")))


def _tier(account: Account, program: Program, language: str) -> str:
    levels = program.tiers.levels if program.tiers else {}
    found = levels.get(account.tier or "")
    return program.words(found.title, language) if found else ""


def _next(account: Account, program: Program, language: str, now: datetime) -> str:
    """Name the nearest reward that points do not reach yet."""
    offers = rewards.offers(program, account.points(now), account.tier)
    lacking = (offer for offer in offers if offer.missing)
    nearest = min(lacking, key=lambda offer: offer.missing, default=None)
    if nearest is None:
        return ""
    title = program.words(nearest.reward.title, language)
    return messages.fill(_say("to_go", language), {"reward": title, "n": str(nearest.missing)})


def _say(key: str, language: str) -> str:
    return _WORDS[key].get(language, _WORDS[key]["en"])
