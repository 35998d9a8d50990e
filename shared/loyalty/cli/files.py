"""`loyalty files`: nightly files of tills, read by hand, through the same code."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path

import click
from rich.console import Console
from rich.progress import Progress

from loyalty.adapters.clock import SystemClock
from loyalty.adapters.http import RequestsHttp
from loyalty.cli import showing
from loyalty.cli.groups import Group
from loyalty.cli.place import Place, place_option
from loyalty.connectors.engine import Engine
from loyalty.delivery import Shop
from loyalty.domain import calendar
from loyalty.domain.program import Program
from loyalty.files import answers
from loyalty.files.reading import Budget, Looked
from loyalty.files.running import Run, Tell
from loyalty.files.shelf import Source, sources
from loyalty.ports import Store

LONG = timedelta(hours=12)
PAGES = 1_000_000
_NO_FILES = (
    "The program names no till that writes files. Write `files: {counter: {via: folder}}` into it, "
    "where `counter` is the till's folder below `in/`, and give a store `folder:counter` among its "
    "`tills`; then `loyalty program publish FILE`. docs/files.md has the whole."
)
_WAITS = (
    "waits: with a manifest, until it is as that says; without, until it was the same at two looks "
    "and lay still for 15 minutes."
)
_COLUMNS = ("file", "what", ">rows", ">taken", ">skipped", ">refused", ">aside")


@click.group(cls=Group)
def files() -> None:
    """Read nightly files of tills that cannot call."""


@files.command(epilog="Example: loyalty files read uploads --source counter --dry-run")
@click.argument("folder", required=False, type=click.Path(exists=True, file_okay=False))
@click.option("--source", metavar="NAME", help="Only this till of `files:` in the program.")
@click.option("--dry-run", is_flag=True, help="Check the files, and tell nobody.")
@place_option
def read(folder: str | None, source: str | None, dry_run: bool, place: Place) -> None:  # noqa: FBT001 - click's flag
    """Read what tills uploaded, or what lies in FOLDER, laid out as their bucket is.

    Files that were read already change nothing. Guests' points follow once what is published goes
    out. With --dry-run rows that would be refused are listed, and nothing is kept.
    """
    with place.reading() if dry_run else place.writing() as store:
        shop = _shop(place, store, folder)
        asked = _asked(shop.programs.current().program, source, "folder" if folder else "")
        with _told() as tell:
            run = Run(shop, Budget(shop.clock.now() + LONG, PAGES), tell)
            run.check(asked) if dry_run else run.read(asked)
    _show(run, [*_waiting(run)] if not dry_run else [], _layout(asked, shop))


def _shop(place: Place, store: Store, folder: str | None) -> Shop:
    given = {"FOLDER_PATH": str(Path(folder).resolve())} if folder else {}
    settings = {**place.settings.environment, **given}
    vendors = Engine(RequestsHttp(), SystemClock(), settings)
    return place.shop(store)._replace(vendors=vendors)


def _asked(program: Program, name: str | None, reader: str) -> list[Source]:
    if not program.files:
        raise click.ClickException(_NO_FILES)
    found = [each for each in sources(program, reader) if name in (None, each.till.folder)]
    if not found:
        known = ", ".join(program.files) or "none"
        raise click.ClickException(f"There is no such till in `files:` (there is {known}).")
    return found


@contextmanager
def _told() -> Iterator[Tell]:
    """Show on a terminal which file is being read, and nothing in a file or a pipe."""
    console = Console(stderr=True)
    with Progress(console=console, transient=True, disable=not console.is_terminal) as progress:
        task = progress.add_task("files", total=None)

        def tell(total: int, looked: Looked) -> None:
            progress.update(task, total=total, advance=1, description=looked.reading.name)

        yield tell


def _waiting(run: Run) -> Iterator[str]:
    """Say why a file that lies there was not read yet."""
    for looked in run.looked:
        if looked.reading.state == "waiting":
            yield f"{looked.reading.name} {_WAITS}"


def _layout(asked: list[Source], shop: Shop) -> str:
    """Say where files are looked for."""
    day = calendar.local(shop.clock.now(), shop.programs.current().program.zone).date()
    folders = ", ".join(f"`in/{each.till.folder}/{day}/`" for each in asked)
    return f"There is no file to read. They lie below the folder or bucket in {folders}."


def _show(run: Run, waiting: list[str], nothing: str) -> None:
    if run.looked:
        showing.table(_COLUMNS, map(_row, run.looked))
    elif not run.troubles:
        showing.line(nothing)
    for line in [*waiting, *_remarks(run)]:
        showing.line(line)
    if run.troubles:
        raise click.ClickException("; ".join(run.troubles))
    if out := sum(bool(looked.reading.code) for looked in run.looked):
        raise click.ClickException(f"{showing.number(out, 'file')} not taken: see above.")


def _remarks(run: Run) -> Iterator[str]:
    """Say what the table has no room for."""
    for looked in run.looked:
        for each in looked.refused[: answers.MOST]:
            where = f" ({each.field})" if each.field else ""
            yield f"{looked.reading.name}, row {each.row}{where}: {answers.reason(each.code)}"
    for odd in run.odd:
        yield f"{odd.file.name} is not read. {answers.reason(odd.code)}"
    if any(looked.reading.rejected and not looked.refused for looked in run.looked):
        yield "The rows that were refused stand in the answers, below `out/`."
    if unknown := sum(looked.reading.unknown for looked in run.looked):
        told = showing.number(unknown, "receipt")
        yield f"Of {told} the `customer_ref` cannot be read: nobody earns by them."
    if any(looked.reading.aside for looked in run.looked):
        yield "Receipts of unknown stores are put aside: see `loyalty deadletters list`."


def _row(looked: Looked) -> tuple[object, ...]:
    reading = looked.reading
    what = f"{reading.state} ({answers.reason(reading.code)})" if reading.code else reading.state
    refused = len(looked.refused) or reading.rejected
    taken = (reading.rows, reading.accepted, reading.skipped, refused, reading.aside)
    return (reading.name, what, *taken)
