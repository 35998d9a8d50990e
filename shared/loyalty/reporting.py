"""One line about each message or call: what it was about, what came of it, how long it took."""

from __future__ import annotations

from collections.abc import Sequence
from time import perf_counter
from typing import Any

from loyalty.errors import Problem, TryAgain
from loyalty.events import peek
from loyalty.identity import digest
from loyalty.logs import Log, Severity
from loyalty.ports import Bus

TRACE = "logging.googleapis.com/trace"
SWEEP = "sweep"
"""The subject of sweeps: they come every few seconds, and are about nothing of their own."""


class Report(Log):
    """The line about what is in hand. Other lines written meanwhile bear its ids too.

    `request` is the id of the HTTP request that brought it, if one did. Until a message's own id
    is noted, that is what `event` says.
    """

    def __init__(self, log: Log, function: str, request: str = "") -> None:
        super().__init__(log.level, log.stream, log.project)
        self._function = function
        self._request = request
        self._notes: dict[str, Any] = {"outcome": "done"}
        self._published: list[dict[str, str]] = []
        self._subjects: set[str] = set()
        self._began = perf_counter()

    def __call__(self, severity: Severity, message: str, **fields: Any) -> None:
        """Write a further line about the same thing."""
        super().__call__(severity, message, **{**self._ids(), **fields})

    def note(self, **fields: Any) -> None:
        """Add to the line. `event` and `subject` say what is in hand; the last word counts."""
        self._notes |= fields

    def published(self, topic: str, events: Sequence[bytes]) -> None:
        """Note what was published, once it is durable."""
        about = [peek(event) for event in events]
        self._published += [{"topic": topic, "id": each["id"]} for each in about]
        self._subjects |= {each["subject"] for each in about}

    def end(self, error: Exception | None = None) -> None:
        """Write the line; `error` is what the sender, or the next delivery, will hear of."""
        self.note(**_trouble(error))
        spent = round((perf_counter() - self._began) * 1000, 1)
        self(self._severity(), self._function, **self._notes, published=self._published, ms=spent)

    def _severity(self) -> Severity:
        outcome = self._notes["outcome"]
        if outcome == "done" and self._subject() == SWEEP:
            return "DEBUG"
        return {"failed": "ERROR", "again": "WARNING"}.get(outcome, "INFO")  # type: ignore[return-value]  # all are severities

    def _ids(self) -> dict[str, str]:
        event, subject = self._notes.get("event", self._request), self._subject()
        ids = {"function": self._function, "event": event, "subject": subject}
        if self._request:
            ids["request"] = self._request
        if self.project and (trace := self._trace(subject)):
            ids[TRACE] = f"projects/{self.project}/traces/{trace}"
        return ids

    def _trace(self, subject: str) -> str:
        return self._request if subject in ("", SWEEP) else trace_of(subject)

    def _subject(self) -> str:
        """Say what it is about; of a call that is what all it published is about."""
        only = next(iter(self._subjects)) if len(self._subjects) == 1 else ""
        return str(self._notes.get("subject", only))


class ReportingBus:
    """A Bus whose report names what was published."""

    def __init__(self, bus: Bus, report: Report) -> None:
        self._bus = bus
        self._report = report

    def publish(self, topic: str, events: Sequence[bytes]) -> None:
        """Publish, then note it."""
        self._bus.publish(topic, events)
        self._report.published(topic, events)


def trace_of(subject: str) -> str:
    """Name the trace of a subject: all steps of one purchase share it, and nothing carries it."""
    return digest(subject)[:32]


def _trouble(error: Exception | None) -> dict[str, Any]:
    if error is None:
        return {}
    if isinstance(error, Problem):
        return {"outcome": "refused", "code": error.code, "status": error.status}
    if isinstance(error, TryAgain):
        return {"outcome": "again", "error": type(error).__name__}
    return {"outcome": "failed", "error": type(error).__name__, "where": _where(error)}


def _where(error: BaseException) -> str:
    """Name the innermost place of ours, without any value."""
    trace, place = error.__traceback__, ""
    while trace:
        _, ours, module = trace.tb_frame.f_code.co_filename.rpartition("loyalty/")
        place = f"{module}:{trace.tb_lineno}" if ours else place
        trace = trace.tb_next
    return place
