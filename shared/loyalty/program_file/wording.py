"""The words for guests and staff: every language is there, and every slot can be filled."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from typing import Final

from loyalty.domain.program import Message, MessageOn, Program
from loyalty.domain.vocabulary import Words
from loyalty.program_file.checking import Check, Finding
from loyalty.program_file.mistakes import Path, closest, short

ALWAYS = frozenset({"points", "balance", "pending", "name", "brand"})
_RECEIPT = ALWAYS | {"store"}
SLOTS: Final[Mapping[MessageOn, frozenset[str]]] = {
    "points-earned": _RECEIPT,
    "points-clawed-back": _RECEIPT,
    "points-corrected": _RECEIPT | {"reason"},
    "points-released": ALWAYS,
    "points-expired": ALWAYS,
    "points-adjusted": ALWAYS | {"reason"},
    "tier-changed": ALWAYS | {"tier"},
    "milestone-reached": _RECEIPT | {"milestone", "gift"},
    "reward-redeemed": _RECEIPT | {"reward"},
    "reward-returned": ALWAYS | {"reward"},
    "referral-paid": ALWAYS,
    "activity-rewarded": ALWAYS | {"reason"},
    "automation": ALWAYS
    | {
        "visits",
        "store",
        "tier",
        "milestone",
        "reward",
        "score",
        "date",
        "years",
        "days",
        "month",
        "opening",
        "earned",
        "used",
        "expired",
        "closing",
        "expiring",
        "expires_on",
        "next_reward",
        "missing",
        "award",
        "code",
    },
}
"""What a message can say of the event it is about. A tier may also change without a receipt.

What an automation's can say depends on what began it: see `reacting`.
"""
ALERT_SLOTS: Final = frozenset({"tier", "store", "visits", "total", "points", "reward", "brand"})
_OF_FILES: Final = frozenset({"till", "store", "date", "brand"})
ALERTED: Final = {
    "file-missing": _OF_FILES, "file-refused": _OF_FILES | {"file", "rows", "reason"},
}  # fmt: skip
"""What an alert can say of a nightly file that did not come, or of which not all was taken."""

_LANGUAGE = re.compile(r"[a-z]{2,3}(-[A-Z]{2}|-[A-Z][a-z]{3})?")
_SLOT = re.compile(r"\{([^{}]*)\}")


def languages_are_codes(program: Program) -> Iterator[Finding]:
    """A language is written as its code."""
    for index, language in enumerate(program.languages):
        if not is_language(language):
            problem = f"{short(language)} is no language code"
            yield Finding(("languages", str(index)), problem, "write it as in `en` or `pt-BR`")


def is_language(text: str) -> bool:
    """Whether this is written as a language code, as in `en` or `pt-BR`."""
    return bool(_LANGUAGE.fullmatch(text))


def titles_speak_the_first_language(program: Program) -> Iterator[Finding]:
    """A title is shown in the first language to whoever speaks another that it lacks."""
    for path, words in _titles(program):
        yield from _missing(path, words, program.languages[:1])
        yield from _other_languages(path, words, program)


def texts_speak_every_language(program: Program) -> Iterator[Finding]:
    """What a guest is told, or agrees to, is there in every language of the program."""
    for path, words in _texts(program):
        yield from _missing(path, words, program.languages)
        yield from _other_languages(path, words, program)


def _titles(program: Program) -> Iterator[tuple[Path, Words]]:
    levels = program.tiers.levels if program.tiers else {}
    parts = (
        (("earning", "rules"), program.earning.rules),
        (("tiers", "levels"), levels),
        (("rewards",), program.rewards),
        (("milestones",), program.milestones),
        (("stamps",), program.stamps),
        (("activities",), program.activities),
        (("segments",), program.segments),
    )
    for path, named in parts:
        yield from (((*path, name, "title"), part.title) for name, part in named.items())


def _texts(program: Program) -> Iterator[tuple[Path, Words]]:
    for name, message in program.messages.items():
        yield ("messages", name, "text"), message.text
        if _needs_subject(message) or message.subject:
            yield ("messages", name, "subject"), message.subject
    for version, words in program.consent_texts.items():
        yield ("consent_texts", version), words


def _needs_subject(message: Message) -> bool:
    return "email" in message.channels and not message.email_template


def _missing(path: Path, words: Words, languages: Iterable[str]) -> Iterator[Finding]:
    for language in languages:
        if language not in words:
            problem = f"the text in `{language}` is missing"
            yield Finding((*path, language), problem, f"add `{language}:` with the text")


def _other_languages(path: Path, words: Words, program: Program) -> Iterator[Finding]:
    for language in words:
        if language not in program.languages:
            problem = f"{short(language)} is not among the languages of this program"
            hint = closest(language, program.languages)
            yield Finding((*path, language), problem, hint, ("languages",))


def slots_can_be_filled(program: Program) -> Iterator[Finding]:
    """A text asks only for what is known when it is sent."""
    for name, message in program.messages.items():
        for key, words in (("text", message.text), ("subject", message.subject)):
            for language, text in words.items():
                path = ("messages", name, key, language)
                kind = ("messages", name, "on")
                yield from unfilled(path, text, SLOTS[message.on], listed=kind)
    for name, alert in program.alerts.items():
        known = ALERTED.get(alert.on, ALERT_SLOTS)
        kind = ("alerts", name, "on")
        yield from unfilled(("alerts", name, "text"), alert.text, known, listed=kind)


def unfilled(
    path: Path, text: str, known: frozenset[str], where: str = " here", listed: Path = ()
) -> Iterator[Finding]:
    """Find the slots of a text that nothing can be put into; `listed` is what tells the known."""
    names = sorted(known)
    for slot in dict.fromkeys(_SLOT.findall(text)):
        if slot not in known:
            problem = f"nothing can be put in for {short('{' + slot + '}')}{where}"
            yield Finding(path, problem, closest(slot, names), listed)
    if set("{}") & set(_SLOT.sub("", text)):
        hint = "write a slot as in `{points}`; texts cannot hold other braces"
        yield Finding(path, "a brace stands alone", hint)


WORDING: tuple[Check, ...] = (
    languages_are_codes,
    titles_speak_the_first_language,
    texts_speak_every_language,
    slots_can_be_filled,
)
