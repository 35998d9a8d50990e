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


ROUND = "campaign"
"""The job that begins a round: each campaign with a cron line has a schedule for it."""


class Schedule(NamedTuple):
    """A job and when it runs, named for its job, and for its campaign: `campaign-happy_monday`."""

    name: str
    cron: str
    zone: str

    @property
    def about(self) -> str:
        """What it asks for, in words."""
        job, _, campaign = self.name.partition("-")
        return JOBS[job].about + (f" ({campaign})" if campaign else "")

    @property
    def body(self) -> bytes:
        """What it publishes to `TOPIC`, each time the same."""
        job, _, campaign = self.name.partition("-")
        return asked_for(job, campaign)


def table(program: Program, *, one_machine: bool = False) -> tuple[Schedule, ...]:
    """List everything that runs by the clock, in a cloud or on one machine, the sweep first."""
    told: dict[str, str] = {
        name: " ".join(line.split()) for name, line in program.schedules.items()
    }
    here = {name: job for name, job in JOBS.items() if one_machine or not job.one_machine}
    used = {name: job for name, job in here.items() if job.serves(program)}
    crons = {name: told.get(name) or job.cron or OFF for name, job in used.items()}
    crons |= {f"{ROUND}-{name}": " ".join(each.cron.split()) or OFF
              for name, each in program.campaigns.items()}  # fmt: skip
    return tuple(
        Schedule(name, cron, "Etc/UTC" if name == TICK else program.zone)
        for name, cron in crons.items()
        if cron != OFF
    )
