"""What was promised beside what was measured: shown as a table, and kept in docs/evidence."""

from __future__ import annotations

import os
import platform
import time
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime
from typing import NamedTuple

from rich.box import SIMPLE_HEAD
from rich.console import Console
from rich.table import Table

from infra.topology import TOP

FOLDER = TOP / "docs/evidence"
WIDTH = 100


class Row(NamedTuple):
    """One promise, what came of it in the units it is told in, and whether it was kept.

    None: that could not be seen here.
    """

    what: str
    promised: str
    measured: str
    kept: bool | None


HEADS = ("what", "promised", "measured")


def keep(
    name: str, command: str, notes: str, rows: Iterable[Row], heads: Sequence[str] = HEADS
) -> bool:
    """Show the table and write it to docs/evidence/NAME.txt; return whether nothing was broken."""
    shown, console = list(rows), Console(record=True, width=WIDTH, highlight=False)
    table = Table(*heads, "pass", box=SIMPLE_HEAD)
    for *texts, kept in shown:
        table.add_row(*map(str, texts), {True: "yes", False: "NO", None: "-"}[kept])
    console.print(f"{command}\n{datetime.now(UTC):%Y-%m-%d}, {machine()}\n{notes}")
    console.print(table)
    FOLDER.mkdir(parents=True, exist_ok=True)
    lines = console.export_text().splitlines()
    file = FOLDER / f"{name}.txt"
    file.write_text("\n".join(map(str.rstrip, lines)) + "\n", "utf-8")
    print(f"Written to {file.relative_to(TOP)}: commit it if it is to count.")
    return all(row.kept is not False for row in shown)


def machine() -> str:
    """Name the machine, and its pace: what a million additions take, which swings where shared."""
    began, total = time.process_time(), 0
    for number in range(1_000_000):
        total += number
    pace = round(1000 * (time.process_time() - began))
    return f"{os.cpu_count()} cores, Python {platform.python_version()}, {pace} ms a loop"
