"""What Cloud Scheduler takes: fields of its published types, and those that must be there."""

import base64
import binascii
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from typing import Any
from zoneinfo import ZoneInfo, available_timezones

from cronsim import CronSim, CronSimError

from infra.sandbox.shapes import Mapped, Problem, Text, Thing, Whole

SPAN = Text(pattern=r"[0-9]+(\.[0-9]{1,9})?s")
TOPIC = r"projects/[a-z][a-z0-9-]{4,28}[a-z0-9]/topics/[A-Za-z][A-Za-z0-9._~+%-]{2,254}"
PUBSUB_TARGET = Thing(
    {"topicName": Text(pattern=TOPIC), "data": Text(1), "attributes": Mapped(Text())},
    frozenset({"topicName"}),
)
RETRY_CONFIG = Thing(
    {
        "retryCount": Whole(0, 5),
        "maxRetryDuration": SPAN,
        "minBackoffDuration": SPAN,
        "maxBackoffDuration": SPAN,
        "maxDoublings": Whole(0, 16),
    }
)
JOB = Thing(
    {
        "name": Text(1),
        "description": Text(most=500),
        "pubsubTarget": PUBSUB_TARGET,
        "schedule": Text(1),
        "timeZone": Text(1),
        "state": Text(),
        "userUpdateTime": Text(),
        "scheduleTime": Text(),
        "lastAttemptTime": Text(),
        "retryConfig": RETRY_CONFIG,
        "attemptDeadline": SPAN,
    },
    frozenset({"schedule", "pubsubTarget"}),
)
"""Of the three kinds of target the sandbox plays the one that publishes."""


def problems(job: object, required: frozenset[str]) -> Iterator[Problem]:
    """Yield what is wrong with a job; a change may leave out what it does not change."""
    found = list(Thing(JOB.fields, required).problems(job))
    yield from found
    if isinstance(job, Mapping) and not found:
        yield from _meaning(job)


def _meaning(job: Mapping[str, Any]) -> Iterator[Problem]:
    zone = job.get("timeZone", "UTC")
    if zone.upper() != "UTC" and zone not in available_timezones():
        yield Problem("timeZone", "value", f"Time zone is invalid: {zone}.")
    elif "schedule" in job and not _is_cron(job["schedule"]):
        yield Problem("schedule", "value", f"Schedule has an invalid format: {job['schedule']}.")
    target = job.get("pubsubTarget")
    if target is not None and not (_bytes(target.get("data", "")) or target.get("attributes")):
        words = "Either non-empty data or at least one attribute must be given, in base64."
        yield Problem("pubsubTarget", "value", words)


def _is_cron(text: str) -> bool:
    try:
        return len(text.split()) == 5 and bool(next(CronSim(text, datetime.now(UTC))))  # noqa: PLR2004 - unix-cron's five fields
    except (CronSimError, StopIteration):
        return False


def _bytes(data: str) -> bytes:
    try:
        return base64.b64decode(data, validate=True)
    except binascii.Error:
        return b""


def next_run(schedule: str, zone: str, now: datetime) -> datetime:
    """Tell when a job runs next."""
    there = ZoneInfo("UTC" if zone.upper() == "UTC" else zone)
    return next(CronSim(schedule, now.astimezone(there))).astimezone(UTC)
