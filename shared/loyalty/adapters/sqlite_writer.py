"""One thread that writes a SQLite file: jobs that wait at the same moment share one COMMIT."""

from __future__ import annotations

import fcntl
import logging
import os
import sqlite3
import threading
from collections.abc import Callable, Sequence
from concurrent.futures import Future
from contextlib import ExitStack, closing, suppress
from pathlib import Path
from typing import Any, Generic, TextIO

from loyalty.errors import TryAgain
from loyalty.ports import T

Work = Callable[[sqlite3.Connection], T]
"""Reads and writes through the connection; never begins, commits or rolls back itself.

It may be run twice, when it or another in its group fails half-way.
"""

QUIET = 1.0
"""Seconds without work after which the log is emptied into the file.

Until then it, and pages that nobody uses any more, hold what was deleted: who is erased must be
gone also while the server runs.
"""
GROUP = 200
"""The most jobs in one COMMIT: beyond a hundred or so nothing gets faster, only later."""

_PATIENCE, _HASTE = 5000, 50
"""Milliseconds to wait for others who have the file; where it can be done later, the shorter."""
_log = logging.getLogger(__name__)


class InUse(RuntimeError):  # noqa: N818 - says what the file is
    """Another process writes this data file."""


class HalfDone(Exception):  # noqa: N818 - what happened to a job
    """A job failed after it wrote something."""


class _Job(Generic[T]):
    """Work that somebody waits for, and what came of it."""

    def __init__(self, work: Work[T], then: Callable[[T], None] | None) -> None:
        self.future: Future[T] = Future()
        self.future.set_running_or_notify_cancel()  # accepted work cannot be called off
        self._work = work
        self._then = then
        self._result: T
        self._error: BaseException | None = None

    def run(self, db: sqlite3.Connection) -> None:
        """Do the work. Raises HalfDone if it failed after it wrote something.

        An OperationalError is let through: then the file is in trouble, not the job.
        """
        before = db.total_changes
        self._attempt(db)
        if self._error and db.total_changes != before:
            raise HalfDone

    def run_apart(self, db: sqlite3.Connection) -> None:
        """Do the work in a savepoint: what it raises undoes this job only."""
        db.execute("SAVEPOINT job")
        self._attempt(db)
        if self._error:
            db.execute("ROLLBACK TO job")
        db.execute("RELEASE job")

    def _attempt(self, db: sqlite3.Connection) -> None:
        self._error = None
        try:
            self._result = self._work(db)
        except sqlite3.OperationalError:
            raise
        except BaseException as error:  # noqa: BLE001 - it belongs to whoever waits for the job
            self._error = error

    def finish(self) -> None:
        """Tell the caller what came of it, now that it is committed."""
        if self._error:
            self.future.set_exception(self._error)
            return
        self._run_hook()
        self.future.set_result(self._result)

    def _run_hook(self) -> None:
        try:
            if self._then:
                self._then(self._result)
        except Exception:  # noqa: BLE001 - a broken hook must not stop everybody's writes
            _log.exception("an after-commit hook failed; its job is committed all the same")


