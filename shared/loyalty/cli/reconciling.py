"""What has to be done so that the jobs in a cloud are those of the program, and no more than that.

A job is ours if its name begins with `PREFIX` and its description ends with `MARK`: both are
needed, so that nothing is touched that somebody else made. The tick is Terraform's.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import NamedTuple

from loyalty.adapters.cloud_scheduler import Job
from loyalty.schedules import TICK, TOPIC, Schedule

PREFIX = "loyalty-"
MARK = "(Kept by loyalty schedules.)"
TERRAFORMS = "sweep"
"""What Terraform names the tick."""
FAILED = "UPDATE_FAILED"
"""Google's word for a job whose last change went wrong: it is to be changed again."""


class Wanted(NamedTuple):
    """A schedule as the cloud is to keep it."""

    schedule: Schedule
    id: str
    description: str
    topic: str

    def differs(self, kept: Job) -> list[str]:
        """Tell in words what the job that is there has otherwise."""
        cron, zone = self.schedule[1:]
        told = [
            f"{name}: {old} -> {new}"
            for name, old, new in (("cron", kept.cron, cron), ("zone", kept.zone, zone))
            if old != new
        ]
        if (kept.topic, kept.body) != (self.topic, self.schedule.body):
            told.append("what it asks for")
        if kept.description != self.description:
            told.append("its description")
        return [*told, *(["its last change failed"] if kept.state == FAILED else [])]


class Plan(NamedTuple):
    """What would be done. `blocked` are names of ours that somebody else uses."""

    create: list[Wanted]
    change: list[tuple[Wanted, list[str]]]
    delete: list[str]
    keep: list[Wanted]
    foreign: list[str]
    blocked: list[str]

    @property
    def idle(self) -> bool:
        """Whether there is nothing to do."""
        return not (self.create or self.change or self.delete)


def wanted(table: Iterable[Schedule], project: str) -> list[Wanted]:
    """Tell how a cloud is to keep a table; the tick is not for us to keep."""
    topic = f"projects/{project}/topics/{TOPIC}"
    return [
        Wanted(each, id_of(each.name), f"{each.about} {MARK}", topic)
        for each in table
        if each.name != TICK
    ]


def id_of(name: str) -> str:
    """Name a schedule as the cloud does."""
    return TERRAFORMS if name == TICK else f"{PREFIX}{name}"


def ours(job: Job) -> bool:
    """Whether this command made a job."""
    return job.id.startswith(PREFIX) and job.description.endswith(MARK)


def plan(asked: Iterable[Wanted], found: Iterable[Job]) -> Plan:
    """Compare what is asked for with what is there."""
    by_id: Mapping[str, Job] = {job.id: job for job in found}
    made = Plan([], [], [], [], [], [])
    for each in asked:
        _sort(each, by_id.get(each.id), made)
    names = {each.id for each in (*made.keep, *(each for each, _ in made.change))}
    for job in by_id.values():
        if job.id not in names:
            (made.delete if ours(job) else made.foreign).append(job.id)
    return made


def _sort(each: Wanted, kept: Job | None, made: Plan) -> None:
    if kept is None:
        made.create.append(each)
    elif not ours(kept):
        made.blocked.append(each.id)
    elif told := each.differs(kept):
        made.change.append((each, told))
    else:
        made.keep.append(each)
