"""A first program file from a few answers: what to ask, what to guess, and what to write."""

from __future__ import annotations

import json
import re
import unicodedata
from collections.abc import Callable, Iterator, Mapping
from itertools import chain, count
from string import Template
from typing import NamedTuple

from loyalty.domain import money
from loyalty.program_file.first_program import template
from loyalty.program_file.forms import FORMS, WHOLE, Form, Unreadable
from loyalty.program_file.mistakes import closest
from loyalty.program_file.phrases import LANGUAGE_OF, PHRASES, Phrases, phrases_in
from loyalty.program_file.places import CURRENCIES, CURRENCY_OF, zone_of, zones
from loyalty.program_file.wording import is_language

Answers = Mapping[str, str]
"""By the question's key, as typed. What is not answered is guessed."""

_LONGEST = 100
_MOST = 1_000_000
_UNWRITABLE = re.compile("[^\x20-\x7e\xa0-\ud7ff\ue000-\ufefe\uff00-\ufffd\U00010000-\U0010ffff]")
"""Characters that no YAML file may hold."""


_YAML_WORDS = frozenset({"true", "false", "null", "yes", "no", "on", "off", "y", "n"})
"""No names: some reader of YAML takes them for something else than words."""


class Question(NamedTuple):
    """One thing to ask. Ask in the order of `questions`: a guess looks at the answers before."""

    key: str
    text: str
    guess: Callable[[Answers], str]
    """What to offer; empty if there is nothing to guess."""
    problem: Callable[[str, Answers], str]
    """(answer, answers before it) -> what is wrong with it; empty if nothing is."""


def write_program(answers: Answers) -> str:
    """Write a whole program, with comments, that `read` takes without a mistake.

    Raises ValueError, naming the question, for an answer that its `problem` refuses.
    """
    full = answered(answers)
    return Template(template(tiers=full["tiers"] == "yes")).substitute(_filled(full))


def answered(answers: Answers) -> dict[str, str]:
    """Fill in what is guessed. Raises ValueError at the first answer that cannot be used."""
    full: dict[str, str] = {}
    for question in questions:
        text = " ".join(answers.get(question.key, "").split()) or question.guess(full)
        if problem := question.problem(text, full):
            raise ValueError(f"{question.key}: {problem}")
        full[question.key] = text
    return full


def _filled(full: Answers) -> dict[str, str]:
    languages = _listed(full["languages"])
    currency, reward = full["currency"], {languages[0]: full["reward"]}
    per = money.parse(full["per"], currency)
    return {
        **{key: _words(languages, key, full["brand"]) for key in Phrases._fields},
        "brand": _quoted(full["brand"]),
        "currency": currency,
        "zone": _quoted(full["zone"]),
        "country": full["country"],
        "languages": f"[{', '.join(languages)}]",
        "translate": _untranslated(languages),
        "stores": "\n".join(_stores(_listed(full["stores"]))),
        "points": full["points"],
        "per": full["per"],
        "silver_at": FORMS["money"].show(per * 100, currency),
        "gold_at": FORMS["money"].show(per * 300, currency),
        "first_reward": _quoted(reward),
    }


def _words(languages: list[str], key: str, brand: str) -> str:
    texts = {language: getattr(phrases_in(language), key) for language in languages}
    if key == "consent":
        texts = {language: text.format(brand=brand) for language, text in texts.items()}
    return _quoted(texts)


def _quoted(value: str | dict[str, str]) -> str:
    # JSON is YAML: text in double quotes, and nothing in it can end the quotes early.
    return json.dumps(value, ensure_ascii=False)


def _untranslated(languages: list[str]) -> str:
    ours = {language.partition("-")[0] in PHRASES for language in languages}
    missing = ", ".join(one for one in languages if one.partition("-")[0] not in PHRASES)
    return (
        "" if all(ours) else f"# The words in {missing} are English still: please translate them.\n"
    )


