"""How things are shown: tables and sentences that fit a terminal, and cannot harm it."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

import click
from rich.box import SIMPLE_HEAD
from rich.console import Console, JustifyMethod
from rich.table import Table
from rich.text import Text

from loyalty import identity
from loyalty.domain import calendar

LONGEST = 2000
"""No single text is shown at more than this length."""


def _console() -> Console:
    """Look at the terminal as it is now: it may have another width than a moment ago."""
    return Console(highlight=False)


def line(text: str = "") -> None:
    """Say one thing on one line, however long it is."""
    click.echo(plain(text))


def sentence(text: str) -> None:
    """Say something that may be broken between words."""
    _console().print(Text(plain(text)))


def heading(text: str) -> None:
    """Begin a part of what is told."""
    _console().print()
    _console().print(Text(plain(text), style="bold"))


def table(columns: Iterable[str], rows: Iterable[Iterable[object]]) -> None:
    """Show rows. A column whose name begins with `>` holds numbers, with `=` ids kept whole."""
    shown = Table(box=SIMPLE_HEAD, pad_edge=False, show_edge=False)
    for name in columns:
        kept_whole = name.startswith((">", "="))
        justify: JustifyMethod = "right" if name.startswith(">") else "left"
        shown.add_column(name.lstrip(">="), justify=justify, no_wrap=kept_whole, overflow="fold")
    for row in rows:
        shown.add_row(*(_cell(cell) for cell in row))
    _console().print(shown)


def facts(rows: Iterable[tuple[str, object]]) -> None:
    """Show what is known of one thing, a line each."""
    grid = Table.grid(padding=(0, 3))
    for name, value in rows:
        grid.add_row(Text(name, style="dim"), _cell(value))
    _console().print(grid)


def _cell(value: object) -> Text:
    """Show a value; a tuple has a line for each of its parts."""
    parts = value if isinstance(value, tuple) else (value,)
    return Text("\n".join(plain(str(part)) for part in parts))


def plain(text: str) -> str:
    """Take out what a terminal would obey or that turns the reading direction."""
    return identity.clean(" ".join(text.split()), LONGEST)


def when(at: datetime, zone: str) -> str:
    """Show an instant as the clock on the shop's wall."""
    return f"{calendar.local(at, zone):%d %b %Y %H:%M}"


def instant(at: datetime, zone: str) -> str:
    """Show an instant to the second, as the clock on the shop's wall."""
    return f"{calendar.local(at, zone):%d %b %Y %H:%M:%S}"


def number(count: int, one: str, many: str = "") -> str:
    """Count things in words: `1 entry`, `2 entries`."""
    return f"{count} {one if count == 1 else many or one + 's'}"
