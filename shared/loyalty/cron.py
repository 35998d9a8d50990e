"""Cron lines: what is wrong with one, when it comes next, and when it came last.

We take what Cloud Scheduler and the library that one machine goes by surely read alike: five
fields, each `*`, values, ranges and steps, without the extras that dialects differ in.
"""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from typing import NamedTuple
from zoneinfo import ZoneInfo

from cronsim import CronSim, CronSimError

FIELDS = {
    "minute": "0 to 59",
    "hour": "0 to 23",
    "day-of-month": "1 to 31, on a day that the months have",
    "month": "1 to 12, or JAN to DEC",
    "day-of-week": "0 to 7 (both ends are Sunday), or SUN to SAT",
}
_EXAMPLE = "as in `30 3 * * *`, which is half past three each night"
_VALUE = r"([0-9]{1,2}|[A-Za-z]{3})"
_ITEM = rf"(\*(/[0-9]{{1,2}})?|{_VALUE}(-{_VALUE}(/[0-9]{{1,2}})?)?)"
_FIELD = re.compile(rf"{_ITEM}(,{_ITEM})*", re.ASCII)
_SOMETIME = datetime(2026, 1, 1, tzinfo=UTC)


class Wrong(NamedTuple):
    """What is wrong with a line, and how to write it."""

    problem: str
    hint: str


def wrong(line: str) -> Wrong | None:
    """Tell what is wrong with a line; None if nothing is."""
    fields = dict(zip(FIELDS, line.split(), strict=False))
    if len(line.split()) != len(FIELDS):
        named = ", ".join(FIELDS)
        problem = f"`{_cut(line)}` has not the five fields of a cron line: {named}"
        return Wrong(problem, f"write all five, {_EXAMPLE}, or `off`")
    bad = next((name for name, text in fields.items() if not _FIELD.fullmatch(text)), "")
    bad = bad or _refused(line)
    if not bad:
        return None
    hint = f"it takes {FIELDS[bad]}; also `*`, lists `1,15`, ranges `1-5` and steps `*/10`"
    return Wrong(f"the {bad} `{_cut(fields[bad])}` cannot be", hint)


def _refused(line: str) -> str:
    """Name the field that the library refuses; empty if it reads the line and the line comes."""
    try:
        next(CronSim(line, _SOMETIME))
    except CronSimError as error:
        return str(error).removeprefix("Bad ")
    except StopIteration:
        return "day-of-month"
    return ""


def following(line: str, zone: str, after: datetime) -> datetime:
    """Return the first instant of a line after this one."""
    return next(CronSim(line, after.astimezone(ZoneInfo(zone)))).astimezone(UTC)


def latest(line: str, zone: str, by: datetime) -> datetime:
    """Return the last instant of a line that is not after this one.

    Backwards the library passes over an hour that comes twice: from there it is looked for onward.
    """
    minute = by.astimezone(UTC).replace(second=0, microsecond=0) + timedelta(minutes=1)
    local = minute.astimezone(ZoneInfo(zone))
    found = next(CronSim(line, local, reverse=True)).astimezone(UTC)
    while (later := following(line, zone, found)) <= by:
        found = later
    return found


def _cut(text: str) -> str:
    return text if len(text) <= 40 else f"{text[:40]}…"  # noqa: PLR2004 - what fits a line
