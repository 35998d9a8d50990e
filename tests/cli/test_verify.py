"""`loyalty verify` as people see it."""

from __future__ import annotations

import sqlite3

import msgspec

from loyalty.records import accounts, entries

PUT = "UPDATE documents SET body = ? WHERE id = ?"


def tamper(loyalty, sql: str, *values: object) -> None:
    db = sqlite3.connect(loyalty.folder / "loyalty.db")
    with db:
        assert db.execute(sql, values).rowcount == 1
    db.close()


def document(loyalty, key) -> dict:
    db = sqlite3.connect(loyalty.folder / "loyalty.db")
    sql = "SELECT body FROM documents WHERE collection = ? AND id = ?"
    (body,) = db.execute(sql, key).fetchone()
    db.close()
    return msgspec.json.decode(body)


def test_an_honest_ledger_adds_up(loyalty):
    assert loyalty.run("verify").output == "ledger adds up: 3 entries, 1 accounts, 3 points\n"


def test_a_lost_entry_is_told_in_a_table(changing):
    key = entries.key("refund:generic:R1:F1")
    tamper(changing, "DELETE FROM documents WHERE id = ?", key.id)
    said = changing("verify", code=1)
    assert "account what by the entries found" in said
    assert "receipt generic:R1: points 4 3" in said
    assert "number of entries 2 3" in said
    assert "the ledger does not add up: " in said
    assert said.endswith("in 2 entries, 1 accounts, 4 points")


def test_an_altered_balance_is_told(changing):
    key = accounts.key(changing.member)
    record = document(changing, key)
    record["account"]["lots"][0]["points"] = 9_000
    body = msgspec.json.encode(record).decode()
    tamper(changing, f"{PUT} AND collection = 'accounts'", body, key.id)
    said = changing("verify", code=1)
    assert changing.member in said
    assert "points 3 9000" in said
    assert "2 findings in 3 entries" in said


def test_a_document_that_cannot_be_read_is_a_finding(changing):
    key = entries.key("refund:generic:R1:F1")
    tamper(changing, PUT, '{"v": 1, "entry": 7}', key.id)
    said = changing("verify", code=1)
    assert f"document {key.id}" in said
    assert "can be read" in said


def test_a_ledger_without_entries_adds_up(empty):
    empty("program", "publish", "tests/programs/plain.yaml", "--yes")
    assert empty("verify") == "ledger adds up: 0 entries, 0 accounts, 0 points"
