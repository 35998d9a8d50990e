"""Words that guests write to us, and what we write back: in the program's languages."""

from __future__ import annotations

from typing import Literal, NamedTuple

from loyalty.domain.program import Message, Program
from loyalty.domain.vocabulary import Words

Asked = Literal["balance", "rewards", "redeem", "join"]
_WORDS: dict[str, Asked] = {
    "balance": "balance", "points": "balance", "punkte": "balance", "stand": "balance",
    "अंक": "balance", "ank": "balance",
    "rewards": "rewards", "prämien": "rewards", "praemien": "rewards", "उपहार": "rewards",
    "upahar": "rewards",
    "redeem": "redeem", "einlösen": "redeem", "einloesen": "redeem", "लिने": "redeem",
    "line": "redeem",
    "join": "join", "mitmachen": "join", "सहभागी": "join", "sahabhagi": "join",
}  # fmt: skip


class Word(NamedTuple):
    """What a guest asked for, and the number behind it, as in `REDEEM 2` (0: none)."""

    asked: Asked
    number: int = 0


def read(text: str) -> Word | None:
    """Read a text of one word, or of a word and a number; anything else is for people."""
    parts = text.casefold().strip(" .!?").split()
    asked = _WORDS.get(parts[0]) if 1 <= len(parts) <= 2 else None  # noqa: PLR2004 - word, number
    if asked is None or len(parts) == 1:
        return Word(asked) if asked else None
    plain = parts[1].isascii() and parts[1].isdigit() and len(parts[1]) < 3  # noqa: PLR2004 - 99 rewards
    return Word(asked, int(parts[1])) if plain else None


_TEXTS: dict[str, Words] = {
    "answer:balance": {
        "en": "{brand}: you have {points} points. {list}",
        "de": "{brand}: Du hast {points} Punkte. {list}",
        "ne": "{brand}: तपाईंसँग {points} अंक छ। {list}",
    },
    "answer:rewards": {
        "en": "{brand}: {list} Reply REDEEM and the number.",
        "de": "{brand}: {list} Antworte EINLÖSEN und die Nummer.",
        "ne": "{brand}: {list} REDEEM र नम्बर पठाउनुहोस्।",
    },
    "answer:redeem": {
        "en": "{brand}: show {code} for {reward}, until {until}.",
        "de": "{brand}: Zeig {code} für {reward}, bis {until}.",
        "ne": "{brand}: {reward} को लागि {until} सम्म {code} देखाउनुहोस्।",
    },
    "answer:nothing": {
        "en": "{brand}: you have {points} points, nothing to take yet. {list}",
        "de": "{brand}: Du hast {points} Punkte, das reicht noch für nichts. {list}",
        "ne": "{brand}: तपाईंसँग {points} अंक छ, अहिले लिन मिल्ने केही छैन। {list}",
    },
    "answer:joined": {
        "en": "Welcome to {brand}! Reply BALANCE, REWARDS or REDEEM at any time; STOP ends texts.",
        "de": "Willkommen bei {brand}! Antworte jederzeit PUNKTE, PRÄMIEN oder EINLÖSEN;"
        " STOP beendet die SMS.",
        "ne": "{brand} मा स्वागत छ! जुनसुकै बेला BALANCE, REWARDS वा REDEEM पठाउनुहोस्; रोक्न STOP।",
    },
}
_NEXT = {
    "en": "{n} more for {r}.", "de": "Noch {n} bis: {r}.", "ne": "{r} को लागि अझै {n}।",
}  # fmt: skip


def message(program: Program, name: str) -> Message:
    """Find a message: one of the program's, or one of ours that answers a guest."""
    if name in _TEXTS:
        return Message(on="points-adjusted", text=_TEXTS[name], channels=("sms",))
    return program.messages[name]


def upcoming(points: int, reward: str, language: str) -> str:
    """Say how many points are missing for a reward."""
    return _NEXT.get(language, _NEXT["en"]).format(n=points, r=reward)
