"""The schedules of one machine: told and moved through its data folder, also while it serves."""

from __future__ import annotations

from pathlib import Path

from loyalty import cron
from loyalty.adapters.schedule_folder import ScheduleFolder
from loyalty.cli import showing
from loyalty.cli.schedules import Row, Table
from loyalty.ports import Clock
from loyalty.schedules import Schedule


class FolderSchedules:
    """What runs by the clock here. The server looks every few seconds."""

    def __init__(self, folder: Path, clock: Clock, table: Table) -> None:
        self._clock = clock
        self._table = table
        self._kept = ScheduleFolder(folder)

    def rows(self) -> list[Row]:
        """Tell how each is, as of this moment."""
        return [self._row(each) for each in self._table]

    def _row(self, each: Schedule) -> Row:
        paused = self._kept.paused(each.name)
        next_run = None if paused else cron.following(each.cron, each.zone, self._clock.now())
        state = "paused" if paused else "asked for" if self._kept.asked(each.name) else "on"
        return Row(*each, state, next_run, each.about)

    def apply(self, *, yes: bool) -> None:  # noqa: ARG002 - nothing is done that one could agree to
        """Tell that there is nothing to do."""
        showing.line("Nothing to do: one machine follows the program that is in force by itself.")

    def pause(self, schedule: Schedule) -> str:
        """Leave word for the server not to run it."""
        if self._kept.paused(schedule.name):
            return f"{schedule.name} is paused already."
        self._kept.pause(schedule.name)
        return f"{schedule.name} is paused until `loyalty schedules resume {schedule.name}`."

    def resume(self, schedule: Schedule) -> str:
        """Take the word back."""
        if not self._kept.paused(schedule.name):
            return f"{schedule.name} is not paused."
        self._kept.resume(schedule.name, self._clock.now())
        return f"{schedule.name} runs again, from its next time on."

    def run(self, schedule: Schedule) -> str:
        """Leave word for the server to run it at its next look."""
        self._kept.ask(schedule.name)
        return (
            f"{schedule.name} is asked for: within seconds if the server runs, else once it does."
        )
