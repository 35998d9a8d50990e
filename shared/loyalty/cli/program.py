"""`loyalty program`: check a program file, publish it, list what was published."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path

import click

from loyalty import program_file, programs, schedules
from loyalty.cli import showing
from loyalty.cli.groups import Group
from loyalty.cli.place import Place, place_option
from loyalty.domain.automations import Dormant
from loyalty.domain.program import Program
from loyalty.journeys import away
from loyalty.ports import Store
from loyalty.records import ProgramRecord
from loyalty.records import programs as published

FILE = click.Path(exists=True, dir_okay=False, path_type=Path)


@click.group(cls=Group)
def program() -> None:
    """Check, publish and list versions of the program."""


@program.command(epilog="Example: loyalty program check program.yaml")
@click.argument("file", type=FILE)
def check(file: Path) -> None:
    """Tell every mistake in FILE at once, with its line and what to write instead.

    Exits with 1 if there are mistakes. Warnings are shown, but the program can be published.
    """
    notes = program_file.check(_text(file))
    for note in notes:
        showing.line(f"{file}:{note}")
    mistakes = [note for note in notes if note.severity == "mistake"]
    if mistakes:
        raise click.ClickException(
            f"{showing.number(len(mistakes), 'mistake')}: put right what is said in brackets."
        )
    warned = f", with {showing.number(len(notes), 'warning')}" if notes else ""
    showing.line(f"{file} can be published{warned}.")


@program.command(epilog="Example: loyalty program publish program.yaml")
@click.argument("file", type=FILE)
@click.option("--yes", is_flag=True, help="Publish without asking.")
@place_option
def publish(file: Path, place: Place, *, yes: bool) -> None:
    """Show what FILE changes, ask, and make it the newest version.

    It holds from two minutes later on; the very first version at once and for every receipt.
    """
    text = _text(file)
    new = _read(text, file)
    with place.writing(fresh=True) as store:
        listed = published.find(store, order="effective_from", limit=1000)
        if listed and listed[-1].text == text:
            showing.line(f"{file} is the newest version already. Nothing to do.")
            return
        now = place.clock().now()
        with _mistakes(file):
            earlier = [record.text for record in listed]
            program_file.follow(text, earlier, programs.holds_from(now), str(file))
        _show_difference(listed[-1] if listed else None, new)
        _show_away(listed[-1] if listed else None, new, store, now)
        if not yes:
            click.confirm("Publish it?", abort=True)
        version = programs.publish(store, text, place.clock().now())
    since = _since(version.effective_from, new)
    showing.line(f"Published as {version.hash}: it holds {since}.")
    if place.settings["LOYALTY_BUS"] != "local" and _retimed(listed[-1] if listed else None, new):
        showing.line("Its schedules are other ones: give `loyalty schedules apply` too.")


@program.command("list", epilog="Example: loyalty program list")
@place_option
def list_(place: Place) -> None:
    """List the published versions, the newest last."""
    with place.reading() as store:
        listed = published.find(store, order="effective_from", limit=1000)
    now = place.clock().now()
    held = [record.hash for record in listed if record.effective_from <= now]
    rows = [(*_row(record), "yes" if record.hash in held[-1:] else "") for record in listed]
    if not rows:
        showing.line("No program is published yet. Publish one: `loyalty program publish FILE`.")
        return
    showing.table(("=version", "title", "published", "holds", "in force"), rows)


def _row(record: ProgramRecord) -> tuple[str, str, str, str]:
    program = program_file.reread(record.text)
    at = showing.when(record.published_at, program.zone)
    return record.hash, program.title, at, _since(record.effective_from, program)


def _since(effective_from: datetime, program: Program) -> str:
    first = effective_from == programs.EPOCH
    return "from the start" if first else f"from {showing.when(effective_from, program.zone)}"


def _retimed(old: ProgramRecord | None, new: Program) -> bool:
    """Whether other things run by the clock than before, or at other times."""
    before = schedules.table(program_file.reread(old.text)) if old else ()
    return schedules.table(new) != before


def _show_difference(old: ProgramRecord | None, new: Program) -> None:
    """Say in words what the newest version and this one differ in."""
    if old is None:
        showing.line(f"This is the first version of {new.title}.")
        return
    told = program_file.difference(program_file.reread(old.text), new)
    for change in told:
        showing.line(f"  {change}")
    for name in _timed(program_file.reread(old.text), new):
        showing.line(
            f"  files.{name}: night sales are of a day by this clock. Where their file had another "
            "day, they earn again if uploaded again: better wait until they no longer are."
        )
    if not told:
        showing.line("Only comments or the layout change.")


def _timed(old: Program, new: Program) -> list[str]:
    """Name the tills of which nobody had said by which clock their numbers begin anew."""
    return [
        name for name, files in new.files.items()
        if (before := old.files.get(name)) and before.numbers_restart
        and before.numbers_restart_at is None and files.numbers_restart_at
    ]  # fmt: skip


def _show_away(old: ProgramRecord | None, new: Program, store: Store, now: datetime) -> None:
    """Say for how many guests a win-back would begin at once, or does not."""
    counts = away.already(program_file.reread(old.text), new, store, now) if old else {}
    for name, count in counts.items():
        each = new.automations[name]
        at_once = isinstance(each, Dormant) and each.include_already
        begins = "it begins for them at once" if at_once else (
            "it begins only after their next visit (`include_already: true` begins at once)"
        )  # fmt: skip
        guests = showing.number(count, "guest")
        showing.line(f"  automations.{name}: {guests} away for so long already; {begins}.")


def _read(text: str, file: Path) -> Program:
    with _mistakes(file):
        return program_file.read(text, str(file))


@contextmanager
def _mistakes(file: Path) -> Iterator[None]:
    """Show what is wrong with a file, each by its place."""
    try:
        yield
    except program_file.Mistakes as mistakes:
        for mistake in mistakes.mistakes:
            showing.line(f"{file}:{mistake}")
        raise click.ClickException("Nothing was published: put right what is wrong.") from None


def _text(file: Path) -> str:
    try:
        return file.read_text("utf-8")
    except UnicodeDecodeError:
        raise click.ClickException(f"{file} is not UTF-8 text. Save it as UTF-8.") from None
