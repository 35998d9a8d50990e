"""When jobs of a program run: every cron line can be read, and comes."""

from __future__ import annotations

from collections.abc import Iterator

from loyalty.domain.program import Program
from loyalty.program_file.checking import Check, Finding

OFF = "off"


def schedules_can_be_read(program: Program) -> Iterator[Finding]:
    """A job runs by a cron line that Cloud Scheduler and one machine read alike, or not at all."""
    from loyalty import cron  # noqa: PLC0415 - functions only reread what was checked

    for name, line in program.schedules.items():
        if line != OFF and (wrong := cron.wrong(line)):
            yield Finding(("schedules", name), wrong.problem, wrong.hint)


TIMETABLE: tuple[Check, ...] = (schedules_can_be_read,)
