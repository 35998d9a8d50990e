"""What nights cost: documents read and written for each guest, each receipt and each file.

docs/costs.md tells these numbers, and the sums that follow from them.
"""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pytest
from infra.simulator.store import MemoryStore
from tests.files.desk import desk, table
from tests.rig import NOON, Rig
from tests.steps.test_cost import Counting

from loyalty.events import FilesDue, asked_for
from loyalty.steps import file_import

PAGE = Path("docs/costs.md").read_text("utf-8")
PLAIN = Path("tests/programs/plain.yaml").read_text("utf-8")
BY_VISITS = PLAIN + "segments: {often: {title: {en: Often}, visits: {at_least: 5}}}\n"
BY_MORE = BY_VISITS.replace("at_least: 5}", "at_least: 5}, birthday_month: [1], languages: [en]")
AUTOMATIONS = Path("tests/programs/journeys.yaml").read_text("utf-8")
DUE = FilesDue(id="files", at=NOON, subject="files")


def count(store):
    """Tell what was read and written since it was asked last."""
    seen = store.reads, store.writes
    store.reads = store.writes = 0
    return seen


def nightly(program, job, guests):
    """Let a job run on two nights, and count what each takes."""
    rig = Rig(Path(), program, store=Counting(MemoryStore()))
    for number in range(guests):
        rig.join(phone=f"+4915112345{number:03d}")
    rig.run()
    seen = []
    for _ in range(2):
        rig.clock.advance(timedelta(days=1))
        count(rig.store)
        rig.bus.publish("sweep-requested", [asked_for(job)])
        rig.run()
        seen.append(count(rig.store))
    return seen


def per_guest(program, job, night):
    """Tell what each of twenty more guests takes."""
    less, more = (nightly(program, job, guests)[night] for guests in (10, 30))
    return tuple((n - m) / 20 for m, n in zip(less, more, strict=True))


@pytest.mark.parametrize(
    ("program", "job", "night", "reads", "writes", "told"),
    [
        (BY_VISITS, "segments", 0, 3, 1, "| `segments`, who is placed elsewhere | 3 | 1 |"),
        (BY_VISITS, "segments", 1, 2, 0, "| `segments`, who stays where they were | 2 | 0 |"),
        (BY_MORE, "segments", 1, 4, 0, "birthday or their language: one read each"),
        (AUTOMATIONS, "arm", 0, 5, 0, "| `arm`, a guest, once for each version | 5 | 0 |"),
        (AUTOMATIONS, "arm", 1, 0, 0, "on other nights one read in all"),
    ],
)
def test_a_nightly_job_costs_so_much_for_each_guest(program, job, night, reads, writes, told):
    assert per_guest(program, job, night) == (reads, writes)
    assert told in PAGE


def file_of(receipts, folder):
    """Let a file be read, and be looked at again; count both."""
    folder.mkdir()
    with desk(folder, store=Counting(MemoryStore())) as cafe:
        rows = ({"receipt_no": f"A-{n}", "customer_ref": ""} for n in range(receipts))
        cafe.upload(table(*rows), receipts)
        count(cafe.store)
        return [(file_import.handle(DUE, cafe.shop), count(cafe.store))[1] for _ in range(2)]


def test_a_nightly_file_costs_so_much_for_each_receipt_and_each_look(tmp_path):
    (few, again), (many, _) = (file_of(n, tmp_path / str(n)) for n in (10, 90))
    assert tuple((n - m) / 80 for m, n in zip(few, many, strict=True)) == (1, 1)
    assert "| `files`, a receipt, beside what a purchase costs | 1 | 1 |" in PAGE
    assert again == (1, 0)
    assert "| `files`, a file that lies there, at each look | 1 | 0 |" in PAGE
    assert few == (16, 16)
    assert "6 reads and 6 writes more" in PAGE
