"""All that runs by the clock, as the program has it: one table for a cloud and one machine."""

from __future__ import annotations

from typing import NamedTuple

from loyalty.domain.program import Program
from loyalty.events import SweepRequested, asked_for, topic_of
from loyalty.program_file.timetable import OFF
from loyalty.steps.lifecycle_sweep import JOBS

TICK = "timers"
"""The sweep. A deployment has it from the start: the program cannot move it."""
TOPIC = topic_of(SweepRequested)


class Schedule(NamedTuple):
    """A job and when it runs. It is named for its job: a program has one schedule for each."""

    name: str
    cron: str
    zone: str

    @property
    def about(self) -> str:
        """What it asks for, in words."""
        return JOBS[self.name].about

    @property
    def body(self) -> bytes:
        """What it publishes to `TOPIC`, each time the same."""
        return asked_for(self.name)


def table(program: Program, *, one_machine: bool = False) -> tuple[Schedule, ...]:
    """List everything that runs by the clock, in a cloud or on one machine, the sweep first."""
    told: dict[str, str] = {
        name: " ".join(line.split()) for name, line in program.schedules.items()
    }
    here = {name: job for name, job in JOBS.items() if one_machine or not job.one_machine}
    used = {name: job for name, job in here.items() if job.serves(program)}
    crons = {name: told.get(name) or job.cron or OFF for name, job in used.items()}
    return tuple(
        Schedule(name, cron, "Etc/UTC" if name == TICK else program.zone)
        for name, cron in crons.items()
        if cron != OFF
    )