class Writer:
    """The only writer of one SQLite file, by group commit on a thread of its own.

    What is acknowledged has been synced to disk. Raises InUse if another process has the file.
    """

    def __init__(self, path: str | Path) -> None:
        self.path = Path(path)
        self.path.parent.mkdir(parents=True, exist_ok=True)
        self.path.touch(mode=0o600)  # people's addresses are in it; its log takes the same mode
        with ExitStack() as opened:
            opened.enter_context(_lock(self.path))
            self._db = opened.enter_context(closing(_connect(self.path)))
            _prepare(self._db, self.path)
            self._opened = opened.pop_all()
        self._waiting: list[_Job[Any]] = []
        self._changed = threading.Condition()
        self._closed = self._written = False
        self._thread = threading.Thread(target=self._serve, name="sqlite-writer", daemon=True)
        self._thread.start()

    def submit(self, work: Work[T], then: Callable[[T], None] | None = None) -> Future[T]:
        """Queue one all-or-nothing job.

        `then` gets the result on the writer's thread, after the COMMIT and before the future is
        done; it must be quick. The future holds TryAgain if the group could not be committed or
        the writer is closed, and whatever `work` raised otherwise.
        """
        job = _Job(work, then)
        with self._changed:
            if self._closed:
                job.future.set_exception(TryAgain("the data file is closed"))
            else:
                self._waiting.append(job)
                self._changed.notify()
        return job.future

    def run(self, work: Work[T], then: Callable[[T], None] | None = None) -> T:
        """Do one job and wait until it is durable; raises what the future of `submit` holds."""
        if threading.current_thread() is self._thread:
            raise RuntimeError("a unit inside a unit would wait for itself for ever")
        return self.submit(work, then).result()

    def close(self) -> None:
        """Commit what was accepted, then let go of the file. Closing twice is fine."""
        with self._changed:
            self._closed = True
            self._changed.notify()
        self._thread.join()
        self._opened.close()

    def _serve(self) -> None:
        while (group := self._gather()) is None or group:
            if group is None:
                self._empty_log()
            else:
                self._written = True
                self._commit(group)

    def _gather(self) -> Sequence[_Job[Any]] | None:
        """Wait for work and take what is there; nothing once closed, None once it is quiet."""
        with self._changed:
            patience = QUIET if self._written else None
            if not self._changed.wait_for(lambda: self._waiting or self._closed, patience):
                return None
            group, self._waiting = self._waiting[:GROUP], self._waiting[GROUP:]
            return group

    def _empty_log(self) -> None:
        """Write the log into the file and cut it off; somebody who reads may want another try."""
        with suppress(sqlite3.Error):
            self._db.execute(f"PRAGMA busy_timeout = {_HASTE}")
            (busy, _, _) = self._db.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()
            self._written = bool(busy)
        self._db.execute(f"PRAGMA busy_timeout = {_PATIENCE}")

    def _commit(self, group: Sequence[_Job[Any]]) -> None:
        try:
            self._run(group)
            self._db.execute("COMMIT")
        except Exception as error:  # noqa: BLE001 - whatever it was, nobody may wait for ever
            self._abandon(group, error)
        else:
            for job in group:
                job.finish()

    def _run(self, group: Sequence[_Job[Any]]) -> None:
        """Do all jobs in one transaction; only if one fails half-way, again with savepoints.

        Each statement costs two changes of threads, and most jobs do not fail.
        """
        try:
            self._db.execute("BEGIN IMMEDIATE")
            for job in group:
                job.run(self._db)
        except HalfDone:
            self._db.rollback()
            self._db.execute("BEGIN IMMEDIATE")
            for job in group:
                job.run_apart(self._db)

    def _abandon(self, group: Sequence[_Job[Any]], error: Exception) -> None:
        """Undo the whole group: also a job that failed may have seen another's lost writes."""
        _log.error("a group of %d jobs was not committed: %s", len(group), error)
        with suppress(sqlite3.Error):
            self._db.rollback()
        for job in group:
            job.future.set_exception(TryAgain(f"the data file could not be written: {error}"))


def _lock(path: Path) -> TextIO:
    """Take the lock file beside the data; the kernel frees it however the process ends."""
    file = Path(f"{path}.lock").open("a+", encoding="ascii")  # noqa: SIM115 - held until close
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        file.seek(0)
        owner = file.read().strip() or "unknown"
        file.close()
        raise InUse(
            f"{path} is being written by process {owner}. Stop that process, "
            "or choose another data folder for this one."
        ) from None
    file.truncate(0)
    file.write(str(os.getpid()))
    file.flush()
    return file


def _connect(path: Path) -> sqlite3.Connection:
    return sqlite3.connect(
        path, timeout=_PATIENCE / 1000, isolation_level=None, check_same_thread=False
    )


def _prepare(db: sqlite3.Connection, path: Path) -> None:
    """Choose how commits are made durable, before anybody else opens the file."""
    (mode,) = db.execute("PRAGMA journal_mode = WAL").fetchone()
    if mode != "wal":
        raise RuntimeError(f"{path} cannot have a write-ahead log: put it on a local disk")
    db.execute("PRAGMA synchronous = FULL")
    db.execute("PRAGMA secure_delete = ON")  # who is erased is not left in free pages
