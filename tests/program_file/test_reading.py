"""How each kind of value is read from the words of the file, and what is never let in."""

from typing import Annotated, Literal

import msgspec
import pytest
from msgspec import Meta
from msgspec import inspect as mi
from tests.program_file.cafe import CAFE, PROGRAMS, changed, told

from loyalty.domain.program import Bonus, Multiply, Program, Spend
from loyalty.domain.vocabulary import Part
from loyalty.program_file import Mistakes, read, reread
from loyalty.program_file.kinds import kind_of
from loyalty.program_file.mistakes import MOST_MISTAKES, Found
from loyalty.program_file.reading import values
from loyalty.program_file.tree import grow


@pytest.mark.parametrize("name", PROGRAMS)
def test_the_example_programs_read_clean(name):
    assert told(PROGRAMS[name]) == []


@pytest.mark.parametrize("name", PROGRAMS)
def test_what_is_read_is_valid_by_the_types_own_constraints(name):
    program = read(PROGRAMS[name])
    assert msgspec.convert(msgspec.to_builtins(program), Program) == program


def test_the_art_cafe_means_what_its_file_says():
    program = read(PROGRAMS["art-cafe"])
    rules = program.earning.rules
    assert isinstance(rules["spend"], Spend)
    assert isinstance(rules["app_order"], Bonus)
    assert isinstance(rules["gold"], Multiply)
    assert (rules["spend"].per, rules["spend"].carry) == (100, True)
    assert rules["gold"].factor == 15_000
    assert rules["app_order"].when.minimum == 500
    assert program.earning.pending == {"online": 1440}
    assert program.earning.limits.receipt_ceiling == 50_000
    assert program.visits.sitting == 90
    assert {name: level.at for name, level in program.tiers.levels.items()} == {
        "silver": 4000,
        "gold": 9000,
    }
    assert (program.milestones["first_visit"].at, program.milestones["sixty_points"].every) == (
        1,
        60,
    )


def test_yen_have_no_digits_after_the_point():
    program = read(PROGRAMS["ramen-jpy"])
    assert program.earning.rules["spend"].per == 100
    assert program.rewards["yen_off"].value == 300
    assert program.milestones["ten_thousand"].every == 10_000
    assert program.tiers.levels["joren"].at == 3
    assert program.earning.debt_cap == 30
    assert told(PROGRAMS["ramen-jpy"].replace("per: 100\n", "per: 100.5\n")) == [
        (
            "26 earning.rules.spend.per: `100.5` has too many digits after the point"
            " | JPY has no digits after the point: write it as in `1200`"
        )
    ]


@pytest.mark.parametrize(
    ("written", "cents"),
    [
        ("1", 100),
        ("1.00", 100),
        ("1.0", 100),
        ("0.05", 5),
        ('"12.50"', 1250),
        ("010", 1000),
        ("123456789012.34", 12345678901234),
    ],
)
def test_money_is_read_digit_by_digit(written, cents):
    assert read(changed(("per: 1.00", f"per: {written}"))).earning.rules["spend"].per == cents


@pytest.mark.parametrize(
    ("written", "problem"),
    [
        ('"1,00"', "`1,00` is not an amount of money"),
        ("1.", "`1.` is not an amount of money"),
        (".5", "`.5` is not an amount of money"),
        ("1e3", "`1e3` is not an amount of money"),
        ("0x10", "`0x10` is not an amount of money"),
        ("1_000", "`1_000` is not an amount of money"),
        ("€1", "`€1` is not an amount of money"),
        ("٣", "`٣` is not an amount of money"),
        (".inf", "`.inf` is not an amount of money"),
        ("1.005", "`1.005` has too many digits after the point"),
        ("-1.00", "`-1.00` is out of range"),
        ("0", "`0.00` is out of range"),
        ("1" * 5000, f"`{'1' * 60}…` is too large"),
        ("", "is empty"),
        ("[1]", "a list is not an amount of money"),
        ("{a: 1}", "a group of keys is not an amount of money"),
    ],
)
def test_what_is_no_amount_of_money_is_a_mistake(written, problem):
    (mistake,) = told(changed(("per: 1.00", f"per: {written}")))
    assert mistake.startswith(f"13 earning.rules.spend.per: {problem} |")


@pytest.mark.parametrize(
    ("written", "factor"), [("1", 10_000), ("1.5", 15_000), ("2.0001", 20_001), ("10", 100_000)]
)
def test_a_factor_is_kept_in_ten_thousandths(written, factor):
    program = read(changed(("factor: 1.5", f"factor: {written}")))
    assert program.earning.rules["lunch"].factor == factor


@pytest.mark.parametrize("written", ["0.9", "10.0001", "1.50001", "x2", "-1", "1.5x", "150%"])
def test_a_factor_below_one_above_ten_or_too_fine_is_a_mistake(written):
    assert len(told(changed(("factor: 1.5", f"factor: {written}")))) == 1