def _stores(titles: list[str]) -> Iterator[str]:
    taken: set[str] = set()
    for number, title in enumerate(titles, 1):
        name = _name(title, number, taken)
        taken.add(name)
        yield f"  {name}:\n    title: {_quoted(title)}"
        yield f'    tills: ["generic:{name}"]  # connector:location, as the till names it'


def _name(title: str, number: int, taken: set[str]) -> str:
    """Make a name from a title: `Café Süd` gives `cafe_sud`, a title in kanji `store_2`."""
    plain = unicodedata.normalize("NFKD", title).encode("ascii", "ignore").decode().lower()
    name = re.sub(r"[^a-z0-9]+", "_", plain).strip("_")[:30]
    numbered = (f"store_{free}" for free in count(number))
    wanted = [name] if re.match("[a-z]", name) and name not in _YAML_WORDS else []
    return next(one for one in chain(wanted, numbered) if one not in taken)


def _listed(text: str) -> list[str]:
    return [one.strip() for one in text.split(",") if one.strip()]


def _bad_text(text: str, _before: Answers) -> str:
    if not text:
        return "please answer"
    if len(text) > _LONGEST:
        return f"at most {_LONGEST} characters"
    return "it holds a character that cannot be kept" if _UNWRITABLE.search(text) else ""


def _bad_choice(known: frozenset[str]) -> Callable[[str, Answers], str]:
    return lambda text, _: "" if text in known else closest(text, sorted(known))


def _bad_languages(text: str, _before: Answers) -> str:
    listed = _listed(text)
    if not listed or len(set(listed)) < len(listed):
        return "name each language once, as in `en, de`"
    wrong = [one for one in listed if not is_language(one)]
    return f"{wrong[0]} is no language code: write it as in `en` or `pt-BR`" if wrong else ""


def _bad_stores(text: str, before: Answers) -> str:
    if not _listed(text):
        return "name at least one"
    return next(filter(None, (_bad_text(title, before) for title in _listed(text))), "")


def _bad_points(text: str, before: Answers) -> str:
    return _bad_number(text, before, WHOLE)


def _bad_per(text: str, before: Answers) -> str:
    return _bad_number(text, before, FORMS["money"])


def _bad_number(text: str, before: Answers, form: Form) -> str:
    try:
        value = form.read(text, before["currency"])
    except Unreadable as error:
        return f"{error.problem}: {error.hint}"
    return "" if 1 <= value <= _MOST else "choose something above 0 and below a million"


def _one_unit(before: Answers) -> str:
    return "100" if money.exponent(before["currency"]) == 0 else _show_unit(before["currency"])


def _show_unit(currency: str) -> str:
    return FORMS["money"].show(10 ** money.exponent(currency), currency)


questions: tuple[Question, ...] = (
    Question("brand", "What is the brand called?", lambda _: "", _bad_text),
    Question(
        "country",
        "In which country is it (two letters)?",
        lambda _: "",
        _bad_choice(frozenset(CURRENCY_OF)),
    ),
    Question(
        "currency",
        "Which currency do guests pay in (three letters)?",
        lambda before: CURRENCY_OF[before["country"]],
        _bad_choice(CURRENCIES),
    ),
    Question(
        "zone",
        "Which time zone is it in?",
        lambda before: zone_of(before["country"]),
        _bad_choice(zones()),
    ),
    Question(
        "languages",
        "Which languages do guests read, the most common first?",
        lambda before: LANGUAGE_OF.get(before["country"], "en"),
        _bad_languages,
    ),
    Question("stores", "What are the stores called?", lambda before: before["brand"], _bad_stores),
    Question("points", "How many points does a guest earn …", lambda _: "1", _bad_points),
    Question("per", "… for how much money?", _one_unit, _bad_per),
    Question(
        "reward",
        "What is free at every tenth visit?",
        lambda before: phrases_in(_listed(before["languages"])[0]).reward,
        _bad_text,
    ),
    Question(
        "tiers",
        "Silver and gold guests (yes or no)?",
        lambda _: "yes",
        _bad_choice(frozenset({"yes", "no"})),
    ),
)
"""What `loyalty init` asks."""
