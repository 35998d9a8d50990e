"""What the guest's pages say, in the languages that they know. Others read English.

Slots are filled with values that are escaped after, so a value is never markup.
"""

from __future__ import annotations

from loyalty.domain import messages
from loyalty.web.pages import card_texts, door_texts

LANGUAGES = {"en": "English", "de": "Deutsch", "ne": "नेपाली"}
TEXTS = {**door_texts.TEXTS, **card_texts.TEXTS}


def say(key: str, language: str, **values: object) -> str:
    """Return a text in a language, else in English, with its values put in."""
    texts = TEXTS.get(key, TEXTS["again"])
    return messages.fill(texts.get(language, texts["en"]), {k: str(v) for k, v in values.items()})