@pytest.mark.parametrize(
    ("written", "minutes"), [("0m", 0), ("90m", 90), ("2h", 120), ("1d", 1440), ('"30m"', 30)]
)
def test_a_span_of_time_is_kept_in_minutes(written, minutes):
    assert read(f"{CAFE}visits: {{sitting: {written}}}\n").visits.sitting == minutes


@pytest.mark.parametrize("written", ["90", "1h30m", "1 h", "2w", "-5m", "1.5h", "3661d", "9" * 99])
def test_another_span_of_time_is_a_mistake(written):
    assert len(told(f"{CAFE}visits: {{sitting: {written}}}\n")) == 1


@pytest.mark.parametrize(
    "written", ["24:00", "4:00", "04:60", "0400", '"04:00\\n"', "\u0660\u0664:00"]
)
def test_another_time_of_day_is_a_mistake(written):
    assert len(told(f"{CAFE}business_day_turns_at: {written}\n")) == 1


@pytest.mark.parametrize("written", ["04:00", '"04:00"', "'04:00'"])
def test_a_time_of_day_needs_no_quotes(written):
    assert read(f"{CAFE}business_day_turns_at: {written}\n").business_day_turns_at == "04:00"


def test_norway_is_a_country_and_norwegian_a_language():
    text = changed(("country: DE", "country: NO")).replace("[en, de]", "[en, no]")
    program = read(text.replace("de: ", "no: "))
    assert (program.country, program.languages) == ("NO", ("en", "no"))


def test_a_number_is_text_where_text_is_asked_for():
    program = read(changed(('start: "11', 'skus: [0123, 1.50], start: "11')))
    assert program.earning.rules["lunch"].when.skus == ("0123", "1.50")


@pytest.mark.parametrize(
    "written", ["true", '""', '"  "', "~", "[a]", "{a: b}", '"\\e[2J"', '"a\\0"']
)
def test_a_title_must_be_text(written):
    assert len(told(changed(("title: Corner Cafe", f"title: {written}")))) == 1


@pytest.mark.parametrize("written", ["expiry:", "expiry: ~", "expiry: null", ""])
def test_a_part_that_may_be_left_out_may_be_left_empty(written):
    assert read(f"{CAFE}{written}\n").expiry is None


def test_a_missing_key_is_told_at_the_part_that_misses_it():
    assert told(changed(("points: 1, ", ""))) == [
        "13 earning.rules.spend.points: is missing | add `points:` and write it as in `10`"
    ]


def test_a_spelling_mistake_in_a_key_hides_no_other_mistake():
    assert told(changed(("every: 10", "evry: 0"), ("at: 40.00", "at: 4O"))) == [
        (
            "22 tiers.levels.silver.at: `4O` is not an amount of money"
            " | write it as in `12.00`, without a currency sign"
        ),
        "28 milestones.tenth.evry: this key is not known here | did you mean `every`?",
    ]


def test_a_connector_for_what_there_is_not_is_a_mistake_and_no_crash():
    written = CAFE.replace("connectors: {sms: [twilio],", "connectors: {mail: [twilio],")
    assert written != CAFE
    assert any("connectors.mail: `mail` is not known here" in each for each in told(written))


def test_an_unknown_currency_brings_no_mistakes_about_its_digits():
    assert told(changed(("currency: EUR", "currency: euro"), ("per: 1.00", "per: 1.005"))) == [
        (
            "3 currency: `euro` is not written as it should be"
            " | write it in three capital letters, as `EUR`"
        )
    ]


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("", "the file is empty"),
        ("# nothing but a comment", "the file is empty"),
        ("just words", "`just words` is not keys with values"),
        ("[1, 2]", "a list is not keys with values"),
        ("a: [1, 2", "this is not YAML: did not find expected ',' or ']'"),
        (
            "a: \x07",
            ("this is not YAML: unacceptable character #x0007: control characters are not allowed"),
        ),
        ("a: \ud800", "the file holds a character that is not Unicode"),
        (CAFE + "---\n" + CAFE, "a second document begins here"),
        ("[" * 200_000, "this is nested too deeply"),
        ("a: " * 3 + "{" * 300, "this is not YAML: mapping values are not allowed in this context"),
        ("a:\n" + "- x\n" * 60_000, "the file holds more than 5000 values"),
        ("#" * 262_145, "the file is larger than 256 kB"),
        ("ü" * 131_073, "the file is larger than 256 kB"),
    ],
)
def test_a_file_that_is_no_program_is_refused_with_one_sentence(text, problem):
    with pytest.raises(Mistakes) as found:
        read(text)
    assert [mistake.problem for mistake in found.value.mistakes] == [problem]


def test_a_file_just_small_enough_is_read():
    padding = "#" * (262_144 - len(CAFE.encode()))
    assert read(CAFE + padding) == read(CAFE)


