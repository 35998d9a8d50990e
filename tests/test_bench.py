"""The yardstick does its work, so that what is measured beside it means something."""

from __future__ import annotations

import sqlite3

import pytest
import requests
from infra.bench import rate, tills
from infra.bench.latency import percentile
from infra.bench.served import INGEST, minimal, willing_vendor

PURCHASES = 5


def test_the_minimal_pipeline_books_every_purchase_and_texts_of_it(tmp_path):
    with willing_vendor() as vendor, minimal(tmp_path, vendor) as url:
        for number in range(PURCHASES):
            tills.buy(f"{url}/{INGEST}", number)
        rate.await_settled(tmp_path / "minimal.db", PURCHASES)
        assert requests.get(vendor, timeout=10).text == str(PURCHASES)
    db = sqlite3.connect(tmp_path / "minimal.db")
    assert db.execute("SELECT sum(points) FROM balances").fetchone() == (1 + 2 + 3 + 4 + 5,)
    assert db.execute("SELECT count(*) FROM queue").fetchone() == (0,)


def test_the_minimal_pipeline_takes_no_forged_purchase(tmp_path):
    with minimal(tmp_path, "http://127.0.0.1:9") as url:
        body, head = tills.signed(1)
        address = f"{url}/{INGEST}/generic"
        assert requests.post(address, body + b" ", headers=head, timeout=10).status_code == 401


@pytest.mark.parametrize(("share", "value"), [(0.5, 51), (0.99, 100), (1.0, 100)])
def test_a_percentile_is_what_that_share_does_not_exceed(share, value):
    assert percentile(range(100, 0, -1), share) == value
