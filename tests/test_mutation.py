"""The tool that makes small mistakes makes each kind, spares the rest, and tells who was seen."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest
from infra import children
from infra.mutation.mutations import mutations

ROOT = Path(__file__).parent.parent


def mistakes(body: str) -> set[str]:
    """Name what each mutation of a function's body puts in place of what."""
    text = "def f(a, b):\n" + "".join(f"    {line}\n" for line in body.splitlines())
    return {f"{each.before} -> {each.after}" for each in mutations("m", text)}


@pytest.mark.parametrize(
    ("body", "mistake"),
    [
        ("g(a < b)", "a < b -> (a <= b)"),
        ("g(1 < a <= b)", "1 < a <= b -> (1 < a < b)"),
        ("g(a is b)", "a is b -> (a is not b)"),
        ("g(a in b)", "a in b -> (a not in b)"),
        ("g(a and b)", "a and b -> (a or b)"),
        ("g(a + b)", "a + b -> (a - b)"),
        ("g(a // b)", "a // b -> (a * b)"),
        ("g(not a)", "not a -> (a)"),
        ("g(-a)", "-a -> (a)"),
        ("g(True)", "True -> (False)"),
        ("g(7)", "7 -> (8)"),
        ("g('sms')", "'sms' -> ('sxms')"),
        ("g(a)", "g(a) -> pass"),
        ("raise E", "raise E -> pass"),
        ("return a", "return a -> return None"),
        ("a += b", "a += b -> a -= b"),
        ("for a in b:\n    continue", "continue -> break"),
        ("return 1 if a else 2", "a -> (not (a))"),
    ],
)
def test_every_kind_of_mistake_is_made(body, mistake):
    assert mistake in mistakes(body)


@pytest.mark.parametrize(
    "body",
    ['"""A docstring."""', "assert a < b", "a: list[int | None]", "b = f'{a + 1}'",
     "b = 'a sentence for people'", "return None", "return ()", "import a"],
)  # fmt: skip
def test_what_decides_nothing_is_spared(body):
    assert mistakes(body) == set()


def test_a_mistake_changes_its_own_place_only_whatever_stands_before_it():
    text = "ö = 'ö'\n\n\nclass A:\n    def m(self, a):\n        return 'ö', a < 1, a < 1\n"
    [first, second] = [each for each in mutations("m", text) if each.before == "a < 1"]
    assert (first.function, first.line) == ("A.m", 6)
    assert second.applied(text) == text.replace("a < 1\n", "(a <= 1)\n")


HUNT = """
import sys
from infra.mutation.__main__ import every, hunted
some = [each for each in every() if each.module == "domain.lots"][:4]
print(*(f"{seen.state}: {seen.mutation}" for seen in hunted(some, 1, sys.argv[1:])), sep="\\n")
"""


def hunted(tests: str) -> tuple[int, str]:
    command = [sys.executable, "-c", HUNT, tests]
    ended = children.run(command, cwd=ROOT)
    return ended.returncode, ended.stdout + ended.stderr


@pytest.mark.slow
def test_a_mistake_that_a_test_sees_is_killed():
    ended, told = hunted(str(ROOT / "tests/domain/test_lots.py"))
    assert (ended, told.count("killed: domain.lots:")) == (0, 4), told


@pytest.mark.slow
def test_a_mistake_that_every_test_overlooks_lives(tmp_path):
    test = tmp_path / "test_blind.py"
    test.write_text(
        "from loyalty.domain.account import Lot\n"
        "from loyalty.domain.lots import add\n\n"
        "def test_blind():\n    add([], Lot(points=3, month='2026-11'))\n",
        "utf-8",
    )
    ended, told = hunted(str(test))
    assert (ended, told.count("alive: domain.lots:")) == (0, 3), told


@pytest.mark.slow
def test_a_mistake_that_no_test_reaches_is_told_by_its_place():
    ended, told = hunted(str(ROOT / "tests/domain/test_visits.py"))
    assert (ended, told.count("not reached: domain.lots:")) == (0, 4), told


@pytest.mark.slow
def test_nothing_is_mutated_while_the_tests_fail_by_themselves(tmp_path):
    (tmp_path / "test_ill.py").write_text("def test_ill():\n    assert False\n", "utf-8")
    ended, told = hunted(str(tmp_path / "test_ill.py"))
    assert ended == 1
    assert "Nothing was mutated: the tests fail without a mutation." in told
