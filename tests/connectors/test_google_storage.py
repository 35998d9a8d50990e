"""Google's storage by a script of its answers: what is asked, and what is made of the answers."""

from __future__ import annotations

from urllib.parse import parse_qs, urlsplit

import pytest
from tests.connectors import keys
from tests.connectors.vendor import Reply, Time

from loyalty.connectors.engine import Engine
from loyalty.connectors.spec import Listing, Piece, Writing
from loyalty.errors import TryAgain

TOKEN = Reply(200, {"access_token": "token-1", "token_type": "Bearer", "expires_in": 3600})
ITEM = {
    "name": "cafe/in/till1/2026-11-20/sales-01.csv", "size": "10", "generation": "17",
    "updated": "2026-11-21T01:00:03.120Z",
}  # fmt: skip


@pytest.fixture
def storage(vendor, http):
    given = {
        **keys.real(vendor.url, "cafe"), "GOOGLE_STORAGE_BUCKET": "tills-test",
        "GOOGLE_STORAGE_PREFIX": "cafe/", "GOOGLE_STORAGE_BASE_URL": vendor.url,
    }  # fmt: skip
    engine = Engine(http, Time(), given)

    def run(verb, argument, *replies):
        vendor.say(TOKEN, *replies)
        return engine.run("google_storage", verb, argument)

    return run


def test_files_are_listed_page_by_page(storage, vendor):
    first = {"kind": "storage#objects", "items": [ITEM], "nextPageToken": "p2"}
    last = {"kind": "storage#objects"}
    asked = Listing(prefix="in/till1/", after="in/till1/2026-11-10")
    [found] = storage("list_files", asked, Reply(200, first), Reply(200, last))
    assert (found.name, found.size, found.version) == (ITEM["name"][5:], 10, "17")
    where, query = vendor.asked[1].path.split("?")
    assert where == "/storage/v1/b/tills-test/o"
    told = parse_qs(query)
    assert told["prefix"] == ["cafe/in/till1/"]
    assert told["startOffset"] == ["cafe/in/till1/2026-11-10"]
    assert parse_qs(urlsplit(vendor.asked[2].path).query)["pageToken"] == ["p2"]
    assert vendor.asked[1].headers["authorization"] == "Bearer token-1"


def test_a_piece_of_one_generation_is_read(storage, vendor):
    piece = Piece(name="in/a b.csv", version="17", start=3, length=4)
    assert storage("read_file", piece, Reply(206, b"3456")) == b"3456"
    path = vendor.asked[1].path
    assert path == "/storage/v1/b/tills-test/o/cafe%2Fin%2Fa%20b.csv?alt=media&generation=17"
    assert vendor.asked[1].headers["range"] == "bytes=3-6"


@pytest.mark.parametrize("status", [404, 412, 416])
def test_a_file_that_changed_or_went_is_read_another_time(storage, status):
    piece = Piece(name="in/a.csv", version="17", start=0, length=4)
    with pytest.raises(TryAgain):
        storage("read_file", piece, Reply(status, {}))


def test_an_answer_is_written_once(storage, vendor):
    new = Writing(name="out/till1/a.json", body=b"{}")
    assert storage("write_file", new, Reply(200, b""))
    asked = vendor.asked[1]
    assert (asked.method, asked.path) == ("PUT", "/tills-test/cafe/out/till1/a.json")
    assert (asked.headers["x-goog-if-generation-match"], asked.body) == ("0", b"{}")
    assert not storage("write_file", new, Reply(412, b"<Error/>"))
