"""`loyalty files` as people see it."""

from __future__ import annotations

import pytest
from tests.cli.conftest import CommandLine
from tests.files.desk import DAY, PROGRAM, SITA, manifest, table
from tests.rig import NOON, opened

BODY = table({"receipt_no": "A-1"}, {"receipt_no": "A-2", "line_total": "12,505"})


@pytest.fixture
def night(tmp_path):
    """The command line of a cafe, and a folder that a till exported."""
    folder, uploads = tmp_path / "data", tmp_path / "uploads"
    folder.mkdir()
    (folder / "pepper").write_text("p1:a pepper for tests only")
    with opened(folder, PROGRAM) as rig:
        member = rig.join("Sita Rai", phone=SITA)
    place = uploads / "in/main" / DAY
    place.mkdir(parents=True)
    (place / "sales-01.csv").write_bytes(BODY)
    (place / "sales-01.manifest.json").write_bytes(manifest("sales-01.csv", BODY, 2))
    line = CommandLine(folder, member)
    line.uploads = uploads
    return line


def read(night, *words, **more):
    return night("files", "read", str(night.uploads), *words, at=NOON, **more)


def test_what_would_be_refused_is_told_before_anything_is_kept(night):
    said = read(night, "--dry-run")
    assert f"in/main/{DAY}/sales-01.csv, row 3 (line_total): The amount is no number" in said
    assert not (night.uploads / "out").exists()
    with opened(night.folder, PROGRAM) as rig:
        assert "files" not in rig.dump()


def test_a_folder_is_read_and_its_points_follow_with_the_server(night):
    assert f"in/main/{DAY}/sales-01.csv done 2 1 0 1" in read(night)
    assert (night.uploads / "out/main" / DAY / "sales-01.result.json").exists()
    assert "done 2 1 0 1" in read(night)  # read twice, nothing changes
    with opened(night.folder, PROGRAM) as rig:
        rig.sweep()
        assert rig.points(night.member) == 2


def test_what_would_be_put_aside_is_counted_before(night):
    body = table({"receipt_no": "A-7", "store_id": "nowhere"})
    day = night.uploads / "in/main" / DAY
    (day / "sales-02.csv").write_bytes(body)
    (day / "sales-02.manifest.json").write_bytes(manifest("sales-02.csv", body, 1))
    assert f"in/main/{DAY}/sales-02.csv waiting 1 0 0 0 1" in read(night, "--dry-run")


def test_a_file_that_is_not_taken_ends_the_command_with_an_error(night):
    day = night.uploads / "in/main" / DAY
    (day / "sales-02.csv").write_bytes(b"nothing\r\n")
    (day / "sales-02.manifest.json").write_bytes(manifest("sales-02.csv", b"nothing\r\n", 0))
    (day / "sales 03.csv").write_bytes(b"")
    said = night("files", "read", str(night.uploads), code=1)
    assert "1 file not taken: see above." in said
    assert "sales 03.csv is not read. Files of sales lie in a day's folder" in said


def test_receipts_of_unknown_stores_are_counted_and_where_they_are_is_told(night):
    body = table({"receipt_no": "A-7", "store_id": "nowhere"})
    day = night.uploads / "in/main" / DAY
    (day / "sales-02.csv").write_bytes(body)
    (day / "sales-02.manifest.json").write_bytes(manifest("sales-02.csv", body, 1))
    said = read(night)
    assert f"in/main/{DAY}/sales-02.csv done 1 1 0 0 1" in said
    assert "Receipts of unknown stores are put aside: see `loyalty deadletters list`." in said
    assert "There is no file to read." not in night("files", "read", at=NOON, code=1)


def test_another_till_and_an_empty_folder_say_so(night, tmp_path):
    said = read(night, "--source", "garden", code=1)
    assert "There is no such till in `files:` (there is main)." in said
    said = night("files", "read", str(tmp_path), at=NOON)
    assert (
        "There is no file to read. They lie below the folder or bucket in `in/main/2026-11-21/`."
        in said
    )


def test_a_file_that_waits_says_until_when(night):
    day = night.uploads / "in/main" / DAY
    (day / "sales-01.csv").write_bytes(BODY[:-1])
    assert f"in/main/{DAY}/sales-01.csv waits: with a manifest, until it is as that says;" in read(
        night
    )
    assert "waits" not in night("files", "read", str(night.uploads), "--dry-run", at=NOON, code=1)


def test_a_program_without_files_says_what_to_write(changing, tmp_path):
    said = changing("files", "read", str(tmp_path), code=1)
    assert "The program names no till that writes files." in said
    assert "files: {counter: {via: folder}}" in said
    assert "docs/files.md" in said
    assert "--source" not in said


def test_without_a_folder_the_tills_own_place_is_read(night):
    assert "main: folder needs FOLDER_PATH" in night("files", "read", at=NOON, code=1)
