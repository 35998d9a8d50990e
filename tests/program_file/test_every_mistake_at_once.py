"""A file with one of everything that goes wrong: all of it is told, in the order of the file."""

from pathlib import Path

import pytest

from loyalty.program_file import Mistakes, check, read

HERE = Path(__file__).parent
BROKEN = (HERE / "broken.yaml").read_text("utf-8")
EXPECTED = (HERE / "broken.expected.txt").read_text("utf-8").splitlines()


def test_every_mistake_is_told_at_once_with_place_key_problem_and_hint():
    with pytest.raises(Mistakes) as found:
        read(BROKEN)
    told = [f"{m.line}:{m.column} {m.path}: {m.problem} | {m.hint}" for m in found.value.mistakes]
    assert told == EXPECTED


def test_the_error_reads_as_one_line_per_mistake_that_an_editor_can_jump_to():
    with pytest.raises(Mistakes, match="is empty") as found:
        read(BROKEN, "shops/cafe.yaml")
    lines = str(found.value).splitlines()
    assert lines[1] == "shops/cafe.yaml:3:7: title: is empty (write some text)"
    assert len(lines) == len(EXPECTED)


def test_check_tells_the_same_without_raising():
    assert len(check(BROKEN)) == len(EXPECTED)
