"""Whatever the file holds: a program or Mistakes, within a second."""

import sys
import time

from hypothesis import given, settings
from hypothesis import strategies as st
from tests.program_file.cafe import CAFE, PROGRAMS
from tests.program_file.test_schema import VALIDATOR, plain

from loyalty.domain.program import Program
from loyalty.program_file import Mistakes, check, read

# Seconds of work; measuring coverage makes every line some twenty times slower.
PATIENCE = 1 if sys.gettrace() is None else 20
LINES = CAFE.splitlines()
PIECES = st.sampled_from(
    [
        *"{}[]:,&*!|>'\"%@`#-?~\n\t ",
        "null",
        "true",
        "1",
        "1.005",
        "9" * 400,
        "é",
        "\u2028",
        "\x00",
        "<<: ",
        "---\n",
        "on",
        "0x1F",
        "gold",
        "{points",
        "EUR",
        "JPY",
        "20",
        "-1",
        "\ufeff",
    ]
)


def answer(text):
    """Read it, and hold what holds for any text."""
    started = time.process_time()
    found = read_or_mistakes(text)
    assert time.process_time() - started < PATIENCE
    told = found.mistakes if isinstance(found, Mistakes) else ()
    assert all(m.line >= 1 and m.column >= 1 and m.problem and m.hint for m in told)
    return found


def read_or_mistakes(text):
    try:
        return read(text)
    except Mistakes as mistakes:
        return mistakes


@settings(max_examples=100, deadline=None)
@given(st.text(st.characters(), max_size=300))
def test_any_text_is_a_program_or_mistakes(text):
    assert isinstance(answer(text), Mistakes)


@settings(max_examples=80, deadline=None)
@given(st.lists(PIECES | st.sampled_from(LINES), max_size=60).map("".join))
def test_any_shuffle_of_yaml_is_a_program_or_mistakes(text):
    answer(text)


@st.composite
def damaged(draw, programs):
    """Draw a program with a few pieces put in, taken out or doubled."""
    text = draw(st.sampled_from(programs))
    for _ in range(draw(st.integers(1, 4))):
        start = draw(st.integers(0, len(text)))
        end = min(len(text), start + draw(st.integers(0, 30)))
        middle = draw(st.one_of(st.just(""), PIECES, st.just(text[start:end] * 2)))
        text = text[:start] + middle + text[end:]
    return text


@settings(max_examples=40, deadline=None)
@given(damaged(tuple(PROGRAMS.values())))
def test_a_damaged_program_is_a_program_or_mistakes(text):
    found = answer(text)
    if isinstance(found, Program):
        assert all(mistake.severity == "warning" for mistake in check(text))


@settings(max_examples=60, deadline=None)
@given(damaged((CAFE,)))
def test_what_the_reader_takes_an_editor_does_not_mark(text):
    if isinstance(answer(text), Program):
        assert list(VALIDATOR.iter_errors(plain(text))) == []


def test_the_largest_files_are_answered_within_a_second():
    names = "".join(f"  s{i}: {{title: S, tills: [x]}}\n" for i in range(700))
    answer(CAFE.replace("stores:\n", f"stores:\n{names}"))
    rules = "".join(
        f"    r{i}: {{earn: multiply, title: {{en: R}}, factor: 9.9999}}\n" for i in range(450)
    )
    assert isinstance(answer(CAFE.replace("  rules:\n", f"  rules:\n{rules}")), Program)
    answer("k: " + "x" * 262_000)
    answer("".join(f"key_number_{i}: 1\n" for i in range(14_000)))
    answer(CAFE.replace("+{points}", "{" * 200_000))
    answer(CAFE.replace("+{points}", "{a" * 100_000))
