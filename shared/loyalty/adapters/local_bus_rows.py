"""What the local bus keeps on disk: messages to deliver, and those that failed too often."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime
from typing import NamedTuple

_TABLES = (
    # ids are never used twice: a late worker must not acknowledge somebody else's message
    """CREATE TABLE IF NOT EXISTS messages (
        id INTEGER PRIMARY KEY AUTOINCREMENT, topic TEXT NOT NULL, subscription TEXT NOT NULL,
        event BLOB NOT NULL, attempts INTEGER NOT NULL DEFAULT 0, due REAL NOT NULL DEFAULT 0)""",
    """CREATE TABLE IF NOT EXISTS dead_letters (
        id INTEGER PRIMARY KEY, topic TEXT NOT NULL, subscription TEXT NOT NULL,
        event BLOB NOT NULL, attempts INTEGER NOT NULL, error TEXT NOT NULL, at TEXT NOT NULL)""",
)


class Message(NamedTuple):
    """One event for one subscription. `due` is in seconds since 1970; `attempts` were begun."""

    id: int
    topic: str
    subscription: str
    event: bytes
    attempts: int = 0
    due: float = 0.0


class DeadLetter(NamedTuple):
    """A message that failed too often. `error` is its last error: the class, then the text."""

    id: int
    subscription: str
    topic: str
    event: bytes
    attempts: int
    error: str
    at: datetime


def load(db: sqlite3.Connection) -> list[Message]:
    """Read everything that is not acknowledged, oldest first, making the tables if need be."""
    for table in _TABLES:
        db.execute(table)
    found = db.execute(
        "SELECT id, topic, subscription, event, attempts, due FROM messages ORDER BY id"
    )
    return [Message(*row) for row in found]


def insert(
    topic: str, subscriptions: Iterable[str], events: Sequence[bytes], db: sqlite3.Connection
) -> list[Message]:
    """Write one message per event and subscription."""
    return [
        Message(_insert(db, topic, subscription, event), topic, subscription, event)
        for subscription in subscriptions
        for event in events
    ]


def _insert(db: sqlite3.Connection, *columns: str | bytes) -> int:
    sql = "INSERT INTO messages (topic, subscription, event) VALUES (?, ?, ?)"
    return db.execute(sql, columns).lastrowid or 0


def postpone(message: Message, db: sqlite3.Connection) -> None:
    """Remember, beyond this process, how often it was tried and when to try again."""
    db.execute(
        "UPDATE messages SET attempts = ?, due = ? WHERE id = ?",
        (message.attempts, message.due, message.id),
    )


def delete(message: Message, db: sqlite3.Connection) -> None:
    """Acknowledge it."""
    db.execute("DELETE FROM messages WHERE id = ?", (message.id,))


def bury(message: Message, error: str, db: sqlite3.Connection) -> None:
    """Make it a dead letter, unless it has been acknowledged after all."""
    db.execute(
        "INSERT INTO dead_letters (id, topic, subscription, event, attempts, error, at)"
        " SELECT id, topic, subscription, event, ?, ?, ? FROM messages WHERE id = ?",
        (message.attempts, error, datetime.now(UTC).isoformat(), message.id),
    )
    delete(message, db)


def revive(number: int | None, db: sqlite3.Connection) -> list[Message]:
    """Turn one dead letter, or all of them, back into messages that were never tried."""
    found = db.execute(
        "INSERT INTO messages (id, topic, subscription, event)"
        " SELECT id, topic, subscription, event FROM dead_letters WHERE ? IN (id, -1)"
        " RETURNING id, topic, subscription, event",
        (-1 if number is None else number,),
    ).fetchall()
    db.executemany("DELETE FROM dead_letters WHERE id = ?", [row[:1] for row in found])
    return [Message(*row) for row in found]


def dead_letters(db: sqlite3.Connection) -> list[DeadLetter]:
    """Read all dead letters in the order they were published."""
    found = db.execute(
        "SELECT id, subscription, topic, event, attempts, error, at FROM dead_letters ORDER BY id"
    )
    return [DeadLetter._make([*row, datetime.fromisoformat(at)]) for *row, at in found]


def nothing(_: sqlite3.Connection) -> None:
    """Do nothing: a job that is done once every job before it is."""
