"""The schedules of a Google Cloud project: what Cloud Scheduler keeps, in line with the program."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing, contextmanager
from datetime import datetime

import click

from loyalty.adapters.cloud_scheduler import CloudScheduler, Job
from loyalty.cli import reconciling, showing
from loyalty.cli.reconciling import Plan, Wanted
from loyalty.cli.schedules import Row, Table
from loyalty.schedules import Schedule
from loyalty.settings import Settings

_STATES = {"ENABLED": "on", "PAUSED": "paused", "DISABLED": "stopped by Google"}
_ABSENT = "{0} is not in Cloud Scheduler yet: `loyalty schedules apply` makes it."
_NO_TICK = "The tick is not in Cloud Scheduler: `make deploy` makes it."
_BLOCKED = "{0} is there, but this command did not make it: rename or delete it, then apply again."


@contextmanager
def opened(settings: Settings, table: Table) -> Iterator[CloudSchedules]:
    """Reach Cloud Scheduler in the project whose topics carry events."""
    project = settings["LOYALTY_BUS"].partition(":")[2]
    try:
        made = CloudScheduler(
            settings["LOYALTY_SCHEDULER_URL"], project, settings["LOYALTY_REGION"]
        )
    except ValueError as error:
        raise click.ClickException(f"LOYALTY_SCHEDULER_URL: {error}.") from None
    with closing(made) as scheduler:
        yield CloudSchedules(scheduler, table, project)


class CloudSchedules:
    """What runs by the clock in a project."""

    def __init__(self, scheduler: CloudScheduler, table: Table, project: str) -> None:
        self._scheduler = scheduler
        self._table = table
        self._project = project
        self._wanted = reconciling.wanted(table, project)

    def rows(self) -> list[Row]:
        """Tell how each is there, and what else is there."""
        found = {job.id: job for job in self._scheduler.jobs()}
        made = reconciling.plan(self._wanted, found.values())
        ours = [self._row(each, found, made) for each in self._table]
        names = {reconciling.id_of(each.name) for each in self._table}
        rest = [_other(job) for job in found.values() if job.id not in names]
        return ours + rest

    def _row(self, each: Schedule, found: dict[str, Job], made: Plan) -> Row:
        name = reconciling.id_of(each.name)
        job = found.get(name)
        if job is None:
            gone = "gone: make deploy" if name == reconciling.TERRAFORMS else "not there: apply"
            return Row(*each, gone, None, each.about)
        state = _state(job)
        if name in {wanted.id for wanted, _ in made.change}:
            state += ", differs: apply"
        if name in made.blocked:
            state = "somebody else's"
        if name == reconciling.TERRAFORMS:
            state += ", Terraform's"
        return Row(each.name, job.cron, job.zone, state, _next(job), each.about)

    def apply(self, *, yes: bool) -> None:
        """Show what would be done, ask, do it, and tell each as it is done."""
        plan = reconciling.plan(self._wanted, self._scheduler.jobs())
        for line in _told(plan):
            showing.line(line)
        if plan.blocked:
            raise click.ClickException(_BLOCKED.format(", ".join(plan.blocked)))
        if plan.idle:
            showing.line("Cloud Scheduler is as the program says. Nothing to do.")
            return
        if not yes:
            click.confirm("Do it?", abort=True)
        for told in self._done(plan):
            showing.line(told)

    def _done(self, plan: Plan) -> Iterator[str]:
        for each in plan.create:
            self._scheduler.create(_job(each))
            yield f"Created {each.id}."
        for each, _ in plan.change:
            self._scheduler.update(_job(each))
            yield f"Changed {each.id}."
        for name in plan.delete:
            self._scheduler.delete(name)
            yield f"Deleted {name}."

    def pause(self, schedule: Schedule) -> str:
        """Pause it, unless it is paused."""
        job = self._ours(schedule)
        if job.state == "PAUSED":
            return f"{schedule.name} is paused already."
        self._scheduler.pause(job.id)
        return f"{schedule.name} is paused until `loyalty schedules resume {schedule.name}`."

    def resume(self, schedule: Schedule) -> str:
        """Resume it, if it is paused."""
        job = self._ours(schedule)
        if job.state != "PAUSED":
            return f"{schedule.name} is not paused."
        self._scheduler.resume(job.id)
        return f"{schedule.name} runs again, from its next time on."

    def run(self, schedule: Schedule) -> str:
        """Have Cloud Scheduler ask for it now; the tick too, which changes nothing about it."""
        self._scheduler.run(self._found(schedule).id)
        return f"{schedule.name} is asked for now."

    def _found(self, schedule: Schedule) -> Job:
        name = reconciling.id_of(schedule.name)
        found = next((job for job in self._scheduler.jobs() if job.id == name), None)
        if found is None:
            told = _NO_TICK if name == reconciling.TERRAFORMS else _ABSENT
            raise click.ClickException(told.format(schedule.name))
        return found

    def _ours(self, schedule: Schedule) -> Job:
        found = self._found(schedule)
        if not reconciling.ours(found):
            raise click.ClickException(_BLOCKED.format(found.id))
        return found


def _told(plan: Plan) -> Iterator[str]:
    for each in plan.create:
        schedule = each.schedule
        yield f"create {each.id}: {schedule.cron} ({schedule.zone}). {schedule.about}"
    for each, told in plan.change:
        yield f"change {each.id}: {', '.join(told)}"
    yield from (f"delete {name}: it is not asked for" for name in plan.delete)
    yield from (f"leave {each.id} as it is" for each in plan.keep)
    for name in plan.foreign:
        whose = "Terraform's" if name == reconciling.TERRAFORMS else "not this command's"
        yield f"leave {name} alone: {whose}"


def _job(each: Wanted) -> Job:
    cron, zone = each.schedule[1:]
    return Job(each.id, each.description, cron, zone, each.topic, each.schedule.body)


def _other(job: Job) -> Row:
    state = f"{_state(job)}, " + ("not asked for: apply" if reconciling.ours(job) else "not ours")
    return Row(job.id, job.cron, job.zone, state, _next(job), job.description)


def _state(job: Job) -> str:
    return _STATES.get(job.state, job.state.lower())


def _next(job: Job) -> datetime | None:
    return job.next_run if job.state == "ENABLED" else None
