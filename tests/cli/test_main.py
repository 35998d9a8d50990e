"""What holds for every command: help with an example, clear words, exit codes."""

from __future__ import annotations

import click
import pytest

from loyalty.adapters.sqlite import SqliteStore
from loyalty.cli import main, showing
from loyalty.cli.place import Place


def commands(group: click.Group = main, above: tuple[str, ...] = ()):
    for name, command in group.commands.items():
        if isinstance(command, click.Group):
            yield from commands(command, (*above, name))
        else:
            yield (*above, name)


ALL = sorted(commands())
READING = [
    ("verify",),
    ("explain", "R1"),
    ("trace", "R1"),
    ("member", "show", "m_1"),
    ("store", "list"),
    ("program", "list"),
    ("reviews", "list"),
    ("deadletters", "list"),
    ("keys", "list"),
    ("staff", "list"),
    ("segments", "list"),
    ("segments", "show", "friends"),
    ("campaigns", "list"),
    ("campaigns", "show", "advent"),
    ("campaigns", "preview", "tests/programs/advent.yaml"),
    ("messages", "show"),
    ("secrets", "list"),
    ("schedules", "list"),
    ("schedules", "apply"),
    ("schedules", "pause", "waiting"),
    ("schedules", "resume", "waiting"),
    ("schedules", "run", "waiting"),
]
WRITING = [
    ("reviews", "approve", "generic:R2"),
    ("reviews", "refuse", "generic:R2"),
    ("deadletters", "replay", "--all"),
    ("keys", "add", "till-3"),
    ("keys", "revoke", "till-3"),
    ("campaigns", "start", "tests/programs/advent.yaml", "--yes"),
    ("campaigns", "pause", "advent"),
    ("campaigns", "resume", "advent"),
    ("campaigns", "stop", "advent"),
    ("messages", "stop"),
    ("messages", "resume"),
    ("staff", "add", "Maya", "--store", "main"),
    ("staff", "remove", "Maya"),
    ("staff", "pin", "Maya"),
    ("staff", "screen", "--store", "main"),
    ("staff", "lock", "t_1"),
    ("files", "read"),
    ("program", "publish", "tests/programs/ramen-jpy.yaml", "--yes"),
]


@pytest.mark.parametrize("words", ALL, ids=" ".join)
def test_every_command_helps_with_an_example(loyalty, words):
    said = loyalty(*words, "--help")
    assert f"Example: loyalty {' '.join(words)}" in said


def test_every_command_is_tested_here_as_reading_or_writing():
    pure = {("init",), ("program", "check"), ("secrets", "set")}
    pure |= {("connectors", each) for each in ("list", "check", "set-up")}
    tried = {tuple(w for w in words if (w,) in ALL or words[:2] in ALL)[:2] for words in WRITING}
    tried |= {words[:2] if words[:2] in ALL else words[:1] for words in READING}
    assert tried | pure == set(ALL)


@pytest.mark.parametrize("words", READING, ids=" ".join)
def test_looking_works_while_the_server_has_the_folder(changing, words):
    store = SqliteStore(changing.folder / "loyalty.db")
    try:
        words = tuple(changing.member if word == "m_1" else word for word in words)
        assert changing(*words)
    finally:
        store.close()


@pytest.mark.parametrize("words", WRITING, ids=" ".join)
def test_changing_says_that_the_server_has_the_folder(changing, words):
    store = SqliteStore(changing.folder / "loyalty.db")
    try:
        said = changing(*words, code=1)
    finally:
        store.close()
    assert f"The server has the data folder {changing.folder}" in said
    assert "Stop the server, give this command again, then start the server." in said


@pytest.mark.parametrize("words", [*READING, *WRITING[:-1]], ids=" ".join)
def test_without_a_ledger_it_says_what_to_do(empty, words):
    said = empty(*words, code=1)
    assert f"There is no ledger at {empty.folder / 'loyalty.db'}" in said
    assert "Name its folder with --data, or start one" in said
    assert not empty.folder.exists()


def test_the_folder_can_be_named(loyalty, empty):
    assert "adds up" in empty("verify", "--data", str(loyalty.folder))


def test_a_file_that_is_no_ledger_is_refused(empty):
    empty.folder.mkdir()
    (empty.folder / "loyalty.db").write_text("no ledger at all, but long enough to look at" * 50)
    assert "cannot be read: file is not a database" in empty("verify", code=1)


def test_an_unknown_word_is_a_mistake_of_the_caller(loyalty):
    assert "No such command" in loyalty("verfy", code=2)


def test_another_place_for_the_store_is_honored(monkeypatch):
    monkeypatch.setenv("LOYALTY_STORE", "sqlite:/var/cafe/points.db")
    assert Place().home.file.as_posix() == "/var/cafe/points.db"
    assert Place("here").home.file.as_posix() == "here/loyalty.db"


def test_a_store_that_is_nowhere_is_refused(monkeypatch):
    monkeypatch.setenv("LOYALTY_STORE", "postgres:cafe")
    with pytest.raises(click.ClickException, match="neither `sqlite:PATH` nor"):
        Place()


def test_nothing_that_a_terminal_obeys_is_shown():
    assert showing.plain("a\x1b[31mb\x07\u202ec\nd") == "a[31mbc d"
