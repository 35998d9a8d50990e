"""The least that a person would write for a sale to become points and a text, as a yardstick.

`python -m infra.bench.minimal PORT FILE VENDOR`: the same signature is checked, the same three
messages are durable before they are answered, each is handled once, and each guest's balance is
right. It has one rule, one store, one vendor, no refunds, no reasons, no consent and no retries.
"""

from __future__ import annotations

import base64
import hmac
import json
import sqlite3
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from queue import SimpleQueue
from typing import Any

import requests
import waitress
from flask import Flask, Request, Response, request

from infra.vendors import GENERIC_SECRET

KEY = base64.b64decode(GENERIC_SECRET.removeprefix("whsec_"))
THREADS, WORKERS = 16, 8
"""As many as the whole system has."""
TABLES = """
    CREATE TABLE queue (id INTEGER PRIMARY KEY, topic TEXT, body TEXT);
    CREATE TABLE entries (id TEXT PRIMARY KEY, guest TEXT, points INTEGER, body TEXT);
    CREATE TABLE balances (guest TEXT PRIMARY KEY, points INTEGER);
    CREATE TABLE texts (id TEXT PRIMARY KEY, state TEXT);
"""
ADDED = """INSERT INTO balances VALUES (?, ?)
    ON CONFLICT (guest) DO UPDATE SET points = points + excluded.points RETURNING points"""
Json = dict[str, Any]
Message = tuple[str, Json]


class Pipeline:
    """Three messages in a row: the sale, its points, its text."""

    def __init__(self, file: str, vendor: str = "") -> None:
        self._file, self._vendor = file, vendor
        self._threads = threading.local()
        self._ready: SimpleQueue[Message] = SimpleQueue()
        self._connection().executescript(TABLES)
        self._steps: dict[str, Callable[[Json], None]] = {
            "sale": self._book, "points": self._look, "text": self._send,
        }  # fmt: skip

    @contextmanager
    def unit(self) -> Iterator[sqlite3.Connection]:
        """Commit all of it or nothing, synced to disk."""
        db = self._connection()
        db.execute("BEGIN IMMEDIATE")
        try:
            yield db
        except BaseException:
            db.execute("ROLLBACK")
            raise
        db.execute("COMMIT")

    def put(self, db: sqlite3.Connection, topic: str, body: Json) -> Message:
        """Write a message down, in a unit; `hand_on` it once that is committed."""
        sql = "INSERT INTO queue (topic, body) VALUES (?, ?) RETURNING id"
        (number,) = db.execute(sql, (topic, json.dumps(body))).fetchone()
        return topic, {**body, "number": number}

    def hand_on(self, message: Message) -> None:
        """Give a message that is on disk to whoever is free."""
        self._ready.put(message)

    def run(self) -> None:
        """Take messages and handle them, for ever."""
        while True:
            topic, body = self._ready.get()
            self._steps[topic](body)

    def _connection(self) -> sqlite3.Connection:
        if not hasattr(self._threads, "db"):
            self._threads.db = sqlite3.connect(self._file, timeout=60, isolation_level=None)
            self._threads.db.execute("PRAGMA journal_mode = WAL")
            self._threads.db.execute("PRAGMA synchronous = FULL")
        db: sqlite3.Connection = self._threads.db
        return db

    def _book(self, sale: Json) -> None:
        points, guest = sale["total"] // 100, sale["guest"]["phone"]
        with self.unit() as db:
            entry = (sale["receipt"], guest, points, json.dumps(sale))
            db.execute("INSERT INTO entries VALUES (?, ?, ?, ?)", entry)
            (balance,) = db.execute(ADDED, (guest, points)).fetchone()
            told = self.put(db, "points", {**sale, "points": points, "balance": balance})
            self._done(db, sale)
        self.hand_on(told)

    def _look(self, posted: Json) -> None:
        with self.unit() as db:
            told = self.put(db, "text", posted)
            self._done(db, posted)
        self.hand_on(told)

    def _send(self, posted: Json) -> None:
        with self.unit() as db:
            db.execute("INSERT INTO texts VALUES (?, 'claimed')", (posted["receipt"],))
        text = f"+{posted['points']}. Balance {posted['balance']}."
        form = {"To": posted["guest"]["phone"], "From": "+15005550006", "Body": text}
        answer = self._session().post(self._vendor, form, auth=("AC1", "token"), timeout=10)
        answer.raise_for_status()
        with self.unit() as db:
            db.execute("UPDATE texts SET state = 'sent' WHERE id = ?", (posted["receipt"],))
            self._done(db, posted)

    def _session(self) -> requests.Session:
        if not hasattr(self._threads, "session"):
            self._threads.session = requests.Session()
            self._threads.session.trust_env = False
        session: requests.Session = self._threads.session
        return session

    def _done(self, db: sqlite3.Connection, message: Json) -> None:
        db.execute("DELETE FROM queue WHERE id = ?", (message["number"],))


def _is_signed(call: Request) -> bool:
    name, stamp = call.headers["webhook-id"], call.headers["webhook-timestamp"]
    signed = hmac.digest(KEY, f"{name}.{stamp}.".encode() + call.get_data(), "sha256")
    told = call.headers["webhook-signature"].removeprefix("v1,")
    return hmac.compare_digest(base64.b64encode(signed), told.encode())


def answer(call: Request, pipeline: Pipeline) -> Response:
    """Take a webhook: once it is answered, it is on disk."""
    if not _is_signed(call):
        return Response(status=401)
    with pipeline.unit() as db:
        told = pipeline.put(db, "sale", json.loads(call.get_data())["data"])
    pipeline.hand_on(told)
    return Response(status=202)


def site(pipeline: Pipeline) -> Flask:
    """Answer webhooks."""
    app = Flask("minimal")

    @app.post("/transaction-ingest/generic")
    def ingest() -> Response:
        return answer(request, pipeline)

    @app.get("/healthz")
    def health() -> str:
        return "ok"

    return app


def main(port: str, file: str, vendor: str) -> None:
    """Serve until ended."""
    pipeline = Pipeline(file, vendor)
    for _ in range(WORKERS):
        threading.Thread(target=pipeline.run, daemon=True).start()
    waitress.serve(site(pipeline), host="127.0.0.1", port=int(port), threads=THREADS)


if __name__ == "__main__":
    main(*sys.argv[1:])