@pytest.mark.parametrize(
    ("written", "problem"),
    [
        ("&a Corner", "the anchor `&a` is not allowed"),
        ("*a", "the alias `*a` is not allowed"),
        ("!!python/name:os x", "the tag `tag:yaml.org,2002:python/name:os` is not allowed"),
        ("!x Corner", "the tag `!x` is not allowed"),
        ("! Corner", "the tag `!` is not allowed"),
    ],
)
def test_anchors_aliases_and_tags_are_refused(written, problem):
    (mistake,) = told(changed(("title: Corner Cafe", f"title: {written}")))
    assert mistake.startswith(f"2 title: {problem} |")


def test_an_anchors_bomb_is_refused_before_it_unfolds():
    bomb = "a: &a [x, x]\n" + "".join(f"k{i}: &k{i} [*a, *a]\n" for i in range(3000))
    assert len(told(bomb)) == MOST_MISTAKES + 1


def test_a_key_that_is_no_word_is_a_mistake_of_its_own():
    assert told(f"{CAFE}? [a, b]\n: c\n")[0].startswith("42 ?: a key must be a single word |")


def test_an_alias_as_a_key_is_refused_like_any_other():
    assert told(f"{CAFE}*a : c\n")[0].startswith("42 ?: the alias `*a` is not allowed |")


def test_a_list_that_must_not_be_empty_says_so():
    assert told(changed(("languages: [en, de]", "languages: []"))) == [
        "6 languages: is empty | name at least one"
    ]


def test_a_rule_that_is_no_group_of_keys_is_told_how_to_begin():
    rule = "{earn: spend, title: {en: Points}, points: 1, per: 1.00}"
    assert told(changed((rule, "double points"))) == [
        (
            "13 earning.rules.spend: `double points` is not keys with values | write its keys"
            " below it, first of all `earn:` with one of spend, items, bonus, multiply"
        )
    ]


def test_a_very_long_key_is_cut_and_not_compared():
    (mistake,) = told(f"{CAFE}{'title' * 100}: x\n")
    assert mistake.startswith(f"42 {'title' * 12}…: this key is not known here | known here: ")


def test_what_a_terminal_would_obey_is_not_shown():
    (mistake,) = told(f'{CAFE}"\\e[2J": x\n')
    assert mistake.startswith("42 ·[2J: this key is not known here")


def test_keys_that_differ_only_in_their_quotes_are_the_same_key():
    (mistake,) = told(f'{CAFE}"title": Again\n')
    assert mistake == (
        "42 title: this key is there twice | keep one of the two; the first is on line 2"
    )


def test_after_two_hundred_mistakes_the_rest_is_left_for_the_next_time():
    mistakes = told("".join(f"key{i}: 1\n" for i in range(2000)))
    assert len(mistakes) == MOST_MISTAKES + 1
    assert "200 : more mistakes may follow | put these right first" in mistakes


def test_a_published_program_stays_readable_when_its_meaning_is_checked_more_strictly():
    text = changed(("reward: coffee", "reward: tea"))
    with pytest.raises(Mistakes):
        read(text)
    assert reread(text).milestones["tenth"].reward == "tea"


def test_a_published_program_must_still_have_its_form():
    with pytest.raises(Mistakes):
        reread(changed(("every: 10", "every: ten")))


class Stamp(Part, frozen=True):
    """A part that today's program does not have."""

    colour: Literal["blue", "red"]
    price: Annotated[int, Meta(gt=0, lt=1000, extra={"written": "money"})]
    wait: Annotated[int, Meta(extra={"written": "duration"})] = 5
    boost: Annotated[int, Meta(extra={"written": "factor"})] | None = None
    names: dict[str, tuple[bool, ...]] = {}  # noqa: RUF012 - msgspec copies it


class Card(Part, frozen=True):
    """A card of stamps, in a currency of its own."""

    currency: str
    stamps: tuple[Stamp, ...]


def test_a_new_key_is_read_by_its_type_alone():
    text = """
    currency: KWD
    stamps:
      - {colour: red, price: 0.125, wait: 2h, boost: 1.25, names: {a: [true, false]}}
      - {colour: blue, price: 0.999}
    """
    found = Found()
    card = values(kind_of(mi.type_info(Card)), grow(text, found), found)
    assert found.mistakes == []
    assert card == Card(
        currency="KWD",
        stamps=(
            Stamp(colour="red", price=125, wait=120, boost=12_500, names={"a": (True, False)}),
            Stamp(colour="blue", price=999),
        ),
    )


def test_a_new_keys_limits_hold():
    found = Found()
    text = "currency: KWD\nstamps: [{colour: green, price: 1.000}]"
    values(kind_of(mi.type_info(Card)), grow(text, found), found)
    assert [str(mistake) for mistake in found.mistakes] == [
        "2:19: stamps.0.colour: `green` is not known here (known here: blue, red)",
        "2:33: stamps.0.price: `1.000` is out of range (write less than `1.000`)",
    ]
