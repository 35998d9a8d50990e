"""The scheduler of one machine: the same table as in the cloud, by the shop's clock.

A job that should have run while nothing did runs once, however often it was missed. If power goes
between asking and writing that down, it is asked for twice, which does no harm.
"""

from __future__ import annotations

from datetime import datetime
from pathlib import Path

from loyalty import cron, schedules
from loyalty.adapters.schedule_folder import Ran, ScheduleFolder
from loyalty.delivery import Shop
from loyalty.schedules import Schedule


class LocalSchedules:
    """Asks for jobs when their time has come. The sweep itself is asked for more often."""

    def __init__(self, shop: Shop, folder: Path) -> None:
        self._shop = shop
        self._kept = ScheduleFolder(folder)

    def look(self) -> list[str]:
        """Ask for every job that is due, or that a person asked for; name them."""
        now = self._shop.clock.now()
        program = self._shop.programs.current().program
        listed = schedules.table(program, one_machine=True)
        return [each.name for each in listed if self._look_at(each, now)]

    def _look_at(self, schedule: Schedule, now: datetime) -> bool:
        asked, due = self._kept.asked(schedule.name), self._due(schedule, now)
        runs = asked or (due is not None and not self._kept.paused(schedule.name))
        if runs:
            self._shop.bus.publish(schedules.TOPIC, [schedule.body])
        if due:  # also while it is paused: what was missed then is not made up for
            self._keep(schedule, due)
        if asked:
            self._kept.answered(schedule.name)
        return runs

    def _due(self, schedule: Schedule, now: datetime) -> datetime | None:
        """Return the last time that came since the job ran; a new line counts from now on."""
        if schedule.name == schedules.TICK:
            return None
        ran = self._kept.last(schedule.name)
        if ran is None or (ran.cron, ran.zone) != schedule[1:]:
            self._keep(schedule, now)
            return None
        latest = cron.latest(schedule.cron, schedule.zone, now)
        since = max(ran.at, self._kept.resumed(schedule.name) or ran.at)
        return latest if latest > since else None

    def _keep(self, schedule: Schedule, at: datetime) -> None:
        self._kept.keep(schedule.name, Ran(cron=schedule.cron, zone=schedule.zone, at=at))
