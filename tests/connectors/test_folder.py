"""A folder on disk: nothing outside it is reached, and nothing half-written is left in it."""

from __future__ import annotations

import pytest
from tests.connectors.vendor import Time

from loyalty.connectors.engine import Engine
from loyalty.connectors.spec import Listing, Piece, Writing
from loyalty.errors import TryAgain, VendorRefused


@pytest.fixture
def folder(tmp_path, http):
    top = tmp_path / "uploads"
    top.mkdir()
    engine = Engine(http, Time(), {"FOLDER_PATH": str(top)})

    def run(verb, argument):
        return engine.run("folder", verb, argument)

    run.top = top
    return run


def test_files_are_listed_and_read_in_pieces(folder):
    (folder.top / "in/till1/2026-11-20").mkdir(parents=True)
    (folder.top / "in/till1/2026-11-20/a.csv").write_bytes(b"0123456789")
    (folder.top / "in/till1/2026-11-20/link.csv").symlink_to("/etc/hostname")
    [found] = folder("list_files", Listing(prefix="in/till1/", after="in/till1/2026-11-10"))
    piece = Piece(name=found.name, version=found.version, start=3, length=4)
    assert (found.size, folder("read_file", piece)) == (10, b"3456")
    assert folder("list_files", Listing(prefix="in/till1/", after="in/till1/2026-11-21")) == ()


def test_a_file_that_changed_or_went_is_read_another_time(folder):
    (folder.top / "a.csv").write_bytes(b"0")
    for name in ("a.csv", "gone.csv"):
        with pytest.raises(TryAgain):
            folder("read_file", Piece(name=name, version="another", start=0, length=1))


def test_an_answer_is_written_once_and_whole(folder):
    new = Writing(name="out/till1/a.json", body=b"{}")
    assert folder("write_file", new)
    assert not folder("write_file", Writing(name="out/till1/a.json", body=b"[]"))
    assert [path.read_bytes() for path in (folder.top / "out/till1").iterdir()] == [b"{}"]


def test_nothing_outside_the_folder_is_reached(folder):
    with pytest.raises(VendorRefused):
        folder("write_file", Writing(name="../beside.json", body=b"{}"))
    with pytest.raises(VendorRefused):
        folder("read_file", Piece(name="../../etc/hostname", version="", start=0, length=1))


def test_a_folder_that_is_not_there_is_a_matter_of_settings(http):
    engine = Engine(http, Time(), {"FOLDER_PATH": "/no/such/folder"})
    with pytest.raises(VendorRefused, match="credentials"):
        engine.run("folder", "list_files", Listing(prefix="in/"))
