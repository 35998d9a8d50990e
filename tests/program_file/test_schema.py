"""The JSON Schema agrees with the reader, and the generated pages with both."""

import re
from pathlib import Path

import msgspec
import pytest
import yaml
from jsonschema import Draft202012Validator
from tests.program_file.cafe import CAFE, PROGRAMS, ROOT, changed

from loyalty.domain import automations as automation_types
from loyalty.domain import campaigns as campaign_types
from loyalty.domain import grouping
from loyalty.domain import program as program_types
from loyalty.program_file import schema
from loyalty.program_file.documents import main, pages
from loyalty.program_file.meanings import meaning_of
from loyalty.program_file.schema import parts
from loyalty.program_file.starting import write_program

VALIDATOR = Draft202012Validator(schema())


class _Editor(getattr(yaml, "CSafeLoader", yaml.SafeLoader)):
    """`yaml.safe_load` as editors do it: YAML 1.2, where `on` and `NO` are words."""


_Editor.yaml_implicit_resolvers = {}
for tag, pattern, first in (
    ("null", r"~|null|Null|NULL|", ["~", "n", "N", ""]),
    ("bool", r"true|True|TRUE|false|False|FALSE", list("tTfF")),
    ("int", r"[-+]?[0-9]+|0x[0-9a-fA-F]+", list("-+0123456789")),
    ("float", r"[-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]+)?", list("-+0123456789.")),
):
    _Editor.add_implicit_resolver(f"tag:yaml.org,2002:{tag}", re.compile(f"^(?:{pattern})$"), first)


def plain(text):
    """Return the file's data as an editor hands it to a JSON Schema."""
    return yaml.load(text, Loader=_Editor)  # noqa: S506 - a safe loader of our own


def test_the_schema_is_a_valid_schema():
    Draft202012Validator.check_schema(schema())


@pytest.mark.parametrize("name", PROGRAMS)
def test_the_schema_accepts_the_example_programs(name):
    assert list(VALIDATOR.iter_errors(plain(PROGRAMS[name]))) == []


def test_the_schema_accepts_a_first_program():
    text = write_program({"brand": "Corner", "country": "NO", "languages": "no, en"})
    assert list(VALIDATOR.iter_errors(plain(text))) == []


def test_the_schema_accepts_every_way_to_write_a_number():
    text = changed(
        ("per: 1.00", 'per: "1.00"'), ("factor: 1.5", 'factor: "1.5"'), ("at: 40.00", "at: 40")
    )
    assert list(VALIDATOR.iter_errors(plain(text))) == []


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("engine: 1", "engine: 2"),
        ("currency: EUR", "currency: euro"),
        ("zone: Europe/Berlin", "zone: {}"),
        ("title: Corner Cafe", "title:"),
        ("title: Corner Cafe", 'title: " "'),
        ("languages: [en, de]", "languages: []"),
        ("languages: [en, de]", "languages: en"),
        ("  corner: {", "  Corner 1: {"),
        ("stacking: best_of", "staking: best_of"),
        ("stacking: best_of", "stacking: best"),
        ("earn: spend,", "earn: spending,"),
        ("points: 1, ", ""),
        ("points: 1, ", "points: 0, "),
        ("points: 1, ", 'points: "1", '),
        ("points: 1, ", "points: 1.5, "),
        ("per: 1.00", "per: 0"),
        ("per: 1.00", "per: -1"),
        ("per: 1.00", 'per: "1,00"'),
        ("per: 1.00", "per: 1.00, carry: yes"),
        ("factor: 1.5", "factor: 0.5"),
        ("factor: 1.5", "factor: 11"),
        ('start: "11:00"', 'start: "11"'),
        ("connectors: {sms:", "connectors: {fax:"),
        ("on: points-earned", "on: points"),
        ("consent_texts:", "expiry: {months: 121}\nconsent_texts:"),
        ("consent_texts:", "visits: {sitting: 90}\nconsent_texts:"),
        ("consent_texts:", "rewards:\nconsent_texts:"),
    ],
)
def test_the_schema_refuses_what_the_reader_refuses(old, new):
    assert list(VALIDATOR.iter_errors(plain(changed((old, new)))))


def test_the_schema_tells_what_every_key_means():
    described = [
        (part.cls.__name__, field.name, meaning_of(part.cls.__name__, field.name))
        for part in parts()
        for field in part.fields
    ]
    assert all(meaning.strip() for _, _, meaning in described)
    assert len(described) > 80


def test_a_key_without_a_meaning_is_an_error():
    with pytest.raises(LookupError, match=r"say what Store\.colour means"):
        meaning_of("Store", "colour")


def test_the_words_beside_a_key_are_its_meaning():
    assert meaning_of("Spend", "carry").startswith("Keep what is left over")


def test_every_part_of_the_program_has_a_section():
    named = {part.cls.__name__ for part in parts()}
    defined = {
        name
        for name, kind in (
            vars(program_types) | vars(automation_types) | vars(campaign_types) | vars(grouping)
        ).items()
        if isinstance(kind, type) and issubclass(kind, program_types.Part)
    }
    assert named == defined - {"Part", "Reaction"}


@pytest.mark.parametrize("name", sorted(pages()))
def test_the_generated_page_is_up_to_date(name):
    # Write them again with: python -m loyalty.program_file.documents docs
    assert (ROOT / "docs" / name).read_text("utf-8") == pages()[name]


def test_the_pages_are_written_into_the_folder_that_is_named(tmp_path: Path):
    main(str(tmp_path))
    assert {path.name for path in tmp_path.iterdir()} == set(pages())
    assert msgspec.json.decode((tmp_path / "program.schema.json").read_bytes()) == schema()


def test_the_guide_shows_the_form_the_default_and_the_meaning_of_a_key():
    guide = pages()["program.md"]
    assert (
        "| `sitting` | a span of time, as in `90m`, at most 3660d | `90m`"
        " | Receipts within this time of the first are one visit. |"
    ) in guide
    assert (
        "| alert | `{brand}`, `{points}`, `{reward}`, `{store}`, `{tier}`, `{total}`, `{visits}` |"
        in guide
    )


def test_editors_read_on_as_a_word():
    assert plain(CAFE)["messages"]["earned"]["on"] == "points-earned"
