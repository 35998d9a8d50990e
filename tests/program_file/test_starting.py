"""The first program file: guessed from a few answers, and without a mistake."""

import re

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from phonenumbers import SUPPORTED_REGIONS
from tests.program_file.cafe import told, warned

from loyalty.program_file import read
from loyalty.program_file.phrases import PHRASES
from loyalty.program_file.places import CURRENCIES, CURRENCY_OF, zone_of, zones
from loyalty.program_file.starting import answered, questions, write_program

SHOP = {"brand": "Corner Cafe", "country": "DE"}


def test_brand_and_country_are_enough():
    program = read(write_program(SHOP))
    assert (program.title, program.currency, program.zone) == (
        "Corner Cafe",
        "EUR",
        "Europe/Berlin",
    )
    assert program.languages == ("de",)
    assert list(program.stores) == ["corner_cafe"]
    assert program.rewards["first_reward"].title == {"de": "ein Kaffee aufs Haus"}
    assert list(program.tiers.levels) == ["silver", "gold"]


def test_every_answer_is_used():
    program = read(
        write_program(
            {
                "brand": 'Momo "House" $x {y}',
                "country": "NP",
                "currency": "INR",
                "zone": "Asia/Kolkata",
                "languages": "ne, en",
                "stores": "Thamel, Café Süd, 店, Thamel",
                "points": "2",
                "per": "150.50",
                "reward": "एक प्लेट मम",
                "tiers": "no",
            }
        )
    )
    assert program.title == 'Momo "House" $x {y}'
    assert (program.country, program.currency, program.zone) == ("NP", "INR", "Asia/Kolkata")
    assert program.languages == ("ne", "en")
    assert {name: store.title for name, store in program.stores.items()} == {
        "thamel": "Thamel",
        "cafe_sud": "Café Süd",
        "store_3": "店",
        "store_4": "Thamel",
    }
    spend = program.earning.rules["spend"]
    assert (spend.points, spend.per, spend.carry) == (2, 15_050, True)
    assert program.rewards["first_reward"].title == {"ne": "एक प्लेट मम"}
    assert program.tiers is None
    assert list(program.earning.rules) == ["spend"]


def test_a_store_that_is_called_like_a_guessed_name_keeps_its_name():
    program = read(write_program({**SHOP, "stores": "Store 2, 店"}))
    assert list(program.stores) == ["store_2", "store_3"]


@pytest.mark.parametrize("title", ["False", "null", "NO", "on"])
def test_a_store_is_never_named_by_a_word_that_yaml_takes_for_something_else(title):
    assert list(read(write_program({**SHOP, "stores": title})).stores) == ["store_1"]


def test_the_file_explains_itself_and_names_what_is_still_to_be_translated():
    text = write_program({**SHOP, "languages": "ja, de"})
    assert "# The words in ja are English still: please translate them." in text
    assert text.count("#") > 8
    assert "English still" not in write_program({**SHOP, "languages": "de-AT, fr"})


def test_the_first_program_says_what_it_may_cost():
    assert warned(write_program(SHOP))[0].startswith("earning.rules: at worst EUR 1.00 earns 1.5")


def test_the_guesses_for_every_country_are_good_answers():
    for country in CURRENCY_OF:
        guessed = answered({"brand": "B", "country": country})
        assert guessed["currency"] in CURRENCIES
        assert guessed["zone"] in zones()


@pytest.mark.parametrize("country", ["DE", "JP", "KW", "NP", "US", "FR", "MX", "IT"])
def test_a_first_program_is_right_with_the_digits_and_language_of_each_currency(country):
    assert told(write_program({"brand": "B", "country": country})) == []


@pytest.mark.parametrize(
    ("answers", "problem"),
    [
        ({"brand": " "}, "brand: please answer"),
        ({"brand": "x" * 101}, "brand: at most 100 characters"),
        ({"brand": "a\x00b"}, "brand: it holds a character that cannot be kept"),
        ({"country": "Germany"}, "country: known here: AD, "),
        ({"currency": "EU"}, "currency: did you mean `EUR`?"),
        ({"zone": "Berlin"}, "zone: "),
        ({"languages": "english"}, "languages: english is no language code"),
        ({"languages": "en, en"}, "languages: name each language once"),
        ({"stores": ", ,"}, "stores: name at least one"),
        ({"points": "0"}, "points: choose something above 0"),
        ({"points": "many"}, "points: `many` is not a whole number"),
        ({"per": "1.005"}, "per: `1.005` has too many digits after the point"),
        ({"tiers": "maybe"}, "tiers: known here: no, yes"),
    ],
)
def test_an_answer_that_cannot_be_used_is_named(answers, problem):
    with pytest.raises(ValueError, match=f"^{re.escape(problem)}"):
        write_program({**SHOP, **answers})


def test_the_questions_are_asked_in_an_order_in_which_each_guess_knows_enough():
    known = {}
    for question in questions:
        known[question.key] = {"brand": "B", "country": "FR"}.get(
            question.key, question.guess(known)
        )
        assert question.problem(known[question.key], known) == ""
        assert question.text.endswith(("?", "…"))


def test_the_phrases_of_all_languages_fill_the_same_slots():
    for phrases in PHRASES.values():
        for ours, english in zip(phrases, PHRASES["en"], strict=True):
            assert sorted(_slots(ours)) == sorted(_slots(english))


def _slots(text):
    return [part.partition("}")[0] for part in text.split("{")[1:]]


def test_every_country_with_phone_numbers_has_a_currency():
    # Ascension and Tristan da Cunha are no countries of their own in ISO 3166.
    assert set(CURRENCY_OF) >= SUPPORTED_REGIONS - {"AC", "TA"}


def test_the_largest_zone_is_guessed_where_the_list_begins_elsewhere():
    assert [zone_of(each) for each in ("AU", "DE", "BR", "BV")] == [
        "Australia/Sydney",
        "Europe/Berlin",
        "America/Sao_Paulo",
        "UTC",
    ]


LANGUAGES = st.sampled_from(["en", "de", "ja", "no", "pt-BR"])
TEXT = st.text(st.characters(exclude_categories=["Cs"]), max_size=40)


@settings(max_examples=25, deadline=None)
@given(
    st.fixed_dictionaries(
        {
            "brand": TEXT,
            "country": st.sampled_from(sorted(CURRENCY_OF)),
            "stores": st.lists(TEXT, max_size=4).map(", ".join),
            "reward": TEXT,
            "languages": st.lists(LANGUAGES, min_size=1, unique=True).map(",".join),
            "per": st.integers(1, 999_999).map(str),
            "tiers": st.sampled_from(["yes", "no"]),
        }
    )
)
def test_whatever_is_answered_the_file_has_no_mistake(answers):
    try:
        text = write_program(answers)
    except ValueError as refused:
        question = str(refused).partition(":")[0]
    else:
        question = "none"
        assert told(text) == []
    assert question in ("none", "brand", "stores", "reward", "per")
