"""A played week as its owner would read it: who was told what and when, who was not, and why."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from typing import NamedTuple

from rich.console import Console
from rich.table import Table

from infra.demo.saturday import Json
from infra.demo.week import CAMPAIGN, Week
from loyalty.domain.money import show
from loyalty.records import journeys

DAY = "%a %d %b %H:%M"


class Line(NamedTuple):
    """One line: at an instant something happened to somebody."""

    at: datetime
    member: Json
    what: str


def tell(console: Console, week: Week) -> None:
    """Print both tables."""
    console.print(_told(week))
    console.print(_not_told(week))


def _told(week: Week) -> Table:
    """List what happened in the week, by the clock of each guest."""
    table = Table(
        "their clock", "Hamburg", "guest", "what", title="What happened, and who was told"
    )
    begins = datetime.fromisoformat(week.scenario.day["from"])
    lines = sorted([*_came(week), *_messages(week)], key=lambda line: line.at)
    for line in (each for each in lines if each.at >= begins):
        there, home = week.local(line.at, line.member), week.home(line.at)
        elsewhere = "" if there.utcoffset() == home.utcoffset() else home.strftime("%a %H:%M")
        table.add_row(there.strftime(DAY), elsewhere, _named(week, line.member), line.what)
    return table


def _named(week: Week, member: Json) -> str:
    return f"{member['name']}, {week.scenario.stores[member['store']]['title']}"


def _came(week: Week) -> Iterator[Line]:
    """List what guests did."""
    people = {member["key"]: member for member in week.scenario.day["members"]}
    for event in week.scenario.day["events"]:
        at = datetime.fromisoformat(event["at"])
        if event["do"] == "text":
            yield Line(at, people[event["member"]], f"texts {event['text']}")
        elif event["do"] == "sale":
            guest, came = people[event["guest"]], datetime.fromisoformat(event["occurred_at"])
            late = (
                ""
                if came.date() == at.date()
                else f", told late: it was {_when(week, guest, came)}"
            )
            yield Line(at, guest, f"comes: {show(event['total'], event['currency'])}{late}")


def _messages(week: Week) -> Iterator[Line]:
    for each in week.sandbox.outbox:
        yield Line(each.at, week.of(each), f"✉ {each.text}")


def _when(week: Week, member: Json, at: datetime) -> str:
    return week.local(at, member).strftime(DAY)


# -- who was not told ---------------------------------------------------------------------------


def _not_told(week: Week) -> Table:
    table = Table("guest", "of what", "why", title="Who was not told, and why")
    people = {member["key"]: member for member in week.scenario.day["members"]}
    for key, what, why in sorted({*_held(week), *_returned(week), *_kept_back(week)}):
        table.add_row(_named(week, people[key]), what, why)
    for member in _too_late(week):
        why = f"{member['birthday'][5:]} was told too late; it counts from next year on"
        table.add_row(_named(week, member), "birthday", why)
    return table


Row = tuple[str, str, str]


def _held(week: Week) -> Iterator[Row]:
    arms = week.found()["campaign"]
    for key in arms["held"]:
        yield key, "carnival", "held out by lot, to compare with: no points either"
    buyers = {event["guest"] for event in week.scenario.day["events"] if event["do"] == "sale"}
    for key in buyers - {*arms["held"], *arms["told"]}:
        yield key, "carnival", "came for the first time after the night it was made up in"


def _returned(week: Week) -> Iterator[Row]:
    for key in week.found()["ended_by_a_visit"]:
        yield key, "win back, 2nd text", "came back before it"


def _kept_back(week: Week) -> Iterator[Row]:
    events = week.scenario.day["events"]
    stopped = {event["member"] for event in events if event["do"] == "text"}
    for key, claim in week.kept_back():
        what = "carnival's reminder" if claim.message.endswith(":last-chance") else "carnival"
        if claim.word == "no-consent" and CAMPAIGN in claim.message:
            yield key, what, "said STOP" if key in stopped else "never agreed to news"


def _too_late(week: Week) -> list[Json]:
    """Find whose birthday was in the week, and not kept."""
    instants = (week.scenario.day["from"], week.scenario.day["events"][-1]["at"])
    begins, ends = (week.home(datetime.fromisoformat(at)).strftime("%m-%d") for at in instants)
    kept = {each.member for each in journeys.each(week.shop.store) if each.automation == "birthday"}
    found = (m for m in week.scenario.day["members"] if week.members[m["key"]] not in kept)
    return [m for m in found if m["birthday"] and begins <= m["birthday"][5:] <= ends]
