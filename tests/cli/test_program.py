"""`loyalty program`, `loyalty init` and `loyalty store` as people see them."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pytest
from tests.cli.conftest import PROGRAM
from tests.rig import NOON

from loyalty import program_file

PLAIN = "tests/programs/plain.yaml"


@pytest.fixture
def file(tmp_path):
    file = tmp_path / "program.yaml"
    file.write_text(PROGRAM)
    return file


def alter(file: Path, old: str, new: str) -> str:
    text = file.read_text("utf-8")
    assert old in text
    file.write_text(text.replace(old, new), "utf-8")
    return str(file)


# -- publish: who is away for long already ----------------------------------------------------

WIN_BACK = """automations:
  win_back:
    on: dormant
    days: 30
    steps: {gift: {award: 10}}
"""
MONTHS = NOON + timedelta(days=90)


def test_publishing_says_for_how_many_a_win_back_does_not_begin(changing, file):
    file.write_text(PROGRAM + WIN_BACK)
    said = changing("program", "publish", str(file), typed="n\n", code=1, at=MONTHS)
    assert "automations.win_back: 1 guest away for so long already; it begins only after" in said


def test_publishing_says_for_how_many_a_win_back_begins_at_once(changing, file):
    file.write_text(PROGRAM + WIN_BACK.replace("days: 30", "days: 30\n    include_already: true"))
    said = changing("program", "publish", str(file), "--yes", at=MONTHS)
    assert "automations.win_back: 1 guest away for so long already; it begins for them at o" in said
    file.write_text(file.read_text("utf-8") + "# as it was\n")
    later = changing("program", "publish", str(file), "--yes", at=MONTHS)
    assert "win_back" not in later, "nothing about it changes"


def test_only_those_are_counted_whom_the_win_back_is_for(changing, file):
    file.write_text(PROGRAM + WIN_BACK.replace("days: 30", "days: 30\n    when: {tags: [x]}"))
    said = changing("program", "publish", str(file), "--yes", at=MONTHS)
    assert "automations.win_back: 0 guests away" in said


# -- check ------------------------------------------------------------------------------------


def test_a_good_program_can_be_published(loyalty):
    said = loyalty("program", "check", PLAIN)
    assert f"{PLAIN} can be published" in said
    assert "mistake" not in said


def test_all_mistakes_are_told_at_once_with_their_lines(loyalty, file):
    alter(file, "per: 10.00", "per: ten")
    said = loyalty("program", "check", alter(file, "EUR", "EURO"), code=1)
    assert f"{file}:4:11: currency:" in said
    assert "earning.rules.spend.per:" in said
    assert "2 mistakes: put right what is said in brackets." in said


def test_warnings_are_shown_and_are_no_mistakes(loyalty):
    said = loyalty("program", "check", "infra/programs/art-cafe.yaml")
    assert "warning: earning.stacking:" in said
    assert "infra/programs/art-cafe.yaml can be published, with 2 warnings." in said


def test_a_file_that_is_no_text_is_refused(loyalty, file):
    file.write_bytes(b"\xff\xfe")
    assert "is not UTF-8 text. Save it as UTF-8." in loyalty("program", "check", str(file), code=1)


def test_a_file_that_is_not_there_is_a_mistake_of_the_caller(loyalty):
    assert "does not exist" in loyalty("program", "check", "nowhere.yaml", code=2)


# -- publish, list ----------------------------------------------------------------------------


def test_the_first_version_holds_from_the_start(empty):
    said = empty("program", "publish", PLAIN, "--yes")
    assert said.startswith("This is the first version of Plain Cafe. Published as ")
    assert said.endswith("it holds from the start.")
    assert "Plain Cafe 22 Nov 2026 12:00 from the start yes" in empty("program", "list")


def test_the_difference_is_shown_and_asked_about(changing, file):
    words = ("program", "publish", alter(file, "per: 10.00", "per: 8.00"))
    said = changing(*words, typed="n\n", code=1)
    assert "earning.rules.spend.per: 10.00 -> 8.00 Publish it? [y/N]: n Aborted!" in said
    assert "8.00" not in changing("program", "list")
    said = changing(*words, typed="y\n")
    assert said.endswith("it holds from 22 Nov 2026 12:02.")


def test_versions_are_listed_with_the_one_in_force(changing, file):
    changing("program", "publish", alter(file, "title: Plain Cafe", "title: Fine Cafe"), "--yes")
    said = changing("program", "list")
    assert "Plain Cafe 21 Nov 2026 12:00 from the start yes" in said
    assert "Fine Cafe 22 Nov 2026 12:00 from 22 Nov 2026 12:02" in said


def test_the_newest_version_is_not_published_twice(changing, file):
    said = changing("program", "publish", str(file))
    assert said == f"{file} is the newest version already. Nothing to do."


def test_a_till_whose_receipts_would_be_booked_again_is_refused(changing, tmp_path):
    file = tmp_path / "files.yaml"
    file.write_text(Path("tests/programs/files.yaml").read_text("utf-8"))
    changing("program", "publish", str(file), "--yes")
    anew = alter(file, "{via: folder}", "{via: folder, numbers_restart: true}")
    said = changing("program", "publish", anew, "--yes", code=1)
    assert "files.main.numbers_restart: receipts that were told would have other names" in said
    assert "Nothing was published" in said


def test_a_till_of_which_a_clock_is_told_later_is_warned_of(changing, tmp_path):
    file = tmp_path / "files.yaml"
    text = Path("tests/programs/files.yaml").read_text("utf-8")
    file.write_text(text.replace("{via: folder}", "{via: folder, numbers_restart: true}"))
    changing("program", "publish", str(file), "--yes")
    timed = alter(file, "true}", 'true, numbers_restart_at: "00:00"}')
    said = changing("program", "publish", timed, "--yes", at=NOON + timedelta(days=2))
    assert "files.main: night sales are of a day by this clock." in said
    months = alter(file, "months: 12", "months: 6")
    later = changing("program", "publish", months, "--yes", at=NOON + timedelta(days=3))
    assert "by this clock" not in later


def test_a_change_of_comments_is_told_as_that(changing, file):
    said = changing("program", "publish", alter(file, "engine:", "# hello\nengine:"), "--yes")
    assert said.startswith("Only comments or the layout change.")


def test_a_program_with_mistakes_is_not_published(changing, file):
    said = changing("program", "publish", alter(file, "EUR", "EURO"), "--yes", code=1)
    assert "currency:" in said
    assert "Nothing was published: put right what is wrong." in said


# -- store list -------------------------------------------------------------------------------


def test_stores_are_listed_with_what_they_take_from_the_program(loyalty):
    said = loyalty("store", "list")
    assert "main Main Street Europe/Berlin EUR 04:00 generic:main square:LMAIN" in said


# -- init -------------------------------------------------------------------------------------


def test_a_first_program_is_written_from_a_few_answers(empty, tmp_path):
    file = tmp_path / "mine.yaml"
    typed = "Momo House\nNP\n\n\nen, ne\nThamel, Patan\n1\n100\n\nyes\n"
    said = empty("init", str(file), typed=typed)
    assert "Which currency do guests pay in (three letters)? [NPR]:" in said
    assert f"Wrote {file}." in said
    program = program_file.read(file.read_text("utf-8"))
    assert (program.title, program.currency, program.zone) == (
        "Momo House",
        "NPR",
        "Asia/Kathmandu",
    )
    assert [store.title for store in program.stores.values()] == ["Thamel", "Patan"]
    empty("program", "publish", str(file), "--yes")


def test_what_cannot_be_used_is_asked_again(empty, tmp_path):
    typed = "Cafe\nGermany\nDE\n\n\n\n\n\n\n\n\n"
    said = empty("init", str(tmp_path / "mine.yaml"), typed=typed)
    assert "That cannot be used:" in said


def test_a_file_is_never_overwritten(empty, file):
    said = empty("init", str(file), code=1)
    assert f"{file} is there already. Name another file, or move it away." in said
    assert file.read_text("utf-8") == PROGRAM


def test_a_folder_that_is_not_there_is_told(empty, tmp_path):
    file = tmp_path / "nowhere" / "mine.yaml"
    said = empty("init", str(file), typed="Cafe\nDE\n\n\n\n\n\n\n\n\n", code=1)
    assert "cannot be written: No such file or directory. Name another file." in said
