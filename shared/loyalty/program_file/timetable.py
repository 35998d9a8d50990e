"""When jobs of a program run: every cron line can be read, and comes."""

from __future__ import annotations

from collections.abc import Iterator

from loyalty.domain.program import Program
from loyalty.program_file.checking import Check, Finding
from loyalty.program_file.grouping import asks_for_segments

OFF = "off"


def schedules_can_be_read(program: Program) -> Iterator[Finding]:
    """A job runs by a cron line that Cloud Scheduler and one machine read alike, or not at all."""
    from loyalty import cron  # noqa: PLC0415 - functions only reread what was checked

    for name, line in program.schedules.items():
        if line != OFF and (wrong := cron.wrong(line)):
            yield Finding(("schedules", name), wrong.problem, wrong.hint)


def warnings(program: Program) -> Iterator[Finding]:
    """Who is in a segment is found out at night: told if that is off, and something asks for it."""
    if program.schedules.get("segments") == OFF and (who := next(asks_for_segments(program), None)):
        problem = f"nobody is placed into a segment any more, and `{'.'.join(who)}` asks for one"
        yield Finding(("schedules", "segments"), problem, "leave it out, or give a cron line")


TIMETABLE: tuple[Check, ...] = (schedules_can_be_read,)
