"""Kills at every write and power cuts, on a few of them; `make crash` does them all."""

from __future__ import annotations

import pytest
from infra.crash import child, cuts, full, judging, kills
from infra.crash.place import opened
from infra.crash.scenarios import named
from infra.crash.tracing import FOLDER, Removed, Said, Synced, Written

STORY = "joining and STOP"
CUTS = 40


@pytest.fixture(scope="module")
def ground(tmp_path_factory):
    if reason := child.why_not():
        pytest.skip(reason)
    return kills.ready(named(STORY), tmp_path_factory.mktemp("crash"))


def broken(recording):
    return [cut for cut in cuts.cuts(recording, 1, CUTS) if cut.wrong]


# -- kill -9 ------------------------------------------------------------------------------


@pytest.mark.parametrize(("call", "number"), [("fdatasync", 8), ("pwrite64", 60), ("write", 4)])
def test_a_kill_before_any_write_changes_nothing_that_can_be_seen(ground, call, number):
    found = kills.kill(ground, call, number, threads=True)
    assert found
    assert found.wrong == []


def test_a_story_that_has_no_such_write_ends_unkilled(ground):
    assert kills.kill(ground, "fdatasync", 10_000, threads=True) is None


def test_a_kill_finds_what_was_acknowledged_before_it_was_written(ground):
    folders = ground.fresh()

    def live():
        with opened(folders) as place:
            folders.acknowledged.write_text("a stranger buys\n")
            place.play(ground.scenario.inputs[1:])

    assert child.killed(live, "fdatasync", 8, threads=True)
    assert judging.judged(folders, ground.scenario, ground.expected)


# -- power cuts ---------------------------------------------------------------------------


def test_a_power_cut_takes_nothing_that_was_acknowledged(ground):
    assert broken(cuts.recorded(ground)) == []


def test_without_syncs_a_power_cut_is_found_to_take_what_was_acknowledged(ground):
    def unsynced(place):
        place.store.writer._db.execute("PRAGMA synchronous = OFF")
        place.play(ground.scenario.inputs)

    lost = {wrong for cut in broken(cuts.recorded(ground, unsynced)) for wrong in cut.wrong}
    assert "a write is lost that somebody was told of" in lost


def test_what_was_synced_survives_every_cut_and_what_was_not_may_be_gone():
    disk, chance = cuts.Disk({}), cuts.random.Random(1)
    for act in (Written("a", 0, b"one"), Synced("a"), Written("a", 3, b"two"), Said("x", b"")):
        disk.take(act)
    left = {bytes(disk.survivors(chance)["a"]) for _ in range(50)}
    assert left == {b"one", b"onetwo"}


def test_a_removed_file_may_come_back_until_its_folder_is_synced():
    disk, chance = cuts.Disk({"a": bytearray(b"one")}), cuts.random.Random(1)
    disk.take(Removed("a"))
    assert {"a" in disk.survivors(chance) for _ in range(50)} == {True, False}
    disk.take(Synced(FOLDER))
    assert {"a" in disk.survivors(chance) for _ in range(50)} == {False}


def test_a_torn_write_leaves_whole_sectors_of_it():
    whole = Written("a", 0, bytes(range(256)) * 16)
    parts = [cuts.torn(whole, cuts.random.Random(seed)) for seed in range(50)]
    assert all(part.offset % cuts.SECTOR == 0 for part in parts)
    assert all(
        whole.body[part.offset : part.offset + len(part.body)] == part.body for part in parts
    )
    assert {len(part.body) for part in parts} > {512}


# -- a full disk, a second process --------------------------------------------------------


def test_a_full_disk_refuses_sales_and_loses_none_that_it_took(tmp_path):
    assert [row for row in full.rows(tmp_path) if not row.kept] == []


def test_a_machine_without_strace_says_what_is_missing(tmp_path, monkeypatch):
    monkeypatch.setenv("PATH", str(tmp_path))
    assert child.why_not() == child.MISSING
